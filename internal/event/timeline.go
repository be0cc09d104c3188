package event

import (
	"context"
	"strings"
	"unicode"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// timelineItem is the event as the timeline shows it.
func (e Event) timelineItem() people.TimelineItem {
	return people.TimelineItem{ID: string(e.ID), Kind: "event", At: e.At, Title: title(e.Type), Text: "from " + e.Source,
		Icon: "event", Props: map[string]any{"type": e.Type, "props": e.Props}}
}

// title is an event's name as people read it: "order_placed" is "Order placed".
func title(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	for i, r := range words {
		return string(unicode.ToUpper(r)) + words[i+len(string(r)):]
	}
	return words
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
