package feed

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
)

// trimStep is how many events one transaction removes, so that appends need not wait.
const trimStep = 1000

// Trim removes events that are older than Options.KeepAge or beyond the newest Options.KeepCount. It is meant to run
// every few minutes, on one node.
func (f *Feed) Trim(ctx context.Context) error {
	heads, err := listHeads(ctx, f.db)
	if err != nil {
		return fmt.Errorf("trim the feed: %w", err)
	}
	young := f.clock.Now().Add(-f.opts.KeepAge)
	for _, h := range heads {
		for more := true; more; {
			if more, err = f.trimStep(ctx, h, young); err != nil {
				return fmt.Errorf("trim the feed of %s: %w", h.ws, err)
			}
		}
	}
	return nil
}

// trimStep removes the oldest events of a workspace up to the first that stays: what is left has no gap.
func (f *Feed) trimStep(ctx context.Context, h head, young clock.Time) (more bool, err error) {
	oldest, err := listOldest(ctx, f.db, h.ws, trimStep)
	if err != nil {
		return false, err
	}
	var upTo int64
	for _, m := range oldest {
		if m.seq > h.seq-int64(f.opts.KeepCount) && m.at >= young {
			break
		}
		upTo = m.seq
	}
	if upTo == 0 {
		return false, nil
	}
	err = f.db.Tx(ctx, func(tx *db.Tx) error { deleteUpTo(ctx, tx, h.ws, upTo); return nil })
	return err == nil && len(oldest) == trimStep, err
}
