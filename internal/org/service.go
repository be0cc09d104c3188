package org

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
)

// Deps are what a Service needs. DB, Clock, IDs and Log are required.
type Deps struct {
	DB    *db.DB
	Clock *clock.Clock
	IDs   *id.Source
	Log   *slog.Logger

	Dir  string // data folder, where setup-code.txt is written
	Demo bool   // a demo needs no set-up

	// Changed is called inside the transaction that moved the checklist or the settings of a workspace.
	Changed func(ctx context.Context, tx *db.Tx, ws id.Workspace) error
	// Tryout gives a new workspace what it can be tried with before it has a number, when the first set-up asks for it.
	Tryout func(ctx context.Context, ws id.Workspace) error
}

// Service is the organisation: workspaces, members, sessions, keys. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	clock  *clock.Clock
	ids    *id.Source
	log    *slog.Logger
	deps   Deps
	hasher *hasher
	tries  *httpx.Limiter // of one e-mail

	mu         sync.Mutex
	workspaces map[id.Workspace]cachedWorkspace
	generation int  // counts changes, so that a read that began before one is not kept
	setUp      bool // once true it stays true
}

type cachedWorkspace struct {
	workspace Workspace
	at        clock.Time
}

// cacheFor is how long another node's change of a workspace may go unseen here.
const cacheFor = 2 * time.Second

// New is the service over a migrated database.
func New(d Deps) *Service {
	return &Service{
		db: d.DB, clock: d.Clock, ids: d.IDs, log: d.Log, deps: d, hasher: newHasher(),
		tries:      httpx.NewLimiter(d.Clock, httpx.Rate{Burst: 10, Every: 30 * time.Second}),
		workspaces: map[id.Workspace]cachedWorkspace{},
	}
}

// Workspace is one workspace; it fails with ErrNoWorkspace. It may be a moment old when another node changed it.
func (s *Service) Workspace(ctx context.Context, q db.Queryer, ws id.Workspace) (Workspace, error) {
	tx, inside := q.(*db.Tx)
	if inside {
		if w, ok := seenBy(tx)[ws]; ok {
			return w, nil
		}
	}
	s.mu.Lock()
	cached, ok := s.workspaces[ws]
	generation := s.generation
	s.mu.Unlock()
	now := s.clock.Now()
	if age := now.Sub(cached.at); ok && age >= 0 && age < cacheFor {
		return cached.workspace, nil
	}
	w, err := workspaceByID(ctx, q, ws)
	if err != nil {
		return Workspace{}, wrap(err, "load workspace %s", ws)
	}
	keep := func() { s.keep(w, now, generation) }
	if !inside {
		keep()
		return w, nil
	}
	// What a transaction sees may never be committed, so that others learn it only after.
	seenBy(tx)[ws] = w
	tx.AfterCommit(keep)
	return w, nil
}

// seenBy are the workspaces as the transaction has read them.
func seenBy(tx *db.Tx) map[id.Workspace]Workspace {
	return tx.Local(seenKey{}, func() any { return map[id.Workspace]Workspace{} }).(map[id.Workspace]Workspace)
}

type seenKey struct{}

// keep caches what was read at a moment, unless something was changed since.
func (s *Service) keep(w Workspace, at clock.Time, generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if generation == s.generation {
		s.workspaces[w.ID] = cachedWorkspace{w, at}
	}
}

// forget drops the cached workspace after a change.
func (s *Service) forget(ws id.Workspace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	delete(s.workspaces, ws)
}

// BySlug is the workspace with that slug; it fails with ErrNoWorkspace.
func (s *Service) BySlug(ctx context.Context, q db.Queryer, slug string) (Workspace, error) {
	w, err := workspaceBySlug(ctx, q, slug)
	return w, wrap(err, "load workspace %q", slug)
}

// Workspaces are all, oldest first; for workers that go through every workspace.
func (s *Service) Workspaces(ctx context.Context, q db.Queryer) ([]Workspace, error) {
	all, err := allWorkspaces(ctx, q)
	return all, wrap(err, "list workspaces")
}

// NewWorkspace is a workspace to make. Slug and Settings may be left out.
type NewWorkspace struct {
	Name, Slug, Country, Timezone string
	Currency                      string
	Settings                      *Settings
	Demo, Pilot                   bool
}

// CreateWorkspaceTx makes a workspace without members.
func (s *Service) CreateWorkspaceTx(ctx context.Context, tx *db.Tx, n NewWorkspace) (Workspace, error) {
	w := Workspace{
		ID: id.Workspace(s.ids.New("ws")), Name: strings.TrimSpace(n.Name), Country: strings.ToUpper(n.Country), Timezone: n.Timezone,
		Currency: currencyOf(n.Currency), Settings: DefaultSettings(strings.TrimSpace(n.Name)), Demo: n.Demo, Pilot: n.Pilot, CreatedAt: s.clock.Now(),
	}
	if n.Settings != nil {
		w.Settings = *n.Settings
	}
	if err := w.check(); err != nil {
		return Workspace{}, err
	}
	if err := w.Settings.check(); err != nil {
		return Workspace{}, err
	}
	slug, err := s.freeSlug(ctx, tx, n)
	if err != nil {
		return Workspace{}, err
	}
	w.Slug = slug
	return w, wrap(insertWorkspace(ctx, tx, w), "create workspace %q", w.Slug)
}

// freeSlug is the slug asked for, or one made from the name with a number behind it if need be.
func (s *Service) freeSlug(ctx context.Context, tx *db.Tx, n NewWorkspace) (string, error) {
	tx.LockTx(ctx, "org.slug")
	base := slugOf(n.Name)
	if n.Slug != "" {
		base = slugOf(n.Slug)
	}
	slug := base
	for i := 2; ; i++ {
		taken, err := slugTaken(ctx, tx, slug)
		if err != nil || !taken {
			return slug, wrap(err, "look for the slug %q", slug)
		}
		slug = fmt.Sprintf("%s-%d", base, i)
	}
}

// WorkspaceChange is what may be changed about a workspace; nil leaves a field as it is.
type WorkspaceChange struct {
	Name, Country, Timezone, Currency *string
	Settings                          *Settings
	Pilot                             *bool
}

// UpdateWorkspace changes the actor's workspace and records it.
func (s *Service) UpdateWorkspace(ctx context.Context, actor Actor, change WorkspaceChange) (Workspace, error) {
	var after Workspace
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		after, err = s.UpdateWorkspaceTx(ctx, tx, actor, change)
		return err
	})
	return after, wrap(err, "update workspace %s", actor.Workspace)
}

// UpdateWorkspaceTx is UpdateWorkspace within a transaction.
func (s *Service) UpdateWorkspaceTx(ctx context.Context, tx *db.Tx, actor Actor, change WorkspaceChange) (Workspace, error) {
	before, err := workspaceByID(ctx, tx, actor.Workspace)
	if err != nil {
		return Workspace{}, err
	}
	after := change.applied(before)
	if err := after.check(); err != nil {
		return Workspace{}, err
	}
	if err := after.Settings.check(); err != nil {
		return Workspace{}, err
	}
	if err := updateWorkspace(ctx, tx, after); err != nil {
		return Workspace{}, err
	}
	seenBy(tx)[after.ID] = after
	tx.AfterCommit(func() { s.forget(after.ID) })
	if err := s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "workspace.update", Object: string(after.ID), Before: auditable(before), After: auditable(after)}); err != nil {
		return Workspace{}, err
	}
	return after, s.changed(ctx, tx, after.ID)
}

func (c WorkspaceChange) applied(w Workspace) Workspace {
	set := func(to *string, from *string) {
		if from != nil {
			*to = strings.TrimSpace(*from)
		}
	}
	set(&w.Name, c.Name)
	set(&w.Country, c.Country)
	set(&w.Timezone, c.Timezone)
	if c.Currency != nil {
		w.Currency = currencyOf(*c.Currency)
	}
	if c.Settings != nil {
		w.Settings = *c.Settings
	}
	if c.Pilot != nil {
		w.Pilot = *c.Pilot
	}
	return w
}

func auditable(w Workspace) map[string]any {
	return map[string]any{"name": w.Name, "country": w.Country, "timezone": w.Timezone, "currency": w.Currency, "pilot": w.Pilot, "settings": w.Settings}
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, ws id.Workspace) error {
	if s.deps.Changed == nil {
		return nil
	}
	return s.deps.Changed(ctx, tx, ws)
}

// Sweep removes sessions, links and kept answers that have ended. Somebody calls it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		deleteEnded(ctx, tx, s.clock.Now())
		return nil
	})
	return wrap(err, "sweep sessions")
}

// notAllowed is the refusal for a permission.
func notAllowed(p Permission) error {
	return errs.New(errs.Forbidden, ErrNotAllowed.Code, "%s (%s)", ErrNotAllowed.Message, p)
}

// Allow is nil when the actor has the permission, else the refusal to answer with.
func Allow(a Actor, p Permission) error {
	if a.Can(p) {
		return nil
	}
	return notAllowed(p)
}
