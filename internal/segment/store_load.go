package segment

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/people"
)

// pageSize is how many persons are read at once.
const pageSize = 2000

// pick selects persons: some by id, or those after one up to another.
type pick struct {
	ids      []id.Person
	after    id.Person
	until    id.Person
	wantList bool
}

func these(ids ...id.Person) pick { return pick{ids: ids, wantList: true} }

// on is the condition on a column, whose placeholders begin at $2, and its arguments after the workspace.
func (k pick) on(column string, ws id.Workspace) (string, []any) {
	if !k.wantList {
		return column + " > $2 AND " + column + " <= $3", []any{ws, k.after, k.until}
	}
	return column + " IN " + db.In(len(k.ids), 2), db.InArgs([]any{ws}, k.ids)
}

// source is where segments are read from, and what of it.
type source struct {
	q      db.Queryer
	people *people.Service
	ws     id.Workspace
	kinds  map[string]Type     // of custom attributes
	events map[string][]string // properties to be kept, by type
}

// reading is the persons of one pick while they are read.
type reading struct {
	source
	persons   map[id.Person]*Person
	merged    []id.Person                                  // into others; they belong nowhere
	addresses map[id.Person]map[people.IdentityKind]string // that Parley would write to
}

// loadPersons reads what segments know of persons, without their events.
func loadPersons(ctx context.Context, s source, k pick) (reading, error) {
	r := reading{source: s, persons: map[id.Person]*Person{}, addresses: map[id.Person]map[people.IdentityKind]string{}}
	for _, step := range []func(context.Context, pick) error{r.profiles, r.tags, r.identities} {
		if err := step(ctx, k); err != nil {
			return r, err
		}
	}
	for kind, medium := range map[people.IdentityKind]people.Medium{people.Phone: people.SMS, people.Email: people.MailBox} {
		if err := r.consents(ctx, kind, medium); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *reading) profiles(ctx context.Context, k pick) error {
	where, args := k.on("id", r.ws)
	rows, err := r.q.Query(ctx, `SELECT id, name, given_name, family_name, language, timezone, country, state, zip, preferred_channel,
			attributes, value_minor, value_currency, orders, last_order_at, created_at, merged_into
		FROM person WHERE workspace_id = $1 AND `+where, args...)
	if err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person, merged id.Person
		var texts [9]string
		attributes := map[string]any{}
		var minor, orders int64
		var currency string
		var lastOrder, created clock.Time
		if err := rows.Scan(&person, &texts[0], &texts[1], &texts[2], &texts[3], &texts[4], &texts[5], &texts[6], &texts[7], &texts[8],
			db.ScanJSON(&attributes), &minor, &currency, &orders, &lastOrder, &created, &merged); err != nil {
			return fmt.Errorf("read a person: %w", err)
		}
		if merged != "" {
			r.merged = append(r.merged, person)
			continue
		}
		p := &Person{ID: person, attrs: map[string]value{}, consents: map[consentKey]consent{}, events: map[string][]happened{}}
		r.persons[person] = p
		for i, key := range textColumns() {
			if texts[i] != "" {
				p.attrs[key] = value{kind: Text, text: texts[i]}
			}
		}
		p.attrs["orders"] = value{kind: Number, num: float64(orders)}
		p.attrs["created_at"] = value{kind: Time, num: float64(created)}
		if lastOrder != 0 {
			p.attrs["last_order_at"] = value{kind: Time, num: float64(lastOrder)}
		}
		if currency != "" {
			p.attrs["value"] = value{kind: Money, num: float64(minor), currency: currency}
		}
		for key, v := range attributes {
			p.attrs[custom+key] = typed(valueOf(v), r.kinds[key])
		}
	}
	return rows.Err()
}

func textColumns() []string {
	return []string{"name", "given_name", "family_name", "language", "timezone", "country", "state", "zip", "preferred_channel"}
}

// typed makes a text a day where its attribute says so.
func typed(v value, kind Type) value {
	if kind == Date && v.kind == Text {
		v.kind = Date
	}
	return v
}

func (r *reading) tags(ctx context.Context, k pick) error {
	where, args := k.on("person_id", r.ws)
	rows, err := r.q.Query(ctx, "SELECT person_id, tag FROM person_tag WHERE workspace_id = $1 AND "+where+" ORDER BY person_id, tag", args...)
	if err != nil {
		return fmt.Errorf("read tags: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person id.Person
		var tag string
		if err := rows.Scan(&person, &tag); err != nil {
			return fmt.Errorf("read a tag: %w", err)
		}
		r.append(person, "tags", tag)
	}
	return rows.Err()
}

// append adds to an attribute that is a list.
func (r *reading) append(person id.Person, key, text string) {
	if p := r.persons[person]; p != nil {
		p.attrs[key] = value{kind: List, list: append(p.attrs[key].list, text)}
	}
}

func (r *reading) identities(ctx context.Context, k pick) error {
	where, args := k.on("person_id", r.ws)
	rows, err := r.q.Query(ctx, `SELECT person_id, kind, value FROM person_identity WHERE workspace_id = $1 AND `+where+`
		AND kind IN ('phone', 'email') ORDER BY person_id, CASE WHEN verified_at = 0 THEN 1 ELSE 0 END, created_at, value`, args...)
	if err != nil {
		return fmt.Errorf("read identities: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person id.Person
		var kind people.IdentityKind
		var text string
		if err := rows.Scan(&person, &kind, &text); err != nil {
			return fmt.Errorf("read an identity: %w", err)
		}
		r.append(person, string(kind), text)
		if r.addresses[person] == nil {
			r.addresses[person] = map[people.IdentityKind]string{}
		}
		if r.addresses[person][kind] == "" {
			r.addresses[person][kind] = text
		}
	}
	return rows.Err()
}

// consents reads where the addresses of one kind stand.
func (r *reading) consents(ctx context.Context, kind people.IdentityKind, medium people.Medium) error {
	var addresses []string
	for _, of := range r.addresses {
		if of[kind] != "" {
			addresses = append(addresses, of[kind])
		}
	}
	states, err := r.people.States(ctx, r.q, r.ws, medium, addresses)
	if err != nil {
		return err
	}
	for person, p := range r.persons {
		for purpose, s := range states[r.addresses[person][kind]] {
			p.consents[consentKey{medium, purpose}] = consent{s.Status, s.PendingUntil, !s.UnreachableAt.IsZero()}
		}
	}
	return nil
}

// loadPerson reads one person with all their events; nil when there is none, or they were merged into another.
func loadPerson(ctx context.Context, s source, person id.Person) (*Person, error) {
	r, err := loadPersons(ctx, s, these(person))
	if err != nil || r.persons[person] == nil {
		return nil, err
	}
	p := r.persons[person]
	rows, err := s.q.Query(ctx, "SELECT type, at, props FROM event WHERE workspace_id = $1 AND person_id = $2 ORDER BY at, id", s.ws, person)
	if err != nil {
		return nil, fmt.Errorf("read events of %s: %w", person, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		h := happened{props: map[string]any{}}
		if err := rows.Scan(&name, &h.at, db.ScanJSON(&h.props)); err != nil {
			return nil, fmt.Errorf("read an event of %s: %w", person, err)
		}
		p.events[name] = append(p.events[name], h)
	}
	return p, rows.Err()
}

// lastPerson is the end of the page of persons after one; empty when there are no more.
func lastPerson(ctx context.Context, q db.Queryer, ws id.Workspace, after id.Person) (last id.Person, err error) {
	err = q.QueryRow(ctx, `SELECT COALESCE(MAX(id), '') FROM (SELECT id FROM person WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3) page`,
		ws, after, pageSize).Scan(&last)
	return last, err
}

// told is an event as the index reads it.
type told struct {
	id       event.ID
	person   id.Person
	name     string
	received clock.Time
	happened
}

// eventColumns are what eachEvent reads.
const eventColumns = "SELECT id, person_id, type, at, received_at, props FROM event "

// eachEvent calls fn with the events that a statement finds. Properties are decoded only for types of which some are read.
func (s source) eachEvent(rows *db.Rows, err error, fn func(told)) error {
	if err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e told
		var raw text
		if err := rows.Scan(&e.id, &e.person, &e.name, &e.at, &e.received, &raw); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		if e.props, err = raw.only(s.events[e.name]); err != nil {
			return fmt.Errorf("read the properties of %s: %w", e.id, err)
		}
		fn(e)
	}
	return rows.Err()
}

// text is a JSON column that is perhaps not needed.
type text []byte

// Scan keeps the bytes.
func (t *text) Scan(src any) error {
	switch src := src.(type) {
	case string:
		*t = append((*t)[:0], src...)
	case []byte:
		*t = append((*t)[:0], src...)
	default:
		return fmt.Errorf("properties are a %T", src)
	}
	return nil
}

// only decodes the named members.
func (t text) only(names []string) (map[string]any, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(t, &members); err != nil {
		return nil, err
	}
	out := make(map[string]any, len(names))
	for _, name := range names {
		if raw, ok := members[name]; ok {
			out[name] = anyJSON(raw)
		}
	}
	return out, nil
}

// allEvents reads every event of a workspace, in no order of time.
func (s source) allEvents(ctx context.Context, fn func(told)) error {
	rows, err := s.q.Query(ctx, eventColumns+"WHERE workspace_id = $1", s.ws)
	return s.eachEvent(rows, err, fn)
}

// newEvents reads the events that were stored at a moment or later.
func (s source) newEvents(ctx context.Context, since clock.Time, fn func(told)) error {
	rows, err := s.q.Query(ctx, eventColumns+"WHERE workspace_id = $1 AND received_at >= $2", s.ws, since)
	return s.eachEvent(rows, err, fn)
}

// eventsOf reads the events of one type.
func (s source) eventsOf(ctx context.Context, name string, fn func(told)) error {
	rows, err := s.q.Query(ctx, eventColumns+"WHERE workspace_id = $1 AND type = $2", s.ws, name)
	return s.eachEvent(rows, err, fn)
}

// hasEvent says whether an event is there as it was.
func hasEvent(ctx context.Context, q db.Queryer, ws id.Workspace, e savedEvent) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM event WHERE workspace_id = $1 AND person_id = $2 AND at = $3 AND id = $4 AND received_at = $5",
		ws, e.Person, e.At, e.ID, e.Received).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for an event of a snapshot: %w", err)
	}
	return n == 1, nil
}
