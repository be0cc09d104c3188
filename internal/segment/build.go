package segment

import (
	"context"
	"fmt"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/people"
)

// kindsOf are the types of custom attributes, by their keys.
func kindsOf(definitions map[string]people.Definition) map[string]Type {
	out := make(map[string]Type, len(definitions))
	for key, d := range definitions {
		out[key] = typeOfAttribute(d.Type)
	}
	return out
}

// source is where an index is read from, and what of it.
type source struct {
	q      db.Queryer
	ws     id.Workspace
	kinds  map[string]Type     // of custom attributes
	events map[string][]string // properties to be kept, by type
}

// build reads a whole workspace.
func build(ctx context.Context, s source) (*Index, error) {
	x := newIndex()
	for key, kind := range builtin() {
		x.attrs[key] = &column{kind: kind, dict: newDict()}
	}
	for key, kind := range s.kinds {
		x.attrs[custom+key] = &column{kind: kind, dict: newDict()}
	}
	for _, medium := range []people.Medium{people.SMS, people.MailBox} {
		for _, purpose := range people.Purposes() {
			x.consents[consentKey{medium, purpose}] = nil
		}
	}
	if err := x.readPersons(ctx, s); err != nil {
		return nil, err
	}
	err := allEvents(ctx, s.q, s.ws, s.events, func(e told) { x.stream(e.name, s).add(x.place(e.person), e.happened) })
	if err != nil {
		return nil, err
	}
	for _, stream := range x.streams {
		stream.sortFrom(0)
	}
	return x, nil
}

// stream finds or makes the stream of a type.
func (x *Index) stream(name string, s source) *stream {
	if x.streams[name] == nil {
		x.streams[name] = newStream(s.events[name])
	}
	return x.streams[name]
}

// readPersons reads everybody, page by page.
func (x *Index) readPersons(ctx context.Context, s source) error {
	for after := id.Person(""); ; {
		last, err := lastPerson(ctx, s.q, s.ws, after)
		if err != nil {
			return fmt.Errorf("page through persons: %w", err)
		}
		if last == "" {
			return nil
		}
		if err := x.readPicked(ctx, s, pick{after: after, until: last}); err != nil {
			return err
		}
		after = last
	}
}

// readPicked reads some persons anew.
func (x *Index) readPicked(ctx context.Context, s source, k pick) error {
	r, err := loadPersons(ctx, s.q, s.ws, k, s.kinds)
	if err != nil {
		return err
	}
	for _, p := range r.persons {
		x.put(p)
	}
	for _, person := range r.merged {
		x.drop(person)
	}
	return nil
}
