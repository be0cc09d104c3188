package event

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// timelineItem is the event as the timeline shows it.
func (e Event) timelineItem() people.TimelineItem {
	return people.TimelineItem{ID: string(e.ID), Kind: "event", At: e.At, Title: e.heading(), Text: e.sentence(),
		Icon: "event", Props: map[string]any{"type": e.Type, "props": e.Props}}
}

// timelineSource shows the events of a person.
func timelineSource() people.TimelineSource {
	return people.TimelineSource{
		Kinds: []string{"event"},
		Items: func(ctx context.Context, q db.Queryer, ask people.TimelineAsk) ([]people.TimelineItem, error) {
			events, err := listEvents(ctx, q, ask.Workspace, ask.Person, Query{Before: ask.Before, Limit: ask.Limit})
			out := make([]people.TimelineItem, len(events))
			for i, e := range events {
				out[i] = e.timelineItem()
			}
			return out, err
		},
		Count: func(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (map[string]int64, error) {
			n, err := countEvents(ctx, q, ws, person)
			return map[string]int64{"event": n}, err
		},
	}
}
