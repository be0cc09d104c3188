package org

import (
	"context"
	"time"

	"parley/internal/clock"
	"parley/internal/httpx"
)

type memberJSON struct {
	ID        MemberID    `json:"id"`
	Name      string      `json:"name"`
	Email     string      `json:"email"`
	Role      Role        `json:"role" enum:"owner,admin,lead,marketer,agent,viewer"`
	Limits    GrantLimits `json:"limits" doc:"what they may grant to customers"`
	OwnLimits bool        `json:"own_limits" doc:"the limits were set for this member, not taken from the role"`
	Disabled  bool        `json:"disabled"`
	CreatedAt clock.Time  `json:"created_at"`
	SeenAt    clock.Time  `json:"seen_at" doc:"last use, to the hour"`
}

func memberOut(w Workspace, m Member) memberJSON {
	return memberJSON{ID: m.ID, Name: m.Name, Email: m.Email, Role: m.Role, Limits: w.LimitsOf(m), OwnLimits: m.Limits != nil, Disabled: m.Disabled, CreatedAt: m.CreatedAt, SeenAt: m.SeenAt}
}

type memberPatch struct {
	Role     *Role        `json:"role,omitempty" enum:"owner,admin,lead,marketer,agent,viewer"`
	Limits   *GrantLimits `json:"limits,omitempty"`
	Disabled *bool        `json:"disabled,omitempty"`
}

type inviteBody struct {
	Role  Role   `json:"role" enum:"owner,admin,lead,marketer,agent,viewer"`
	Email string `json:"email,omitempty" maxLength:"200" doc:"only this person may take it; empty: whoever has the link"`
}

type inviteJSON struct {
	ID        string     `json:"id"`
	Role      Role       `json:"role"`
	Email     string     `json:"email"`
	CreatedAt clock.Time `json:"created_at"`
	ExpiresAt clock.Time `json:"expires_at"`
	URL       string     `json:"url,omitempty" doc:"for the person to open; shown once, when it is made"`
}

func inviteOut(i Invite) inviteJSON {
	return inviteJSON{ID: i.ID, Role: i.Role, Email: i.Email, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

type linkJSON struct {
	URL string `json:"url" doc:"works once; it is shown once"`
}

type joinBody struct {
	Token    string `json:"token" maxLength:"100"`
	Name     string `json:"name" maxLength:"80"`
	Email    string `json:"email" maxLength:"200"`
	Password string `json:"password" maxLength:"400" doc:"a new one, or that of the account with this e-mail"`
}

type joinState struct {
	Workspace string `json:"workspace"`
	Role      Role   `json:"role"`
	Email     string `json:"email"`
}

type tokenBody struct {
	Token string `json:"token" maxLength:"100"`
}

type resetBody struct {
	Token    string `json:"token" maxLength:"100"`
	Password string `json:"password" maxLength:"400"`
}

type memberPath struct {
	ID MemberID `path:"id"`
}

func (s *Service) memberRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/members", ID: "list-members", Summary: "The team", Permission: MemberRead}, s.listMembers)
	httpx.Register(api, httpx.Route{Method: "PATCH", Path: "/members/{id}", ID: "update-member", Summary: "Change role, limits or access; only admins change role and access", Permission: MemberLimit},
		func(ctx context.Context, in *struct {
			ID   MemberID `path:"id"`
			Body memberPatch
		}) (*httpx.Out[memberJSON], error) {
			actor := ActorFrom(ctx)
			m, err := s.UpdateMember(ctx, actor, in.ID, MemberChange(in.Body))
			if err != nil {
				return nil, err
			}
			w, err := s.Workspace(ctx, s.db, actor.Workspace)
			return httpx.OK(memberOut(w, m)), err
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/members/{id}/reset-link", ID: "reset-link", Summary: "Make a link by which a member sets a new password", Permission: MemberWrite, Secret: true},
		func(ctx context.Context, in *memberPath) (*httpx.Out[linkJSON], error) {
			token, err := s.ResetLink(ctx, ActorFrom(ctx), in.ID)
			return httpx.OK(linkJSON{URL: httpx.ClientFrom(ctx).Origin + "/reset/" + token}), err
		})
	s.inviteRoutes(api)
	s.joinRoutes(api)
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/roles", ID: "list-roles", Summary: "What each role may do", Permission: MemberRead},
		func(context.Context, *struct{}) (*httpx.Out[rolesJSON], error) { return httpx.OK(rolesOut()), nil })
}

func (s *Service) listMembers(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[memberJSON]], error) {
	actor := ActorFrom(ctx)
	w, err := s.Workspace(ctx, s.db, actor.Workspace)
	if err != nil {
		return nil, err
	}
	all, err := s.Members(ctx, s.db, actor.Workspace)
	page := httpx.Page[memberJSON]{}
	for _, m := range all {
		page.Items = append(page.Items, memberOut(w, m))
	}
	return httpx.OK(page), err
}

func (s *Service) inviteRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/members/invite", ID: "invite-member", Summary: "Make a link by which one person joins", Permission: MemberWrite, Status: 201, Secret: true},
		func(ctx context.Context, in *struct{ Body inviteBody }) (*httpx.Out[inviteJSON], error) {
			invite, token, err := s.Invite(ctx, ActorFrom(ctx), in.Body.Role, in.Body.Email)
			out := inviteOut(invite)
			out.URL = httpx.ClientFrom(ctx).Origin + "/join/" + token
			return httpx.OK(out), err
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/invites", ID: "list-invites", Summary: "Open invitations", Permission: MemberWrite},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[inviteJSON]], error) {
			all, err := s.Invites(ctx, ActorFrom(ctx).Workspace)
			page := httpx.Page[inviteJSON]{}
			for _, i := range all {
				page.Items = append(page.Items, inviteOut(i))
			}
			return httpx.OK(page), err
		})
	httpx.Register(api, httpx.Route{Method: "DELETE", Path: "/invites/{id}", ID: "revoke-invite", Summary: "End an invitation", Permission: MemberWrite},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*httpx.Done, error) {
			return nil, s.Uninvite(ctx, ActorFrom(ctx), in.ID)
		})
}

func (s *Service) joinRoutes(api *httpx.API) {
	tries := httpx.Rate{Burst: 20, Every: 6 * time.Second}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/join/look", ID: "look-at-invite", Summary: "What an invitation leads to", Permission: httpx.Public, Rate: tries},
		func(ctx context.Context, in *struct{ Body tokenBody }) (*httpx.Out[joinState], error) {
			invite, w, err := s.InviteByToken(ctx, in.Body.Token)
			return httpx.OK(joinState{Workspace: w.Name, Role: invite.Role, Email: invite.Email}), err
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/join", ID: "join", Summary: "Take an invitation and sign in", Permission: httpx.Public, Rate: tries},
		func(ctx context.Context, in *struct{ Body joinBody }) (*signedIn, error) {
			session, err := s.Join(ctx, Joining(in.Body))
			return signIn(ctx, session, err)
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/reset", ID: "reset-password", Summary: "Set a new password by a link and sign in", Permission: httpx.Public, Rate: tries},
		func(ctx context.Context, in *struct{ Body resetBody }) (*signedIn, error) {
			session, err := s.ResetPassword(ctx, in.Body.Token, in.Body.Password)
			return signIn(ctx, session, err)
		})
}

type rolesJSON struct {
	Roles       []Role           `json:"roles"`
	Permissions []permissionJSON `json:"permissions"`
}

type permissionJSON struct {
	Permission Permission `json:"permission"`
	Roles      []Role     `json:"roles"`
}

func rolesOut() rolesJSON {
	out := rolesJSON{Roles: Roles()}
	for _, p := range AllPermissions() {
		row := permissionJSON{Permission: p}
		for _, r := range Roles() {
			if r.Can(p) {
				row.Roles = append(row.Roles, r)
			}
		}
		out.Permissions = append(out.Permissions, row)
	}
	return out
}
