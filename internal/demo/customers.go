package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"parley/internal/clock"
	"parley/internal/id"
	"parley/internal/people"
)

// customers is how many there are, and how many in a small demo.
const (
	customers = 312
	few       = 60
)

// The phones that a visitor can pick up.
const (
	mariaNumber  = "+15550100042"
	giuliaNumber = "+15550100043"
	emmaNumber   = "+447700900044"
)

// customer is somebody whom the brand knows.
type customer struct {
	given, family string
	number        string
	email         string
	home          land
	consent       string // of the shop: confirmed, single, unsubscribed, none
	person        id.Person
	recent        bool    // bought something some days ago
	orders        []order // before the carts of the month
}

func (c *customer) name() string { return c.given + " " + c.family }

// land is where customers come from, and the form of its numbers of fiction.
type land struct {
	country, state, zone, language string
	form                           string
	given, family                  []string
}

// lands are chosen from by weight: the brand is Italian.
func lands() []land {
	it := land{"IT", "", "Europe/Rome", "it", "+1555010%04d", italianGiven(), italianFamily()}
	return []land{it, it, it, it, it, it, it, it,
		{"GB", "", "Europe/London", "en", "+447700900%03d", britishGiven(), britishFamily()},
		{"GB", "", "Europe/London", "en", "+447700900%03d", britishGiven(), britishFamily()},
		{"DE", "", "Europe/Berlin", "de", "+1555020%04d", germanGiven(), germanFamily()},
		{"ES", "", "Europe/Madrid", "es", "+1555030%04d", spanishGiven(), spanishFamily()},
		{"US", "NY", "America/New_York", "en", "+1555040%04d", britishGiven(), americanFamily()},
		{"US", "CA", "America/Los_Angeles", "en", "+1555050%04d", britishGiven(), americanFamily()},
	}
}

// makePeople invents the customers, tells of them through the API in one batch, and lets the shop tell what they agreed to
// and what they bought before.
func (t *teller) makePeople(ctx context.Context) error {
	t.people = append(t.people, t.cast()...)
	taken := map[string]bool{}
	for _, c := range t.people {
		taken[c.number], taken[c.name()] = true, true
	}
	all, wanted := lands(), customers
	if t.small {
		wanted = few
	}
	for len(t.people) < wanted {
		l := all[t.chance.IntN(len(all))]
		c := &customer{given: t.pick(l.given), family: t.pick(l.family), home: l, number: fmt.Sprintf(l.form, 100+len(t.people))}
		if taken[c.name()] || taken[c.number] {
			continue
		}
		taken[c.name()], taken[c.number] = true, true
		t.people = append(t.people, c)
	}
	for i, c := range t.people {
		t.equip(i, c)
	}
	if err := t.signUps(ctx); err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	return t.learn(ctx)
}

// equip gives a customer an address, a consent, and a past.
func (t *teller) equip(i int, c *customer) {
	c.email = fmt.Sprintf("%s.%s@mail.example", plain(c.given), plain(c.family))
	if c.consent == "" {
		switch n := t.chance.IntN(100); {
		case n < 78:
			c.consent = "confirmed"
		case n < 90:
			c.consent = "none"
		default:
			c.consent = "unsubscribed"
		}
	}
	// Two in five bought before, some of them often.
	if n := t.chance.IntN(10); n < 4 && !c.recent {
		for range 1 + n%3 {
			c.orders = append(c.orders, t.invent(c, t.clock.Now().Add(-time.Duration(1+t.chance.IntN(400*24))*time.Hour)))
		}
	}
}

// signUps tells that everybody signed up, and where they are; the shop tells the rest, as it would after it was connected.
func (t *teller) signUps(ctx context.Context) error {
	type body = map[string]any
	var events []any
	for i, c := range t.people {
		at := t.clock.Now().Add(-time.Duration(30+t.chance.IntN(500*24)) * time.Hour)
		events = append(events, body{"type": "signed_up", "key": fmt.Sprintf("sign-up-%d", i+1), "at": at,
			"person": body{"phone": c.number, "email": c.email, "given_name": c.given, "family_name": c.family, "language": c.home.language,
				"timezone": c.home.zone, "country": c.home.country, "state": c.home.state},
			"props": body{"where": t.pick([]string{"checkout", "blog", "store Milan", "store Rome"})}})
	}
	if err := t.api(ctx, t.ana, call{http.MethodPost, "/events", body{"events": events}, nil}); err != nil {
		return err
	}
	return all(ctx, t.people, t.shopKnows)
}

// shopKnows sends what the shop knows of one customer: consent first, orders after it.
func (t *teller) shopKnows(ctx context.Context, c *customer) error {
	if c.consent == "confirmed" || c.consent == "unsubscribed" {
		if err := t.hook(ctx, "customers_marketing_consent/update", t.consentOf(c)); err != nil {
			return err
		}
	}
	for _, o := range c.orders {
		if err := t.hook(ctx, "orders/create", o.payload()); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) consentOf(c *customer) map[string]any {
	record := map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_collected_from": "SHOPIFY",
		"consent_updated_at": stamp(t.clock.Now().Add(-time.Duration(20+len(c.name())) * 24 * time.Hour))}
	switch c.consent {
	case "single":
		record["opt_in_level"], record["consent_updated_at"] = "single_opt_in", stamp(t.clock.Now())
	case "unsubscribed":
		record["state"] = "unsubscribed"
	}
	return map[string]any{"phone": c.number, "sms_marketing_consent": record}
}

// learn asks who the customers are in the program.
func (t *teller) learn(ctx context.Context) error {
	byNumber := map[string]id.Person{}
	cursor := ""
	for {
		page, err := t.app.People.List(ctx, t.app.DB, t.ws.ID, people.Query{Cursor: cursor, Limit: 200})
		if err != nil {
			return err
		}
		for _, p := range page.People {
			byNumber[string(p.Phone())] = p.ID
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, c := range t.people {
		if c.person = byNumber[c.number]; c.person == "" {
			return fmt.Errorf("%s was not taken in", c.number)
		}
	}
	return nil
}

func stamp(at clock.Time) string { return at.Std().Format(time.RFC3339) }

// customers counts whom the brand knows.
func (d *Demo) customers(ctx context.Context) (int, error) {
	n, cursor := 0, ""
	for {
		page, err := d.App.People.List(ctx, d.App.DB, d.Workspace.ID, people.Query{Cursor: cursor, Limit: 200})
		if err != nil {
			return 0, err
		}
		n += len(page.People)
		if cursor = page.Next; cursor == "" {
			return n, nil
		}
	}
}
