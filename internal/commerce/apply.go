package commerce

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/people"
)

// buyer finds or makes the person behind a contact; it is empty when the shop has told nothing yet by which somebody
// could be recognised.
func (s *Service) buyer(ctx context.Context, tx *db.Tx, row shopRow, b contact) (id.Person, error) {
	source := "shop:" + row.Name
	var known []people.Identity
	for _, p := range b.phones {
		known = append(known, people.Identity{Kind: people.Phone, Value: p, Source: source})
	}
	if b.email != "" {
		known = append(known, people.Identity{Kind: people.Email, Value: b.email, Source: source})
	}
	if b.customer != "" {
		known = append(known, people.Identity{Kind: people.External, Value: "shopify:" + row.Domain + ":" + b.customer, Source: source})
	}
	if len(known) == 0 {
		return "", nil
	}
	resolved, err := s.people.ResolveAllTx(ctx, tx, row.Workspace, []people.Subject{{Identities: known, Hint: b.hint(source)}})
	if err != nil {
		return "", err
	}
	if resolved[0].Err != nil {
		return "", nil //nolint:nilerr // nothing readable in it: the same as nothing said
	}
	return resolved[0].Person, nil
}

// contact is what a payload says about the buyer.
type contact struct {
	phones        []string
	email         string
	customer      string
	given, family string
	locale        string
	place         *shopify.Address
}

func contactOf(phones []string, email, locale string, c *shopify.Customer, place *shopify.Address) contact {
	b := contact{phones: phones, email: email, locale: locale, place: place}
	if c != nil {
		b.customer, b.given, b.family = string(c.ID), c.FirstName, c.LastName
		if b.email == "" {
			b.email = c.Email
		}
	}
	if b.given == "" && place != nil {
		b.given, b.family = place.FirstName, place.LastName
	}
	return b
}

func (b contact) hint(source string) people.Hint {
	h := people.Hint{GivenName: b.given, FamilyName: b.family, Language: b.locale, Source: source}
	if b.place != nil {
		h.Country, h.State, h.Zip = b.place.CountryCode, b.place.Province, b.place.Zip
	}
	return h
}

// applyCheckout brings the cart of a checkout up to date and starts its clock anew.
func (s *Service) applyCheckout(ctx context.Context, tx *db.Tx, row shopRow, c shopify.Checkout) error {
	if c.Token == "" {
		return fmt.Errorf("a checkout without a token")
	}
	b := contactOf(c.Phones(), c.Email, c.Locale, c.Customer, c.Place())
	person, err := s.buyer(ctx, tx, row, b)
	if err != nil {
		return err
	}
	if err := s.checkoutConsent(ctx, tx, row, person, c); err != nil {
		return err
	}
	total, err := amount(c.TotalPrice, c.Currency)
	if err != nil {
		return err
	}
	lines, err := linesFrom(c.Lines, c.Currency)
	if err != nil {
		return err
	}
	return s.touch(ctx, tx, row, touch{
		at:   firstTime(c.UpdatedAt, c.CreatedAt, s.clock.Now()),
		gone: !c.ClosedAt.IsZero() && c.CompletedAt.IsZero(),
		cart: Cart{Shop: row.ID, Token: c.Token, CartToken: c.CartToken, Person: person, Lines: lines, Total: total,
			RestoreURL: c.RecoverURL, CreatedAt: firstTime(c.CreatedAt, c.UpdatedAt, s.clock.Now())},
	})
}

// touch stores the cart as it is now, and sets what follows from it: the timer of silence, or the end of one.
func (s *Service) touch(ctx context.Context, tx *db.Tx, row shopRow, t touch) error {
	ws := row.Workspace
	before, err := findCart(ctx, tx, ws, row.ID, t.cart.Token)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	after, stale := before.touched(t, now)
	if stale {
		return nil
	}
	if after.ID == "" {
		after.ID = CartID(s.ids.New("crt"))
	}
	if order, found, err := findOrderByToken(ctx, tx, ws, after.Token); err != nil {
		return err
	} else if found {
		after = after.ordered(order.ID, order.PlacedAt, now)
	}
	if before.Person != "" && before.Person != after.Person {
		if err := s.mailbox.CancelTimerTx(ctx, tx, ws, before.Person, timerQuiet, after.Token); err != nil {
			return err
		}
	}
	if err := s.saveTx(ctx, tx, ws, after); err != nil || after.Person == "" {
		return err
	}
	return s.follow(ctx, tx, ws, before, after)
}

// follow sets the cart's timer and tells the timeline what changed.
func (s *Service) follow(ctx context.Context, tx *db.Tx, ws id.Workspace, before, after Cart) error {
	if after.State != Active {
		if err := s.mailbox.CancelTimerTx(ctx, tx, ws, after.Person, timerQuiet, after.Token); err != nil {
			return err
		}
		if after.State == Emptied && before.State != Emptied {
			return s.tell(ctx, tx, ws, after, "cart_emptied", after.StateAt)
		}
		return nil
	}
	if err := s.setQuietTimer(ctx, tx, ws, after); err != nil {
		return err
	}
	if before.Person == "" {
		return s.tell(ctx, tx, ws, after, "checkout_started", after.CreatedAt)
	}
	return nil
}

func (s *Service) closeCheckout(ctx context.Context, tx *db.Tx, row shopRow, token string) error {
	c, err := findCart(ctx, tx, row.Workspace, row.ID, token)
	if err != nil || c.Token == "" || c.State.Over() {
		return err
	}
	return s.touch(ctx, tx, row, touch{at: s.clock.Now(), gone: true, cart: c})
}

// applyOrder stores an order, ends its cart, and credits what brought it back.
func (s *Service) applyOrder(ctx context.Context, tx *db.Tx, row shopRow, in shopify.Order) error {
	if in.ID == "" {
		return fmt.Errorf("an order without an id")
	}
	ws := row.Workspace
	known, found, err := findOrder(ctx, tx, ws, row.ID, string(in.ID))
	if err != nil {
		return err
	}
	o, err := s.order(row, in)
	if err != nil {
		return err
	}
	if found && o.UpdatedAt < known.UpdatedAt {
		return nil
	}
	if o.Person, err = s.buyer(ctx, tx, row, contactOf(in.Phones(), in.Email, in.Locale, in.Customer, in.Place())); err != nil {
		return err
	}
	saveOrder(ctx, tx, ws, o)
	if !found && !o.Test {
		if err := s.ordered(ctx, tx, ws, &o); err != nil {
			return err
		}
	}
	if o.Status == "cancelled" && known.Status != "cancelled" && o.Person != "" {
		return s.tellOrder(ctx, tx, ws, o, Cart{}, "order_cancelled")
	}
	return nil
}

func (s *Service) order(row shopRow, in shopify.Order) (Order, error) {
	total, err := amount(in.TotalPrice, in.Currency)
	if err != nil {
		return Order{}, err
	}
	lines, err := linesFrom(in.Lines, in.Currency)
	o := Order{Shop: row.ID, ID: string(in.ID), Name: in.Name, Token: in.CheckoutToken, CartToken: in.CartToken, Total: total, Lines: lines,
		Status: "placed", StatusURL: in.StatusURL, PlacedAt: firstTime(in.CreatedAt, in.UpdatedAt, s.clock.Now()), Test: in.Test}
	o.UpdatedAt = firstTime(in.UpdatedAt, in.CreatedAt, s.clock.Now())
	for _, d := range in.Discounts {
		o.Codes = append(o.Codes, strings.ToUpper(strings.TrimSpace(d.Code)))
	}
	switch {
	case !in.CancelledAt.IsZero():
		o.Status = "cancelled"
	case in.Fulfillment == "fulfilled":
		o.Status = "fulfilled"
	}
	return o, err
}

// ordered ends the cart that the order came from, and counts the order for its person.
func (s *Service) ordered(ctx context.Context, tx *db.Tx, ws id.Workspace, o *Order) error {
	c, err := findCartOf(ctx, tx, ws, *o)
	if err != nil {
		return err
	}
	if c.Token != "" && !c.State.Over() {
		before := c
		c = c.ordered(o.ID, o.PlacedAt, s.clock.Now())
		if o.Person == "" {
			o.Person = c.Person
			saveOrder(ctx, tx, ws, *o)
		}
		if err := s.endCart(ctx, tx, ws, before, c, *o); err != nil {
			return err
		}
	}
	if o.Person == "" {
		return nil
	}
	if err := s.people.AddOrderTx(ctx, tx, ws, o.Person, people.Order{Total: o.Total, At: o.PlacedAt}); err != nil {
		return err
	}
	return s.tellOrder(ctx, tx, ws, *o, c, "order_placed")
}

// endCart stores a cart that became an order, stops its timers, and credits a recovery.
func (s *Service) endCart(ctx context.Context, tx *db.Tx, ws id.Workspace, before, c Cart, o Order) error {
	if err := s.saveTx(ctx, tx, ws, c); err != nil {
		return err
	}
	if before.Person != "" {
		for _, timer := range []string{timerQuiet, timerExpire} {
			if err := s.mailbox.CancelTimerTx(ctx, tx, ws, before.Person, timer, c.Token); err != nil {
				return err
			}
		}
	}
	if c.State != Recovered {
		return nil
	}
	return s.credit(ctx, tx, ws, before.StateAt, c, o)
}

// credit writes down what the recovered money is owed to; reminded is when the one reminder went out.
func (s *Service) credit(ctx context.Context, tx *db.Tx, ws id.Workspace, reminded clock.Time, c Cart, o Order) error {
	agent, err := s.conversations.LastAgent(ctx, tx, ws, c.Person, reminded, o.PlacedAt)
	if err != nil {
		return err
	}
	r := Recovery{Shop: c.Shop, Order: o.ID, Cart: c.ID, Person: c.Person, Amount: o.Total, At: o.PlacedAt, Message: c.Message, Journey: c.Journey, Run: c.Run, Member: string(agent)}
	if len(o.Codes) > 0 {
		r.Code = o.Codes[0]
	}
	saveRecovery(ctx, tx, ws, r)
	return s.tell(ctx, tx, ws, c, "cart_recovered", o.PlacedAt)
}

func (s *Service) applyCustomer(ctx context.Context, tx *db.Tx, row shopRow, c shopify.Customer) error {
	var phones []string
	for _, p := range []string{c.Phone} {
		if p != "" {
			phones = append(phones, p)
		}
	}
	_, err := s.buyer(ctx, tx, row, contactOf(phones, c.Email, "", &c, c.Address))
	return err
}

func (s *Service) applyProduct(ctx context.Context, tx *db.Tx, row shopRow, in shopify.Product, gone bool) error {
	ws, err := s.org.Workspace(ctx, tx, row.Workspace)
	if err != nil {
		return err
	}
	p := Product{Shop: row.ID, ID: string(in.ID), Title: in.Title, Handle: in.Handle, Category: in.Type, Tags: in.Tags,
		Gone: gone || in.Status == "archived", UpdatedAt: s.clock.Now(), Price: money.Amount{Currency: ws.Currency}}
	if in.Image != nil {
		p.Image = in.Image.Src
	}
	for i, v := range in.Variants {
		price, err := amount(v.Price, string(ws.Currency))
		if err != nil {
			return err
		}
		if i == 0 || price.Minor < p.Price.Minor {
			p.Price = price
		}
		p.Stock += max(0, v.Stock)
	}
	saveProduct(ctx, tx, row.Workspace, p)
	return nil
}

func linesFrom(in []shopify.Line, currency string) ([]Line, error) {
	out := make([]Line, 0, len(in))
	for _, l := range in {
		price, err := amount(l.Price, currency)
		if err != nil {
			return nil, err
		}
		out = append(out, Line{Title: l.Title, Variant: l.VariantTitle, Quantity: l.Quantity, Price: price, ProductID: string(l.ProductID)})
	}
	return out, nil
}

func amount(d shopify.Decimal, currency string) (money.Amount, error) {
	if d == "" {
		return money.Amount{Currency: money.Currency(currency)}, nil
	}
	return money.Parse(string(d), money.Currency(currency))
}

func firstTime(a, b shopify.Time, now clock.Time) clock.Time {
	switch {
	case !a.IsZero():
		return a.Time
	case !b.IsZero():
		return b.Time
	}
	return now
}
