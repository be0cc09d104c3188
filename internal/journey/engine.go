package journey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

// maxSteps is how many steps one reaction may take: a definition cannot loop, so more is a fault.
const maxSteps = 500

// onEvent lets an event end runs, end waits, and start runs, in this order: an exit wins over everything else.
func (s *Service) onEvent(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var e event.Happened
	if err := item.Decode(&e); err != nil {
		return err
	}
	live, err := s.programs(ctx, tx, item.Workspace)
	if err != nil {
		return err
	}
	if !s.listens(item.Workspace, e.Type) {
		return nil
	}
	runs, err := activeRuns(ctx, tx, item.Workspace, item.Person)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := s.eventForRun(ctx, tx, item.Workspace, &runs[i], e); err != nil {
			return fmt.Errorf("run %s: %w", runs[i].ID, err)
		}
	}
	for _, p := range live {
		if p.def.Trigger.Event != e.Type {
			continue
		}
		if err := s.enter(ctx, tx, item, p, e); err != nil {
			return fmt.Errorf("journey %s: %w", p.journey, err)
		}
	}
	return nil
}

// listens says whether any version that somebody may be inside of cares about the type of event.
func (s *Service) listens(ws id.Workspace, kind string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for key, p := range s.known {
		if key.workspace == ws && p.hears[kind] {
			return true
		}
	}
	return false
}

func (s *Service) eventForRun(ctx context.Context, tx *db.Tx, ws id.Workspace, n *Run, e event.Happened) error {
	p, err := s.programOf(ctx, tx, ws, n)
	if err != nil {
		return err
	}
	m := &move{s: s, ws: ws, run: n, p: p, now: s.Clock.Now()}
	for _, x := range p.def.Exit {
		if x.Event == e.Type && sameThing(x.Same, n.Key, e.Props) && x.Where.Holds(Facts{Event: e.Props}) {
			n.mark(m.now, "left", map[string]any{"event": e.Type})
			n.end(m.now, RunExited, x.Result)
			return s.settle(ctx, tx, ws, n)
		}
	}
	if e.Type == "link_clicked" && e.Props["run_id"] == string(n.ID) {
		n.flag("clicked")
		saveRun(ctx, tx, ws, n)
	}
	step := p.steps[n.Step].step
	if n.Vars.Await == "until" && step.Until != nil && step.Until.Event == e.Type && sameThing(step.Until.Same, n.Key, e.Props) && step.Until.Where.Holds(Facts{Event: e.Props}) {
		n.mark(m.now, "came", map[string]any{"event": e.Type})
		return m.goOn(ctx, tx, p.steps[n.Step].then)
	}
	return nil
}

// sameThing says whether an event is about the run's thing.
func sameThing(property, key string, props map[string]any) bool {
	return property == "" || key != "" && props[property] == key
}

// enter starts a run, unless the rules of re-entry say no.
func (s *Service) enter(ctx context.Context, tx *db.Tx, item mailbox.Item, p *program, e event.Happened) error {
	key, ok, err := s.entryKey(ctx, tx, item, p, e)
	if err != nil || !ok {
		return err
	}
	now := s.Clock.Now()
	n := &Run{ID: RunID(s.IDs.New("run")), Journey: p.journey, Version: p.number, Person: item.Person, Key: key, State: RunActive,
		Step: p.first, StartedAt: now, Vars: Vars{Event: e.Props, EventAt: e.At}}
	m := &move{s: s, ws: item.Workspace, run: n, p: p, now: now}
	if p.def.Trigger.Where != nil {
		facts, err := m.facts(ctx, tx)
		if err != nil || !p.def.Trigger.Where.Holds(facts) {
			return err
		}
	}
	fresh, err := insertRun(ctx, tx, item.Workspace, *n)
	if err != nil || !fresh {
		return err
	}
	n.mark(now, "entered", map[string]any{"event": e.Type, "event_id": e.EventID})
	return m.goOn(ctx, tx, p.first)
}

// entryKey is the key of the run that the event may start; ok is false when the person may not enter.
func (s *Service) entryKey(ctx context.Context, tx *db.Tx, item mailbox.Item, p *program, e event.Happened) (key string, ok bool, err error) {
	if p.def.Trigger.Key != "" {
		if key, _ = e.Props[p.def.Trigger.Key].(string); key == "" {
			return "", false, nil
		}
	}
	switch p.def.Reentry.Rule {
	case "once":
		last, err := lastEntry(ctx, tx, item.Workspace, item.Person, p.journey)
		return key, last == 0, err
	case "after":
		last, err := lastEntry(ctx, tx, item.Workspace, item.Person, p.journey)
		if key == "" {
			key = string(e.EventID)
		}
		return key, last == 0 || s.Clock.Now().Sub(last) >= p.def.Reentry.After.Std(), err
	}
	return key, true, nil
}

// onWake goes on with a run whose time has come. A wake that was meant for another step is old and does nothing.
func (s *Service) onWake(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var w wake
	if err := item.Decode(&w); err != nil {
		return err
	}
	return s.withRun(ctx, tx, item, w.Run, func(m *move) error {
		if m.run.Step != w.Step || m.run.Vars.Stay != w.Stay {
			return nil
		}
		at := m.p.steps[w.Step]
		switch m.run.Vars.Await {
		case "code":
			m.run.mark(m.now, "failed", map[string]any{"text": "The shop did not confirm the code in time."})
			return m.goOn(ctx, tx, at.other)
		case "claim":
			m.run.mark(m.now, "unclaimed", nil)
			if err := s.Conversations.WithdrawTx(ctx, tx, item.Workspace, item.Person, string(m.run.ID), w.Step); err != nil {
				return err
			}
			return m.goOn(ctx, tx, at.other)
		}
		if at.step.Until != nil {
			m.run.mark(m.now, "timeout", nil)
		}
		return m.goOn(ctx, tx, at.other)
	})
}

// wake is the body of a run's timer. Stay tells one wait from an earlier one.
type wake struct {
	Run  RunID  `json:"run_id"`
	Step string `json:"step"`
	Stay int    `json:"stay"`
}

const timerWake = "journey.wake"

// withRun loads an active run with its program and lets act move it.
func (s *Service) withRun(ctx context.Context, tx *db.Tx, item mailbox.Item, run RunID, act func(*move) error) error {
	n, err := findRun(ctx, tx, item.Workspace, run)
	if errors.Is(err, ErrUnknown) || err == nil && (n.State != RunActive || n.Person != item.Person) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := s.programOf(ctx, tx, item.Workspace, &n)
	if err != nil {
		return err
	}
	return act(&move{s: s, ws: item.Workspace, run: &n, p: p, now: s.Clock.Now()})
}

// settle writes the run and its timer as they stand now.
func (s *Service) settle(ctx context.Context, tx *db.Tx, ws id.Workspace, n *Run) error {
	saveRun(ctx, tx, ws, n)
	if n.WakeAt == 0 || n.State != RunActive {
		return s.Mailbox.CancelTimerTx(ctx, tx, ws, n.Person, timerWake, string(n.ID))
	}
	return s.Mailbox.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: ws, Person: n.Person, Kind: timerWake, Key: string(n.ID), Due: n.WakeAt,
		Body: wake{n.ID, n.Step, n.Vars.Stay}})
}

// move is one reaction of one run.
type move struct {
	s   *Service
	ws  id.Workspace
	run *Run
	p   *program
	now clock.Time

	person *people.Person // read when first needed
}

// goOn takes the step with this id and those after it, until the run has to wait or ends.
func (m *move) goOn(ctx context.Context, tx *db.Tx, step string) error {
	m.run.WakeAt, m.run.Vars.Await = 0, ""
	for range maxSteps {
		if step == "" {
			m.run.end(m.now, RunDone, "")
			return m.s.settle(ctx, tx, m.ws, m.run)
		}
		m.run.Step = step
		next, waits, err := m.take(ctx, tx, m.p.steps[step])
		if err != nil {
			return fmt.Errorf("step %s: %w", step, err)
		}
		if waits || m.run.State != RunActive {
			return m.s.settle(ctx, tx, m.ws, m.run)
		}
		step = next
	}
	return fmt.Errorf("more than %d steps in one reaction", maxSteps)
}

// waitFor keeps the run at its step until the time, or until what it awaits comes.
func (m *move) waitFor(d time.Duration, await, what string, detail map[string]any) {
	m.run.WakeAt, m.run.Vars.Await = m.now.Add(d), await
	m.run.Vars.Stay++
	m.run.mark(m.now, what, detail)
}

// facts are what the conditions of the run are asked about.
func (m *move) facts(ctx context.Context, tx *db.Tx) (Facts, error) {
	p, err := m.who(ctx, tx)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Event: m.run.Vars.Event, Run: m.run.Vars.Flags, Person: personFacts(p), Consent: map[string]bool{}}
	if number := p.Phone(); number != "" {
		for _, purpose := range people.Purposes() {
			r, err := m.s.People.Consent(ctx, tx, m.ws, people.ConsentQuery{Medium: people.SMS, Address: string(number), Purpose: purpose})
			if err != nil {
				return Facts{}, err
			}
			f.Consent[string(purpose)] = r.Allowed
		}
	}
	return f, nil
}

func (m *move) who(ctx context.Context, tx *db.Tx) (people.Person, error) {
	if m.person == nil {
		p, err := m.s.People.Get(ctx, tx, m.ws, m.run.Person)
		if err != nil {
			return people.Person{}, err
		}
		m.person = &p
	}
	return *m.person, nil
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
