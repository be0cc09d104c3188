package journey

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/content"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/offer"
	"parley/internal/org"
	"parley/internal/people"
)

// Deps are what the service stands on.
type Deps struct {
	DB            *db.DB
	Clock         *clock.Clock
	IDs           *id.Source
	Org           *org.Service
	People        *people.Service
	Conversations *conversation.Service
	Content       *content.Engine
	Commerce      *commerce.Service
	Offers        *offer.Service
	Mailbox       *mailbox.Mailbox
	Feed          *feed.Feed
	Log           *slog.Logger
}

// Service keeps journeys and moves people through them.
type Service struct {
	Deps

	mu    sync.RWMutex
	live  map[id.Workspace][]*program // what people enter now, until something is published
	known map[versionKey]*program     // versions never change
}

type versionKey struct {
	workspace id.Workspace
	journey   ID
	number    int
}

// New makes the service.
func New(d Deps) *Service {
	return &Service{Deps: d, live: map[id.Workspace][]*program{}, known: map[versionKey]*program{}}
}

// Get is one journey.
func (s *Service) Get(ctx context.Context, q db.Queryer, ws id.Workspace, journey ID) (Journey, error) {
	return findJourney(ctx, q, ws, journey)
}

// ByName is one journey by its name, as set-up files call it.
func (s *Service) ByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Journey, error) {
	return findJourneyByName(ctx, q, ws, name)
}

// List is all journeys, by name.
func (s *Service) List(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Journey, error) {
	return listJourneys(ctx, q, ws)
}

// SaveDraftTx stores the draft of a journey, new when journey is empty. edit is the number that the editor began with; a
// save by somebody else in between is a conflict, not a loss.
func (s *Service) SaveDraftTx(ctx context.Context, tx *db.Tx, actor org.Actor, journey ID, edit int, d Definition) (Journey, error) {
	now := s.Clock.Now()
	j := Journey{ID: ID(s.IDs.New("jny")), State: "draft", CreatedAt: now}
	if journey != "" {
		var err error
		if j, err = findJourney(ctx, tx, actor.Workspace, journey); err != nil {
			return Journey{}, err
		}
		if edit != j.Edit {
			return Journey{}, ErrEdited
		}
	}
	if d.Name == "" {
		return Journey{}, invalid("The journey has no name. Nothing was saved.")
	}
	before := j.Draft
	j.Name, j.Draft, j.UpdatedAt = d.Name, d, now
	j.Edit++
	if err := saveJourney(ctx, tx, actor.Workspace, j); err != nil {
		return Journey{}, err
	}
	return j, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "journey.saved", Object: string(j.ID), Before: before, After: d})
}

// PublishTx makes the draft the version that people enter from now on. Those who are inside finish on theirs.
func (s *Service) PublishTx(ctx context.Context, tx *db.Tx, actor org.Actor, journey ID) (Journey, []Problem, error) {
	j, err := findJourney(ctx, tx, actor.Workspace, journey)
	if err != nil {
		return Journey{}, nil, err
	}
	problems, err := s.Problems(ctx, tx, actor.Workspace, j.Draft)
	if err != nil || len(problems) > 0 {
		return j, problems, err
	}
	now := s.Clock.Now()
	j.Live++
	j.State, j.UpdatedAt = "live", now
	insertVersion(ctx, tx, actor.Workspace, version{j.ID, j.Live, j.Draft, now, actor.Ref()})
	if err := saveJourney(ctx, tx, actor.Workspace, j); err != nil {
		return Journey{}, nil, err
	}
	tx.AfterCommit(func() { s.forget(actor.Workspace) })
	return j, nil, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "journey.published", Object: string(j.ID), After: map[string]any{"version": j.Live}})
}

// PauseTx keeps people from entering; those who are inside go on. It is undone by resuming.
func (s *Service) PauseTx(ctx context.Context, tx *db.Tx, actor org.Actor, journey ID, paused bool) (Journey, error) {
	j, err := findJourney(ctx, tx, actor.Workspace, journey)
	if err != nil {
		return Journey{}, err
	}
	if j.Live == 0 {
		return Journey{}, invalid("The journey was never published, so it cannot be paused. Nothing was changed.")
	}
	j.State, j.UpdatedAt = "live", s.Clock.Now()
	if paused {
		j.State = "paused"
	}
	if err := saveJourney(ctx, tx, actor.Workspace, j); err != nil {
		return Journey{}, err
	}
	tx.AfterCommit(func() { s.forget(actor.Workspace) })
	return j, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "journey." + j.State, Object: string(j.ID)})
}

// Problems are what keeps a definition from being published: what compile finds, templates that cannot be filled in, and
// offers that do not exist.
func (s *Service) Problems(ctx context.Context, q db.Queryer, ws id.Workspace, d Definition) ([]Problem, error) {
	p, problems := compile(d)
	for name, n := range p.steps {
		for _, text := range []string{n.step.Text, n.step.Draft} {
			for _, lint := range s.Content.Lint(text) {
				problems = append(problems, Problem{name, lint.Text})
			}
		}
		if n.step.Type != "offer" || n.step.Offer == "" {
			continue
		}
		if _, err := s.Offers.ByName(ctx, q, ws, n.step.Offer); errors.Is(err, offer.ErrUnknown) {
			problems = append(problems, Problem{name, fmt.Sprintf("There is no offer named %q. Make it first, or choose another.", n.step.Offer)})
		} else if err != nil {
			return nil, err
		}
	}
	return problems, nil
}

// forget makes the next event read again what is live, on this node at once; other nodes notice by Follow.
func (s *Service) forget(ws id.Workspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, ws)
}

// programs are the live journeys of a workspace.
func (s *Service) programs(ctx context.Context, q db.Queryer, ws id.Workspace) ([]*program, error) {
	s.mu.RLock()
	live, ok := s.live[ws]
	s.mu.RUnlock()
	if ok {
		return live, nil
	}
	versions, err := liveVersions(ctx, q, ws)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		live = append(live, s.remember(ws, v))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[ws] = live
	return live, nil
}

func (s *Service) remember(ws id.Workspace, v version) *program {
	p, _ := compile(v.Definition)
	p.journey, p.number = v.Journey, v.Number
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[versionKey{ws, v.Journey, v.Number}] = p
	return p
}

// programOf is the version that a run is on.
func (s *Service) programOf(ctx context.Context, q db.Queryer, ws id.Workspace, n *Run) (*program, error) {
	s.mu.RLock()
	p := s.known[versionKey{ws, n.Journey, n.Version}]
	s.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	v, err := findVersion(ctx, q, ws, n.Journey, n.Version)
	if err != nil {
		return nil, fmt.Errorf("version %d of journey %s: %w", n.Version, n.Journey, err)
	}
	return s.remember(ws, v), nil
}

// Runs are a person's runs, oldest first.
func (s *Service) Runs(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Run, error) {
	return runsOf(ctx, q, ws, p)
}

// takenOut begins the result of a run that somebody ended by hand; their name follows.
const takenOut = "taken out by "

// ExitTx takes a person out of a journey by hand.
func (s *Service) ExitTx(ctx context.Context, tx *db.Tx, actor org.Actor, run RunID) error {
	n, err := findRun(ctx, tx, actor.Workspace, run)
	if err != nil {
		return err
	}
	if n.State != RunActive {
		return nil
	}
	n.end(s.Clock.Now(), RunExited, takenOut+actor.Name)
	if err := s.settle(ctx, tx, actor.Workspace, &n); err != nil {
		return err
	}
	return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "journey.exited", Object: string(run)})
}
