package channel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// lookUps asks providers what became of attempts whose outcome is unknown (I10).
func (s *Service) lookUps(ctx context.Context) {
	s.every(ctx, 5*time.Second, func(ctx context.Context) {
		s.failed(ctx, "look up unknown outcomes", s.LookUp(ctx))
	})
}

// LookUp asks about every unknown outcome whose time to look has come. It is called by itself; tests and people may call
// it too.
func (s *Service) LookUp(ctx context.Context) error {
	now := s.Clock.Now()
	var due []known
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		// Moving the time first keeps other nodes from asking too; a crash only delays the next look.
		due, err = takeDoubts(ctx, tx, now, now.Add(time.Minute))
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range due {
		if err := s.lookUp(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) lookUp(ctx context.Context, k known) error {
	finder, a := s.finder(ctx, k.Workspace, k.Channel)
	if finder == nil {
		return s.lookLater(ctx, k, false)
	}
	ask, cancel := context.WithTimeout(ctx, s.o.SendTimeout)
	defer cancel()
	from := k.From
	if from == "" {
		from = a.Settings["number"]
	}
	status, found, err := finder.Find(ask, Tried{Attempt: AttemptOf(k.Message, k.Attempt), To: k.To, From: from, Text: k.Text, At: k.AttemptAt})
	switch {
	case err != nil:
		s.failed(ctx, "ask a provider about a message", err)
		return s.lookLater(ctx, k, true)
	case found && status != nil:
		return s.DB.Tx(ctx, func(tx *db.Tx) error { return s.applyStatuses(ctx, tx, k.Workspace, a, []StatusUpdate{*status}) })
	case found:
		return s.lookLater(ctx, k, true)
	}
	return s.absent(ctx, k)
}

func (s *Service) finder(ctx context.Context, ws id.Workspace, channel ID) (Finder, *account) {
	a, err := s.accounts.get(ctx, ws, channel)
	if err != nil {
		return nil, nil
	}
	finder, ok := a.conn.(Finder)
	if !ok {
		return nil, nil
	}
	return finder, a
}

// lookLater sets the next look. When there is none left the message stays unknown, in view, until a person or a late
// status decides.
func (s *Service) lookLater(ctx context.Context, k known, can bool) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		return nextLook(ctx, tx, k, s.Clock.Now(), s.o.Looks, can)
	})
}

// absent acts on the provider's word that it never accepted the attempt: what may be repeated is, marketing never (I10).
func (s *Service) absent(ctx context.Context, k known) error {
	now := s.Clock.Now()
	c := change{claim: k.Claim, doubt: true, outcome: Outcome{At: now, State: StateFailed, Code: "not_accepted",
		Reason: "The provider did not get this message. It is not sent again by itself."}}
	if p := people.Purpose(k.Purpose); (p == people.Transactional || p == people.Support) && (k.ExpiresAt.IsZero() || now < k.ExpiresAt) {
		c.retry, c.outcome.State, c.outcome.Until = true, StateQueued, now
		c.outcome.Reason = "The provider did not get this message, so it is sent again."
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(func() { s.outbox.wakeChannel(k.Workspace, k.Channel) })
		return s.outbox.applyTx(ctx, tx, []change{c})
	})
}

// Resolve ends an unknown outcome by the word of a person: sent, or not.
func (s *Service) Resolve(ctx context.Context, ws id.Workspace, m MessageID, sent bool) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		k, err := readKnown(ctx, tx, ws, m)
		if errors.Is(err, db.ErrNoRows) || (err == nil && k.state != StateUnknown) {
			return ErrNotUnknown
		}
		if err != nil {
			return fmt.Errorf("read message %s: %w", m, err)
		}
		c := change{claim: k.Claim, doubt: true, outcome: Outcome{At: s.Clock.Now(), State: StateFailed, Code: "not_accepted",
			Reason: "Somebody checked that it was not sent."}}
		if sent {
			c.outcome = Outcome{At: s.Clock.Now(), State: StateSent}
		}
		return s.outbox.applyTx(ctx, tx, []change{c})
	})
}

// DeliveryStatus is the stored state of messages, by id; those that are not in the outbox are left out.
func (s *Service) DeliveryStatus(ctx context.Context, q db.Queryer, ws id.Workspace, messages []MessageID) (map[MessageID]Sent, error) {
	return readSent(ctx, q, ws, messages)
}

// NextDue is when the outbox of a workspace next has something to send; false when nothing waits.
func (s *Service) NextDue(ctx context.Context, q db.Queryer, ws id.Workspace) (clock.Time, bool, error) {
	return nextDue(ctx, q, s.outbox.lanesOf(ws))
}
