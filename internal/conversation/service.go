package conversation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/internal/channel"
	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/org"
	"parley/internal/people"
)

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	IDs      *id.Source
	Org      *org.Service
	People   *people.Service
	Rules    *compliance.Rules
	Channels Outbox
	Senders  func(ctx context.Context, q db.Queryer, ws id.Workspace) ([]channel.Channel, error) // channel.Service.Channels
	Mailbox  *mailbox.Mailbox
	Feed     *feed.Feed
	Log      *slog.Logger
	Settle   time.Duration // after the last part of what a person writes; default 8 s
	OnSign   func(Sign)    // tells other nodes of a member's sign, without waiting; nil when there are none
}

// Service is the conversations of all workspaces. It is safe for concurrent use once wired.
type Service struct {
	Deps
	stillTrue  map[string]StillTrue
	presence   presence
	decorators []Decorator
	cache      *routeCache
}

// StillTrue answers for the subjects of one kind whether the reason to write about them still holds. A subject that is not
// in the answer still holds.
type StillTrue func(ctx context.Context, q db.Queryer, ws id.Workspace, subjects []string) (map[string]Still, error)

// New is a service on its dependencies. Register StillTrue answers and call Subscribe before anything runs.
func New(deps Deps) *Service {
	if deps.Settle == 0 {
		deps.Settle = 8 * time.Second
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Deps: deps, stillTrue: map[string]StillTrue{}, cache: &routeCache{known: map[id.Workspace]cachedRoutes{}}}
	s.presence = presence{clock: deps.Clock, mu: &sync.Mutex{}, here: map[place]map[org.MemberID]visit{}}
	return s
}

// RegisterStillTrue names who answers for a kind of subject: the part of Send.Subject before a colon, or else the
// purpose, such as "cart". It is asked at the first decision and again when the message is about to leave.
func (s *Service) RegisterStillTrue(kind string, answer StillTrue) { s.stillTrue[kind] = answer }

// Subscribe takes the service's kinds of signals and timers.
func (s *Service) Subscribe() {
	s.Mailbox.HandleSet(channel.SignalReceived, "conversation", s.received)
	s.Mailbox.Handle(wakeTimer, "conversation", s.wake)
	s.Mailbox.Handle(SignalOptedOut, "conversation", s.onOptedOut)
}
