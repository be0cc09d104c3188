package people

import (
	"fmt"

	"parley/internal/clock"
)

// ConsentQuery asks about one address for one purpose.
type ConsentQuery struct {
	Medium  Medium // SMS when empty
	Address string // as written
	Purpose Purpose
}

// Reading is the one answer to "may this address be texted for this purpose now, and why". It speaks of consent only;
// hours, caps and content are for the send gate.
type Reading struct {
	Allowed     bool
	State       string         // granted, pending, revoked, none, blocked
	Reason      string         // stable code: granted, implied, no_consent, pending, pending_expired, opted_out, provider_blocked, unreachable
	Text        string         // the reason in a sentence for the team
	Event       ConsentEventID // the event that the answer rests on
	Since       clock.Time
	Frequency   int    // disclosed most texts a month; 0 when none was disclosed
	Source      string // of the event
	Disclosure  string // the words shown when consent was given; filled by Consent, not by ConsentAll
	DoubleOptIn bool   // proven to be the holder's own wish; cart texts need it
}

// read is the answer for a standing at a moment.
func (s Standing) read(p Purpose, now clock.Time) Reading {
	r := Reading{State: string(s.Status), Event: s.Event, Since: s.Since, Frequency: s.Frequency,
		Source: string(s.Source), DoubleOptIn: s.DoubleOptIn}
	if s.Status == "" {
		r.State = string(NoConsent)
	}
	switch {
	case s.Status == Revoked:
		r.Reason, r.Text = "opted_out", s.optedOutText()
	case s.Status == Blocked:
		r.Reason = "provider_blocked"
		r.Text = "The provider has blocked texts to this number since " + day(s.Since) + " because its holder opted out there. The customer can lift it by texting START."
	case !s.UnreachableAt.IsZero():
		r.Reason = "unreachable"
		r.Text = "This number could not be reached since " + day(s.UnreachableAt) + ". It counts as reachable again when the customer writes."
	case s.Status == Awaiting && now > s.PendingUntil:
		r.State, r.Reason = string(NoConsent), "pending_expired"
		r.Text = "Asked on " + day(s.Since) + " to confirm the sign-up, and did not answer in time."
	case s.Status == Awaiting:
		r.Reason, r.Text = "pending", "Asked on "+day(s.Since)+" to confirm the sign-up by answering YES; no answer yet."
	case s.Status == Granted:
		r.Allowed, r.Reason = true, "granted"
		r.Text = "Agreed to " + p.noun() + " on " + day(s.Since) + " " + s.Source.phrase() + "."
	}
	if r.Reason != "" && r.Reason != "pending_expired" {
		return r
	}
	return r.withoutConsent(p)
}

// withoutConsent is the answer when nothing was said or asked in vain. A number given to a business for its order or its
// question may be answered (47 CFR 64.1200(f)(9) asks for written consent for promotion only).
func (r Reading) withoutConsent(p Purpose) Reading {
	if !p.promotional() {
		r.Allowed, r.Reason = true, "implied"
		r.Text = "Nothing was revoked; answers and messages about the customer's own orders are allowed."
	} else if r.Reason == "" {
		r.Reason, r.Text = "no_consent", "Never agreed to "+p.noun()+" at this number."
	}
	return r
}

func (s Standing) optedOutText() string {
	text := "Opted out on " + day(s.Since) + " " + s.Source.phrase()
	if s.Doubtful {
		return text + ", in words that may have meant something else. Nothing is sent until the customer or a member clarifies it."
	}
	return text + ". Only the customer can change this, by texting START."
}

func day(t clock.Time) string { return t.Std().Format("2 January 2006") }

func (p Purpose) noun() string {
	return map[Purpose]string{Marketing: "marketing texts", Cart: "cart reminders", Loyalty: "loyalty texts",
		Transactional: "texts about orders", Support: "support texts"}[p]
}

// phrase says how something was said, to follow a date.
func (s ConsentSource) phrase() string {
	switch s {
	case ByKeyword:
		return "by texting a keyword"
	case ByReply:
		return "by text"
	case ByLink:
		return "by the link in a message"
	case ByForm:
		return "in a web form"
	case ByCheckout:
		return "at the checkout"
	case ByStore:
		return "in a store"
	case ByMember:
		return "as noted by a member of the team"
	case ByImport:
		return "according to an imported list"
	case ByAPI:
		return "according to another system"
	case ByMerge:
		return "on a profile that was merged"
	case ByAssistant:
		return "as read by the assistant"
	case ByProvider:
		return "at the provider"
	case ByCarrier:
		return "because the carrier gave the number back"
	}
	return fmt.Sprintf("by %s", string(s))
}
