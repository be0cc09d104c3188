package journey

import (
	"context"
	"errors"

	"parley/internal/commerce"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/mailbox"
	"parley/internal/offer"
)

// Handle registers what journeys react to.
func (s *Service) Handle(m *mailbox.Mailbox) {
	m.Handle(event.Signal, "journey", s.onEvent)
	m.Handle(timerWake, "journey", s.onWake)
	m.Handle(offer.SignalReady, "journey", s.onCode)
	m.Handle(offer.SignalFailed, "journey", s.onCode)
	m.Handle(conversation.SignalOutcome, "journey", s.onOutcome)
	m.Handle(conversation.SignalHandedOver, "journey", s.onClaimed)
	m.Handle("message.added", "journey", s.onMessage)
}

// onCode goes on with the run that waits for its code.
func (s *Service) onCode(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var c offer.CodeSettled
	if err := item.Decode(&c); err != nil || c.Run == "" {
		return err
	}
	return s.withRun(ctx, tx, item, RunID(c.Run), func(m *move) error {
		if m.run.Vars.Await != "code" || m.run.Vars.Offer["code"] != c.Code {
			return nil
		}
		at := m.p.steps[m.run.Step]
		if item.Kind == offer.SignalFailed {
			m.run.mark(m.now, "failed", map[string]any{"text": c.Text})
			m.run.Vars.Offer = nil
			return m.goOn(ctx, tx, at.other)
		}
		return m.goOn(ctx, tx, at.next)
	})
}

// onOutcome notes how a message of a run went, and tells the cart when its one reminder left.
func (s *Service) onOutcome(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var o conversation.Outcome
	if err := item.Decode(&o); err != nil || o.Run == "" {
		return err
	}
	n, err := findRun(ctx, tx, item.Workspace, RunID(o.Run))
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	n.mark(s.Clock.Now(), string(o.State), map[string]any{"message_id": o.Message, "code": o.Code})
	switch o.State {
	case conversation.StateSent, conversation.StateDelivered:
		first := !n.Vars.Flags["sent"]
		n.flag("sent")
		if first && n.Key != "" {
			err = s.Commerce.RemindedTx(ctx, tx, commerce.Reminder{Workspace: item.Workspace, Person: item.Person, Token: n.Key,
				Message: string(o.Message), Journey: string(n.Journey), Run: string(n.ID)})
		}
	case conversation.StateDropped, conversation.StateFailed:
		n.flag("dropped")
	}
	saveRun(ctx, tx, item.Workspace, &n)
	return err
}

// onClaimed goes on with a run whose prepared draft a person of the team has sent.
func (s *Service) onClaimed(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var h conversation.HandedOver
	if err := item.Decode(&h); err != nil {
		return err
	}
	return s.withRun(ctx, tx, item, RunID(h.Run), func(m *move) error {
		if m.run.Vars.Await != "claim" || m.run.Step != h.Step {
			return nil
		}
		m.run.flag("claimed")
		m.run.mark(m.now, "claimed", map[string]any{"by": h.Member, "message_id": h.Message})
		return m.goOn(ctx, tx, m.p.steps[m.run.Step].then)
	})
}

// onMessage notes that the person wrote while a run was under way.
func (s *Service) onMessage(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var added conversation.Added
	if err := item.Decode(&added); err != nil || added.Direction != conversation.In {
		return err
	}
	runs, err := activeRuns(ctx, tx, item.Workspace, item.Person)
	if err != nil {
		return err
	}
	for i := range runs {
		if n := &runs[i]; n.Vars.Flags["sent"] && !n.Vars.Flags["replied"] {
			n.flag("replied")
			n.mark(s.Clock.Now(), "replied", map[string]any{"message_id": added.Message})
			saveRun(ctx, tx, item.Workspace, n)
		}
	}
	return nil
}
