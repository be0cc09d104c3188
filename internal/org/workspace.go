package org

import (
	"regexp"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/money"
)

// Workspace is one brand: its people, its conversations, its team.
type Workspace struct {
	ID        id.Workspace
	Slug      string // in webhook addresses; unique
	Name      string
	Country   string // ISO 3166-1, two letters
	Timezone  string // IANA name
	Currency  money.Currency
	Settings  Settings
	Demo      bool // made of invented people; its clock may be moved
	Pilot     bool // reaches only approved numbers
	CreatedAt clock.Time
}

// Location is the workspace's time zone.
func (w Workspace) Location() *time.Location {
	location, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return time.UTC
	}
	return location
}

// LimitsOf is what the member may grant: what was set for them, or what their role may.
func (w Workspace) LimitsOf(m Member) GrantLimits {
	switch {
	case m.Limits != nil:
		return *m.Limits
	case m.Role.Can(OfferWrite):
		return Unlimited()
	case m.Role.Can(OfferGrant):
		return w.Settings.AgentLimits
	}
	return GrantLimits{}
}

// check says what is wrong with the workspace's own fields.
func (w Workspace) check() error {
	wrong := map[string]string{}
	if n := len(strings.TrimSpace(w.Name)); n == 0 || n > 80 {
		wrong["name"] = "is empty or longer than 80 characters"
	}
	if !regexp.MustCompile(`^[A-Z]{2}$`).MatchString(w.Country) {
		wrong["country"] = "is not a country code of two capitals such as GB"
	}
	if !regexp.MustCompile(`^[A-Z]{3}$`).MatchString(string(w.Currency)) {
		wrong["currency"] = "is not a currency code of three capitals such as EUR"
	}
	if _, err := time.LoadLocation(w.Timezone); err != nil || w.Timezone == "" || w.Timezone == "Local" {
		wrong["timezone"] = "is not a time zone such as Europe/Rome"
	}
	return fieldsWrong(wrong)
}

// slugOf makes "Fashion Era!" into "fashion-era".
func slugOf(name string) string {
	slug := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	slug = strings.Trim(slug, "-")
	if len(slug) > 40 {
		slug = strings.Trim(slug[:40], "-")
	}
	if slug == "" {
		return "workspace"
	}
	return slug
}

func currencyOf(text string) money.Currency {
	return money.Currency(strings.ToUpper(strings.TrimSpace(text)))
}
