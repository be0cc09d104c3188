package conversation

import (
	"context"
	"fmt"
	"time"

	"parley/internal/channel"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// staleAfter is how old a decision may be before its evidence is written anew when the message leaves.
const staleAfter = time.Minute

// Recheck is the gate at the moment at which messages are handed over: the same Decide, with the facts of now. The text
// was judged when it was written and does not change.
func (s *Service) Recheck(ctx context.Context, tx *db.Tx, claims []channel.Claim) ([]channel.Verdict, error) {
	out := make([]channel.Verdict, len(claims))
	byWorkspace := map[id.Workspace][]int{}
	for i, c := range claims {
		byWorkspace[c.Workspace] = append(byWorkspace[c.Workspace], i)
	}
	for ws, indexes := range byWorkspace {
		if err := s.recheck(ctx, tx, ws, claims, indexes, out); err != nil {
			return nil, fmt.Errorf("check messages of %s again: %w", ws, err)
		}
	}
	return out, nil
}

func (s *Service) recheck(ctx context.Context, tx *db.Tx, ws id.Workspace, claims []channel.Claim, indexes []int, out []channel.Verdict) error {
	asked := make([]question, len(indexes))
	for n, i := range indexes {
		asked[n] = claimed(claims[i])
	}
	if err := readSubjects(ctx, tx, ws, asked); err != nil {
		return err
	}
	k, err := s.learn(ctx, tx, ws, asked, nil)
	if err != nil {
		return err
	}
	verdicts := make(map[MessageID]Verdict, len(asked))
	var news []MessageID
	for n, i := range indexes {
		v := Decide(s.Rules, k.facts(asked[n], compliance.Verdict{Allowed: true}))
		out[i] = channel.Verdict{Action: v.Action, Until: v.Until, Code: v.Code, Reason: v.Reason}
		self := selfOf(k.earlier[asked[n].person], asked[n].self)
		if v.Action != channel.Send || k.now.Sub(self.at) > staleAfter {
			verdicts[asked[n].self] = v
			news = append(news, asked[n].self)
		}
		if v.Action == channel.Drop {
			k.forget(asked[n])
		} else {
			// The next claim of this batch counts this one, also when that was written earlier.
			k.left[asked[n].self] = v.Action == channel.Send
		}
	}
	return s.renew(ctx, tx, k, news, verdicts)
}

// readSubjects reads when the carts of the questions were abandoned; claims do not carry it.
func readSubjects(ctx context.Context, q db.Queryer, ws id.Workspace, asked []question) error {
	var ids []MessageID
	for _, a := range asked {
		if a.purpose == people.Cart {
			ids = append(ids, a.self)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	lines, err := loadLines(ctx, q, ws, ids)
	for i, a := range asked {
		if l, found := lines[a.self]; found {
			asked[i].subjectAt = l.detail.SubjectAt
		}
	}
	return err
}

// forget takes a message that was just dropped out of what counts.
func (k *knowledge) forget(a question) {
	rows := k.earlier[a.person]
	kept := make([]earlierRow, 0, len(rows))
	for _, e := range rows {
		if e.id != a.self {
			kept = append(kept, e)
		}
	}
	k.earlier[a.person] = kept
}

// claimed turns a claim back into the question that was asked about it.
func claimed(c channel.Claim) question {
	q := question{person: c.Person, purpose: people.Purpose(c.Purpose), kind: MessageKind(c.Kind), subject: c.Subject,
		expires: c.ExpiresAt, address: c.To, channel: c.Channel, self: c.Message}
	if q.kind == KindCompliance {
		q.answer, q.subject = compliance.ExemptKind(c.Subject), ""
	}
	return q
}

// renew writes the evidence of decisions that differ from the first one, or are much later.
func (s *Service) renew(ctx context.Context, tx *db.Tx, k *knowledge, ids []MessageID, verdicts map[MessageID]Verdict) error {
	if len(ids) == 0 {
		return nil
	}
	lines, err := loadLines(ctx, tx, k.workspace.ID, ids)
	if err != nil {
		return fmt.Errorf("load messages: %w", err)
	}
	for _, message := range ids {
		l, found := lines[message]
		if !found {
			continue
		}
		v := verdicts[message]
		saveChange(ctx, tx, l.workspace, l.decided(v, k))
	}
	return nil
}

// decided is the message's row after a later decision.
func (l line) decided(v Verdict, k *knowledge) change {
	d := l.detail
	var caller map[string]any
	held := k.now
	if l.detail.Why != nil {
		caller = l.detail.Why.Caller
		if !l.detail.Why.HeldFrom.IsZero() {
			held = l.detail.Why.HeldFrom
		}
	}
	d.Why = why(v, k.now, caller)
	c := change{message: l.id, state: StateQueued, code: v.Code, due: k.now, detail: &d}
	switch v.Action {
	case channel.Hold:
		c.state, c.due, d.Why.HeldFrom = StateHeld, v.Until, held
	case channel.Drop:
		c.state, d.Reason = StateDropped, &Reason{Code: v.Code, Text: v.Reason, Action: actionOf(v.Code)}
	default:
		if l.state == StateHeld {
			d.Why.HeldFrom, d.Why.HeldUntil = held, k.now
		}
	}
	if c.state != l.state {
		d.StateAt = k.now
	}
	return c
}
