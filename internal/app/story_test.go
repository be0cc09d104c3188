package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"parley/internal/channel/smpp/smpptest"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
	"parley/internal/db/dbtest"
	"parley/internal/journey/shipped"
)

const maria = "+12125550142"

// recovery publishes the shipped cart journey.
func (w *world) recovery() {
	w.t.Helper()
	all, err := shipped.Definitions()
	if err != nil {
		w.t.Fatal(err)
	}
	var raw []byte
	for _, d := range all {
		if d.File == "cart-recovery.json" {
			raw = d.JSON
		}
	}
	var j struct {
		ID string `json:"id"`
	}
	w.call("POST", "/journeys", json.RawMessage(raw), &j)
	w.call("POST", "/journeys/"+j.ID+"/publish", nil, nil)
}

// person is Maria's id.
func (w *world) person() string {
	w.t.Helper()
	var page struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	w.call("GET", "/people?q=2125550142", nil, &page)
	if len(page.Items) != 1 {
		w.t.Fatalf("%d people have Maria's number", len(page.Items))
	}
	return page.Items[0].ID
}

// cart is the state of Maria's only cart.
func (w *world) cart() (state string, reason string) {
	w.t.Helper()
	var carts struct {
		Items []struct {
			State  string `json:"state"`
			Reason string `json:"reason"`
			ID     string `json:"id"`
		} `json:"items"`
	}
	w.call("GET", "/people/"+w.person()+"/carts", nil, &carts)
	if len(carts.Items) != 1 {
		w.t.Fatalf("Maria has %d carts, want 1", len(carts.Items))
	}
	return carts.Items[0].State, carts.Items[0].Reason
}

func TestStory1TheRecoveredCart(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", story1) // Tuesday, 10:00 in New York
}

// The same story by a carrier that speaks SMPP and that other people wrote.
func TestStory1OverSMPP(t *testing.T) {
	databases := map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }}
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		databases["postgres"] = func(t *testing.T) string { return dbtest.PostgresURL(t) }
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			w := &world{t: t, clock: clock.NewManual(clock.From(time.Date(2026, 11, 17, 15, 0, 0, 0, time.UTC))), twilio: twiliotest.New(), smpp: smpptest.StartNode(t, "decimal")}
			t.Cleanup(w.twilio.Close)
			w.begin(database(t), fmt.Sprint("127.0.0.1:", w.smpp.Port))
			story1(t, w)
			for _, m := range w.smpp.Taken() {
				if m.Registered == 0 {
					t.Errorf("no receipt was asked for %q", m.Text)
				}
			}
			w.eventually("the carrier's receipts arrive", func() bool {
				var thread struct {
					Items []struct{ Kind, State string }
				}
				w.call("GET", "/conversations/"+w.person()+"/messages", nil, &thread)
				delivered := 0
				for _, m := range thread.Items {
					if m.Kind == "out" && m.State == "delivered" {
						delivered++
					}
				}
				return delivered == 4
			})
		})
	}
}

// story1 is the recovered cart, from the shop's first webhook to the report.
func story1(t *testing.T, w *world) {
	w.recovery()
	var offer struct {
		ID string `json:"id"`
	}
	w.call("POST", "/offers", map[string]any{"name": "Free shipping", "kind": "free_shipping", "prefix": "ERA", "agent_grantable": true}, &offer)

	// A checkout begins without anybody's number; then the same one says who it is, with a box ticked once.
	if status := w.shop("checkouts/create", "w1", checkout("tok-1", "", w.clock.Now(), nil)); status != 200 {
		t.Fatalf("checkouts/create: %d", status)
	}
	w.pass(2 * time.Minute)
	if status := w.shop("checkouts/update", "w2", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "single_opt_in"})); status != 200 {
		t.Fatalf("checkouts/update: %d", status)
	}
	w.eventually("the double opt-in is asked by text", func() bool { return len(w.sent(maria)) == 1 })
	if ask := w.sent(maria)[0]; !strings.Contains(ask, "YES") || !strings.Contains(ask, "STOP") {
		t.Errorf("the question of the opt-in: %q", ask)
	}
	w.text("SM-yes", maria, "Yes")
	w.eventually("the opt-in is confirmed", func() bool { return len(w.sent(maria)) == 2 })

	// Thirty minutes of silence, and the one reminder goes out, with a personal link.
	w.pass(31 * time.Minute)
	w.eventually("the reminder is sent", func() bool { return len(w.sent(maria)) == 3 })
	reminder := w.sent(maria)[2]
	if !strings.Contains(reminder, "Maria") || !strings.Contains(reminder, "Linen dress") || !strings.Contains(reminder, w.base+"/l/") {
		t.Errorf("the reminder: %q", reminder)
	}
	w.eventually("the cart is being recovered", func() bool { s, _ := w.cart(); return s == "recovering" })

	// Maria answers; an agent holds the conversation, gives free shipping and writes the reason down.
	w.text("SM-q", maria, "shipping is too expensive for me")
	person := w.person()
	var conversation struct {
		Unread int `json:"unread"`
	}
	w.eventually("the conversation waits in the inbox", func() bool {
		w.call("GET", "/conversations/"+person, nil, &conversation)
		return conversation.Unread > 0
	})
	var code struct {
		Code string `json:"code"`
	}
	w.call("POST", "/people/"+person+"/codes", map[string]any{"offer_id": offer.ID, "cart_token": "tok-1"}, &code)
	var thread struct {
		Items []struct {
			Seq int `json:"seq"`
		} `json:"items"`
	}
	w.call("GET", "/conversations/"+person+"/messages", nil, &thread)
	seq := 0
	for _, m := range thread.Items {
		seq = max(seq, m.Seq)
	}
	w.call("POST", "/conversations/"+person+"/messages", map[string]any{"text": "Use " + code.Code + " and shipping is on us.", "kind": "reply", "seen_seq": seq, "client_key": "k1"}, nil)
	w.eventually("the agent's text is sent", func() bool { return len(w.sent(maria)) == 4 })
	var carts struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	w.call("GET", "/people/"+person+"/carts", nil, &carts)
	w.call("PUT", "/carts/"+carts.Items[0].ID+"/reason", map[string]any{"reason": "unexpected_cost"}, nil)

	// The order arrives, twice, as webhooks do.
	w.pass(10 * time.Minute)
	for _, id := range []string{"w3", "w3"} {
		if status := w.shop("orders/create", id, order(1001, "tok-1", maria, w.clock.Now(), strings.ToLower(code.Code))); status != 200 {
			t.Fatalf("orders/create: %d", status)
		}
	}
	w.eventually("the cart is recovered", func() bool { s, _ := w.cart(); return s == "recovered" })
	if _, reason := w.cart(); reason != "unexpected_cost" {
		t.Errorf("reason %q", reason)
	}
	w.eventually("the code is redeemed", func() bool {
		var check struct {
			Text string `json:"text"`
		}
		w.call("GET", "/codes?code="+code.Code, nil, &check)
		return strings.HasPrefix(check.Text, "It was used")
	})
	var report struct {
		Recovered struct {
			Minor int `json:"minor"`
		} `json:"recovered"`
		Orders int `json:"orders"`
	}
	w.call("GET", "/reports/recovery", nil, &report)
	if report.Recovered.Minor != 11520 || report.Orders != 1 {
		t.Errorf("the report: %+v, want 115.20 from one order", report)
	}

	// Nothing more is said about this cart, however long one waits.
	w.pass(72 * time.Hour)
	time.Sleep(100 * time.Millisecond)
	if got := len(w.sent(maria)); got != 4 {
		t.Errorf("%d texts in all, want 4: %v", got, w.sent(maria))
	}
}

func TestACartWhoseOrderArrivedNeverGetsAText(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		confirmed := map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), confirmed))
		w.pass(5 * time.Minute)
		w.shop("orders/create", "w2", order(1001, "tok-1", maria, w.clock.Now()))
		w.shop("checkouts/update", "w3", checkout("tok-1", maria, w.clock.Now().Add(-time.Minute), confirmed)) // late and old
		w.pass(2 * time.Hour)
		w.eventually("the cart was bought", func() bool { s, _ := w.cart(); return s == "bought" })
		time.Sleep(100 * time.Millisecond)
		if got := w.sent(maria); len(got) != 0 {
			t.Errorf("sent %v", got)
		}
	})
}

func TestI13NobodyIsRemindedAfterStop(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
		w.pass(10 * time.Minute)
		w.text("SM-stop", maria, "please stop texting me")
		w.eventually("the one confirmation", func() bool { return len(w.sent(maria)) == 1 })
		w.pass(3 * time.Hour)
		w.eventually("the cart was abandoned", func() bool { s, _ := w.cart(); return s == "abandoned" })
		time.Sleep(100 * time.Millisecond)
		if got := w.sent(maria); len(got) != 1 {
			t.Errorf("sent %v, want the confirmation alone", got)
		}
		var runs struct {
			Items []struct {
				State string `json:"state"`
				RunID string `json:"run_id"`
			} `json:"items"`
		}
		w.call("GET", "/people/"+w.person()+"/journeys", nil, &runs)
		if len(runs.Items) != 1 {
			t.Fatalf("runs: %+v", runs)
		}
		var trail struct {
			Items []struct {
				What   string         `json:"what"`
				Detail map[string]any `json:"detail"`
			} `json:"items"`
		}
		w.call("GET", "/journey-runs/"+runs.Items[0].RunID, nil, &trail)
		refused := ""
		for _, m := range trail.Items {
			if m.What == "dropped" {
				refused = fmt.Sprint(m.Detail["code"], " ", m.Detail["text"])
			}
		}
		if !strings.Contains(refused, "opted_out") && !strings.Contains(refused, "STOP") {
			t.Errorf("the trail does not say why nothing was sent: %+v", trail)
		}
	})
}

func TestI15AReminderWaitsForTheMorningAndIsDroppedWhenTheOrderCame(t *testing.T) {
	// 21:30 in New York: quiet hours.
	eachWorld(t, "2026-11-18T02:30:00Z", func(t *testing.T, w *world) {
		w.recovery()
		confirmed := map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), confirmed))
		w.pass(45 * time.Minute)
		w.eventually("the cart was abandoned", func() bool { s, _ := w.cart(); return s == "abandoned" })
		time.Sleep(50 * time.Millisecond)
		if got := w.sent(maria); len(got) != 0 {
			t.Fatalf("sent at night: %v", got)
		}
		w.shop("orders/create", "w2", order(1001, "tok-1", maria, w.clock.Now()))
		w.pass(12 * time.Hour)
		time.Sleep(200 * time.Millisecond)
		if got := w.sent(maria); len(got) != 0 {
			t.Errorf("sent in the morning although the order came: %v", got)
		}
	})
}

func TestAReminderThatBringsNobodyBackEndsItsRunAfterAWeek(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
		w.pass(31 * time.Minute)
		w.eventually("the cart is being recovered", func() bool { s, _ := w.cart(); return s == "recovering" })
		w.eventually("the timeline says what the journey does", func() bool { return w.timeline("journey") == "Entered Cart recovery: Waits 7 days." })
		w.text("SM-1", maria, "maybe later") // what happens meanwhile must not lose the wait
		var runs struct {
			Items []struct {
				State, Result string
			} `json:"items"`
		}
		w.pass(7*24*time.Hour + time.Hour)
		w.eventually("the run has ended", func() bool {
			w.call("GET", "/people/"+w.person()+"/journeys", nil, &runs)
			return len(runs.Items) == 1 && runs.Items[0].State == "done" && runs.Items[0].Result == "not recovered"
		})
		w.eventually("the cart has expired", func() bool { s, _ := w.cart(); return s == "expired" })
		if got := w.timeline("journey"); got != "Entered Cart recovery: Ended: not recovered." {
			t.Errorf("the timeline says %q", got)
		}
	})
}

// timeline is the newest item of a kind on Maria's timeline.
func (w *world) timeline(kind string) string {
	var page struct {
		Items []struct{ Title, Text string } `json:"items"`
	}
	w.call("GET", "/people/"+w.person()+"/timeline?filter="+kind, nil, &page)
	if len(page.Items) == 0 {
		return ""
	}
	return page.Items[0].Title + ": " + page.Items[0].Text
}
