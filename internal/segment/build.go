package segment

import (
	"context"
	"fmt"
	"maps"
	"slices"

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

// emptyIndex has the columns of all attributes and of consent.
func emptyIndex(kinds map[string]Type) *Index {
	x := newIndex()
	for key, kind := range builtin() {
		x.attrs[key] = &column{kind: kind, dict: newDict()}
	}
	for key, kind := range kinds {
		x.attrs[custom+key] = &column{kind: kind, dict: newDict()}
	}
	for _, medium := range []people.Medium{people.SMS, people.MailBox} {
		for _, purpose := range people.Purposes() {
			x.consents[consentKey{medium, purpose}] = nil
		}
	}
	return x
}

// build reads a whole workspace, and calls each with every event.
func build(ctx context.Context, s source, each func(told)) (*Index, error) {
	x := emptyIndex(s.kinds)
	if err := x.readPersons(ctx, s); err != nil {
		return nil, err
	}
	err := s.allEvents(ctx, func(e told) {
		x.stream(e.name, s).add(x.place(e.person), e.happened)
		each(e)
	})
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

// readPersons reads everybody.
func (x *Index) readPersons(ctx context.Context, s source) error {
	return x.readPersonsAfter(ctx, s, "")
}

// readPersonsAfter reads everybody with a higher id, page by page.
func (x *Index) readPersonsAfter(ctx context.Context, s source, after id.Person) error {
	for {
		last, err := lastPerson(ctx, s.q, s.ws, after)
		if err != nil {
			return fmt.Errorf("page through persons: %w", err)
		}
		if last == "" {
			return nil
		}
		if _, err := x.readPicked(ctx, s, pick{after: after, until: last}); err != nil {
			return err
		}
		after = last
	}
}

// readPicked reads some persons anew. gone says that one who was there has been merged into another, or erased.
func (x *Index) readPicked(ctx context.Context, s source, k pick) (gone bool, err error) {
	r, err := loadPersons(ctx, s, k)
	if err != nil {
		return false, err
	}
	for _, person := range slices.Sorted(maps.Keys(r.persons)) {
		x.put(r.persons[person])
	}
	for _, person := range append(k.ids, r.merged...) {
		if r.persons[person] == nil {
			gone = x.drop(person) || gone
		}
	}
	return gone, nil
}
