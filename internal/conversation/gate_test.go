package conversation_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/conversation"
	"parley/internal/people"
)

func rules(t testing.TB) *compliance.Rules {
	t.Helper()
	r, err := compliance.Load()
	must(t, err)
	return r
}

var newYork = []compliance.Place{{Country: "US", State: "NY", Zone: "America/New_York", Source: compliance.Profile}}

// consenting are facts with which everything may leave: noon in New York, an agreement with a double opt-in.
func consenting() conversation.Facts {
	return conversation.Facts{
		Now: noon, Purpose: people.Marketing, Kind: conversation.KindCampaign, Address: "+12125550142",
		Reading: people.Reading{Allowed: true, State: "granted", Reason: "granted", DoubleOptIn: true},
		Places:  newYork, Sender: compliance.Verdict{Allowed: true}, Lint: compliance.Verdict{Allowed: true},
		Thread: conversation.Standing{Status: conversation.Quiet, Floor: conversation.FloorNone}, Approved: true,
	}
}

func TestDecide(t *testing.T) {
	at := func(hour int) clock.Time { return noon.Add(time.Duration(hour-12) * time.Hour) }
	marketing := func(ago time.Duration, n int) []conversation.Earlier {
		out := make([]conversation.Earlier, n)
		for i := range out {
			out[i] = conversation.Earlier{At: noon.Add(-ago - time.Duration(i)*time.Minute), Purpose: people.Marketing, Kind: conversation.KindCampaign}
		}
		return out
	}
	revoked := people.Reading{State: "revoked", Reason: "opted_out", Text: "Opted out."}
	cases := []struct {
		name   string
		change func(*conversation.Facts)
		want   channel.Action
		code   string
	}{
		{"an agreed marketing text at noon leaves", func(*conversation.Facts) {}, channel.Send, "allowed"},
		{"without consent it never leaves (R-11)", func(f *conversation.Facts) {
			f.Reading = people.Reading{State: "none", Reason: "no_consent"}
		}, channel.Drop, "no_consent"},
		{"after a STOP it never leaves (R-01, I13)", func(f *conversation.Facts) { f.Reading = revoked }, channel.Drop, "opted_out"},
		{"after a STOP an agent's answer never leaves either (R-07)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Reading, f.Thread.LastInbound = conversation.KindReply, people.Support, revoked, noon
		}, channel.Drop, "opted_out"},
		{"after a STOP its confirmation leaves (R-05)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Answer, f.Reading = conversation.KindCompliance, people.Support, compliance.OptOutReply, revoked
		}, channel.Send, "allowed"},
		{"after a STOP HELP is answered (R-16)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Answer, f.Reading = conversation.KindCompliance, people.Support, compliance.HelpReply, revoked
		}, channel.Send, "allowed"},
		{"after a STOP nobody is asked to opt in again (R-15)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Answer, f.Reading = conversation.KindCompliance, people.Support, compliance.OptInReply, revoked
		}, channel.Drop, "opted_out"},
		{"marketing cannot pass as what the law wants said", func(f *conversation.Facts) {
			f.Kind, f.Answer, f.Reading = conversation.KindCompliance, compliance.HelpReply, revoked
		}, channel.Drop, "opted_out"},
		{"at 20:00 it waits for the morning (R-20, R-21)", func(f *conversation.Facts) { f.Now = at(20) }, channel.Hold, "quiet_hours"},
		{"at 20:00 HELP is answered (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose, f.Answer = at(20), conversation.KindCompliance, people.Support, compliance.HelpReply
		}, channel.Send, "allowed"},
		{"at 23:00 an answer to a text of 22:30 leaves (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose, f.Thread.LastInbound = at(23), conversation.KindReply, people.Support, at(22).Add(30*time.Minute)
		}, channel.Send, "allowed"},
		{"at 23:00 an answer to a text of 21:30 waits (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose, f.Thread.LastInbound = at(23), conversation.KindReply, people.Support, at(21).Add(30*time.Minute)
		}, channel.Hold, "quiet_hours"},
		{"at 23:00 an offer waits although they wrote at 22:30 (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Thread.LastInbound = at(23), conversation.KindReply, at(22).Add(30*time.Minute)
		}, channel.Hold, "quiet_hours"},
		{"at 23:00 order news waits unless the brand says otherwise (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose = at(23), conversation.KindJourney, people.Transactional
		}, channel.Hold, "quiet_hours"},
		{"at 23:00 order news leaves when the brand says so (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose, f.Brand.TransactionalExempt = at(23), conversation.KindJourney, people.Transactional, true
		}, channel.Send, "allowed"},
		{"at 23:00 order news waits in Florida all the same (R-23)", func(f *conversation.Facts) {
			f.Now, f.Kind, f.Purpose, f.Brand.TransactionalExempt = at(23), conversation.KindJourney, people.Transactional, true
			f.Places = []compliance.Place{{Country: "US", State: "FL", Zone: "America/New_York", Source: compliance.Profile}}
		}, channel.Hold, "quiet_hours"},
		{"what is out of date by the morning is not kept (R-23)", func(f *conversation.Facts) {
			f.Now, f.ExpiresAt = at(20), at(22)
		}, channel.Drop, "would_expire"},
		{"what is out of date is not sent", func(f *conversation.Facts) { f.ExpiresAt = noon }, channel.Drop, "expired"},
		{"the disclosed frequency is a promise (R-19)", func(f *conversation.Facts) {
			f.Reading.Frequency, f.Earlier = 4, marketing(48*time.Hour, 4)
		}, channel.Drop, "promised_frequency"},
		{"of a month ago nothing counts (R-19)", func(f *conversation.Facts) {
			f.Reading.Frequency, f.Earlier = 4, marketing(31*24*time.Hour, 4)
		}, channel.Send, "allowed"},
		{"the brand's own cap holds", func(f *conversation.Facts) {
			f.Brand.MonthlyCap, f.Earlier = 2, marketing(48*time.Hour, 2)
		}, channel.Drop, "brand_frequency"},
		{"three texts on one subject in a day are enough for Florida (R-21)", func(f *conversation.Facts) {
			f.Places = []compliance.Place{{Country: "US", State: "FL", Zone: "America/New_York", Source: compliance.Profile}}
			f.Earlier = marketing(time.Hour, 3)
		}, channel.Hold, "state_daily_cap"},
		{"a campaign waits for the end of a human conversation (E5)", func(f *conversation.Facts) {
			f.Thread.Status, f.Thread.Owned = conversation.Open, true
		}, channel.Hold, "human_conversation"},
		{"order news does not", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Thread.Status, f.Thread.Owned = conversation.KindJourney, people.Transactional, conversation.Open, true
		}, channel.Send, "allowed"},
		{"the bot's answer dies with the floor", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Thread = conversation.KindBot, people.Support,
				conversation.Standing{Status: conversation.Open, Owned: true, Floor: conversation.FloorMember, LastInbound: noon}
		}, channel.Drop, "floor_taken"},
		{"two machines stop answering each other (I38)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Answer = conversation.KindCompliance, people.Support, compliance.HelpReply
			for i := range 3 {
				f.Earlier = append(f.Earlier, conversation.Earlier{At: noon.Add(-time.Duration(i) * time.Minute), Purpose: people.Support, Kind: conversation.KindCompliance})
			}
		}, channel.Drop, "auto_reply_loop"},
		{"an agent's first text needs an agreement (R-25)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Reading = conversation.KindReply, people.Support, people.Reading{Allowed: true, State: "none", Reason: "implied"}
		}, channel.Drop, "opener_without_consent"},
		{"an agent's second text waits for an answer (R-25)", func(f *conversation.Facts) {
			f.Kind, f.Earlier = conversation.KindReply, []conversation.Earlier{{At: noon.Add(-time.Hour), Purpose: people.Cart, Kind: conversation.KindReply}}
		}, channel.Drop, "awaiting_reply"},
		{"after the answer the agent writes freely (R-25)", func(f *conversation.Facts) {
			f.Kind, f.Purpose, f.Thread.LastInbound = conversation.KindReply, people.Support, noon.Add(-time.Minute)
			f.Reading = people.Reading{Allowed: true, State: "none", Reason: "implied"}
			f.Earlier = []conversation.Earlier{{At: noon.Add(-time.Second), Purpose: people.Support, Kind: conversation.KindReply, Asked: true}}
		}, channel.Send, "allowed"},
		{"an unregistered sender sends nothing (R-30)", func(f *conversation.Facts) {
			f.Sender = compliance.Verdict{Code: "sender_unregistered"}
		}, channel.Drop, "sender_unregistered"},
		{"forbidden words are not sent (R-10, R-26, R-28)", func(f *conversation.Facts) {
			f.Lint = compliance.Verdict{Code: "reserved_word"}
		}, channel.Drop, "reserved_word"},
		{"what has lost its reason is not sent", func(f *conversation.Facts) {
			f.Subjects = conversation.Still{Gone: true, Code: "cart_ordered", Reason: "The order arrived."}
		}, channel.Drop, "cart_ordered"},
		{"without a number nothing is sent", func(f *conversation.Facts) { f.Address = "" }, channel.Drop, "no_number"},
		{"an unreachable number is left alone (R-35)", func(f *conversation.Facts) {
			f.Reading = people.Reading{State: "granted", Reason: "unreachable"}
		}, channel.Drop, "unreachable"},
		{"in pilot mode only approved numbers are reached (T1)", func(f *conversation.Facts) { f.Approved = false }, channel.Drop, "pilot"},
	}
	r := rules(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := consenting()
			c.change(&f)
			got := conversation.Decide(r, f)
			if got.Action != c.want || got.Code != c.code {
				t.Errorf("got %s %s %q, want %s %s", got.Action, got.Code, got.Reason, c.want, c.code)
			}
			if got.Action == channel.Hold && got.Until <= f.Now {
				t.Errorf("held until %s, which is not later than %s", got.Until, f.Now)
			}
			if again := conversation.Decide(r, f); again != got {
				t.Errorf("the same facts gave %+v and then %+v", got, again)
			}
		})
	}
}

func TestCartReminders(t *testing.T) {
	cart := func(change func(*conversation.Facts)) conversation.Facts {
		f := consenting()
		f.Purpose, f.Kind, f.Subject, f.SubjectAt = people.Cart, conversation.KindJourney, "tok_1", noon.Add(-30*time.Minute)
		change(&f)
		return f
	}
	reminder := func(subject string, ago time.Duration) []conversation.Earlier {
		return []conversation.Earlier{{At: noon.Add(-ago), Purpose: people.Cart, Kind: conversation.KindJourney, Subject: subject}}
	}
	cases := []struct {
		name   string
		change func(*conversation.Facts)
		want   channel.Action
		code   string
	}{
		{"half an hour after the abandonment one leaves", func(*conversation.Facts) {}, channel.Send, "allowed"},
		{"a second one for the same cart never leaves", func(f *conversation.Facts) { f.Earlier = reminder("tok_1", time.Minute) }, channel.Drop, "cart_already_reminded"},
		{"49 hours after it none leaves", func(f *conversation.Facts) { f.SubjectAt = noon.Add(-49 * time.Hour) }, channel.Drop, "cart_too_late"},
		{"a second cart waits until 48 hours after the first reminder", func(f *conversation.Facts) { f.Earlier = reminder("tok_0", 47*time.Hour) }, channel.Hold, "cart_gap"},
		{"a second cart that would wait too long is let go", func(f *conversation.Facts) {
			f.SubjectAt, f.Earlier = noon.Add(-47*time.Hour), reminder("tok_0", time.Hour)
		}, channel.Drop, "cart_gap"},
		{"without a double opt-in none leaves", func(f *conversation.Facts) { f.Reading.DoubleOptIn = false }, channel.Drop, "cart_double_opt_in_missing"},
		{"an agent's opener is the one reminder (R-25)", func(f *conversation.Facts) {
			f.Kind, f.Earlier = conversation.KindReply, reminder("tok_1", time.Minute)
		}, channel.Drop, "cart_already_reminded"},
		{"in a conversation the agent may talk about the cart", func(f *conversation.Facts) {
			f.Kind, f.Thread.LastInbound, f.Earlier = conversation.KindReply, noon.Add(-time.Minute), reminder("tok_1", time.Hour)
		}, channel.Send, "allowed"},
		{"the owner of carts may say when it was abandoned", func(f *conversation.Facts) {
			f.SubjectAt, f.Subjects.Since = 0, noon.Add(-time.Hour)
		}, channel.Send, "allowed"},
		{"a cart that nobody abandoned is not mentioned", func(f *conversation.Facts) { f.SubjectAt = 0 }, channel.Drop, "cart_not_abandoned"},
	}
	r := rules(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := conversation.Decide(r, cart(c.change))
			if got.Action != c.want || got.Code != c.code {
				t.Errorf("got %s %s %q, want %s %s", got.Action, got.Code, got.Reason, c.want, c.code)
			}
		})
	}
}

// I15: quiet hours hold in the recipient's zone through the changes of the clocks.
func TestQuietHoursHoldThroughChangesOfTheClock(t *testing.T) {
	r := rules(t)
	for _, zone := range []string{"America/New_York", "America/Chicago", "America/Los_Angeles"} {
		local, err := time.LoadLocation(zone)
		must(t, err)
		for _, day := range []time.Time{time.Date(2026, 3, 8, 0, 0, 0, 0, local), time.Date(2026, 11, 1, 0, 0, 0, 0, local)} {
			t.Run(fmt.Sprint(zone, day.Format(" 2006-01-02")), func(t *testing.T) {
				for minute := -12 * 60; minute < 36*60; minute += 7 {
					f := consenting()
					f.Now = clock.From(day.Add(time.Duration(minute) * time.Minute))
					f.Places = []compliance.Place{{Country: "US", State: map[string]string{"America/New_York": "NY", "America/Chicago": "IL", "America/Los_Angeles": "CA"}[zone], Zone: zone, Source: compliance.Profile}}
					v := conversation.Decide(r, f)
					leaves := f.Now
					if v.Action == channel.Hold {
						leaves = v.Until
						f.Now = v.Until
						if again := conversation.Decide(r, f); again.Action != channel.Send {
							t.Fatalf("held until %s and then %s", leaves, again.Action)
						}
					}
					if h := leaves.Std().In(local).Hour(); h < 9 || h >= 20 {
						t.Fatalf("at %s it leaves at %s", f.Now, leaves.Std().In(local))
					}
				}
			})
		}
	}
}
