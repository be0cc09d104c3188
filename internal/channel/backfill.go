package channel

import (
	"context"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
)

// backfills lists what providers received for us while we did not hear them, soon after the start and then every few
// minutes (I7).
func (s *Service) backfills(ctx context.Context) {
	s.every(ctx, s.o.BackfillEvery, func(ctx context.Context) {
		s.failed(ctx, "repair gaps", s.Backfill(ctx))
	})
}

// Backfill asks every active channel's provider once. It is called by itself.
func (s *Service) Backfill(ctx context.Context) error {
	list, err := activeChannels(ctx, s.DB)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.State == ChannelActive {
			s.failed(ctx, "repair the gap of channel "+c.Name, s.backfill(ctx, c))
		}
	}
	return nil
}

// maxGap is the longest gap that is repaired; providers keep messages for longer, people do not wait for older ones.
const maxGap = 7 * 24 * time.Hour

func (s *Service) backfill(ctx context.Context, c Channel) error {
	now := s.Clock.Now()
	a, err := s.accounts.get(ctx, c.Workspace, c.ID)
	if err != nil {
		return err
	}
	filler, ok := a.conn.(Backfiller)
	if !ok || now.Sub(c.backfilledAt) < s.o.BackfillEvery/2 && c.backfilledAt != c.CreatedAt {
		return nil
	}
	since := max(c.backfilledAt.Add(-s.o.Overlap), now.Add(-maxGap))
	missed, err := filler.Backfill(ctx, since, now)
	if err != nil {
		return err
	}
	if err := s.storeMissed(ctx, a, missed, now); err != nil {
		return err
	}
	// The mark moves only when everything is stored, so that a failure is repaired by the next look.
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := takeBackfill(ctx, tx, c, now)
		return err
	})
}

// storeMissed stores listed messages. The youngest wait for the next look: their webhook is probably on its way.
func (s *Service) storeMissed(ctx context.Context, a *account, missed []Inbound, now clock.Time) error {
	young := now.Add(-30 * time.Second)
	for start := 0; start < len(missed); start += maxIntake {
		u := &unit{account: a, backfilled: true}
		for _, in := range missed[start:min(start+maxIntake, len(missed))] {
			if in.At <= young {
				u.in.Inbound = append(u.in.Inbound, in)
			}
		}
		if err := s.store(ctx, u); err != nil {
			return err
		}
	}
	return nil
}
