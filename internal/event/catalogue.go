package event

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/internal/db"
	"parley/internal/id"
)

// Kind is what a property of an event was seen to hold.
type Kind string

// The kinds of property.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Bool   Kind = "bool"
	Date   Kind = "date" // RFC 3339, or a day such as 2026-11-21
	Money  Kind = "money"
	List   Kind = "list"
	Object Kind = "object"
)

// Limits of the catalogue of a workspace; what is beyond them is stored but not listed.
const (
	maxTypes      = 500
	maxProperties = 200
)

// Type is an event name with what its properties were seen to hold.
type Type struct {
	Name       string            `json:"name"`
	Properties map[string][]Kind `json:"properties"`
}

// trait is one thing that the catalogue knows. An empty name stands for the type itself.
type trait struct {
	kind Kind
	name string
	typ  string
}

// catalogue is what is known of one workspace.
type catalogue struct {
	traits     map[trait]bool
	types      int
	properties map[string]int // per type
}

func newCatalogue(known []trait) *catalogue {
	c := &catalogue{traits: map[trait]bool{}, properties: map[string]int{}}
	for _, t := range known {
		c.add(t)
	}
	return c
}

func (c *catalogue) add(t trait) {
	if c.traits[t] {
		return
	}
	c.traits[t] = true
	if t.name == "" {
		c.types++
	} else {
		c.properties[t.typ]++
	}
}

// missing adds the traits of an event that are neither known nor found yet to found, as far as there is room.
func (c *catalogue) missing(in Incoming, found *catalogue) {
	self := trait{typ: in.Type}
	if !c.traits[self] && c.types+found.types >= maxTypes {
		return
	}
	c.note(self, found)
	for name, v := range in.Props {
		if t := (trait{kindOf(v), name, in.Type}); t.kind != "" && c.properties[in.Type]+found.properties[in.Type] < maxProperties {
			c.note(t, found)
		}
	}
}

func (c *catalogue) note(t trait, found *catalogue) {
	if !c.traits[t] {
		found.add(t)
	}
}

// kindOf is the kind of a value; null says nothing.
func kindOf(v any) Kind {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return textKind(v)
	case bool:
		return Bool
	case float64, int, int64, json.Number:
		return Number
	case []any, []string:
		return List
	case map[string]any:
		_, minor := v["minor"]
		_, currency := v["currency"]
		if len(v) == 2 && minor && currency {
			return Money
		}
	}
	return Object
}

func textKind(s string) Kind {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return Text
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if _, err := time.Parse(layout, s); err == nil {
			return Date
		}
	}
	return Text
}

// learnTx adds what is new in the accepted events to the catalogue.
func (s *Service) learnTx(ctx context.Context, tx *db.Tx, ws id.Workspace, accepted []Incoming) error {
	found, err := s.unknown(ctx, tx, ws, accepted)
	if err != nil || len(found.traits) == 0 {
		return err
	}
	list := slices.SortedFunc(maps.Keys(found.traits), func(a, b trait) int {
		return strings.Compare(fmt.Sprint(a.typ, "\x00", a.name, "\x00", a.kind), fmt.Sprint(b.typ, "\x00", b.name, "\x00", b.kind))
	})
	if err := insertTraits(ctx, tx, ws, list, s.Clock.Now()); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if c := s.catalogues[ws]; c != nil {
			for _, t := range list {
				c.add(t)
			}
		}
	})
	return nil
}

func (s *Service) unknown(ctx context.Context, tx *db.Tx, ws id.Workspace, accepted []Incoming) (*catalogue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.catalogues[ws]
	if c == nil {
		known, err := loadTraits(ctx, tx, ws)
		if err != nil {
			return nil, err
		}
		c = newCatalogue(known)
		s.catalogues[ws] = c
	}
	found := newCatalogue(nil)
	for _, in := range accepted {
		c.missing(in, found)
	}
	return found, nil
}

// Catalogue are the events of a workspace by name, with their properties, for pickers and checks.
func (s *Service) Catalogue(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Type, error) {
	traits, err := loadTraits(ctx, q, ws)
	if err != nil {
		return nil, fmt.Errorf("load the catalogue of events: %w", err)
	}
	var out []Type
	for _, t := range traits { // sorted by type, then name; the type itself comes first
		if t.name == "" {
			out = append(out, Type{Name: t.typ, Properties: map[string][]Kind{}})
			continue
		}
		if n := len(out); n > 0 && out[n-1].Name == t.typ {
			out[n-1].Properties[t.name] = append(out[n-1].Properties[t.name], t.kind)
		}
	}
	return out, nil
}
