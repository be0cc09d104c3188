package survey

import (
	"context"
	"strings"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// Timeline puts the surveys that a person was asked on their timeline.
func (s *Service) Timeline() people.TimelineSource {
	return people.TimelineSource{
		Kinds: []string{"survey"},
		Items: func(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]people.TimelineItem, error) {
			runs, err := runsBefore(ctx, q, ask)
			if err != nil {
				return nil, err
			}
			bodies, err := s.runBodies(ctx, q, ask.Workspace, runs)
			if err != nil {
				return nil, err
			}
			out := make([]people.TimelineItem, len(bodies))
			for i, b := range bodies {
				out[i] = people.TimelineItem{ID: string(b.ID), Kind: "survey", At: b.StartedAt, Title: "Asked: " + b.Name, Text: b.standing(),
					Icon: "survey", Props: map[string]any{"run_id": b.ID, "stage": b.Stage, "answers": len(b.Answers)}}
			}
			return out, nil
		},
		Count: func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error) {
			n, err := countRuns(ctx, q, ws, person)
			return map[string]int64{"survey": n}, err
		},
	}
}

// standing says what a run waits for, or how it ended, in a sentence.
func (b RunBody) standing() string {
	switch b.Stage {
	case Asked:
		return "Waits for an answer."
	case Doubt:
		return "Waits for the customer to confirm an answer."
	case Paused:
		return "Waits until the team is done with the conversation."
	}
	switch b.Result {
	case "done":
		return "Came to its end."
	case "stopped":
		return "Ended: the customer wanted no more questions."
	case "unanswered":
		return "Ended: no answer came."
	case "people":
		return "Ended: the team took over."
	case "opted_out":
		return "Ended: the customer opted out."
	case "not_sent":
		return "Ended: the question could not be sent."
	}
	return "Ended: " + strings.ReplaceAll(b.Result, "_", " ") + "."
}
