package people

import (
	"context"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
)

// PlaceTx keeps evidence of where a person is. The newest of a source and label replaces the one before; label tells
// apart what one source says of several things, such as "shipping" and "billing".
func (s *Service) PlaceTx(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, label string, e compliance.Evidence) error {
	to, err := survivors(ctx, tx, ws, []id.Person{person})
	if err != nil {
		return fmt.Errorf("find person %s: %w", person, err)
	}
	if to[person] == "" {
		return ErrNotFound
	}
	if e.Zone != "" && !validZone(e.Zone) {
		e.Zone = ""
	}
	if e.At.IsZero() {
		e.At = s.Clock.Now()
	}
	savePlace(ctx, tx, ws, to[person], label, e)
	return nil
}

// PlaceEvidence is all that is known about where a person is, newest first. What the area code of a number says is not in
// it: the rules read the number themselves.
func (s *Service) PlaceEvidence(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) ([]compliance.Evidence, error) {
	all, err := s.PlaceEvidenceAll(ctx, q, ws, []id.Person{person})
	return all[person], err
}

// PlaceEvidenceAll is PlaceEvidence for many people in one query.
func (s *Service) PlaceEvidenceAll(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person][]compliance.Evidence, error) {
	var found []placed
	if err := db.Together(ctx, q, askPlaces(ws, ids, &found)); err != nil {
		return nil, fmt.Errorf("load places: %w", err)
	}
	return s.placesOf(ctx, q, ws, found)
}

// placesOf are the places by person, of those who went into others too.
func (s *Service) placesOf(ctx context.Context, q db.Queryer, ws id.Workspace, found []placed) (map[id.Person][]compliance.Evidence, error) {
	out, merged := make(map[id.Person][]compliance.Evidence, len(found)), map[id.Person]id.Person{}
	for _, p := range found {
		switch {
		case p.into != "":
			merged[p.asked] = p.into
		case p.evidence.Source != "":
			out[p.asked] = append(out[p.asked], p.evidence)
		}
	}
	return out, throughMerges(ctx, q, ws, merged, out, s.PlaceEvidenceAll)
}

// throughMerges answers for people who went into others with what is true of these.
func throughMerges[T any](ctx context.Context, q db.Queryer, ws id.Workspace, merged map[id.Person]id.Person, out map[id.Person]T,
	read func(context.Context, db.Queryer, id.Workspace, []id.Person) (map[id.Person]T, error)) error {
	if len(merged) == 0 {
		return nil
	}
	to, err := survivors(ctx, q, ws, keys(merged))
	if err != nil {
		return fmt.Errorf("find people: %w", err)
	}
	unique := map[id.Person]bool{}
	for _, person := range to {
		unique[person] = true
	}
	found, err := read(ctx, q, ws, keys(unique))
	for asked, person := range to {
		if v, ok := found[person]; ok {
			out[asked] = v
		}
	}
	return err
}

func validZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

// Hours is the time of day where a person is, and whether texts that nobody asked for may go there now (CP-7).
type Hours struct {
	Local string     // RFC 3339 with the offset of the most likely place; empty when nothing is known
	Open  bool       // of the legal window and the brand's own
	Until clock.Time // when that changes; zero when it does not
	Text  string     // in a sentence
}

// HoursAll are the hours of many people.
func (s *Service) HoursAll(ctx context.Context, q db.Queryer, ws id.Workspace, list []Person) (map[id.Person]Hours, error) {
	out := make(map[id.Person]Hours, len(list))
	if s.Rules == nil || len(list) == 0 {
		return out, nil
	}
	var options compliance.HoursOptions
	if s.Week != nil {
		week, err := s.Week(ctx, q, ws)
		if err != nil {
			return nil, fmt.Errorf("hours of the workspace: %w", err)
		}
		options.Brand = week
	}
	ids := make([]id.Person, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	evidence, err := s.PlaceEvidenceAll(ctx, q, ws, ids)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		window := s.Rules.Window(s.Rules.Places(evidence[p.ID], p.Phone()), s.Clock.Now(), options)
		h := Hours{Open: window.Open, Until: window.OpensAt, Text: window.Why}
		if window.Open {
			h.Until = window.ClosesAt
		}
		if len(window.Local) > 0 && window.Local[0].Place.Source != compliance.Nothing {
			h.Local = window.Local[0].At.Format(time.RFC3339)
		}
		out[p.ID] = h
	}
	return out, nil
}
