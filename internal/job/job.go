package job

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
	"parley/internal/errs"
	"parley/internal/fault"
	"parley/internal/id"
)

// Job is a piece of work. To enqueue one, give Workspace (empty for the installation's own), Kind, Args, and if wanted
// Unique and RunAt; the rest is set when a handler gets it.
type Job struct {
	ID        string
	Workspace id.Workspace
	Kind      string
	Unique    string     // at most one job of the workspace and kind with this text; empty for any number
	RunAt     clock.Time // zero = now
	Args      any        // marshalled to JSON; a handler reads it by Decode
	Attempts  int        // runs that failed before this one

	raw   []byte
	fence int64
	every time.Duration
}

// Decode reads the arguments into v.
func (j Job) Decode(v any) error {
	if err := json.Unmarshal(j.raw, v); err != nil {
		return fmt.Errorf("read the arguments of job %s: %w", j.Kind, err)
	}
	return nil
}

// ErrLost is what Hold returns to a worker whose lease is over: the job was cancelled or is run by somebody else.
var ErrLost = errs.New(errs.Conflict, "job_lost", "This run of the job is over: it was cancelled, or another worker took it. Nothing was written.")

// Hold makes the transaction fail with ErrLost unless this run still has the lease when it commits (I23).
func (j Job) Hold(ctx context.Context, tx *db.Tx) error {
	held, err := holdJob(ctx, tx, j)
	if err != nil {
		return fmt.Errorf("hold job %s: %w", j.ID, err)
	}
	if !held {
		return ErrLost
	}
	return nil
}

// Handler does the work. ctx ends when the queue stops, when the job is cancelled and when the lease is lost.
type Handler func(ctx context.Context, j Job) error

// Options say how the queue works. The zero value is right for production.
type Options struct {
	Workers     int           // jobs at once; default 4
	Lease       time.Duration // how long a dead worker keeps a job; extended while the handler runs; default 15 s
	MaxAttempts int           // runs before a job is dead; default 12
	Backoff     time.Duration // wait before the second run; it doubles, with jitter, up to an hour; default 2 s
	Poll        time.Duration // look for what another node left behind; default 2 s
	Log         *slog.Logger
	Faults      *fault.Points
}

// Stats are counters since the start, for metrics.
type Stats struct {
	Done, Failed, Dead, Lost int64
	Running                  int64 // now
}

// Queue keeps and runs jobs. Handlers are registered before Run; everything else is safe for concurrent use.
type Queue struct {
	db       *db.DB
	clock    *clock.Clock
	ids      *id.Source
	opts     Options
	handlers map[string]Handler
	limits   map[string]int
	periods  []Job

	wake  chan struct{}
	sleep atomic.Int64 // workers at rest look again by then at the latest; what is due earlier wakes one

	claiming sync.Mutex // one worker claims at a time, so that limits hold

	mu     sync.Mutex
	active map[string]int                // kind -> runs under way here
	cancel map[string]context.CancelFunc // id -> ends the run here

	done, failed, dead, lost, running atomic.Int64
}

const never = clock.Time(math.MaxInt64)

// New is a queue on the database. It runs nothing until Run or Drain.
func New(d *db.DB, c *clock.Clock, ids *id.Source, o Options) *Queue {
	q := &Queue{db: d, clock: c, ids: ids, opts: o.filled(), handlers: map[string]Handler{}, limits: map[string]int{},
		wake: make(chan struct{}, 1), active: map[string]int{}, cancel: map[string]context.CancelFunc{}}
	q.sleep.Store(int64(never))
	return q
}

func (o Options) filled() Options {
	o.Workers = orElse(o.Workers, 4)
	o.MaxAttempts = orElse(o.MaxAttempts, 12)
	o.Lease = orElse(o.Lease, 15*time.Second)
	o.Backoff = orElse(o.Backoff, 2*time.Second)
	o.Poll = orElse(o.Poll, 2*time.Second)
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

// Handle registers the handler of a kind. A kind without a handler waits for a node that has one.
func (q *Queue) Handle(kind string, h func(context.Context, Job) error) { q.handlers[kind] = h }

// Limit lets at most n jobs of a kind run at once on this node, so that long ones leave workers to others.
func (q *Queue) Limit(kind string, n int) { q.limits[kind] = n }

// Every runs a job of the kind each interval, on one node at a time. Missed intervals are not made up for. Its handler gets
// no arguments. It takes effect when Run or Drain starts.
func (q *Queue) Every(kind string, interval time.Duration) {
	q.periods = append(q.periods, Job{Kind: kind, Unique: "every", every: interval})
}

// Stats are the counters.
func (q *Queue) Stats() Stats {
	return Stats{Done: q.done.Load(), Failed: q.failed.Load(), Dead: q.dead.Load(), Lost: q.lost.Load(), Running: q.running.Load()}
}

// EnqueueTx puts the job into the queue with the transaction. When a job of the same unique text waits, it takes the new
// arguments and the earlier of the two times; when it runs, it runs again afterwards.
func (q *Queue) EnqueueTx(ctx context.Context, tx *db.Tx, j Job) error {
	return q.EnqueueAllTx(ctx, tx, []Job{j})
}

// EnqueueAllTx is EnqueueTx for many jobs.
func (q *Queue) EnqueueAllTx(ctx context.Context, tx *db.Tx, jobs []Job) error {
	now := q.clock.Now()
	earliest := never
	for _, j := range jobs {
		raw, err := json.Marshal(j.Args)
		if err != nil {
			return fmt.Errorf("enqueue %s: %w", j.Kind, err)
		}
		if j.Kind == "" {
			return fmt.Errorf("enqueue a job: it needs a kind")
		}
		if j.RunAt.IsZero() {
			j.RunAt = now
		}
		j.ID, j.raw = q.ids.New("job"), raw
		insertJob(ctx, tx, j, now)
		earliest = min(earliest, j.RunAt)
	}
	tx.AfterCommit(func() { q.told(earliest) })
	return nil
}

// CancelTx takes back the job of the unique text with the transaction. A run under way is told to end, and what it still
// writes under Hold is refused. It is no error when there is none.
func (q *Queue) CancelTx(ctx context.Context, tx *db.Tx, ws id.Workspace, kind, unique string) error {
	if unique == "" {
		return fmt.Errorf("cancel job %s: it needs its unique text", kind)
	}
	ids, err := deleteUnique(ctx, tx, ws, kind, unique)
	if err != nil {
		return fmt.Errorf("cancel job %s: %w", kind, err)
	}
	tx.AfterCommit(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		for _, job := range ids {
			if end := q.cancel[job]; end != nil {
				end() // a run on another node sees it when it next extends its lease
			}
		}
	})
	return nil
}

// Wake makes a worker look for work now. Another node calls it after it heard that something was enqueued.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default: // somebody is already called
	}
}

func (q *Queue) told(due clock.Time) {
	if int64(due) <= q.sleep.Load() {
		q.Wake()
	}
}
