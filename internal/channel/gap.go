package channel

import (
	"context"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
)

// holdGroup is how many messages one commit holds back.
const holdGroup = 1000

// beat notes that the outbox is alive, after it has seen whether it was not for long.
func (o *outbox) beat(ctx context.Context) error { return o.notice(ctx, o.s.Clock.Now()) }

// notice compares the time with the last beat. After a long gap, whether the program was down, restored from a copy, or
// the clock jumped, bulk that came due meanwhile is held until somebody releases it (I17). Claims ask here first, so that
// none overtakes the check.
func (o *outbox) notice(ctx context.Context, now clock.Time) error {
	if last := clock.Time(o.lastBeat.Load()); now >= last && now.Sub(last) < time.Second {
		return nil
	}
	o.beatMu.Lock()
	defer o.beatMu.Unlock()
	last := clock.Time(o.lastBeat.Load())
	if last.IsZero() || now.Sub(last) > o.s.o.HoldAfter { // another node may have been alive meanwhile
		stored, err := readBeat(ctx, o.s.DB)
		if err != nil {
			return err
		}
		last = max(last, stored)
	}
	if gap := now.Sub(last); o.s.o.HoldAfter > 0 && !last.IsZero() && gap > o.s.o.HoldAfter {
		o.s.Log.Warn("messages that came due during a gap are held until they are released", "gap", gap.String())
		if err := o.holdAll(ctx, now); err != nil {
			return err
		}
	}
	if now.Sub(last).Abs() < 5*time.Second && o.lastBeat.Load() != 0 {
		return nil
	}
	if err := o.s.DB.Tx(ctx, func(tx *db.Tx) error { return writeBeat(ctx, tx, now) }); err != nil {
		return err
	}
	o.lastBeat.Store(int64(now))
	return nil
}

// holdAll holds what is due on every lane that reaches real people.
func (o *outbox) holdAll(ctx context.Context, now clock.Time) error {
	lanes, err := loadLanes(ctx, o.s.DB)
	if err != nil {
		return err
	}
	for number, key := range lanes {
		if o.s.accounts.simulated(ctx, key.workspace, key.channel) {
			continue
		}
		for more := true; more; {
			err := o.s.DB.Tx(ctx, func(tx *db.Tx) error {
				list, err := holdDue(ctx, tx, number, now, holdGroup)
				more = len(list) == holdGroup
				if err != nil {
					return err
				}
				return o.tellTx(ctx, tx, list, outcomeOf{StateHeld, "held_after_gap",
					"Parley was away for long when this came due. It waits until somebody releases it."})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// outcomeOf is what many messages became at once.
type outcomeOf struct {
	state  State
	code   string
	reason string
}

// tellTx tells the conversation what messages became.
func (o *outbox) tellTx(ctx context.Context, tx *db.Tx, list []moved, as outcomeOf) error {
	if o.s.hooks.OnOutcome == nil || len(list) == 0 {
		return nil
	}
	now := o.s.Clock.Now()
	out := make([]Outcome, 0, len(list))
	for _, m := range list {
		out = append(out, Outcome{Workspace: m.workspace, Person: m.person, Message: m.message, Attempt: m.attempt, Segments: m.segments,
			State: as.state, At: now, Code: as.code, Reason: as.reason})
	}
	return o.s.hooks.OnOutcome(ctx, tx, out)
}

// RestoredTx notes that the database is a copy from before: however young it is, the next outbox finds a long gap and holds
// the bulk that waits, because it may have been sent since (I17).
func RestoredTx(ctx context.Context, tx *db.Tx) error { return writeBeat(ctx, tx, 1) }
