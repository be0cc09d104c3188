package journey

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// onEvents lets events end runs, end waits, and start runs, in this order: an exit wins over everything else.
func (s *Service) onEvents(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	ws := items[0].Workspace
	live, err := s.programs(ctx, tx, ws)
	if err != nil {
		return err
	}
	var heard []news
	for _, item := range items {
		n := news{item: item}
		if err := item.Decode(&n.event); err != nil {
			return mailbox.Blame(item, err)
		}
		if s.listens(ws, n.event.Type) {
			heard = append(heard, n)
		}
	}
	if len(heard) == 0 {
		return nil
	}
	c := s.gather(ws, heard)
	if err := c.tellRuns(ctx, tx, heard); err != nil {
		return err
	}
	for _, p := range live {
		if err := c.enterAll(ctx, tx, p, heard); err != nil {
			return fmt.Errorf("journey %s: %w", p.journey, err)
		}
	}
	return c.write(ctx, tx)
}

// news is an event and the item that it came with.
type news struct {
	item  mailbox.Item
	event event.Happened
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

// tellRuns lets the events end runs and waits.
func (c *crowd) tellRuns(ctx context.Context, tx *db.Tx, heard []news) error {
	runs, err := activeRuns(ctx, tx, c.ws, c.persons)
	if err != nil {
		return err
	}
	for _, n := range heard {
		for _, run := range runs[n.item.Person] {
			if err := c.tellRun(ctx, tx, n, run); err != nil {
				return mailbox.Blame(n.item, fmt.Errorf("run %s: %w", run.ID, err))
			}
		}
	}
	return c.advance(ctx, tx)
}

func (c *crowd) tellRun(ctx context.Context, tx *db.Tx, n news, run *Run) error {
	p, err := c.s.programOf(ctx, tx, c.ws, run)
	if err != nil {
		return err
	}
	e := n.event
	for _, x := range p.def.Exit {
		if x.Event == e.Type && sameThing(x.Same, run.Key, e.Props) && x.Where.Holds(Facts{Event: e.Props}) {
			run.mark(c.now, "left", map[string]any{"event": e.Type})
			run.end(c.now, RunExited, x.Result)
			c.settle(run)
			return nil
		}
	}
	if e.Type == "link_clicked" && e.Props["run_id"] == string(run.ID) {
		run.flag("clicked")
		c.keep(run)
	}
	step := p.steps[run.Step].step
	if run.Vars.Await == "until" && step.Until != nil && step.Until.Event == e.Type && sameThing(step.Until.Same, run.Key, e.Props) && step.Until.Where.Holds(Facts{Event: e.Props}) {
		run.mark(c.now, "came", map[string]any{"event": e.Type})
		c.goOn(&move{item: n.item, run: run, p: p}, p.steps[run.Step].then)
	}
	return nil
}

// sameThing says whether an event is about the run's thing.
func sameThing(property, key string, props map[string]any) bool {
	return property == "" || key != "" && props[property] == key
}

// enterAll starts the runs of one journey, except where the rules of re-entry say no.
func (c *crowd) enterAll(ctx context.Context, tx *db.Tx, p *program, heard []news) error {
	var asking []entry
	for _, n := range heard {
		if p.def.Trigger.Event != n.event.Type {
			continue
		}
		if key, ok := p.entryKey(n.event); ok {
			asking = append(asking, entry{n, key})
		}
	}
	asking, err := c.admitted(ctx, tx, p, asking)
	if err != nil {
		return err
	}
	for _, e := range asking {
		run := &Run{ID: RunID(c.s.IDs.New("run")), Journey: p.journey, Version: p.number, Person: e.item.Person, Key: e.key, State: RunActive,
			Step: p.first, StartedAt: c.now, Vars: Vars{Event: e.event.Props, EventAt: e.event.At}, fresh: true}
		m := &move{crowd: c, item: e.item, run: run, p: p}
		if p.def.Trigger.Where != nil {
			facts, err := m.facts(ctx, tx, p.def.Trigger.Where)
			if err != nil {
				return mailbox.Blame(e.item, err)
			}
			if !p.def.Trigger.Where.Holds(facts) {
				continue
			}
		}
		run.mark(c.now, "entered", map[string]any{"event": e.event.Type, "event_id": e.event.EventID})
		c.goOn(m, p.first)
	}
	return c.advance(ctx, tx)
}

// entry is a person who may enter a journey because of an event.
type entry struct {
	news
	key string
}

// entryKey is the key of the run that the event may start; ok is false when it cannot start one.
func (p *program) entryKey(e event.Happened) (key string, ok bool) {
	if p.def.Trigger.Key != "" {
		if key, _ = e.Props[p.def.Trigger.Key].(string); key == "" {
			return "", false
		}
	}
	if p.def.Reentry.Rule == "after" && key == "" {
		key = string(e.EventID)
	}
	return key, true
}

// admitted are those whom the rules of re-entry let in.
func (c *crowd) admitted(ctx context.Context, tx *db.Tx, p *program, asking []entry) ([]entry, error) {
	if len(asking) == 0 {
		return nil, nil
	}
	used, err := usedKeys(ctx, tx, c.ws, p.journey, asking)
	if err != nil {
		return nil, err
	}
	last := map[id.Person]clock.Time{}
	if p.def.Reentry.Rule != "per_key" {
		if last, err = lastEntries(ctx, tx, c.ws, p.journey, c.persons); err != nil {
			return nil, err
		}
	}
	var out []entry
	for _, e := range asking {
		before, entered := last[e.item.Person]
		soon := entered && (p.def.Reentry.Rule == "once" || c.now.Sub(before) < p.def.Reentry.After.Std())
		if !used[e.item.Person] && !soon {
			out = append(out, e)
		}
	}
	return out, nil
}

// onWakes goes on with the runs whose time has come. A wake that was meant for another step is old and does nothing.
func (s *Service) onWakes(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
	return withRuns(ctx, tx, s, items, func(w wake) RunID { return w.Run }, func(m *move, w wake) error { return s.woken(ctx, tx, m, w) })
}

func (s *Service) woken(ctx context.Context, tx *db.Tx, m *move, w wake) error {
	if m.run.Step != w.Step || m.run.Vars.Stay != w.Stay {
		return nil
	}
	m.run.timed = false // this was its timer
	at := m.p.steps[w.Step]
	switch m.run.Vars.Await {
	case "code":
		m.run.mark(m.now, "failed", map[string]any{"text": "The shop did not confirm the code in time."})
	case "claim":
		m.run.mark(m.now, "unclaimed", nil)
		if err := s.Conversations.WithdrawTx(ctx, tx, m.ws, m.run.Person, string(m.run.ID), w.Step); err != nil {
			return err
		}
	default:
		if at.step.Until != nil {
			m.run.mark(m.now, "timeout", nil)
		}
	}
	m.goOn(m, at.other)
	return nil
}

// wake is the body of a run's timer. Stay tells one wait from an earlier one.
type wake struct {
	Run  RunID  `json:"run_id"`
	Step string `json:"step"`
	Stay int    `json:"stay"`
}

const timerWake = "journey.wake"

// withRuns loads the active ones of the runs that items are about, lets act decide about each, and moves them. about says
// which run a body means, "" for none.
func withRuns[T any](ctx context.Context, tx *db.Tx, s *Service, items []mailbox.Item, about func(T) RunID, act func(*move, T) error) error {
	bodies, heard, ids := make([]T, len(items)), make([]news, len(items)), make([]RunID, 0, len(items))
	for i, item := range items {
		if err := item.Decode(&bodies[i]); err != nil {
			return mailbox.Blame(item, err)
		}
		heard[i].item = item
		if run := about(bodies[i]); run != "" {
			ids = append(ids, run)
		}
	}
	c := s.gather(items[0].Workspace, heard)
	runs, err := findRuns(ctx, tx, c.ws, ids)
	if err != nil {
		return err
	}
	for i, item := range items {
		run := runs[about(bodies[i])]
		if run == nil || run.State != RunActive || run.Person != item.Person {
			continue
		}
		p, err := s.programOf(ctx, tx, c.ws, run)
		if err == nil {
			err = act(&move{crowd: c, item: item, run: run, p: p}, bodies[i])
		}
		if err != nil {
			return mailbox.Blame(item, err)
		}
	}
	if err := c.advance(ctx, tx); err != nil {
		return err
	}
	return c.write(ctx, tx)
}

// settle writes the run and its timer as they stand now.
func (s *Service) settle(ctx context.Context, tx *db.Tx, ws id.Workspace, n *Run) error {
	c := &crowd{s: s, ws: ws, now: s.Clock.Now()}
	c.settle(n)
	return c.write(ctx, tx)
}
