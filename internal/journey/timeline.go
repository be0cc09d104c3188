package journey

import (
	"context"

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
				text := "is in it, at " + b.Step
				if b.State != RunActive {
					text = "left: " + b.Result
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
