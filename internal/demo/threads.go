package demo

import (
	"context"
	"fmt"
	"time"

	"parley/internal/channel/sim"
	"parley/internal/clock"
)

// The cast: those whose conversations a visitor finds. Their order is that of cast.
const (
	maria = iota
	giulia
	emma
	luca
	sofia
	hannah
	james
	olivia
	chiara
	matteo
)

func (t *teller) cast() []*customer {
	all := lands()
	it, gb, de, ny, ca := all[0], all[8], all[10], all[12], all[13]
	list := []*customer{
		maria:  {given: "Maria", family: "Rossi", number: mariaNumber, home: it, consent: "none"},
		giulia: {given: "Giulia", family: "Romano", number: giuliaNumber, home: it},
		emma:   {given: "Emma", family: "Clarke", number: emmaNumber, home: gb, recent: true},
		luca:   {given: "Luca", family: "Ferrari", home: it, recent: true},
		sofia:  {given: "Sofia", family: "Conti", home: it},
		hannah: {given: "Hanna", family: "Weber", home: de},
		james:  {given: "James", family: "Carter", home: ny},
		olivia: {given: "Olivia", family: "Reed", home: ca, recent: true},
		chiara: {given: "Chiara", family: "Greco", home: it, recent: true},
		matteo: {given: "Matteo", family: "Ricci", home: it},
	}
	for i, c := range list {
		if c.number == "" {
			c.number = fmt.Sprintf(c.home.form, i+10)
		}
		if c.consent == "" {
			c.consent = "confirmed"
		}
	}
	return list
}

// thread plans one conversation: each part so many minutes before the present.
type thread struct {
	t *teller
	c *customer
}

func (h thread) ago(minutes int, do func(ctx context.Context) error) thread {
	h.t.at(h.t.base.Add(-time.Duration(minutes)*time.Minute), func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return fmt.Errorf("conversation of %s: %w", h.c.name(), err)
		}
		return nil
	})
	return h
}

func (h thread) asks(minutes int, text string) thread {
	return h.ago(minutes, func(ctx context.Context) error { return h.t.text(ctx, h.c, text) })
}

func (h thread) reply(minutes int, m member, text string) thread {
	return h.ago(minutes, func(ctx context.Context) error { return h.t.write(ctx, m, h.c, body{"text": text}) })
}

func (h thread) does(minutes int, m member, action string, in body) thread {
	return h.ago(minutes, func(ctx context.Context) error { return h.t.act(ctx, m, h.c, action, in) })
}

const hour, day = 60, 24 * 60 // minutes

// planThreads plans the nine conversations of the inbox, each in another state, and what Maria's phone shows.
func (t *teller) planThreads(ctx context.Context) error {
	of := func(i int) thread { return thread{t, t.people[i]} }
	for i, c := range t.people {
		if c.recent {
			o := t.invent(c, t.base.Add(-6*24*time.Hour))
			of(i).ago(6*day, func(ctx context.Context) error { return t.hook(ctx, "orders/create", o.payload()) })
		}
	}

	of(hannah).asks(26*hour, "Hi, I sent the skirt back last week. When do I get my money?").
		reply(26*hour-9, t.ana, "Hello Hanna! It arrived this morning and 74.00 EUR are on their way, 2 to 3 days. Sorry for the wait.").
		asks(26*hour-14, "Perfect, thank you!").
		does(26*hour-16, t.ana, "close", body{"result": "solved"})

	of(james).asks(50*hour, "Do you have the trench coat in 42?").
		reply(50*hour-6, t.marco, "Not at the moment, James. It should be back in about two weeks.").
		asks(49*hour, "STOP").
		ago(49*hour-2, func(ctx context.Context) error { return t.closes(ctx, t.marco, t.people[james], "not in stock") })

	of(sofia).asks(3*hour, "Which of the two bags fits a laptop? I'm at work now, can you text me tomorrow morning?").
		reply(3*hour-7, t.marco, "Of course, Sofia. I will measure both and text you tomorrow at 9.").
		does(3*hour-8, t.marco, "snooze", body{"until": t.day(-1, 9, 0)})

	of(chiara).asks(2*hour, "The zip of my new boots broke on day two. I'd like to exchange them").
		ago(2*hour-5, func(ctx context.Context) error {
			return t.write(ctx, t.ana, t.people[chiara], body{"kind": "note", "text": "@Marco third pair with this zip since Monday. Please ask the store in Milan for a new pair before you answer."})
		}).
		does(2*hour-6, t.ana, "assign", body{"member_id": t.marco.id})

	t.planFailure(of(olivia))

	of(emma).asks(47, "Hi, where is my parcel? It should have been here on Tuesday")

	of(luca).asks(35, "Can I still change the coat I ordered to size M?").
		reply(21, t.ana, "Done, Luca! It is an M now and leaves today. You get the tracking number tonight.")

	t.planLiveCarts(of)
	return t.planSignUp(of(maria))
}

// planFailure has a reply filtered by the carrier.
func (t *teller) planFailure(h thread) {
	h.asks(70, "The tracking says delivered but nothing is here").
		ago(62, func(ctx context.Context) error {
			t.app.Phones.SetDials(t.ws.ID, h.c.number, sim.Dials{FailCode: "30007"})
			defer t.app.Phones.Reset(t.ws.ID, h.c.number)
			if err := t.write(ctx, t.ana, h.c, body{"text": "I am sorry, Olivia. I have opened a search with the courier and will text you as soon as they answer."}); err != nil {
				return err
			}
			return t.settle(ctx)
		})
}

// planLiveCarts plans the carts that are still open: one whose reminder was answered, one that waits for a person, two
// whose customers are busy, and one whose customer never agreed to be reminded.
func (t *teller) planLiveCarts(of func(int) thread) {
	shop := catalogue()
	open := func(who int, at clock.Time, lines ...int) story {
		s := story{by: t.people[who], at: at, token: fmt.Sprintf("c%dnow%08d", t.seed, who)}
		for _, i := range lines {
			s.lines = append(s.lines, line{shop[i], 9000 + i, 1})
		}
		t.at(at, func(ctx context.Context) error { return t.checksOut(ctx, s) })
		return s
	}
	open(giulia, t.latelyOpen(), 0, 1)
	of(giulia).asks(3, "Hi! Does the linen dress run small? I am between S and M")
	open(matteo, t.base.Add(-37*time.Minute), 2, 8)
	open(len(t.cast()), t.base.Add(-9*time.Minute), 5)
	open(len(t.cast())+1, t.base.Add(-16*time.Minute), 13)
	for i, c := range t.people[len(t.cast())+2:] {
		if c.consent == "none" && c.home.country == home {
			open(len(t.cast())+2+i, t.latelyOpen().Add(-time.Hour), 3)
			break
		}
	}
	t.at(t.base.Add(-2*day*time.Minute), func(ctx context.Context) error { return t.publish(ctx, "thank-you.json") })
}

// latelyOpen is the last time before the present from which texts could leave for hours.
func (t *teller) latelyOpen() clock.Time {
	at := t.base.Add(-90 * time.Minute)
	for range 10 * 48 {
		if good, err := decentBy(t.app.Rules, at); err == nil && good == at {
			return at
		}
		at = at.Add(-30 * time.Minute)
	}
	return at
}

// planSignUp has Maria tick the box at the checkout a moment ago: her phone asks for a YES.
func (t *teller) planSignUp(h thread) error {
	h.ago(2, func(ctx context.Context) error {
		asked := *h.c
		asked.consent = "single"
		return t.hook(ctx, "customers_marketing_consent/update", t.consentOf(&asked))
	})
	return nil
}
