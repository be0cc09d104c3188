package commerce

import (
	"context"
	"log/slog"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
	"parley/internal/secret"
)

// Deps are what the service stands on.
type Deps struct {
	DB            *db.DB
	Clock         *clock.Clock
	IDs           *id.Source
	Org           *org.Service
	People        *people.Service
	Events        *event.Service
	Conversations *conversation.Service
	Mailbox       *mailbox.Mailbox
	Jobs          *job.Queue
	Feed          *feed.Feed
	Box           *secret.Box
	HTTP          shopify.HTTPClient
	Log           *slog.Logger
}

// Service keeps carts and orders in step with the shops.
type Service struct {
	db            *db.DB
	clock         *clock.Clock
	ids           *id.Source
	org           *org.Service
	people        *people.Service
	events        *event.Service
	conversations *conversation.Service
	mailbox       *mailbox.Mailbox
	jobs          *job.Queue
	feed          *feed.Feed
	box           *secret.Box
	http          shopify.HTTPClient
	log           *slog.Logger
}

// New makes the service and registers its jobs.
func New(d Deps) *Service {
	s := &Service{db: d.DB, clock: d.Clock, ids: d.IDs, org: d.Org, people: d.People, events: d.Events, conversations: d.Conversations,
		mailbox: d.Mailbox, jobs: d.Jobs, feed: d.Feed, box: d.Box, http: d.HTTP, log: d.Log}
	s.jobs.Handle(reconcileJob, s.reconcile)
	return s
}

// Cart is one cart.
func (s *Service) Cart(ctx context.Context, q db.Queryer, ws id.Workspace, cart CartID) (Cart, error) {
	return findCartByID(ctx, q, ws, cart)
}

// CartByToken is the cart that a checkout's token names.
func (s *Service) CartByToken(ctx context.Context, q db.Queryer, ws id.Workspace, token string) (Cart, error) {
	found, err := findCartsByTokens(ctx, q, ws, []string{token})
	if err != nil {
		return Cart{}, err
	}
	if len(found) == 0 || token == "" {
		return Cart{}, ErrUnknownCart
	}
	return found[0], nil
}

// CartsOf are a person's carts, latest first.
func (s *Service) CartsOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Cart, error) {
	return listCarts(ctx, q, ws, cartQuery{Person: p, Limit: 100})
}

// OrdersOf are a person's orders, latest first.
func (s *Service) OrdersOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Order, error) {
	return ordersOf(ctx, q, ws, p)
}

// SetReason records why the customer stopped.
func (s *Service) SetReason(ctx context.Context, actor org.Actor, cart CartID, r Reason, note string) (Cart, error) {
	if !r.valid() {
		return Cart{}, errReason
	}
	var c Cart
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if c, err = findCartByID(ctx, tx, actor.Workspace, cart); err != nil {
			return err
		}
		c.Reason, c.ReasonNote, c.ReasonBy = r, note, actor.Ref()
		return s.saveTx(ctx, tx, actor.Workspace, c)
	})
	return c, err
}

// saveTx stores a cart and tells those who look at it.
func (s *Service) saveTx(ctx context.Context, tx *db.Tx, ws id.Workspace, c Cart) error {
	saveCart(ctx, tx, ws, c)
	if c.Person == "" {
		return nil
	}
	return s.feed.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: "cart.changed", Person: c.Person, Body: map[string]any{"cart_id": c.ID, "state": c.State}})
}

// OpenCarts are the latest carts of the persons that are not over yet.
func (s *Service) OpenCarts(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) (map[id.Person]Cart, error) {
	found, err := openCarts(ctx, q, ws, persons)
	out := make(map[id.Person]Cart, len(found))
	for _, c := range found {
		out[c.Person] = c
	}
	return out, err
}
