package compliance

import (
	"testing"
	"time"

	"parley/internal/clock"
)

//
func TestHowOftenAPersonMayBeTexted(t *testing.T) {
	r := rules(t)
	now := at(t, "America/New_York", "2026-11-16 12:00")
	georgia, florida := Place{"US", "GA", "America/New_York", AreaCode}, Place{"US", "FL", "America/New_York", Address}
	for _, c := range []struct {
		name   string
		places []Place
		counts Counts
		code   string
		retry  clock.Time
	}{
		{"the third in Florida", []Place{florida}, Counts{SameSubject24h: 2}, "ok", 0},
		{"the fourth in Florida", []Place{florida}, Counts{SameSubject24h: 3, OldestSubject: now.Add(-23 * time.Hour)}, "state_daily_cap", now.Add(time.Hour)},
		{"the fourth, perhaps in Florida", []Place{georgia, florida}, Counts{SameSubject24h: 3}, "state_daily_cap", 0},
		{"the fourth in Georgia", []Place{georgia}, Counts{SameSubject24h: 3}, "ok", 0},
		{"an answer in Florida", []Place{florida}, Counts{SameSubject24h: 9, AnswerToTheirText: true}, "ok", 0},
		{"the promise is kept", []Place{georgia}, Counts{Month: 3, PromisedPerMonth: 4}, "ok", 0},
		{"the promise is used up", []Place{georgia}, Counts{Month: 4, PromisedPerMonth: 4, OldestMonth: now.Add(-29 * 24 * time.Hour)}, "promised_frequency", now.Add(24 * time.Hour)},
		{"nothing was promised", []Place{georgia}, Counts{Month: 400}, "ok", 0},
		{"the brand's own cap", []Place{georgia}, Counts{Month: 4, PromisedPerMonth: 30, BrandMaxPerMonth: 4}, "brand_frequency", 0},
	} {
		c.counts.Now = now
		if v := r.Cap(c.places, c.counts); v.Code != c.code || v.Allowed != (c.code == "ok") || v.RetryAt != c.retry {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

//
func TestACartGetsOneReminderWithin48Hours(t *testing.T) {
	now := clock.Time(1_780_000_000_000_000)
	fit := CartState{Now: now, AbandonedAt: now.Add(-30 * time.Minute), CartConsent: true, DoubleOptIn: true}
	for _, c := range []struct {
		name   string
		change func(*CartState)
		code   string
		retry  clock.Time
	}{
		{"fit", func(*CartState) {}, "ok", 0},
		{"at 48 hours", func(s *CartState) { s.AbandonedAt = now.Add(-48 * time.Hour) }, "ok", 0},
		{"after 48 hours", func(s *CartState) { s.AbandonedAt = now.Add(-48*time.Hour) - 1 }, "cart_too_late", 0},
		{"before it is abandoned", func(s *CartState) { s.AbandonedAt = now + 1 }, "cart_not_abandoned", 0},
		{"never abandoned", func(s *CartState) { s.AbandonedAt = 0 }, "cart_not_abandoned", 0},
		{"ordered", func(s *CartState) { s.Ordered = true }, "cart_ordered", 0},
		{"emptied", func(s *CartState) { s.Emptied = true }, "cart_emptied", 0},
		{"reminded", func(s *CartState) { s.Reminders = 1 }, "cart_already_reminded", 0},
		{"no cart consent", func(s *CartState) { s.CartConsent = false }, "cart_consent_missing", 0},
		{"not confirmed", func(s *CartState) { s.DoubleOptIn = false }, "cart_double_opt_in_missing", 0},
		{"another cart an hour ago", func(s *CartState) { s.LastReminder = now.Add(-time.Hour) }, "cart_gap", now.Add(47 * time.Hour)},
		{"another cart just now, too late then", func(s *CartState) { s.LastReminder, s.AbandonedAt = now, now.Add(-time.Hour) }, "cart_gap", 0},
		{"another cart, shorter gap", func(s *CartState) { s.LastReminder, s.MinGap = now.Add(-time.Hour), time.Hour }, "ok", 0},
	} {
		s := fit
		c.change(&s)
		if v := Cart(s); v.Code != c.code || v.Allowed != (c.code == "ok") || v.RetryAt != c.retry {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

//
func TestAnOptOutIsConfirmedOnceAndWithinFiveMinutes(t *testing.T) {
	now := clock.Time(1_780_000_000_000_000)
	for code, s := range map[string]OptOutState{
		"ok":                 {Now: now, OptedOutAt: now.Add(-5 * time.Minute)},
		"confirmation_late":  {Now: now, OptedOutAt: now.Add(-5*time.Minute) - 1},
		"already_confirmed":  {Now: now, OptedOutAt: now, Confirmed: true},
		"provider_confirmed": {Now: now, OptedOutAt: now, ProviderReplied: true},
		"not_opted_out":      {Now: now},
	} {
		if v := Confirmation(s); v.Code != code || v.Allowed != (code == "ok") {
			t.Errorf("%s: %+v", code, v)
		}
	}
}
