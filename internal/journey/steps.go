package journey

import (
	"context"
	"time"

	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/offer"
	"parley/internal/people"
)

// take does one step. It says which step is next, or that the run waits here.
func (m *move) take(ctx context.Context, tx *db.Tx, n node) (next string, waits bool, err error) {
	switch n.step.Type {
	case "wait":
		await := ""
		if n.step.Until != nil {
			await = "until"
		}
		m.waitFor(n.step.For.Std(), await, "waits", map[string]any{"until": m.now.Add(n.step.For.Std())})
		return "", true, nil
	case "branch":
		next, err = m.branch(ctx, tx, n)
		return next, false, err
	case "send":
		return n.next, false, m.ask(ctx, tx, n.step)
	case "offer":
		return m.offer(ctx, tx, n)
	case "hand":
		return m.hand(ctx, tx, n)
	case "set":
		return n.next, false, m.set(ctx, tx, n.step)
	}
	m.run.end(m.now, RunDone, n.step.Result) // stop
	return "", false, nil
}

// branch takes the first case that holds, else everyone else's way.
func (m *move) branch(ctx context.Context, tx *db.Tx, n node) (string, error) {
	conditions := make([]*Condition, len(n.step.Cases))
	for i, c := range n.step.Cases {
		conditions[i] = c.When
	}
	facts, err := m.facts(ctx, tx, conditions...)
	if err != nil {
		return "", err
	}
	for i, c := range n.step.Cases {
		if c.When.Holds(facts) {
			m.run.mark(m.now, "took", map[string]any{"case": c.Name})
			return n.cases[i], nil
		}
	}
	m.run.mark(m.now, "took", map[string]any{"case": "everyone else"})
	return n.other, nil
}

// ask renders the text and puts it before the gate.
func (m *move) ask(ctx context.Context, tx *db.Tx, step Step) error {
	text, err := m.render(ctx, tx, step.Text)
	if errs.KindOf(err) == errs.Invalid {
		m.run.flag("dropped")
		m.run.mark(m.now, "dropped", map[string]any{"code": errs.CodeOf(err), "text": err.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	send := m.message(step)
	send.Text = text
	m.asks = &send
	return nil
}

// message is what a send or hand step asks the gate for, without the words.
func (m *move) message(step Step) conversation.Send {
	send := conversation.Send{
		Workspace: m.ws, Person: m.run.Person, Purpose: step.Purpose, Kind: conversation.KindJourney,
		Author:     conversation.Author{Kind: conversation.ByJourney, ID: string(m.run.Journey), Name: m.p.def.Name},
		ClientKey:  string(m.run.ID) + ":" + step.ID,
		JourneyRun: string(m.run.ID), Step: step.ID,
		Why: map[string]any{"journey_id": m.run.Journey, "journey": m.p.def.Name, "version": m.run.Version, "step": step.ID, "run_id": m.run.ID, "entered_at": m.run.StartedAt},
	}
	if step.Expires > 0 {
		send.ExpiresAt = m.now.Add(step.Expires.Std())
	}
	if step.Purpose == people.Cart {
		send.Subject, send.SubjectAt = m.run.Key, m.run.Vars.EventAt
	}
	return send
}

// render fills a text in and makes its links personal and short.
func (m *move) render(ctx context.Context, tx *db.Tx, source string) (string, error) {
	p, err := m.who(ctx, tx)
	if err != nil {
		return "", err
	}
	ws, err := m.s.Org.Workspace(ctx, tx, m.ws)
	if err != nil {
		return "", err
	}
	rendered, err := m.s.Content.Render(source, map[string]any{
		"person": personFacts(p), "event": m.run.Vars.Event, "cart": m.run.Vars.Event, "offer": m.run.Vars.Offer,
		"brand": map[string]any{"name": ws.Settings.Brand},
	})
	if err != nil {
		return "", err
	}
	short := make([]string, len(rendered.Links()))
	for i, target := range rendered.Links() {
		short[i], err = m.s.Offers.LinkTx(ctx, tx, offer.Link{Workspace: m.ws, Person: m.run.Person, Once: string(m.run.ID) + ":" + target,
			Kind: "cart", Target: target, Subject: m.run.Key, Run: string(m.run.ID)})
		if err != nil {
			return "", err
		}
	}
	return rendered.With(short), nil
}

// codePatience is how long a run waits for a shop to make a code: longer than the queue's first retries.
const codePatience = 5 * time.Minute

// offer issues the person's code. A code that a shop must know is waited for, because a text with a code that does not
// work cannot be taken back.
func (m *move) offer(ctx context.Context, tx *db.Tx, n node) (string, bool, error) {
	o, err := m.s.Offers.ByName(ctx, tx, m.ws, n.step.Offer)
	if err == nil {
		var c offer.Code
		c, err = m.s.Offers.IssueTx(ctx, tx, offer.Grant{Workspace: m.ws, Person: m.run.Person, Offer: o.ID,
			By: "journey:" + string(m.run.Journey), Subject: m.run.Key, Run: string(m.run.ID)})
		if err == nil {
			m.run.Vars.Offer = map[string]any{"code": c.Code, "worth": o.Worth(), "id": string(o.ID)}
			if c.Usable() {
				m.run.mark(m.now, "issued", map[string]any{"code": c.Code, "offer": o.Name})
				return n.next, false, nil
			}
			m.waitFor(codePatience, "code", "issued", map[string]any{"code": c.Code, "offer": o.Name, "text": "Waiting for the shop to know the code."})
			return "", true, nil
		}
	}
	if kind := errs.KindOf(err); kind == errs.NotFound || kind == errs.Conflict {
		m.run.mark(m.now, "failed", map[string]any{"code": errs.CodeOf(err), "text": err.Error()})
		return n.other, false, nil
	}
	return "", false, err
}

// hand puts a prepared draft before the team: whoever claims it may change it, and sends it.
func (m *move) hand(ctx context.Context, tx *db.Tx, n node) (string, bool, error) {
	text, err := m.render(ctx, tx, n.step.Draft)
	if errs.KindOf(err) == errs.Invalid {
		m.run.mark(m.now, "failed", map[string]any{"code": errs.CodeOf(err), "text": err.Error()})
		return n.other, false, nil
	}
	if err != nil {
		return "", false, err
	}
	send := m.message(n.step)
	send.Text = text
	err = m.s.Conversations.HandOverTx(ctx, tx, conversation.HandOver{Send: send, Title: m.p.def.Name, Until: m.now.Add(n.step.ClaimWithin.Std())})
	if err != nil {
		return "", false, err
	}
	m.waitFor(n.step.ClaimWithin.Std(), "claim", "handed", map[string]any{"until": m.now.Add(n.step.ClaimWithin.Std())})
	return "", true, nil
}

// set changes an attribute of the person.
func (m *move) set(ctx context.Context, tx *db.Tx, step Step) error {
	p, err := m.s.People.UpdateTx(ctx, tx, m.ws, m.run.Person, people.Update{Attributes: map[string]any{step.Attribute: step.Value}, Source: "journey:" + string(m.run.Journey)})
	if kind := errs.KindOf(err); kind == errs.Invalid {
		m.run.mark(m.now, "failed", map[string]any{"code": errs.CodeOf(err), "text": err.Error()})
		return nil
	}
	if err == nil {
		if m.people != nil {
			m.people[m.run.Person] = p
		}
		m.run.mark(m.now, "set", map[string]any{"attribute": step.Attribute, "value": step.Value})
	}
	return err
}
