package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/clock"
)

// simPhone is a simulated phone, as a member of the team holds it.
type simPhone struct {
	*world
	path string
}

// pickUp connects a simulated number, makes Maria's phone and lets it say hello.
func (w *world) pickUp() simPhone {
	w.t.Helper()
	w.call("POST", "/channels", map[string]any{"kind": "sim", "name": "sim", "settings": map[string]any{"number": "+15550100001", "rate": "1000"}}, nil)
	w.call("POST", "/sim/phones", map[string]any{"number": maria, "name": "Maria Rossi", "country": "US", "timezone": "America/New_York"}, nil)
	p := simPhone{w, "/sim/phones/" + url.PathEscape(maria)}
	p.says("Hello")
	return p
}

func (p simPhone) says(text string) {
	p.t.Helper()
	p.call("POST", p.path+"/messages", map[string]any{"text": text}, nil)
}

// got are the texts that reached the phone, oldest first.
func (p simPhone) got() []string {
	p.t.Helper()
	var screen struct {
		Items []struct {
			Kind string `json:"kind"`
			Text string `json:"text"`
		} `json:"items"`
	}
	p.call("GET", p.path+"/messages", nil, &screen)
	var out []string
	for _, m := range screen.Items {
		if m.Kind == "out" {
			out = append(out, m.Text)
		}
	}
	return out
}

// toldOrder is what the simulated shop told of an order.
type toldOrder struct {
	Topic string `json:"topic"`
	Body  struct {
		Total string `json:"total_price"`
		Token string `json:"checkout_token"`
		Codes []struct {
			Code, Amount, Type string
		} `json:"discount_codes"`
		Lines []struct{ Title string } `json:"line_items"`
	} `json:"body"`
}

// replies sends an agent's text, having seen all there is.
func (w *world) replies(person, text string) {
	w.t.Helper()
	var c struct {
		Seq int `json:"seq"`
	}
	w.call("GET", "/conversations/"+person, nil, &c)
	w.call("POST", "/conversations/"+person+"/messages", map[string]any{"text": text, "kind": "reply", "seen_seq": c.Seq}, nil)
}

func TestAPhoneBuysItsCartWithTheCodeThatTheAgentTextedIt(t *testing.T) {
	for name, c := range map[string]struct {
		offer       map[string]any
		total, kind string
		minor       int
	}{
		"ten percent":   {map[string]any{"kind": "percent", "percent": 10}, "115.20", "percentage", 11520},
		"an amount":     {map[string]any{"kind": "amount", "amount": map[string]any{"minor": 2000, "currency": "USD"}}, "108.00", "fixed_amount", 10800},
		"free shipping": {map[string]any{"kind": "free_shipping"}, "128.00", "shipping", 12800},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
				w.recovery()
				p := w.pickUp()
				w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
				w.pass(31 * time.Minute)
				w.eventually("the reminder reaches the phone", func() bool { s, _ := w.cart(); return s == "recovering" && len(p.got()) > 0 })

				p.says("Is there a discount?")
				c.offer["name"], c.offer["prefix"], c.offer["agent_grantable"] = "Help", "ERA", true
				var given struct{ ID, Code string }
				w.call("POST", "/offers", c.offer, &given)
				w.call("POST", "/people/"+w.person()+"/codes", map[string]any{"offer_id": given.ID}, &given)
				w.pass(time.Minute)
				w.replies(w.person(), "There is: "+given.Code+" at the checkout")
				w.eventually("the code reaches the phone", func() bool { return strings.Contains(fmt.Sprint(p.got()), given.Code) })

				w.pass(time.Minute)
				var told toldOrder
				w.call("POST", p.path+"/shop", map[string]any{"action": "order", "items": []any{map[string]any{"title": "Something else", "price": "5.00", "quantity": 1}}}, &told)
				if told.Topic != "orders/create" || told.Body.Token != "tok-1" || told.Body.Total != c.total || len(told.Body.Lines) != 2 {
					t.Errorf("the shop told %+v, want the two articles of the cart for %s", told, c.total)
				}
				if len(told.Body.Codes) != 1 || told.Body.Codes[0].Code != given.Code || told.Body.Codes[0].Type != c.kind {
					t.Errorf("codes %+v, want %s", told.Body.Codes, given.Code)
				}
				w.eventually("the cart is recovered", func() bool { s, _ := w.cart(); return s == "recovered" })
				w.recoveredBy(c.minor, given.Code, "Ana")
				w.eventually("the code is redeemed", func() bool {
					var check struct{ Text string }
					w.call("GET", "/codes?code="+given.Code, nil, &check)
					return strings.HasPrefix(check.Text, "It was used")
				})
			})
		})
	}
}

func TestANewWorkspaceCanBeTriedWithASimulatedPhoneAtOnce(t *testing.T) { // FR-5
	w := &world{t: t, clock: clock.NewManual(clock.From(time.Date(2026, 11, 17, 15, 0, 0, 0, time.UTC))), twilio: twiliotest.New()}
	t.Cleanup(w.twilio.Close)
	w.start("")
	w.call("POST", "/setup", map[string]any{"workspace": "Fashion Era", "name": "Ana", "email": "ana@example.com", "password": "correct horse battery",
		"country": "US", "timezone": "America/New_York", "currency": "USD", "demo": true}, nil)
	var phones struct{ Items []struct{ Number string } }
	w.call("GET", "/sim/phones", nil, &phones)
	if len(phones.Items) != 1 {
		t.Fatalf("phones %+v, want one", phones)
	}
	p := simPhone{w, "/sim/phones/" + url.PathEscape(phones.Items[0].Number)}
	p.says("Hello, are you there?")
	var inbox struct{ Items []struct{ Unread int } }
	w.eventually("the text waits in the inbox", func() bool {
		w.call("GET", "/conversations?view=open", nil, &inbox)
		return len(inbox.Items) == 1 && inbox.Items[0].Unread == 1
	})
}

func TestTheRestoreLinkOfASimulatedCartShowsItAndSellsIt(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		w.recovery()
		p := w.pickUp()
		w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
		w.pass(31 * time.Minute)
		w.eventually("the reminder reaches the phone", func() bool { s, _ := w.cart(); return s == "recovering" && len(p.got()) > 0 })
		p.says("Is there a discount?")
		var given struct{ ID, Code string }
		w.call("POST", "/offers", map[string]any{"name": "Help", "prefix": "ERA", "agent_grantable": true, "kind": "percent", "percent": 10}, &given)
		w.call("POST", "/people/"+w.person()+"/codes", map[string]any{"offer_id": given.ID, "cart_token": "tok-1"}, &given)
		w.replies(w.person(), "There is: "+given.Code+" at the checkout")

		path := "/shop/" + w.slug + "/tok-1"
		status, page := w.visit("GET", path, nil)
		for _, want := range []string{"1 × Linen dress, $79.00", "2 × Silk scarf, $24.50", "Code " + given.Code + ": $12.80 off", "Total $115.20", ">Buy<", "nothing is charged"} {
			if status != 200 || !strings.Contains(page, want) {
				t.Errorf("%d: no %q in %s", status, want, page)
			}
		}
		for range 2 { // as people click
			if status, page = w.visit("POST", path, nil); status != 200 || !strings.Contains(page, "Thank you for your order") || strings.Contains(page, ">Buy<") {
				t.Errorf("after Buy %d: %s", status, page)
			}
		}
		w.eventually("the cart is recovered", func() bool { s, _ := w.cart(); return s == "recovered" })
		w.recoveredBy(11520, given.Code, "Ana")

		// Nobody sees a cart of a customer whose phone is a real one, or guesses one.
		other := checkout("tok-real", "+12125550177", w.clock.Now(), nil)
		other["customer"].(map[string]any)["id"] = 78
		w.shop("checkouts/update", "w9", other)
		for _, path := range []string{"/shop/" + w.slug + "/tok-real", "/shop/" + w.slug + "/tok-9", "/shop/nobody/tok-1"} {
			if status, page := w.visit("GET", path, nil); status != 404 || strings.Contains(page, "Linen") {
				t.Errorf("%s: %d %s", path, status, page)
			}
			if status, _ := w.visit("POST", path, nil); status != 404 {
				t.Errorf("buying %s: %d", path, status)
			}
		}
	})
}

// recoveredBy holds the report to one recovered order, owed to a code and an agent.
func (w *world) recoveredBy(minor int, code, agent string) {
	w.t.Helper()
	type group struct {
		Name      string
		Orders    int
		Recovered struct{ Minor int }
	}
	var r struct {
		Recovered struct{ Minor int }
		Orders    int
		ByCode    []group `json:"by_code"`
		ByAgent   []group `json:"by_agent"`
	}
	w.call("GET", "/reports/recovery?simulated=include", nil, &r)
	want := fmt.Sprint(group{code, 1, struct{ Minor int }{minor}}, group{agent, 1, struct{ Minor int }{minor}})
	if got := fmt.Sprint(append(r.ByCode, r.ByAgent...)); r.Recovered.Minor != minor || r.Orders != 1 || got != "["+want+"]" {
		w.t.Errorf("the report: %+v, want %d owed to %s and %s", r, minor, code, agent)
	}
}

func TestAPhonesShopTakesNoCodeThatIsNotValidAndSellsNothingFromAnEmptyCart(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		p := w.pickUp()
		if status, text := w.try("POST", p.path+"/shop", map[string]any{"action": "order"}, nil); status != 409 || !strings.Contains(text, "cart_empty") {
			t.Errorf("nothing bought: %d %s", status, text)
		}
		w.call("POST", p.path+"/shop", map[string]any{"action": "checkout", "items": []any{map[string]any{"title": "Hat", "price": "39.00", "quantity": 2}}}, nil)
		if status, text := w.try("POST", p.path+"/shop", map[string]any{"action": "order", "code": "MADEUP"}, nil); status != 409 || !strings.Contains(text, "code_invalid") {
			t.Errorf("a code of nobody: %d %s", status, text)
		}
		var told toldOrder
		w.call("POST", p.path+"/shop", map[string]any{"action": "order"}, &told)
		if told.Body.Total != "78.00" || len(told.Body.Codes) != 0 {
			t.Errorf("the shop told %+v, want the cart at its price", told)
		}
	})
}

func TestATextIsCountedAndPricedForItsChannelAndCountry(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		type answer struct {
			Segments int
			Limits   struct {
				Part int `json:"gsm_part"`
			}
			Price *struct {
				Micros   int64
				Currency string
			}
		}
		count := func(body map[string]any) string {
			var a answer
			w.call("POST", "/text/count", body, &a)
			if a.Price == nil {
				return fmt.Sprint(a.Segments, " unknown")
			}
			return fmt.Sprint(a.Segments, " ", a.Price.Micros, " ", a.Price.Currency)
		}
		long := strings.Repeat("a", 161)
		if got := count(map[string]any{"text": long, "country": "US"}); got != "2 unknown" {
			t.Errorf("without a price list: %s", got)
		}
		// Maria writes to the second, simulated channel: what that one charges for her country counts.
		p := w.pickUp()
		var channels struct {
			Items []struct {
				ID, Kind string
				Version  int
				Settings map[string]string
			}
		}
		w.call("GET", "/channels", nil, &channels)
		for _, c := range channels.Items {
			if c.Kind != "sim" {
				if got := count(map[string]any{"text": long, "channel_id": c.ID, "country": "US"}); got != "2 unknown" {
					t.Errorf("on the other channel: %s", got)
				}
				continue
			}
			draft := map[string]any{"kind": "sim", "name": "sim", "version": c.Version, "settings": map[string]any{"prices": "US 0.0083 USD\nIT 0.043 EUR"}}
			w.call("PUT", "/channels/"+c.ID, draft, nil)
			draft["settings"] = map[string]any{"prices": "US cheap"}
			if status, text := w.try("PUT", "/channels/"+c.ID, draft, nil); status != 422 && status != 400 || !strings.Contains(text, "settings.prices") {
				t.Errorf("a list that cannot be read: %d %s", status, text)
			}
			p.pass(3 * time.Second)
			w.eventually("the new prices are used", func() bool {
				return count(map[string]any{"text": long, "channel_id": c.ID, "country": "IT"}) == "2 86000 EUR"
			})
			if got := count(map[string]any{"text": long, "channel_id": c.ID, "country": "FR"}); got != "2 unknown" {
				t.Errorf("a country that is not in the list: %s", got)
			}
		}
		if got := count(map[string]any{"text": long, "person_id": w.person()}); got != "2 16600 USD" {
			t.Errorf("for Maria: %s", got)
		}
	})
}
