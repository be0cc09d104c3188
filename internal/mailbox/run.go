package mailbox

import (
	"context"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// troubled is the pause after the database refused; short enough to be back soon after it is (I22).
const troubled = 2 * time.Second

// Run handles what comes due until ctx ends, and returns nil then. It may run on any number of nodes at once.
func (m *Mailbox) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range m.opts.Workers {
		wg.Go(func() { m.work(ctx) })
	}
	wg.Wait()
	return nil
}

// Drain handles everything that is due now, also what handlers send meanwhile, and returns when nothing is due. People
// who wait for another try are left alone.
func (m *Mailbox) Drain(ctx context.Context) error {
	m.hands.restart()
	for {
		worked, err := m.step(ctx)
		if err != nil || !worked {
			return err
		}
	}
}

// NextDue is when the next item of a workspace comes due; false when none waits.
func (m *Mailbox) NextDue(ctx context.Context, ws id.Workspace) (clock.Time, bool, error) {
	item, found, err := m.Next(ctx, ws)
	return item.Due, found, err
}

// Next is the next item of a workspace to come due; false when none waits.
func (m *Mailbox) Next(ctx context.Context, ws id.Workspace) (Item, bool, error) {
	return findUpcoming(ctx, m.db, ws)
}

// work is one worker's life.
func (m *Mailbox) work(ctx context.Context) {
	for ctx.Err() == nil {
		worked, err := m.step(ctx)
		pause := clock.Time(0)
		if err != nil && ctx.Err() == nil {
			m.opts.Log.Error("the mailbox could not work; it tries again", "error", err)
			pause = m.clock.Now().Add(troubled)
		} else if !worked {
			pause = m.rest(ctx)
		}
		if pause != 0 {
			_ = m.clock.Wait(ctx, pause, m.wake)
		}
	}
}

// rest is when this worker should look again, if nobody wakes it.
func (m *Mailbox) rest(ctx context.Context) clock.Time {
	now := m.clock.Now()
	poll := now.Add(m.opts.Poll)
	m.sleep.Store(int64(poll)) // before the look, so that what is sent meanwhile wakes somebody
	var next clock.Time
	err := m.read(ctx, func(q db.Queryer) (err error) {
		next, err = findNext(ctx, q, now)
		return err
	})
	if err != nil {
		return now.Add(troubled)
	}
	return min(next, poll)
}

// step takes the people with the longest due items and handles them. It is false when there is nothing to do now.
func (m *Mailbox) step(ctx context.Context) (bool, error) {
	m.sleep.Store(int64(never))
	found, err := m.take(ctx)
	if err != nil || len(found.people) == 0 {
		return false, err
	}
	if found.more {
		m.Wake() // a second pair of hands
	}
	defer m.hands.giveBack(found.people)
	if err := m.handleAll(ctx, found.people, found.until); err != nil {
		return false, err
	}
	return true, nil
}
