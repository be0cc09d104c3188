package commerce

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// eventSource names this package as the one that tells of an event.
const eventSource = "commerce"

// Timers of a cart, keyed by its token.
const (
	timerQuiet  = "cart.quiet"  // the customer has been quiet for the cart delay
	timerExpire = "cart.expire" // nothing more will come of it
)

type cartTimer struct {
	Shop  ShopID `json:"shop_id"`
	Token string `json:"token"`
}

// setQuietTimer starts the cart's clock anew from the last thing the customer did.
func (s *Service) setQuietTimer(ctx context.Context, tx *db.Tx, ws id.Workspace, c Cart) error {
	workspace, err := s.org.Workspace(ctx, tx, ws)
	if err != nil {
		return err
	}
	return s.mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: ws, Person: c.Person, Kind: timerQuiet, Key: c.Token,
		Due: c.TouchedAt.Add(workspace.Settings.CartWait()), Body: cartTimer{c.Shop, c.Token}})
}

// Handle registers the timers of carts.
func (s *Service) Handle(m *mailbox.Mailbox) {
	m.Handle(timerQuiet, "commerce", s.onQuiet)
	m.Handle(timerExpire, "commerce", s.onExpire)
}

func (s *Service) onQuiet(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	return s.onTimer(ctx, tx, item, func(c Cart, now clock.Time) error {
		if c.State != Active {
			return nil
		}
		c.become(Abandoned, now)
		c.AbandonedAt = now
		if err := s.saveTx(ctx, tx, item.Workspace, c); err != nil {
			return err
		}
		if err := s.setExpiry(ctx, tx, item.Workspace, c); err != nil {
			return err
		}
		return s.tell(ctx, tx, item.Workspace, c, "cart_abandoned", now)
	})
}

func (s *Service) onExpire(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	return s.onTimer(ctx, tx, item, func(c Cart, now clock.Time) error {
		if c.State != Abandoned && c.State != Recovering {
			return nil
		}
		c.become(Expired, now)
		return s.saveTx(ctx, tx, item.Workspace, c)
	})
}

func (s *Service) onTimer(ctx context.Context, tx *db.Tx, item mailbox.Item, act func(Cart, clock.Time) error) error {
	var t cartTimer
	if err := item.Decode(&t); err != nil {
		return err
	}
	c, err := findCart(ctx, tx, item.Workspace, t.Shop, t.Token)
	if err != nil || c.Person != item.Person {
		return err
	}
	return act(c, s.clock.Now())
}

func (s *Service) setExpiry(ctx context.Context, tx *db.Tx, ws id.Workspace, c Cart) error {
	return s.mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: ws, Person: c.Person, Kind: timerExpire, Key: c.Token,
		Due: c.StateAt.Add(expireAfter), Body: cartTimer{c.Shop, c.Token}})
}

// Reminder is the one message about a cart that the gate let pass.
type Reminder struct {
	Workspace id.Workspace
	Person    id.Person
	Token     string
	Message   string
	Journey   string
	Run       string
}

// RemindedTx marks the cart as being recovered, when its reminder was accepted for sending.
func (s *Service) RemindedTx(ctx context.Context, tx *db.Tx, r Reminder) error {
	c, err := findCartByToken(ctx, tx, r.Workspace, r.Person, r.Token)
	if err != nil || c.Token == "" || c.State.Over() {
		return err
	}
	c.become(Recovering, s.clock.Now())
	c.Message, c.Journey, c.Run = r.Message, r.Journey, r.Run
	if err := s.saveTx(ctx, tx, r.Workspace, c); err != nil {
		return err
	}
	return s.setExpiry(ctx, tx, r.Workspace, c)
}

// Over is why nothing should be said about a cart any more.
type Over struct {
	Code, Text string // both empty while the cart still waits
	Since      clock.Time
}

// StillOpen says for each cart whether a reminder about it would still be true; the gate asks when it decides and again
// when it releases a held message. Unknown tokens are left out.
func (s *Service) StillOpen(ctx context.Context, q db.Queryer, ws id.Workspace, tokens []string) (map[string]Over, error) {
	carts, err := findCartsByTokens(ctx, q, ws, tokens)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Over, len(carts))
	for _, c := range carts {
		out[c.Token] = c.over()
	}
	return out, nil
}

func (c Cart) over() Over {
	o := Over{Since: c.AbandonedAt}
	switch c.State {
	case Recovered, Bought:
		o.Code, o.Text = "cart_ordered", "The order arrived meanwhile."
	case Emptied:
		o.Code, o.Text = "cart_emptied", "The cart was emptied meanwhile."
	case Active:
		o.Code, o.Text = "cart_active", "The customer is busy with the cart again."
	case Expired:
		o.Code, o.Text = "cart_expired", "The cart is too old."
	}
	return o
}

// tell puts what happened to a cart on the person's timeline, where journeys see it too.
func (s *Service) tell(ctx context.Context, tx *db.Tx, ws id.Workspace, c Cart, what string, at clock.Time) error {
	titles := make([]any, 0, len(c.Lines))
	pieces := 0
	for _, l := range c.Lines {
		titles = append(titles, l.Title)
		pieces += l.Quantity
	}
	first := ""
	if len(c.Lines) > 0 {
		first = c.Lines[0].Title
	}
	_, err := s.events.IngestTx(ctx, tx, ws, eventSource, []event.Incoming{{
		Type: what, Person: event.Who{ID: c.Person}, At: at, Key: fmt.Sprintf("%s:%s:%d", what, c.ID, int64(at)),
		Props: map[string]any{"cart_id": string(c.ID), "cart_token": c.Token, "total_minor": c.Total.Minor, "currency": string(c.Total.Currency),
			"total": c.Total.String(), "items": titles, "first_item": first, "item_count": pieces, "restore_url": c.RestoreURL, "order_id": c.Order},
	}})
	return err
}

func (s *Service) tellOrder(ctx context.Context, tx *db.Tx, ws id.Workspace, o Order, c Cart, what string) error {
	codes := make([]any, len(o.Codes))
	for i, code := range o.Codes {
		codes[i] = code
	}
	token := o.Token
	if c.Token != "" {
		token = c.Token
	}
	_, err := s.events.IngestTx(ctx, tx, ws, eventSource, []event.Incoming{{
		Type: what, Person: event.Who{ID: o.Person}, At: o.PlacedAt, Key: what + ":" + string(o.Shop) + ":" + o.ID,
		Props: map[string]any{"order_id": o.ID, "order_name": o.Name, "cart_token": token, "total_minor": o.Total.Minor, "currency": string(o.Total.Currency),
			"total": o.Total.String(), "discount_codes": codes},
	}})
	return err
}
