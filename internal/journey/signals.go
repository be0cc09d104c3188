package journey

import (
	"context"
	"fmt"

	"parley/internal/commerce"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/mailbox"
	"parley/internal/offer"
)

// Handle registers what journeys react to.
func (s *Service) Handle(m *mailbox.Mailbox) {
	m.HandleSet(event.Signal, "journey", s.onEvents)
	m.HandleSet(timerWake, "journey", s.onWakes)
	m.HandleSet(offer.SignalReady, "journey", s.onCodes)
	m.HandleSet(offer.SignalFailed, "journey", s.onCodes)
	m.HandleSet(conversation.SignalOutcome, "journey", s.onOutcomes)
	m.HandleSet(conversation.SignalHandedOver, "journey", s.onClaimed)
	m.HandleSet("message.added", "journey", s.onMessages)
}

// onCodes goes on with the runs that wait for their codes.
func (s *Service) onCodes(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	failed := items[0].Kind == offer.SignalFailed
	return withRuns(ctx, tx, s, items, func(c offer.CodeSettled) RunID { return RunID(c.Run) }, func(m *move, c offer.CodeSettled) error {
		if m.run.Vars.Await != "code" || m.run.Vars.Offer["code"] != c.Code {
			return nil
		}
		at := m.p.steps[m.run.Step]
		if failed {
			m.run.mark(m.now, "failed", map[string]any{"text": c.Text})
			m.run.Vars.Offer = nil
			m.goOn(m, at.other)
			return nil
		}
		m.goOn(m, at.next)
		return nil
	})
}

// onOutcomes notes how messages of runs went, and tells the cart when its one reminder left.
func (s *Service) onOutcomes(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	outcomes := make([]conversation.Outcome, len(items))
	var ids []RunID
	for i, item := range items {
		if err := item.Decode(&outcomes[i]); err != nil {
			return mailbox.Blame(item, err)
		}
		ids = append(ids, RunID(outcomes[i].Run))
	}
	c := &crowd{s: s, ws: items[0].Workspace, now: s.Clock.Now()}
	runs, err := findRuns(ctx, tx, c.ws, ids)
	if err != nil {
		return err
	}
	var left []commerce.Reminder
	for i, o := range outcomes {
		n := runs[RunID(o.Run)]
		if n == nil {
			continue
		}
		n.mark(c.now, string(o.State), map[string]any{"message_id": o.Message, "code": o.Code})
		switch o.State {
		case conversation.StateSent, conversation.StateDelivered:
			if !n.Vars.Flags["sent"] && n.Key != "" {
				left = append(left, commerce.Reminder{Workspace: c.ws, Person: items[i].Person, Token: n.Key,
					Message: string(o.Message), Journey: string(n.Journey), Run: string(n.ID)})
			}
			n.flag("sent")
		case conversation.StateDropped, conversation.StateFailed:
			n.flag("dropped")
		}
		c.keep(n)
	}
	if err := c.remind(ctx, tx, left); err != nil {
		return err
	}
	return c.write(ctx, tx)
}

// remind tells carts that their reminders left. The keys of most runs are no cart's.
func (c *crowd) remind(ctx context.Context, tx *db.Tx, left []commerce.Reminder) error {
	if len(left) == 0 {
		return nil
	}
	tokens := make([]string, len(left))
	for i, r := range left {
		tokens[i] = r.Token
	}
	carts, err := c.s.Commerce.StillOpen(ctx, tx, c.ws, tokens)
	if err != nil {
		return fmt.Errorf("look for carts: %w", err)
	}
	for _, r := range left {
		if _, isCart := carts[r.Token]; !isCart {
			continue
		}
		if err := c.s.Commerce.RemindedTx(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

// onClaimed goes on with the runs whose prepared drafts a person of the team has sent.
func (s *Service) onClaimed(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	return withRuns(ctx, tx, s, items, func(h conversation.HandedOver) RunID { return RunID(h.Run) }, func(m *move, h conversation.HandedOver) error {
		if m.run.Vars.Await != "claim" || m.run.Step != h.Step {
			return nil
		}
		m.run.flag("claimed")
		m.run.mark(m.now, "claimed", map[string]any{"by": h.Member, "message_id": h.Message})
		m.goOn(m, m.p.steps[m.run.Step].then)
		return nil
	})
}

// onMessages notes that people wrote while a run was under way.
func (s *Service) onMessages(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	wrote := map[string]conversation.MessageID{}
	var heard []news
	for _, item := range items {
		var added conversation.Added
		if err := item.Decode(&added); err != nil {
			return mailbox.Blame(item, err)
		}
		if added.Direction == conversation.In {
			heard = append(heard, news{item: item})
			wrote[string(item.Person)] = added.Message
		}
	}
	if len(heard) == 0 {
		return nil
	}
	c := s.gather(items[0].Workspace, heard)
	runs, err := activeRuns(ctx, tx, c.ws, c.persons)
	if err != nil {
		return err
	}
	for person, list := range runs {
		for _, n := range list {
			if n.Vars.Flags["sent"] && !n.Vars.Flags["replied"] {
				n.flag("replied")
				n.mark(c.now, "replied", map[string]any{"message_id": wrote[string(person)]})
				c.keep(n)
			}
		}
	}
	return c.write(ctx, tx)
}
