package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"
	"weak"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// Event is one change. To append one, give Workspace, Topic, and Person and Body if there are any.
type Event struct {
	Workspace id.Workspace
	Seq       int64 // 1, 2, 3 ... per workspace
	At        clock.Time
	Topic     string
	Person    id.Person // empty when it is about nobody
	Body      any       // marshalled to JSON; of an event that was read it is a json.RawMessage
}

// Options say how the feed works. The zero value is right for production.
type Options struct {
	KeepCount int                // newest events of a workspace that Trim leaves at most; default 100,000
	KeepAge   time.Duration      // how old an event gets before Trim removes it; default 72 h
	Buffer    int                // events a subscriber may lag behind before it is cut off; default 256
	Poll      time.Duration      // look for what another node appended and nobody told; default 1 s on PostgreSQL, 1 minute on SQLite
	OnAppend  func(id.Workspace) // called after each commit that appended, to tell other nodes; must not block
	Log       *slog.Logger
}

// Feed appends and hands out events. It is safe for concurrent use.
type Feed struct {
	db    *db.DB
	clock *clock.Clock
	opts  Options
	wake  chan struct{}

	mu      sync.Mutex
	pending map[weak.Pointer[db.Tx]]map[id.Workspace]*batch // of transactions under way
	streams map[id.Workspace]*stream
	dirty   map[id.Workspace]bool // told of, and not read yet
}

// batch is what one transaction appends to one workspace.
type batch struct{ events []Event }

// New is a feed on the database. Subscribers get events while Run runs.
func New(d *db.DB, c *clock.Clock, o Options) *Feed {
	poll := time.Minute
	if d.Engine() == db.Postgres {
		poll = time.Second
	}
	o.KeepCount = orElse(o.KeepCount, 100_000)
	o.KeepAge = orElse(o.KeepAge, 72*time.Hour)
	o.Buffer = orElse(o.Buffer, 256)
	o.Poll = orElse(o.Poll, poll)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Feed{db: d, clock: c, opts: o, wake: make(chan struct{}, 1), pending: map[weak.Pointer[db.Tx]]map[id.Workspace]*batch{},
		streams: map[id.Workspace]*stream{}, dirty: map[id.Workspace]bool{}}
}

func orElse[T int | time.Duration](v, other T) T {
	if v == 0 {
		return other
	}
	return v
}

// AppendTx puts the event into the stream with the transaction. It is written as the last thing before the commit, so
// that the lock which orders the numbers is held as short as can be.
func (f *Feed) AppendTx(ctx context.Context, tx *db.Tx, e Event) error {
	if e.Workspace == "" || e.Topic == "" {
		return fmt.Errorf("append %q to the feed: it needs a workspace and a topic", e.Topic)
	}
	raw, err := json.Marshal(e.Body)
	if err != nil {
		return fmt.Errorf("append %s to the feed: %w", e.Topic, err)
	}
	e.At, e.Body = f.clock.Now(), json.RawMessage(raw)
	b, isNew := f.batchOf(tx, e.Workspace)
	b.events = append(b.events, e)
	if isNew {
		tx.BeforeCommit(fmt.Sprintf("feed:%p", b), func() error {
			f.close(tx, e.Workspace)
			return insertEvents(ctx, tx, e.Workspace, b.events)
		})
		tx.AfterCommit(func() { f.appended(e.Workspace) })
	}
	return nil
}

// batchOf finds or makes the batch of the transaction. A transaction that fails calls nobody, so the map holds it weakly
// and the collector cleans up after it.
func (f *Feed) batchOf(tx *db.Tx, ws id.Workspace) (b *batch, isNew bool) {
	key := weak.Make(tx)
	f.mu.Lock()
	defer f.mu.Unlock()
	batches := f.pending[key]
	if batches == nil {
		batches = map[id.Workspace]*batch{}
		f.pending[key] = batches
		runtime.AddCleanup(tx, f.drop, key)
	}
	b = batches[ws]
	if b == nil {
		b, isNew = &batch{}, true
		batches[ws] = b
	}
	return b, isNew
}

// close makes what a later hook of the transaction appends a batch of its own.
func (f *Feed) close(tx *db.Tx, ws id.Workspace) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pending[weak.Make(tx)], ws)
}

func (f *Feed) drop(key weak.Pointer[db.Tx]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pending, key)
}

func (f *Feed) appended(ws id.Workspace) {
	f.Notify(ws)
	if f.opts.OnAppend != nil {
		f.opts.OnAppend(ws)
	}
}

// Notify says that something was appended to the workspace, here or on another node.
func (f *Feed) Notify(ws id.Workspace) {
	f.mu.Lock()
	_, followed := f.streams[ws]
	if followed {
		f.dirty[ws] = true
	}
	f.mu.Unlock()
	if followed {
		f.call()
	}
}

func (f *Feed) call() {
	select {
	case f.wake <- struct{}{}:
	default: // it is called already
	}
}

// Since reads up to limit events after seq, in order. resync is true when some of them were trimmed, or seq was never
// given out: the reader must load everything anew, and go on from Head.
func (f *Feed) Since(ctx context.Context, ws id.Workspace, seq int64, limit int) (events []Event, resync bool, err error) {
	events, err = listEvents(ctx, f.db, ws, seq, limit)
	if err != nil {
		return nil, false, err
	}
	if len(events) > 0 {
		if events[0].Seq != seq+1 {
			return nil, true, nil
		}
		return events, false, nil
	}
	head, err := findHead(ctx, f.db, ws)
	if err != nil {
		return nil, false, err
	}
	if seq == head {
		return nil, false, nil
	}
	// More came between the two reads, unless it is a number from nowhere or all after it was trimmed.
	events, err = listEvents(ctx, f.db, ws, seq, limit)
	if err != nil || len(events) == 0 || events[0].Seq != seq+1 {
		return nil, err == nil, err
	}
	return events, false, nil
}

// Head is the number of the newest event of the workspace; 0 when there is none.
func (f *Feed) Head(ctx context.Context, ws id.Workspace) (int64, error) {
	return findHead(ctx, f.db, ws)
}
