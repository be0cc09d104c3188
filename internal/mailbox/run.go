package mailbox

import (
	"context"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/id"
)

// troubled is the pause after the database refused; short enough to be back soon after it is (I22).
const troubled = 2 * time.Second

// regulars are the workers that each signal may wake. The others help when there is more than a batch: many small commits
// would cost more than few large ones, and one that is under way is over soon.
const regulars = 2

// Run handles what comes due until ctx ends, and returns nil then. It may run on any number of nodes at once.
func (m *Mailbox) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for n := range m.opts.Workers {
		if n < regulars {
			wg.Go(func() { m.work(ctx) })
		} else {
			wg.Go(func() { m.assist(ctx) })
		}
	}
	wg.Wait()
	return nil
}

// Drain handles everything that is due now, also what handlers send meanwhile, and returns when nothing is due. People
// who wait for another try are left alone.
func (m *Mailbox) Drain(ctx context.Context) error {
	for {
		m.hands.restart()
		worked, _, err := m.step(ctx)
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

// work is the life of a regular worker.
func (m *Mailbox) work(ctx context.Context) {
	for ctx.Err() == nil {
		worked, next, err := m.step(ctx)
		if worked {
			continue
		}
		now := m.clock.Now()
		if err != nil && ctx.Err() == nil {
			m.opts.Log.Error("the mailbox could not work; it tries again", "error", err)
			next = now.Add(troubled)
		}
		next = min(next, now.Add(m.opts.Poll))
		m.sleep.Store(int64(next))
		_ = m.clock.Wait(ctx, next, m.wake)
	}
}

// assist is the life of the other workers: each works from a call until there is nothing to do. What they find in trouble,
// the regular ones find too.
func (m *Mailbox) assist(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-m.help:
		}
		for worked := true; worked && ctx.Err() == nil; {
			worked, _, _ = m.step(ctx)
		}
	}
}

// step takes the people with the longest due items and handles them. It is false when there is nothing to do before next.
func (m *Mailbox) step(ctx context.Context) (worked bool, next clock.Time, err error) {
	m.sleep.Store(int64(never)) // what is sent from here on wakes somebody
	found, err := m.take(ctx)
	if err != nil || len(found.people) == 0 {
		return false, found.next, err
	}
	if found.more {
		m.Wake() // a second pair of hands
		call(m.help)
	}
	defer m.hands.giveBack(found.people)
	if err := m.handleAll(ctx, found); err != nil {
		return false, never, err
	}
	return true, 0, nil
}
