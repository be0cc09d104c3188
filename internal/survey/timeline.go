package survey

import (
	"context"

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
				text := "is being asked"
				if b.Stage == Ended {
					text = "ended: " + b.Result
				}
				out[i] = people.TimelineItem{ID: string(b.ID), Kind: "survey", At: b.StartedAt, Title: "Asked: " + b.Name, Text: text,
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
