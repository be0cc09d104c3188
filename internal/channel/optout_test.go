package channel

import (
	"testing"
	"time"

	"parley/internal/people"
)

// one STOP ends every purpose at every sender of the brand, and neither time nor other words bring
// anything back.
func TestOneStopEndsEveryPurposeForGood(t *testing.T) {
	directed(t, func(t *testing.T, m *model) {
		m.agree(number(0))
		say := func(provider, to, text string) {
			must(t, m.s.take(t.Context(), m.ws, m.channel, Intake{Inbound: []Inbound{{ProviderID: provider, From: number(0), To: to, Text: text, Raw: []byte(text)}}}))
		}
		silent := func(when string) {
			t.Helper()
			for _, p := range people.Purposes() {
				r, err := m.people.Consent(t.Context(), m.d, m.ws, people.ConsentQuery{Address: number(0), Purpose: p})
				must(t, err)
				if r.Allowed || r.Reason != "opted_out" {
					t.Errorf("%s, %s reads %+v", when, p, r)
				}
			}
		}
		if !m.reading(number(0)).Allowed {
			t.Fatal("the consent to begin with is missing")
		}
		say("in1", number(8), "STOP")
		silent("after STOP to one number")
		for i, text := range []string{"YES", "ok", "What is this?", "Where is my order"} {
			say("in-"+string(rune('a'+i)), number(9), text)
		}
		silent("after other words to another number")
		m.clock.Skip(11 * 365 * 24 * time.Hour)
		say("in2", number(9), "hello again")
		silent("eleven years later")
		say("in3", number(9), "START")
		if r := m.reading(number(0)); !r.Allowed {
			t.Errorf("after START: %+v", r)
		}
	})
}
