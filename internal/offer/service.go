package offer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/job"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// Shops makes codes known to shops. It is fulfilled by the commerce domain and wired in app.
type Shops interface {
	// CreateCode makes the code usable at the shop; doing it again is harmless.
	CreateCode(ctx context.Context, c ShopCode) error
}

// ShopCode is a code as a shop has to know it.
type ShopCode struct {
	Workspace id.Workspace
	Shop      string // name
	Offer     Offer
	Code      string
	ExpiresAt clock.Time
}

// Deps are what the service stands on.
type Deps struct {
	DB        *db.DB
	Clock     *clock.Clock
	IDs       *id.Source
	Org       *org.Service
	People    *people.Service
	Events    *event.Service
	Mailbox   *mailbox.Mailbox
	Jobs      *job.Queue
	Shops     Shops
	PublicURL string
	Log       *slog.Logger
}

// Service issues codes and links and follows them.
type Service struct {
	db        *db.DB
	clock     *clock.Clock
	ids       *id.Source
	org       *org.Service
	people    *people.Service
	events    *event.Service
	mailbox   *mailbox.Mailbox
	jobs      *job.Queue
	shops     Shops
	publicURL string
	log       *slog.Logger
}

// New makes the service and registers its job.
func New(d Deps) *Service {
	s := &Service{db: d.DB, clock: d.Clock, ids: d.IDs, org: d.Org, people: d.People, events: d.Events, mailbox: d.Mailbox, jobs: d.Jobs,
		shops: d.Shops, publicURL: d.PublicURL, log: d.Log}
	s.jobs.Handle(syncJob, s.sync)
	return s
}

// Create stores a new offer.
func (s *Service) Create(ctx context.Context, actor org.Actor, o Offer) (Offer, error) {
	o.ID, o.CreatedAt = ID(s.ids.New("off")), s.clock.Now()
	return o, s.db.Tx(ctx, func(tx *db.Tx) error { return s.SaveTx(ctx, tx, actor, o) })
}

// SaveTx stores an offer, new or changed, and writes the audit log.
func (s *Service) SaveTx(ctx context.Context, tx *db.Tx, actor org.Actor, o Offer) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := saveOffer(ctx, tx, actor.Workspace, o); err != nil {
		return err
	}
	return s.org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "offer.saved", Object: string(o.ID), After: o})
}

// Get is one offer.
func (s *Service) Get(ctx context.Context, q db.Queryer, ws id.Workspace, offer ID) (Offer, error) {
	return findOffer(ctx, q, ws, offer)
}

// ByName is one offer by its name, as journeys and set-up files call it.
func (s *Service) ByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Offer, error) {
	return findOfferByName(ctx, q, ws, name)
}

// List is all offers that are in use, by name.
func (s *Service) List(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Offer, error) {
	return listOffers(ctx, q, ws)
}

// CodesOf are all codes of a person, newest first.
func (s *Service) CodesOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Code, error) {
	return codesOf(ctx, q, ws, p)
}

// IssueTx gives the person their code of the offer: the live one if there is one, else a new one.
func (s *Service) IssueTx(ctx context.Context, tx *db.Tx, g Grant) (Code, error) {
	o, err := findOffer(ctx, tx, g.Workspace, g.Offer)
	if err != nil {
		return Code{}, err
	}
	now := s.clock.Now()
	last, found, err := lastCode(ctx, tx, g.Workspace, g.Person, o.ID)
	if err != nil || found && last.live(now) {
		return last, err
	}
	if o.MaxCodes > 0 || g.Member != nil {
		// A limit counts what others give at the same moment, so they give one after the other; what they gave is read again.
		tx.LockTx(ctx, "offer "+string(o.ID))
		if last, found, err = lastCode(ctx, tx, g.Workspace, g.Person, o.ID); err != nil || found && last.live(now) {
			return last, err
		}
	}
	if err := s.mayIssue(ctx, tx, g, o, now); err != nil {
		return Code{}, err
	}
	c := Code{Person: g.Person, Offer: o.ID, Round: last.Round + 1, IssuedAt: now, IssuedBy: g.By, Subject: g.Subject, Run: g.Run, Shop: ShopNone}
	if o.ExpiresAfter > 0 {
		c.ExpiresAt = now.Add(o.ExpiresAfter)
	}
	if o.Shop != "" {
		c.Shop = ShopPending
	}
	return s.insertFresh(ctx, tx, g, o, c)
}

// mayIssue checks the offer's limit and, when a member gives, theirs.
func (s *Service) mayIssue(ctx context.Context, tx *db.Tx, g Grant, o Offer, now clock.Time) error {
	if o.Archived {
		return ErrUnknown
	}
	if o.MaxCodes > 0 {
		n, err := countCodes(ctx, tx, g.Workspace, o.ID)
		if err != nil {
			return err
		}
		if n >= o.MaxCodes {
			return ErrExhausted
		}
	}
	if g.Member == nil {
		return nil
	}
	today, err := countGiven(ctx, tx, g.Workspace, g.By, now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	return g.Member.allowed(o, today)
}

// insertFresh stores a new code, trying again when chance made one that exists.
func (s *Service) insertFresh(ctx context.Context, tx *db.Tx, g Grant, o Offer, c Code) (Code, error) {
	for range 5 {
		c.Code = newCode(o.Prefix, s.ids.Secret(10))
		stored, err := insertCode(ctx, tx, g.Workspace, c)
		if err != nil {
			return Code{}, err
		}
		if stored {
			return c, s.issued(ctx, tx, g.Workspace, o, c)
		}
		// The round may have been taken by another unit at the same moment: then its code is the person's code.
		if last, found, err := lastCode(ctx, tx, g.Workspace, g.Person, o.ID); err != nil || found && last.Round == c.Round {
			return last, err
		}
	}
	return Code{}, fmt.Errorf("five codes in a row were taken for offer %s", o.ID)
}

// issued tells the timeline, and the shop when it must know.
func (s *Service) issued(ctx context.Context, tx *db.Tx, ws id.Workspace, o Offer, c Code) error {
	if c.Shop == ShopPending {
		err := s.jobs.EnqueueTx(ctx, tx, job.Job{Workspace: ws, Kind: syncJob, Unique: c.Code, Args: syncArgs{Code: c.Code}})
		if err != nil {
			return err
		}
	}
	_, err := s.events.IngestTx(ctx, tx, ws, eventSource, []event.Incoming{{
		Type: "offer_issued", Person: event.Who{ID: c.Person}, At: c.IssuedAt, Key: "issued:" + c.Code,
		Props: map[string]any{"code": c.Code, "offer": o.Name, "worth": o.Worth(), "by": c.IssuedBy, "cart_token": c.Subject},
	}})
	return err
}
