package compliance

import (
	"fmt"
	"time"

	"parley/internal/clock"
)

// Verdict is the answer of a rule. A refusal is a business outcome, not an error.
type Verdict struct {
	Allowed bool
	Code    string     // stable: "ok", "state_daily_cap", "cart_too_late" ...
	Why     string     // one sentence for a person
	RetryAt clock.Time // when asking again may help; 0 when it never will or nobody knows
}

func allowed() Verdict { return Verdict{Allowed: true, Code: "ok"} }

func refused(code, format string, args ...any) Verdict {
	return Verdict{Code: code, Why: fmt.Sprintf(format, args...)}
}

// Counts is what was sent to a person and what they were promised. The caller counts over rolling windows that end
// at Now; Oldest fields may be zero when nobody knows.
type Counts struct {
	Now               clock.Time
	SameSubject24h    int        // texts on the same subject in the last 24 hours
	OldestSubject     clock.Time // the first of them
	Month             int        // recurring texts in the last 30 days
	OldestMonth       clock.Time // the first of them
	PromisedPerMonth  int        // the frequency in the wording the person agreed to; 0 = none was named
	BrandMaxPerMonth  int        // the brand's own cap; 0 = none
	AnswerToTheirText bool       // part of a conversation: no solicitation, not counted
}

// subjectMemory and promiseMemory are the windows of.
const (
	subjectMemory = 24 * time.Hour
	promiseMemory = 30 * 24 * time.Hour
)

// Cap decides how often: at most three texts in 24 hours on one subject where a state says so (FL, OK, MD, OR in
// R-21), for every plausible place; and never more than the disclosed frequency or the brand's own cap.
func (r *Rules) Cap(places []Place, c Counts) Verdict {
	if c.AnswerToTheirText {
		return allowed()
	}
	for _, p := range places {
		zone := r.zones.load(p.Zone)
		if zone == nil {
			continue
		}
		l := r.law(p, c.Now.Std().In(zone))
		if l.max > 0 && c.SameSubject24h >= l.max {
			v := refused("state_daily_cap", "%s allows %d texts on one subject in 24 hours, and %d were sent.", l.name, l.max, c.SameSubject24h)
			v.RetryAt = c.OldestSubject.Add(subjectMemory)
			return v
		}
	}
	for _, limit := range []struct {
		max        int
		code, name string
	}{
		{c.PromisedPerMonth, "promised_frequency", "This person agreed to at most"},
		{c.BrandMaxPerMonth, "brand_frequency", "The brand's own cap is"},
	} {
		if limit.max > 0 && c.Month >= limit.max {
			v := refused(limit.code, "%s %d texts a month, and %d were sent in the last 30 days.", limit.name, limit.max, c.Month)
			v.RetryAt = c.OldestMonth.Add(promiseMemory)
			return v
		}
	}
	return allowed()
}

// Limits of.
const (
	cartDeadline       = 48 * time.Hour
	cartGap            = 48 * time.Hour
	confirmationWindow = 5 * time.Minute
)

// CartState is what is known about an abandoned cart when its reminder is about to leave.
type CartState struct {
	Now          clock.Time
	AbandonedAt  clock.Time
	Reminders    int           // sent for this abandonment
	LastReminder clock.Time    // to this person, for any cart; 0 = none
	MinGap       time.Duration // between reminders to one person; 0 = 48 h
	CartConsent  bool          // consent whose wording mentions cart reminders
	DoubleOptIn  bool          // and confirmed by the person
	Ordered      bool
	Emptied      bool
}

// Cart decides R-24: one reminder for an abandonment, within 48 hours of it, with confirmed consent to cart reminders.
func Cart(c CartState) Verdict {
	since := c.Now.Sub(c.AbandonedAt)
	gap := c.MinGap
	if gap <= 0 {
		gap = cartGap
	}
	switch {
	case c.Ordered:
		return refused("cart_ordered", "The order arrived; nothing needs reminding.")
	case c.Emptied:
		return refused("cart_emptied", "The cart was emptied.")
	case !c.CartConsent:
		return refused("cart_consent_missing", "This person did not agree to cart reminders: the wording they agreed to does not mention them.")
	case !c.DoubleOptIn:
		return refused("cart_double_opt_in_missing", "Cart reminders need an opt-in that the person confirmed by answering YES.")
	case c.Reminders > 0:
		return refused("cart_already_reminded", "This cart was reminded once; one text for each abandonment is the limit.")
	case c.AbandonedAt.IsZero() || since < 0:
		return refused("cart_not_abandoned", "The cart is not abandoned yet.")
	case since > cartDeadline:
		return refused("cart_too_late", "The cart was left more than 48 hours ago; a reminder may not be sent any more.")
	case !c.LastReminder.IsZero() && c.Now.Sub(c.LastReminder) < gap:
		v := refused("cart_gap", "This person had a cart reminder less than %d hours ago.", int(gap.Hours()))
		v.RetryAt = c.LastReminder.Add(gap)
		if v.RetryAt.After(c.AbandonedAt.Add(cartDeadline)) {
			v.RetryAt = 0
		}
		return v
	}
	return allowed()
}

// OptOutState is what is known when the confirmation of an opt-out is about to leave.
type OptOutState struct {
	Now             clock.Time
	OptedOutAt      clock.Time
	ProviderReplied bool // the provider or carrier already confirmed
	Confirmed       bool // we already did
}

// Confirmation decides R-05: exactly one text, within five minutes, and none when the provider wrote its own.
func Confirmation(s OptOutState) Verdict {
	switch late := s.Now.Sub(s.OptedOutAt); {
	case s.Confirmed:
		return refused("already_confirmed", "The opt-out was confirmed; a second text would break it.")
	case s.ProviderReplied:
		return refused("provider_confirmed", "The provider already confirmed the opt-out to the person.")
	case s.OptedOutAt.IsZero() || late < 0:
		return refused("not_opted_out", "There is no opt-out to confirm.")
	case late > confirmationWindow:
		return refused("confirmation_late", "More than five minutes have passed since the opt-out; no text may follow it now.")
	}
	return allowed()
}
