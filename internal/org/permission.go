package org

import (
	"slices"

	"parley/internal/httpx"
)

// Permission names something a caller may be allowed to do.
type Permission = httpx.Permission

// The permissions. Each line counts up the second constant, so that the matrix below cannot forget one.
const (
	SelfUse, _            = Permission("self.use"), iota // be signed in: own profile, checklist, sign-out
	ConversationRead, _   = Permission("conversation.read"), iota
	ConversationReply, _  = Permission("conversation.reply"), iota
	ConversationAssign, _ = Permission("conversation.assign"), iota
	PersonRead, _         = Permission("person.read"), iota
	PersonWrite, _        = Permission("person.write"), iota
	ConsentWrite, _       = Permission("consent.write"), iota
	EventWrite, _         = Permission("event.write"), iota
	CartRead, _           = Permission("cart.read"), iota
	CartWrite, _          = Permission("cart.write"), iota
	OfferRead, _          = Permission("offer.read"), iota
	OfferWrite, _         = Permission("offer.write"), iota
	OfferGrant, _         = Permission("offer.grant"), iota // give a customer a code, within one's limits
	JourneyRead, _        = Permission("journey.read"), iota
	JourneyWrite, _       = Permission("journey.write"), iota
	CampaignRead, _       = Permission("campaign.read"), iota
	CampaignWrite, _      = Permission("campaign.write"), iota
	SurveyRead, _         = Permission("survey.read"), iota
	SurveyWrite, _        = Permission("survey.write"), iota
	SurveyAsk, _          = Permission("survey.ask"), iota // have a customer asked
	SegmentRead, _        = Permission("segment.read"), iota
	SegmentWrite, _       = Permission("segment.write"), iota
	ReportRead, _         = Permission("report.read"), iota
	ChannelRead, _        = Permission("channel.read"), iota
	ChannelWrite, _       = Permission("channel.write"), iota
	MemberRead, _         = Permission("member.read"), iota
	MemberLimit, _        = Permission("member.limit"), iota // set what others may grant
	MemberWrite, _        = Permission("member.write"), iota
	KeyWrite, _           = Permission("key.write"), iota
	SettingsRead, _       = Permission("settings.read"), iota
	SettingsWrite, _      = Permission("settings.write"), iota
	AuditRead, _          = Permission("audit.read"), iota
	SimUse, _             = Permission("sim.use"), iota
	MetricsRead, _        = Permission("metrics.read"), iota
	_, permissionCount    = Permission(""), iota
)

// Role is what a member is in a workspace.
type Role string

// The roles, from most to least.
const (
	Owner    Role = "owner"
	Admin    Role = "admin"
	Lead     Role = "lead"
	Marketer Role = "marketer"
	Agent    Role = "agent"
	Viewer   Role = "viewer"
)

// roleSet is a set of roles, one bit each.
type roleSet uint8

const (
	owner roleSet = 1 << iota
	admin
	lead
	marketer
	agent
	viewer

	admins   = owner | admin
	leads    = admins | lead
	desk     = leads | agent
	growth   = leads | marketer
	workers  = desk | marketer
	everyone = workers | viewer
)

type grant struct {
	permission Permission
	roles      roleSet
}

// matrix is the one declaration of what each role may do.
var matrix = [...]grant{
	{SelfUse, everyone},
	{ConversationRead, everyone},
	{ConversationReply, desk},
	{ConversationAssign, desk},
	{PersonRead, everyone},
	{PersonWrite, workers},
	{ConsentWrite, workers},
	{EventWrite, growth},
	{CartRead, everyone},
	{CartWrite, desk},
	{OfferRead, everyone},
	{OfferWrite, growth},
	{OfferGrant, desk},
	{JourneyRead, everyone},
	{JourneyWrite, growth},
	{CampaignRead, everyone},
	{CampaignWrite, growth},
	{SurveyRead, everyone},
	{SurveyWrite, growth},
	{SurveyAsk, workers},
	{SegmentRead, everyone},
	{SegmentWrite, growth},
	{ReportRead, everyone},
	{ChannelRead, workers},
	{ChannelWrite, admins},
	{MemberRead, everyone},
	{MemberLimit, leads},
	{MemberWrite, admins},
	{KeyWrite, admins},
	{SettingsRead, workers},
	{SettingsWrite, admins},
	{AuditRead, leads},
	{SimUse, workers},
	{MetricsRead, admins},
}

// A permission without a row in the matrix does not compile.
var _ = [1]struct{}{}[len(matrix)-permissionCount]

// Roles are all roles, from most to least.
func Roles() []Role { return []Role{Owner, Admin, Lead, Marketer, Agent, Viewer} }

func (r Role) bit() roleSet {
	at := slices.Index(Roles(), r)
	if at < 0 {
		return 0
	}
	return 1 << at
}

// Valid says whether there is such a role.
func (r Role) Valid() bool { return r.bit() != 0 }

// Can says whether members with the role have the permission.
func (r Role) Can(p Permission) bool {
	for _, g := range matrix {
		if g.permission == p {
			return g.roles&r.bit() != 0
		}
	}
	return false
}

// Permissions are all that members with the role have, in the order of the matrix.
func (r Role) Permissions() []Permission {
	var out []Permission
	for _, g := range matrix {
		if g.roles&r.bit() != 0 {
			out = append(out, g.permission)
		}
	}
	return out
}

// AllPermissions are the permissions in the order of the matrix.
func AllPermissions() []Permission { return Owner.Permissions() }
