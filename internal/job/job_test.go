package job_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/fault"
	"parley/internal/id"
	"parley/internal/job"
)

const ws = id.Workspace("ws_1")

type bench struct {
	*job.Queue
	t     *testing.T
	d     *db.DB
	clock *clock.Clock
}

func newBench(t *testing.T, d *db.DB, o job.Options) *bench {
	c := clock.NewManual(clock.From(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
	return &bench{Queue: job.New(d, c, id.NewSource(c), o), t: t, d: d, clock: c}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) enqueue(j job.Job) {
	b.t.Helper()
	must(b.t, b.d.Tx(b.t.Context(), func(tx *db.Tx) error { return b.EnqueueTx(b.t.Context(), tx, j) }))
}

func (b *bench) drain() { b.t.Helper(); must(b.t, b.Drain(b.t.Context())) }

// log registers a handler that notes its arguments.
func (b *bench) log(kind string) *[]string {
	var seen []string
	b.Handle(kind, func(_ context.Context, j job.Job) error {
		var s string
		err := j.Decode(&s)
		seen = append(seen, s)
		return err
	})
	return &seen
}

func want(t *testing.T, seen *[]string, words string) {
	t.Helper()
	if got := strings.Join(*seen, " "); got != words {
		t.Errorf("ran %q, want %q", got, words)
	}
}

func TestJobsRunWhenTheyAreDueAndOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, job.Options{})
		seen := b.log("note")
		b.enqueue(job.Job{Workspace: ws, Kind: "note", Args: "now"})
		b.enqueue(job.Job{Workspace: ws, Kind: "note", Args: "later", RunAt: b.clock.Now().Add(time.Minute)})
		b.enqueue(job.Job{Workspace: ws, Kind: "elsewhere", Args: "nobody here does this"})
		b.drain()
		want(t, seen, "now")
		b.clock.Skip(time.Minute)
		b.drain()
		b.drain()
		want(t, seen, "now later")
	})
}

func TestARolledBackJobDoesNotRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, job.Options{})
		seen := b.log("note")
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			must(t, b.EnqueueTx(t.Context(), tx, job.Job{Workspace: ws, Kind: "note", Args: "x"}))
			return errors.New("no")
		})
		b.drain()
		want(t, seen, "")
	})
}

func TestUniqueJobs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, job.Options{})
		t.Run("one that waits takes the new arguments and the earlier time", func(t *testing.T) {
			seen := b.log("note")
			at := b.clock.Now()
			b.enqueue(job.Job{Workspace: ws, Kind: "note", Unique: "u", Args: "one", RunAt: at.Add(time.Minute)})
			b.enqueue(job.Job{Workspace: ws, Kind: "note", Unique: "u", Args: "two", RunAt: at})
			b.enqueue(job.Job{Workspace: ws, Kind: "note", Unique: "u", Args: "three", RunAt: at.Add(time.Hour)})
			b.enqueue(job.Job{Workspace: "ws_2", Kind: "note", Unique: "u", Args: "other"})
			b.drain()
			want(t, seen, "three other")
		})
		t.Run("one enqueued while it runs runs once more", func(t *testing.T) {
			runs := 0
			b.Handle("again", func(context.Context, job.Job) error {
				if runs++; runs == 1 {
					b.enqueue(job.Job{Workspace: ws, Kind: "again", Unique: "u"})
					b.enqueue(job.Job{Workspace: ws, Kind: "again", Unique: "u"})
				}
				return nil
			})
			b.enqueue(job.Job{Workspace: ws, Kind: "again", Unique: "u"})
			b.drain()
			if runs != 2 {
				t.Errorf("ran %d times, want 2", runs)
			}
		})
	})
}

// I6: a failing job backs off, dies with its reason, lets others go on, and can be replayed.
func TestAJobThatFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("it \x00 broke") },
		"panic": func() error { panic("it broke") },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := newBench(t, d, job.Options{MaxAttempts: 3, Backoff: 10 * time.Second})
				runs, cured := 0, false
				seen := b.log("note")
				b.Handle("bad", func(_ context.Context, j job.Job) error {
					if cured {
						return nil
					}
					if j.Attempts != runs {
						t.Errorf("attempts %d, want %d", j.Attempts, runs)
					}
					runs++
					return fail()
				})
				b.enqueue(job.Job{Workspace: ws, Kind: "bad", Args: map[string]int{"n": 1}})
				b.enqueue(job.Job{Workspace: ws, Kind: "note", Args: "behind"})
				b.drain()
				b.drain()
				if runs != 1 {
					t.Errorf("ran %d times without waiting", runs)
				}
				want(t, seen, "behind")
				for range 5 {
					b.clock.Skip(time.Minute)
					b.drain()
				}
				dead, err := b.Dead(t.Context(), ws)
				if err != nil || runs != 3 || len(dead) != 1 || dead[0].Attempts != 3 || !strings.Contains(dead[0].Reason, "broke") {
					t.Fatalf("%d runs, dead %+v, %v", runs, dead, err)
				}
				cured = true
				must(t, b.Replay(t.Context(), ws, dead[0].ID))
				if err := b.Replay(t.Context(), ws, dead[0].ID); !errors.Is(err, job.ErrNotDead) {
					t.Errorf("a second replay: %v", err)
				}
				b.drain()
				if s := b.Stats(); s.Done != 2 || s.Failed != 3 || s.Dead != 1 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

// I23: the lease is the retry. A worker that dies loses the job by time; one that only slept writes nothing.
func TestALostLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := newBench(t, d, job.Options{Lease: time.Hour}) // its beat never comes within the test
		second := newBench(t, d, job.Options{})
		second.clock.Skip(2 * time.Hour)
		ran := second.log("work")
		first.Handle("work", func(ctx context.Context, j job.Job) error {
			must(t, d.Tx(ctx, func(tx *db.Tx) error { return j.Hold(ctx, tx) }))
			second.drain() // meanwhile the lease runs out and another node does it all
			if err := d.Tx(ctx, func(tx *db.Tx) error { return j.Hold(ctx, tx) }); !errors.Is(err, job.ErrLost) {
				t.Errorf("the paused worker may write: %v", err)
			}
			return errors.New("whatever it says does not count")
		})
		first.enqueue(job.Job{Workspace: ws, Kind: "work", Args: "done"})
		first.drain()
		want(t, ran, "done")
		if s := first.Stats(); s.Lost != 1 || s.Done+s.Failed != 0 {
			t.Errorf("stats of the paused one %+v", s)
		}
		second.clock.Skip(24 * time.Hour)
		second.drain()
		want(t, ran, "done")
	})
}

func TestALongRunKeepsItsLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, job.Options{Lease: 30 * time.Millisecond})
		other := newBench(t, d, job.Options{})
		taken := other.log("work")
		b.Handle("work", func(ctx context.Context, j job.Job) error {
			before := j.RunAt
			b.clock.Skip(time.Minute) // the lease is over by the clock until the next beat
			for {
				var until clock.Time
				must(t, d.QueryRow(ctx, `SELECT run_at FROM job WHERE id = $1`, j.ID).Scan(&until))
				if until > before.Add(30*time.Second) {
					return nil
				}
			}
		})
		b.enqueue(job.Job{Workspace: ws, Kind: "work", Args: "x"})
		b.drain()
		other.drain()
		want(t, taken, "")
		if s := b.Stats(); s.Done != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, job.Options{})
		cancel := func() {
			must(t, d.Tx(t.Context(), func(tx *db.Tx) error { return b.CancelTx(t.Context(), tx, ws, "work", "u") }))
		}
		t.Run("one that waits does not run", func(t *testing.T) {
			seen := b.log("work")
			b.enqueue(job.Job{Workspace: ws, Kind: "work", Unique: "u", Args: "x"})
			cancel()
			cancel()
			b.drain()
			want(t, seen, "")
		})
		t.Run("one that runs is told, and writes nothing more", func(t *testing.T) {
			b.Handle("work", func(ctx context.Context, j job.Job) error {
				cancel()
				<-ctx.Done()
				if err := d.Tx(t.Context(), func(tx *db.Tx) error { return j.Hold(t.Context(), tx) }); !errors.Is(err, job.ErrLost) {
					t.Errorf("got %v", err)
				}
				return ctx.Err()
			})
			b.enqueue(job.Job{Workspace: ws, Kind: "work", Unique: "u"})
			b.drain()
			if s := b.Stats(); s.Lost != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	})
}

func TestPeriodicJobs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		runs := 0
		start := func() *bench {
			b := newBench(t, d, job.Options{MaxAttempts: 2, Backoff: time.Second})
			b.Handle("tidy", func(context.Context, job.Job) error {
				if runs++; runs > 2 {
					return errors.New("no")
				}
				return nil
			})
			b.Every("tidy", time.Hour)
			return b
		}
		b := start()
		b.drain()
		start().drain() // a second node adds no second one
		if runs != 0 {
			t.Fatalf("ran %d times before its time", runs)
		}
		b.clock.Skip(5 * time.Hour)
		b.drain()
		if runs != 1 {
			t.Errorf("ran %d times after five intervals, want 1", runs)
		}
		b.clock.Skip(time.Hour)
		b.drain()
		for range 10 {
			b.clock.Skip(time.Hour)
			b.drain()
		}
		if runs != 12 {
			t.Errorf("ran %d times, want 12: a periodic job never dies", runs)
		}
	})
}

func TestALimitedKindLeavesWorkersToOthers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.New()
		q := job.New(d, c, id.NewSource(c), job.Options{Workers: 3})
		q.Limit("slow", 1)
		var slow atomic.Int64
		release, quick, done := make(chan struct{}), make(chan struct{}), make(chan struct{}, 4)
		q.Handle("slow", func(context.Context, job.Job) error {
			if slow.Add(1) > 1 {
				t.Error("two at once")
			}
			<-release
			slow.Add(-1)
			done <- struct{}{}
			return nil
		})
		q.Handle("quick", func(context.Context, job.Job) error { close(quick); return nil })
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
			jobs := []job.Job{{Kind: "slow"}, {Kind: "slow"}, {Kind: "slow"}, {Kind: "slow"}, {Kind: "quick"}}
			return q.EnqueueAllTx(t.Context(), tx, jobs)
		}))
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- q.Run(ctx) }()
		<-quick
		close(release)
		for range 4 {
			<-done
		}
		stop()
		must(t, <-stopped)
	})
}

// At least once though a worker dies before or after the work.
func TestAWorkerThatDies(t *testing.T) {
	for _, point := range []string{"job_before_run", "job_after_run"} {
		t.Run(point, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				points := fault.New(point, 0, func() { panic("killed") })
				b := newBench(t, d, job.Options{Faults: points, Lease: time.Hour})
				b.log("work")
				b.enqueue(job.Job{Workspace: ws, Kind: "work", Args: "x"})
				func() {
					defer func() { _ = recover() }()
					_ = b.Drain(t.Context())
				}()
				if !points.Fired() {
					t.Fatal("the fault did not fire")
				}
				next := newBench(t, d, job.Options{})
				seen := next.log("work")
				next.drain()
				want(t, seen, "")
				next.clock.Skip(2 * time.Hour)
				next.drain()
				want(t, seen, "x")
			})
		})
	}
}
