package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
)

const (
	troubled   = 2 * time.Second // pause after the database refused; short enough to be back soon after it is (I22)
	maxBackoff = time.Hour
	maxReason  = 4000 // bytes of a stored reason; a stack goes on for pages
)

// Run runs what comes due until ctx ends and the handlers have returned, and returns nil then. It may run on any number
// of nodes at once.
func (q *Queue) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range q.opts.Workers {
		wg.Go(func() { q.work(ctx) })
	}
	wg.Wait()
	return nil
}

// Drain runs everything that is due now, one after the other, also what handlers enqueue meanwhile, and returns when
// nothing is due.
func (q *Queue) Drain(ctx context.Context) error {
	if err := q.schedule(ctx); err != nil {
		return err
	}
	for {
		worked, err := q.step(ctx)
		if err != nil || !worked {
			return err
		}
	}
}

// schedule makes sure that the periodic jobs exist.
func (q *Queue) schedule(ctx context.Context) error {
	if len(q.periods) == 0 {
		return nil
	}
	now := q.clock.Now()
	err := q.db.Tx(ctx, func(tx *db.Tx) error {
		for _, j := range q.periods {
			j.ID = q.ids.New("job")
			upsertPeriod(ctx, tx, j, now)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("schedule periodic jobs: %w", err)
	}
	return nil
}

// work is one worker's life.
func (q *Queue) work(ctx context.Context) {
	scheduled := false
	for ctx.Err() == nil {
		var err error
		worked := false
		if !scheduled {
			err = q.schedule(ctx)
			scheduled = err == nil
		}
		if err == nil {
			worked, err = q.step(ctx)
		}
		pause := clock.Time(0)
		if err != nil && ctx.Err() == nil {
			q.opts.Log.Error("the job queue could not work; it tries again", "error", err)
			pause = q.clock.Now().Add(troubled)
		} else if !worked {
			pause = q.restUntil(ctx)
		}
		if pause != 0 {
			_ = q.clock.Wait(ctx, pause, q.wake)
		}
	}
}

func (q *Queue) restUntil(ctx context.Context) clock.Time {
	poll := q.clock.Now().Add(q.opts.Poll)
	q.sleep.Store(int64(poll)) // before the look, so that what is enqueued meanwhile wakes somebody
	kinds := q.free()
	if len(kinds) == 0 {
		return poll
	}
	next, err := findNext(ctx, q.db, kinds)
	if err != nil {
		return q.clock.Now().Add(troubled)
	}
	return min(next, poll)
}

// free are the kinds that may start here now.
func (q *Queue) free() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	kinds := make([]string, 0, len(q.handlers))
	for kind := range q.handlers {
		if limit := q.limits[kind]; limit == 0 || q.active[kind] < limit {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// here are the jobs that run in this process.
func (q *Queue) here() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Sorted(maps.Keys(q.cancel))
}

// step runs one job. It is false when none is due.
func (q *Queue) step(ctx context.Context) (bool, error) {
	q.sleep.Store(int64(never))
	j, found, err := q.claim(ctx)
	if err != nil || !found {
		return false, err
	}
	q.Wake() // somebody else may look for the next one
	defer q.leave(j)
	return true, q.run(ctx, j)
}

// claim takes one job, and counts it here before another worker asks which kinds are free.
func (q *Queue) claim(ctx context.Context) (j Job, found bool, err error) {
	q.claiming.Lock()
	defer q.claiming.Unlock()
	kinds, here := q.free(), q.here()
	if len(kinds) == 0 {
		return Job{}, false, nil
	}
	err = q.db.Tx(ctx, func(tx *db.Tx) (err error) {
		now := q.clock.Now()
		j, found, err = claimJob(ctx, tx, kinds, here, now, now.Add(q.opts.Lease))
		return err
	})
	if err != nil {
		return Job{}, false, fmt.Errorf("claim a job: %w", err)
	}
	if !found {
		return Job{}, false, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.active[j.Kind]++
	q.running.Add(1)
	return j, true, nil
}

func (q *Queue) leave(j Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.active[j.Kind]--
	q.running.Add(-1)
	q.Wake() // a kind at its limit may be free again
}

// run calls the handler, keeps the lease meanwhile, and records the outcome.
func (q *Queue) run(ctx context.Context, j Job) error {
	own, end := context.WithCancel(ctx)
	q.mu.Lock()
	q.cancel[j.ID] = end
	q.mu.Unlock()
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		q.keep(own, end, j)
	}()
	q.opts.Faults.Hit("job_before_run")
	failure := call(own, q.handlers[j.Kind], j)
	q.opts.Faults.Hit("job_after_run")
	end()
	<-beat
	q.mu.Lock()
	delete(q.cancel, j.ID)
	q.mu.Unlock()
	// The outcome is recorded also when the queue is stopping: the work is done.
	return q.record(context.WithoutCancel(ctx), j, failure, ctx.Err() != nil)
}

// call turns a panic of a handler into its error (I6).
func call(ctx context.Context, h Handler, j Job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return h(ctx, j)
}

// keep extends the lease until ctx ends, and ends the run when the lease is gone. The beat is counted on the machine's
// clock: a lease is about this process being alive, whatever the time of day is said to be.
func (q *Queue) keep(ctx context.Context, end context.CancelFunc, j Job) {
	ticker := time.NewTicker(q.opts.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		held := true
		err := q.db.Tx(ctx, func(tx *db.Tx) (err error) {
			held, err = extendLease(ctx, tx, j, q.clock.Now().Add(q.opts.Lease))
			return err
		})
		if err == nil && !held {
			end()
			return
		}
	}
}

// record writes down how the run ended, unless it is not the current one any more.
func (q *Queue) record(ctx context.Context, j Job, failure error, stopping bool) error {
	var current, dead bool
	err := q.db.Tx(ctx, func(tx *db.Tx) (err error) {
		now := q.clock.Now()
		dead = false
		switch {
		case failure == nil:
			current, err = q.finish(ctx, tx, j, now)
		case stopping:
			// Not the job's fault: the next process runs it at once.
			current, err = rest(ctx, tx, j, j.Attempts, now)
		case j.Attempts+1 >= q.opts.MaxAttempts && j.every == 0:
			dead = true
			current, err = bury(ctx, tx, j, reason(failure), now)
		default:
			next := now.Add(q.backoff(j.Attempts))
			current, err = rest(ctx, tx, j, j.Attempts+1, next)
			tx.AfterCommit(func() { q.told(next) })
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record the outcome of job %s: %w", j.ID, err)
	}
	q.count(j, failure, current, dead)
	return nil
}

func (q *Queue) finish(ctx context.Context, tx *db.Tx, j Job, now clock.Time) (bool, error) {
	if j.every > 0 {
		next := now.Add(j.every)
		tx.AfterCommit(func() { q.told(next) })
		return rest(ctx, tx, j, 0, next)
	}
	gone, err := deleteDone(ctx, tx, j)
	if err != nil || gone {
		return gone, err
	}
	tx.AfterCommit(func() { q.told(now) })
	return rest(ctx, tx, j, 0, now) // enqueued again meanwhile, or not ours any more
}

func (q *Queue) count(j Job, failure error, current, dead bool) {
	switch {
	case !current:
		q.lost.Add(1)
	case failure == nil:
		q.done.Add(1)
		return
	case errors.Is(failure, context.Canceled):
	default:
		q.failed.Add(1)
		if dead {
			q.dead.Add(1)
		}
	}
	q.opts.Log.Warn("a job did not finish", "job", j.ID, "kind", j.Kind, "workspace", j.Workspace, "attempts", j.Attempts+1,
		"lost", !current, "dead", dead, "error", failure)
}

// reason is the cause as text that both databases take.
func reason(cause error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(cause.Error(), "�"), "\x00", "�")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// backoff is the wait after a failed run: doubled each time, between half and the whole of that, so that what failed
// together does not come back together.
func (q *Queue) backoff(attempts int) time.Duration {
	wait := min(q.opts.Backoff<<min(attempts, 20), maxBackoff)
	return wait/2 + rand.N(wait/2+1)
}

func micro(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
