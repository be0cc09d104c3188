package org

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"parley/internal/errs"
)

// Settings are what a workspace may choose. The zero Settings are not valid; begin with DefaultSettings.
type Settings struct {
	Brand          string `json:"brand" maxLength:"80" doc:"the name customers know; it opens messages that the law wants named"`
	Program        string `json:"program" maxLength:"80" doc:"name of the text program, for opt-in and HELP texts"`
	SupportContact string `json:"support_contact" maxLength:"120" doc:"phone, e-mail or address that HELP answers with"`
	TermsURL       string `json:"terms_url" maxLength:"300" doc:"terms and privacy notice named in opt-in texts"`
	LinkDomain     string `json:"link_domain" maxLength:"200" doc:"host name of short links; empty uses the public address"`

	UndoSeconds int    `json:"undo_seconds" minimum:"0" maximum:"10" doc:"how long an agent can take a message back"`
	CartDelay   string `json:"cart_delay" doc:"how long after the last change a cart counts as abandoned" example:"30m"`

	FrequencyPerMonth        int    `json:"frequency_per_month" minimum:"1" maximum:"60" doc:"marketing texts per person and month, as promised at opt-in"`
	QuietStart               string `json:"quiet_start" doc:"nothing unasked is sent from this local time" example:"20:00"`
	QuietEnd                 string `json:"quiet_end" doc:"until this local time" example:"09:00"`
	SundayStart              string `json:"sunday_start" doc:"on Sundays until this local time" example:"12:00"`
	TransactionalQuietExempt bool   `json:"transactional_quiet_exempt" doc:"order news may arrive in quiet hours, where the law allows it"`

	AgentLimits GrantLimits `json:"agent_limits" doc:"what agents may grant unless set otherwise for one of them"`
}

// GrantLimits are what a member may give a customer without asking.
type GrantLimits struct {
	MaxPercent   int   `json:"max_percent" minimum:"0" maximum:"100"`
	MaxAmount    int64 `json:"max_amount" minimum:"0" doc:"in minor units of the workspace's currency"`
	FreeShipping bool  `json:"free_shipping"`
	PerDay       int   `json:"per_day" minimum:"0" doc:"grants in 24 hours"`
}

// Unlimited is what owners, admins and leads may grant.
func Unlimited() GrantLimits {
	return GrantLimits{MaxPercent: 100, MaxAmount: 1 << 50, FreeShipping: true, PerDay: 1 << 30}
}

// DefaultSettings are those of a new workspace. Quiet hours are the window that satisfies most laws (rule R-22 and the
// table before it: 9:00 to 20:00, Sundays from 12:00).
func DefaultSettings(brand string) Settings {
	return Settings{
		Brand: brand, Program: brand + " texts",
		UndoSeconds: 5, CartDelay: "30m",
		FrequencyPerMonth: 8, QuietStart: "20:00", QuietEnd: "09:00", SundayStart: "12:00",
		AgentLimits: GrantLimits{MaxPercent: 10, MaxAmount: 1000, FreeShipping: true, PerDay: 20},
	}
}

// CartWait is CartDelay as a duration.
func (s Settings) CartWait() time.Duration {
	d, err := time.ParseDuration(s.CartDelay)
	if err != nil {
		return 30 * time.Minute
	}
	return d
}

const (
	minCartDelay = time.Minute
	maxCartDelay = 47 * time.Hour // the law's 48 hours after the abandonment leave room for quiet hours
)

// check says what is wrong with the settings, field by field.
func (s Settings) check() error {
	wrong := map[string]string{}
	if strings.TrimSpace(s.Brand) == "" {
		wrong["brand"] = "is empty; customers must know who writes"
	}
	if s.TermsURL != "" && !isWebAddress(s.TermsURL) {
		wrong["terms_url"] = "is not a web address such as https://example.com/terms"
	}
	if s.LinkDomain != "" && !regexp.MustCompile(`^([a-z0-9-]+\.)+[a-z]{2,}$`).MatchString(s.LinkDomain) {
		wrong["link_domain"] = "is not a host name such as go.example.com"
	}
	if s.UndoSeconds < 0 || s.UndoSeconds > 10 {
		wrong["undo_seconds"] = "is not between 0 and 10"
	}
	if d, err := time.ParseDuration(s.CartDelay); err != nil || d < minCartDelay || d > maxCartDelay {
		wrong["cart_delay"] = "is not a duration between 1m and 47h, such as 30m"
	}
	if s.FrequencyPerMonth < 1 || s.FrequencyPerMonth > 60 {
		wrong["frequency_per_month"] = "is not between 1 and 60"
	}
	for field, value := range map[string]string{"quiet_start": s.QuietStart, "quiet_end": s.QuietEnd, "sunday_start": s.SundayStart} {
		if _, err := time.Parse("15:04", value); err != nil {
			wrong[field] = "is not a time of day such as 20:00"
		}
	}
	if problem := s.AgentLimits.problem(); problem != "" {
		wrong["agent_limits"] = problem
	}
	return fieldsWrong(wrong)
}

func (l GrantLimits) problem() string {
	if l.MaxPercent < 0 || l.MaxPercent > 100 || l.MaxAmount < 0 || l.PerDay < 0 {
		return "has a percentage outside 0 to 100, or a negative number"
	}
	return ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// fieldsWrong is nil when nothing is wrong.
func fieldsWrong(wrong map[string]string) error {
	if len(wrong) == 0 {
		return nil
	}
	e := errs.New(errs.Invalid, "input_invalid", "Some fields need another look. Nothing was changed.")
	e.Fields = wrong
	return e
}
