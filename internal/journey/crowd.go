package journey

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

// maxSteps is how many steps one reaction may take: a definition cannot loop, so more is a fault.
const maxSteps = 500

// crowd is what happens to runs of several people in one reaction: what they need is read for all at once, what they send
// passes the gate together, and they are written together at the end. No run depends on another person's.
type crowd struct {
	s       *Service
	ws      id.Workspace
	now     clock.Time
	persons []id.Person // who react

	people  map[id.Person]people.Person                  // all of them, once one is needed
	consent map[people.Purpose]map[string]people.Reading // of their numbers, by purpose, once one is needed

	going []*move // have steps to take
	runs  []*Run  // to be written
}

// gather is a crowd of the people who heard something.
func (s *Service) gather(ws id.Workspace, heard []news) *crowd {
	c := &crowd{s: s, ws: ws, now: s.Clock.Now(), consent: map[people.Purpose]map[string]people.Reading{}}
	for _, n := range heard {
		c.persons = append(c.persons, n.item.Person)
	}
	return c
}

// move is one run on its way.
type move struct {
	*crowd
	item mailbox.Item
	run  *Run
	p    *program
	next string             // step to take, "" at the end
	asks *conversation.Send // what it wants to send before it goes on
}

// keep notes that the run is to be written.
func (c *crowd) keep(n *Run) {
	if !slices.Contains(c.runs, n) {
		c.runs = append(c.runs, n)
	}
}

// settle is keep for a run whose timer may have changed.
func (c *crowd) settle(n *Run) {
	n.moved = true
	c.keep(n)
}

// goOn lets the run take the step with this id and those after it, until it has to wait or ends.
func (c *crowd) goOn(m *move, step string) {
	m.crowd, m.next = c, step
	m.run.WakeAt, m.run.Vars.Await = 0, ""
	c.settle(m.run)
	c.going = append(c.going, m)
}

// advance moves all runs that have steps to take: those of one person one after the other, those of different people side
// by side.
func (c *crowd) advance(ctx context.Context, tx *db.Tx) error {
	for len(c.going) > 0 {
		walking := c.firsts()
		for len(walking) > 0 {
			for _, m := range walking {
				if err := m.walk(ctx, tx); err != nil {
					return mailbox.Blame(m.item, fmt.Errorf("journey %s, step %s: %w", m.p.journey, m.run.Step, err))
				}
			}
			walking = slices.DeleteFunc(walking, func(m *move) bool { return m.asks == nil })
			if err := c.send(ctx, tx, walking); err != nil {
				return err
			}
		}
	}
	return nil
}

// firsts takes the first move of each person out of those that go.
func (c *crowd) firsts() (out []*move) {
	seen := map[id.Person]bool{}
	var rest []*move
	for _, m := range c.going {
		if seen[m.run.Person] {
			rest = append(rest, m)
			continue
		}
		seen[m.run.Person] = true
		out = append(out, m)
	}
	c.going = rest
	return out
}

// walk takes steps until the run waits, ends, or wants to send something.
func (m *move) walk(ctx context.Context, tx *db.Tx) error {
	for range maxSteps {
		if m.next == "" {
			m.run.end(m.now, RunDone, "")
			return nil
		}
		m.run.Step = m.next
		next, waits, err := m.take(ctx, tx, m.p.steps[m.next])
		if err != nil || waits || m.run.State != RunActive {
			return err
		}
		m.next = next
		if m.asks != nil {
			return nil
		}
	}
	return fmt.Errorf("more than %d steps in one reaction", maxSteps)
}

// send asks the gate for all at once. A refusal is an outcome, kept on the trail; the run goes on.
func (c *crowd) send(ctx context.Context, tx *db.Tx, asking []*move) error {
	if len(asking) == 0 {
		return nil
	}
	sends := make([]conversation.Send, len(asking))
	for i, m := range asking {
		sends[i], m.asks = *m.asks, nil
	}
	sent, err := c.s.Conversations.SendBulkTx(ctx, tx, sends)
	if err != nil {
		return fmt.Errorf("send for %d runs: %w", len(asking), err)
	}
	for i, m := range asking {
		m.sent(sent[i])
	}
	return nil
}

// sent notes what the gate said.
func (m *move) sent(s conversation.Sent) {
	detail := map[string]any{"message_id": s.Message, "code": s.Verdict.Code, "text": s.Verdict.Reason}
	switch s.Verdict.Action {
	case "drop":
		m.run.flag("dropped")
		m.run.mark(m.now, "dropped", detail)
	case "hold":
		detail["until"] = s.Verdict.Until
		m.run.mark(m.now, "held", detail)
	default:
		m.run.mark(m.now, "queued", detail)
	}
}

// waitFor keeps the run at its step until the time, or until what it awaits comes.
func (m *move) waitFor(d time.Duration, await, what string, detail map[string]any) {
	m.run.WakeAt, m.run.Vars.Await = m.now.Add(d), await
	m.run.Vars.Stay++
	m.run.mark(m.now, what, detail)
}

// write stores the runs and their timers as they stand now.
func (c *crowd) write(ctx context.Context, tx *db.Tx) error {
	if err := saveRuns(ctx, tx, c.ws, c.runs); err != nil {
		return err
	}
	for _, n := range c.runs {
		if !n.moved {
			continue
		}
		var err error
		switch {
		case n.WakeAt != 0 && n.State == RunActive:
			err = c.s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: c.ws, Person: n.Person, Kind: timerWake, Key: string(n.ID), Due: n.WakeAt,
				Body: wake{n.ID, n.Step, n.Vars.Stay}})
		case n.timed:
			err = c.s.Mailbox.CancelTimerTx(ctx, tx, c.ws, n.Person, timerWake, string(n.ID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// facts are what conditions of the run are asked about; what none of them mentions is not looked up.
func (m *move) facts(ctx context.Context, tx *db.Tx, conditions ...*Condition) (Facts, error) {
	f := Facts{Event: m.run.Vars.Event, Run: m.run.Vars.Flags, Consent: map[string]bool{}}
	var need needs
	for _, c := range conditions {
		c.needs(&need)
	}
	if !need.person && len(need.consent) == 0 {
		return f, nil
	}
	p, err := m.who(ctx, tx)
	if err != nil {
		return Facts{}, err
	}
	f.Person = personFacts(p)
	for _, purpose := range need.consent {
		readings, err := m.readings(ctx, tx, people.Purpose(purpose))
		if err != nil {
			return Facts{}, err
		}
		f.Consent[purpose] = readings[string(p.Phone())].Allowed
	}
	return f, nil
}

// readings are where the numbers of the crowd stand for a purpose.
func (c *crowd) readings(ctx context.Context, tx *db.Tx, purpose people.Purpose) (map[string]people.Reading, error) {
	if known, ok := c.consent[purpose]; ok {
		return known, nil
	}
	var numbers []string
	for _, p := range c.people {
		if number := p.Phone(); number != "" {
			numbers = append(numbers, string(number))
		}
	}
	readings, err := c.s.People.ConsentAll(ctx, tx, c.ws, people.SMS, purpose, numbers)
	if err != nil {
		return nil, err
	}
	c.consent[purpose] = readings
	return readings, nil
}

// who is the run's person.
func (m *move) who(ctx context.Context, tx *db.Tx) (people.Person, error) {
	if m.people == nil {
		all, err := m.s.People.GetAll(ctx, tx, m.ws, m.persons)
		if err != nil {
			return people.Person{}, err
		}
		m.people = all
	}
	p, ok := m.people[m.run.Person]
	if !ok {
		return people.Person{}, people.ErrNotFound
	}
	return p, nil
}

// personFacts are the person's own attributes under the names that conditions and texts use, and then the brand's.
func personFacts(p people.Person) map[string]any {
	out := map[string]any{}
	for k, v := range p.Attributes {
		out[k] = v
	}
	tags := make([]any, len(p.Tags))
	for i, t := range p.Tags {
		tags[i] = t
	}
	for k, v := range map[string]string{"name": p.Name, "given_name": p.GivenName, "family_name": p.FamilyName, "language": p.Language,
		"country": p.Country, "state": p.State, "timezone": p.Timezone} {
		if strings.TrimSpace(v) != "" {
			out[k] = v
		}
	}
	out["tags"], out["orders"], out["value_minor"] = tags, p.Orders, p.Value.Minor
	return out
}
