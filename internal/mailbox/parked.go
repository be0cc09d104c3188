package mailbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// maxBackoff is the longest wait between two tries.
const maxBackoff = 5 * time.Minute

// maxReason bounds the stored reason; a stack goes on for pages.
const maxReason = 4000

// ErrNotParked is a replay of something that is not parked in the workspace.
var ErrNotParked = errs.New(errs.NotFound, "parked_unknown", "There is no such parked item. It may have been replayed already.")

// ErrReplaced is a replay of a timer that was set again since.
var ErrReplaced = errs.New(errs.Conflict, "parked_replaced",
	"This timer was set again after it failed, and the newer one is waiting. Nothing was changed; discard this one.")

// Parked is an item that was given up, with the reason of its last failure.
type Parked struct {
	Item
	Reason string
	At     clock.Time
}

// Parked lists the parked items of a workspace, oldest first, up to 200 of them.
func (m *Mailbox) Parked(ctx context.Context, ws id.Workspace) ([]Parked, error) {
	return listParked(ctx, m.db, ws, 200)
}

// Replay puts a parked item back, due now and with all its tries. It fails with ErrNotParked or ErrReplaced.
func (m *Mailbox) Replay(ctx context.Context, ws id.Workspace, item string) error {
	return m.db.Tx(ctx, func(tx *db.Tx) error {
		p, found, err := takeParked(ctx, tx, ws, item)
		if err != nil {
			return fmt.Errorf("replay %s: %w", item, err)
		}
		if !found {
			return ErrNotParked
		}
		p.Due = m.clock.Now()
		put, err := insertReplayed(ctx, tx, p.Item)
		if err != nil {
			return fmt.Errorf("replay %s: %w", item, err)
		}
		if !put {
			return ErrReplaced
		}
		tx.AfterCommit(func() { m.told(p.who(), p.Due) })
		return nil
	})
}

// Discard drops a parked item for good. It fails with ErrNotParked.
func (m *Mailbox) Discard(ctx context.Context, ws id.Workspace, item string) error {
	return m.db.Tx(ctx, func(tx *db.Tx) error {
		_, found, err := takeParked(ctx, tx, ws, item)
		if err == nil && !found {
			return ErrNotParked
		}
		return err
	})
}

// park moves the item aside with its reason.
func (m *Mailbox) park(ctx context.Context, tx *db.Tx, item Item, cause error, now clock.Time) {
	item.Attempts++
	deleteItem(ctx, tx, item)
	deleteHold(ctx, tx, item.who())
	insertParked(ctx, tx, Parked{Item: item, Reason: reason(cause), At: now})
	tx.AfterCommit(func() { m.parked.Add(1) })
}

// reason is the cause as text that both databases take.
func reason(cause error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(cause.Error(), "�"), "\x00", "�")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// backoff is the wait after a failed try, attempts tries having failed before it: doubled each time, between half and
// the whole of that, so that what failed together does not come back together.
func (m *Mailbox) backoff(attempts int) time.Duration {
	wait := min(m.opts.Backoff<<min(attempts, 20), maxBackoff)
	return wait/2 + rand.N(wait/2+1)
}
