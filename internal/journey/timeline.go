package journey

import (
	"context"
	"fmt"
	"strings"
	"time"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// Timeline puts the journeys that a person entered on their timeline.
func (s *Service) Timeline() people.TimelineSource {
	return people.TimelineSource{
		Kinds: []string{"journey"},
		Items: func(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]people.TimelineItem, error) {
			runs, err := runsBefore(ctx, q, ask)
			if err != nil {
				return nil, err
			}
			bodies, err := s.runBodies(ctx, ask.Workspace, runs)
			if err != nil {
				return nil, err
			}
			out := make([]people.TimelineItem, len(bodies))
			for i, b := range bodies {
				text, err := s.standing(ctx, q, ask.Workspace, &runs[i])
				if err != nil {
					return nil, err
				}
				out[i] = people.TimelineItem{ID: string(b.ID), Kind: "journey", At: b.StartedAt, Title: "Entered " + b.Name, Text: text,
					Icon: "journey", Link: "/journeys/" + string(b.JourneyID), Props: map[string]any{"run_id": b.ID, "state": b.State}}
			}
			return out, nil
		},
		Count: func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error) {
			n, err := countRuns(ctx, q, ws, person)
			return map[string]int64{"journey": n}, err
		},
	}
}

// standing says where a run stands, or how it ended, in a sentence.
func (s *Service) standing(ctx context.Context, q db.Queryer, ws id.Workspace, n *Run) (string, error) {
	if n.State != RunActive {
		return n.ending(), nil
	}
	p, err := s.programOf(ctx, q, ws, n)
	if err != nil {
		return "", err
	}
	return p.steps[n.Step].step.doing(), nil
}

// ending says how a run ended. Without a result of its own it is counted as its state.
func (n Run) ending() string {
	result := strings.ReplaceAll(n.Result, "_", " ")
	switch {
	case strings.HasPrefix(result, takenOut):
		return "T" + result[1:] + "."
	case n.State == RunExited:
		return "Ended early: " + result + "."
	case result == string(RunDone):
		return "Went through all of it."
	}
	return "Ended: " + result + "."
}

// doing says what a run does while it stands at the step.
func (s Step) doing() string {
	switch s.Type {
	case "wait":
		if s.Until != nil {
			return fmt.Sprintf("Waits up to %s for “%s”.", s.For.words(), strings.ReplaceAll(s.Until.Event, "_", " "))
		}
		return "Waits " + s.For.words() + "."
	case "send":
		return "Is about to send a text."
	case "offer":
		return "Is about to give a code of “" + s.Offer + "”."
	case "hand":
		return "A text waits for somebody of the team to send it, for " + s.ClaimWithin.words() + " at most."
	case "set":
		return "Is about to note " + strings.ReplaceAll(s.Attribute, "_", " ") + "."
	}
	return "Is about to go on."
}

// words are a length of time as people say it, in its largest whole unit.
func (d Duration) words() string {
	const day = 24 * time.Hour
	n, unit := int64(d.Std()/time.Second), "second"
	switch t := d.Std(); {
	case t%day == 0:
		n, unit = int64(t/day), "day"
	case t%time.Hour == 0:
		n, unit = int64(t/time.Hour), "hour"
	case t%time.Minute == 0:
		n, unit = int64(t/time.Minute), "minute"
	}
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
