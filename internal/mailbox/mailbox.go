package mailbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/fault"
	"parley/internal/id"
)

// Item is one signal or timer as its handler gets it.
type Item struct {
	ID        string
	Workspace id.Workspace
	Person    id.Person
	Kind      string
	Key       string // of a timer; empty for a signal
	Due       clock.Time
	Attempts  int // tries that failed before this one
	Body      []byte
}

// Decode reads the body into v.
func (i Item) Decode(v any) error {
	if err := json.Unmarshal(i.Body, v); err != nil {
		return fmt.Errorf("read the body of %s: %w", i.Kind, err)
	}
	return nil
}

// Handler reacts to one item inside the transaction that also removes the item. It does no I/O besides the database,
// and may run again when the transaction is repeated; effects outside of it belong into tx.AfterCommit. An error undoes
// what the item did; what the handler expects to happen is no error.
type Handler func(ctx context.Context, tx *db.Tx, item Item) error

// SetHandler is a Handler for one item each of several people of one workspace, so that it can read and write for all of
// them at once. What it does for one must not depend on the others. With Blame it says whose item failed; otherwise the
// people are handled again one by one.
type SetHandler func(ctx context.Context, tx *db.Tx, items []Item) error

// Options say how the mailbox works. The zero value is right for production.
type Options struct {
	Workers     int           // units under way at once; default 1 on SQLite, 4 on PostgreSQL
	Batch       int           // people in one commit when many are due; default 128 on SQLite, 32 on PostgreSQL
	Lease       time.Duration // how long a node that stopped amid a unit keeps its people (PostgreSQL); default 10 s
	MaxAttempts int           // tries before an item is parked; default 8
	Backoff     time.Duration // wait before the second try; it doubles, with jitter, up to 5 minutes; default 1 s
	Poll        time.Duration // look for what another node left behind; default 1 s on PostgreSQL, 1 minute on SQLite
	Log         *slog.Logger
	Faults      *fault.Points
}

// Stats are counters since the start, for metrics.
type Stats struct {
	Handled int64         // items whose effects are committed
	Failed  int64         // tries that failed
	Parked  int64         // items given up
	Units   int64         // commits that handled something
	Redone  int64         // units repeated without a person whose item failed
	Lag     time.Duration // how late the oldest item of the last look was
}

// Mailbox keeps and handles items. Handlers are registered before Run; everything else is safe for concurrent use.
type Mailbox struct {
	db       *db.DB
	clock    *clock.Clock
	ids      *id.Source
	opts     Options
	handlers map[string][]named

	wake  chan struct{} // calls a regular worker
	help  chan struct{} // calls one of the others
	sleep atomic.Int64  // workers at rest look again by then at the latest; what is due earlier wakes one
	hands hands

	mu    sync.Mutex
	units map[*db.Tx]*unit // units under way, so that sends from handlers find theirs

	handled, failed, parked, commits, redone, lag atomic.Int64
}

type named struct {
	name string
	run  SetHandler
}

// who is a person of a workspace.
type who struct {
	workspace id.Workspace
	person    id.Person
}

func (i Item) who() who { return who{i.Workspace, i.Person} }

const never = clock.Time(math.MaxInt64)

// New is a mailbox on the database. It handles nothing until Run or Drain.
func New(d *db.DB, c *clock.Clock, ids *id.Source, o Options) *Mailbox {
	m := &Mailbox{db: d, clock: c, ids: ids, opts: o.filled(d.Engine()), handlers: map[string][]named{},
		wake: make(chan struct{}, 1), help: make(chan struct{}, 1), units: map[*db.Tx]*unit{}}
	m.hands.init()
	m.sleep.Store(int64(never))
	return m
}

func (o Options) filled(e db.Engine) Options {
	workers, batch, poll := 1, 128, time.Minute
	if e == db.Postgres {
		workers, batch, poll = 4, 32, time.Second
	}
	o.Workers = orElse(o.Workers, workers)
	o.Batch = orElse(o.Batch, batch)
	o.Poll = orElse(o.Poll, poll)
	o.Lease = orElse(o.Lease, 10*time.Second)
	o.MaxAttempts = orElse(o.MaxAttempts, 8)
	o.Backoff = orElse(o.Backoff, time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func orElse[T int | time.Duration](v, other T) T {
	if v == 0 {
		return other
	}
	return v
}

// Handle registers a handler of a kind. Several handlers of a kind run in the order in which they were registered, in
// one transaction. name tells them apart in logs and reasons.
func (m *Mailbox) Handle(kind, name string, h Handler) { m.HandleSet(kind, name, oneByOne(h)) }

// HandleSet is Handle for a handler that takes the items of several people at once.
func (m *Mailbox) HandleSet(kind, name string, h SetHandler) {
	m.handlers[kind] = append(m.handlers[kind], named{name, h})
}

// Handles says whether anybody reacts to a kind, for senders of signals that are of use only to those who do.
func (m *Mailbox) Handles(kind string) bool { return len(m.handlers[kind]) > 0 }

// Kinds are the kinds that somebody handles.
func (m *Mailbox) Kinds() []string {
	out := make([]string, 0, len(m.handlers))
	for kind := range m.handlers {
		out = append(out, kind)
	}
	return out
}

// Stats are the counters.
func (m *Mailbox) Stats() Stats {
	return Stats{Handled: m.handled.Load(), Failed: m.failed.Load(), Parked: m.parked.Load(), Units: m.commits.Load(),
		Redone: m.redone.Load(), Lag: time.Duration(m.lag.Load())}
}

// Wake makes a worker look for work now. Another node calls it after it heard that something was sent.
func (m *Mailbox) Wake() { call(m.wake) }

func call(somebody chan struct{}) {
	select {
	case somebody <- struct{}{}:
	default: // somebody is already called
	}
}

// told is called after the commit of an item of w due then.
func (m *Mailbox) told(w who, due clock.Time) {
	m.hands.told(w, due)
	if int64(due) <= m.sleep.Load() {
		m.Wake()
	}
}
