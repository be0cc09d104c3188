package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
)

// story is a cart and how it ends.
type story struct {
	by    *customer
	lines []line
	token string
	at    clock.Time // the checkout
	end   ending
	talk  talk   // nothing said when empty
	agent member // who answers
	claim bool   // the agent sends the prepared text, if the journey asks for a person
}

// ending is what becomes of a cart.
type ending string

const (
	comesBack ending = "recovered" // ordered after the reminder
	buys      ending = "bought"    // ordered before it
	empties   ending = "emptied"
	leaves    ending = "expired" // nothing more is heard, or a reason
	stops     ending = "stopped" // answers STOP
)

// endings are what becomes of the carts of the month, oldest first. Those that end in silence are old enough to be over.
func endings() []ending {
	long := []ending{comesBack, leaves, buys, comesBack, leaves, comesBack, empties, leaves, comesBack, buys, leaves, comesBack,
		leaves, comesBack, stops, leaves, comesBack, comesBack, leaves, empties, leaves, comesBack, buys, leaves, comesBack,
		leaves, comesBack, buys}
	late := []ending{comesBack, leaves, comesBack, buys, comesBack, leaves, comesBack, comesBack, leaves, empties, comesBack, leaves, leaves}
	return append(long, late...)
}

// planCarts spreads carts over the days on which the brand may text.
func (t *teller) planCarts(context.Context) error {
	slots := t.slots()
	if len(slots) == 0 {
		return fmt.Errorf("no day of the month allows texts")
	}
	ends := endings()
	if t.small {
		ends = slices.DeleteFunc(ends[len(ends)-12:], func(e ending) bool { return e == leaves })
	}
	buyers := t.buyers()
	if len(buyers) < len(ends) {
		return fmt.Errorf("only %d customers may be reminded of a cart", len(buyers))
	}
	for i, end := range ends {
		at := slots[i*len(slots)/len(ends)].Add(time.Duration(t.chance.IntN(5)*3) * time.Minute)
		t.plan(t.story(i, buyers[i], at, end))
	}
	return nil
}

// slots are times of day, one for each of the days before yesterday on which texts may leave for hours.
func (t *teller) slots() []clock.Time {
	var out []clock.Time
	for before := 28; before >= 2; before-- {
		at := t.day(before, 10+t.chance.IntN(6), 10*t.chance.IntN(6))
		if good, err := decentBy(t.app.Rules, at); err == nil && good == at {
			out = append(out, at)
		}
	}
	return out
}

// buyers are those who agreed to cart reminders and live by the brand's own clock, in the order of chance.
func (t *teller) buyers() []*customer {
	cast := len(t.cast())
	var out []*customer
	for _, c := range t.people[cast:] {
		if c.consent == "confirmed" && c.home.country == home {
			out = append(out, c)
		}
	}
	return out
}

func (t *teller) story(i int, by *customer, at clock.Time, end ending) story {
	s := story{by: by, at: at, end: end, token: fmt.Sprintf("c%dera%08d", t.seed, i+1), agent: t.ana, claim: i%4 != 3}
	if i%3 == 1 {
		s.agent = t.marco
	}
	s.lines = t.basket(0)
	if i%4 == 2 {
		s.lines = t.basket(20000)
	}
	// Every second who comes back, and some who do not, said why they had stopped.
	if end == comesBack && i%2 == 0 || end == leaves && i%3 == 0 {
		s.talk = talks()[t.chance.IntN(len(talks()))]
	}
	return s
}

// plan lays a story out in time.
func (t *teller) plan(s story) {
	after := func(minutes int, do func(context.Context, story) error) {
		t.at(s.at.Add(time.Duration(minutes)*time.Minute), func(ctx context.Context) error {
			if err := do(ctx, s); err != nil {
				return fmt.Errorf("cart %s of %s: %w", s.token, s.by.name(), err)
			}
			return nil
		})
	}
	after(0, t.checksOut)
	switch s.end {
	case buys:
		after(12, t.buysIt)
		return
	case empties:
		after(75, t.empties)
	case stops:
		after(45, func(ctx context.Context, s story) error { return t.text(ctx, s.by, "STOP") })
	}
	if s.claim {
		after(35, t.sendsPrepared)
	}
	if s.talk.asks != "" {
		after(50, func(ctx context.Context, s story) error { return t.text(ctx, s.by, s.asks()) })
		after(55, t.answers)
	}
	after(100, t.ends)
}

// checksOut begins the cart.
func (t *teller) checksOut(ctx context.Context, s story) error {
	return t.hook(ctx, "checkouts/create", t.checkout(s, t.clock.Now()))
}

func (t *teller) empties(ctx context.Context, s story) error {
	s.lines = nil
	return t.hook(ctx, "checkouts/update", t.checkout(s, t.clock.Now()))
}

// buysIt turns the cart into an order, with the code that the customer has got, if any.
func (t *teller) buysIt(ctx context.Context, s story) error {
	t.orders++
	o := order{number: 1000 + t.orders, by: s.by, at: t.clock.Now(), lines: s.lines, token: s.token}
	var codes struct {
		Items []struct{ Code, Offer string }
	}
	if err := t.api(ctx, s.agent, call{http.MethodGet, "/people/" + string(s.by.person) + "/codes", nil, &codes}); err != nil {
		return err
	}
	if len(codes.Items) > 0 {
		o.code = codes.Items[0].Code
		if codes.Items[0].Offer == tenPercent {
			o.off = total(o.lines) / 10
		}
	}
	return t.hook(ctx, "orders/create", o.payload())
}

// sendsPrepared sends the text that the journey has put before the team, if it has.
func (t *teller) sendsPrepared(ctx context.Context, s story) error {
	var prepared struct {
		Items []struct{ ID, Text string }
	}
	if err := t.api(ctx, s.agent, call{http.MethodGet, "/conversations/" + string(s.by.person) + "/prepared", nil, &prepared}); err != nil {
		return err
	}
	if len(prepared.Items) == 0 {
		return nil
	}
	return t.write(ctx, s.agent, s.by, body{"text": prepared.Items[0].Text, "prepared": prepared.Items[0].ID})
}

// answers has the agent answer, with a code when that helps, and note the reason.
func (t *teller) answers(ctx context.Context, s story) error {
	text := s.says()
	if s.talk.offer != "" {
		var code struct{ Code string }
		in := body{"offer_id": t.offers[s.talk.offer], "cart_token": s.token}
		if err := t.api(ctx, s.agent, call{http.MethodPost, "/people/" + string(s.by.person) + "/codes", in, &code}); err != nil {
			return err
		}
		text = strings.ReplaceAll(text, "{code}", code.Code)
	}
	if err := t.write(ctx, s.agent, s.by, body{"text": text}); err != nil {
		return err
	}
	c, err := t.cartOf(ctx, s.by.person)
	if err != nil {
		return err
	}
	return t.api(ctx, s.agent, call{http.MethodPut, "/carts/" + string(c.ID) + "/reason", body{"reason": s.talk.reason, "note": s.asks()}, nil})
}

// ends lets the order come, and the agent close what was opened.
func (t *teller) ends(ctx context.Context, s story) error {
	if s.end == comesBack {
		if err := t.buysIt(ctx, s); err != nil {
			return err
		}
	}
	result := map[ending]string{comesBack: "bought"}[s.end]
	return t.closes(ctx, s.agent, s.by, result)
}

// body is a JSON object.
type body = map[string]any

// asks and says are the words of the talk with the cart's first article in them.
func (s story) asks() string { return s.fill(s.talk.asks) }
func (s story) says() string { return s.fill(s.talk.says) }
