package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/phone"
)

// Deps are what the service works with.
type Deps struct {
	DB    *db.DB
	Clock *clock.Clock
	IDs   *id.Source

	// Country is the ISO 3166 code in which a workspace's national numbers are read; empty when there is none.
	Country func(ctx context.Context, q db.Queryer, ws id.Workspace) (string, error)
	// Rules and Week say whether it is a decent hour where a person is; without Rules nobody's local time is shown.
	Rules *compliance.Rules
	Week  func(ctx context.Context, q db.Queryer, ws id.Workspace) (compliance.Week, error)
	// Changed is told of a changed person inside the transaction, for the feed. It may be nil.
	Changed func(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) error
}

// Service knows the people of all workspaces. It is safe for concurrent use.
type Service struct {
	Deps
	timeline timeline

	mu       sync.RWMutex
	watchers []Watcher
}

// New is a service on its dependencies, with its own events on the timeline.
func New(deps Deps) *Service {
	s := &Service{Deps: deps}
	s.OnTimeline(s.consentTimeline())
	return s
}

// Get is one person, or ErrNotFound. The id of a merged person gives the person it went into.
func (s *Service) Get(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (Person, error) {
	found, err := s.GetAll(ctx, q, ws, []id.Person{person})
	if err != nil {
		return Person{}, err
	}
	p, ok := found[person]
	if !ok {
		return Person{}, ErrNotFound
	}
	return p, nil
}

// GetAll are the persons that exist among the ids, by the id that was asked for.
func (s *Service) GetAll(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]Person, error) {
	loaded, merged, err := loadPeople(ctx, q, ws, ids)
	if err != nil {
		return nil, fmt.Errorf("load people: %w", err)
	}
	out := make(map[id.Person]Person, len(loaded))
	for asked, p := range loaded {
		out[asked] = *p
	}
	return out, throughMerges(ctx, q, ws, merged, out, s.GetAll)
}

// PhonesAll are the numbers of the persons that exist among the ids, by the id that was asked for: what Person.Phone says of
// each, without reading the rest. It is empty for a person without a number.
func (s *Service) PhonesAll(ctx context.Context, q db.Queryer, ws id.Workspace, ids []id.Person) (map[id.Person]phone.Number, error) {
	found, err := loadIdentified(ctx, q, ws, ids)
	if err != nil {
		return nil, fmt.Errorf("load numbers: %w", err)
	}
	slices.SortFunc(found, func(a, b identified) int {
		return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	merged, people := map[id.Person]id.Person{}, make(map[id.Person]*Person, len(ids))
	for _, n := range found {
		if n.into != "" {
			merged[n.asked] = n.into
			continue
		}
		if people[n.asked] == nil {
			people[n.asked] = &Person{}
		}
		people[n.asked].Identities = append(people[n.asked].Identities, n.Identity)
	}
	out := make(map[id.Person]phone.Number, len(ids))
	for asked, p := range people {
		out[asked] = p.Phone()
	}
	return out, throughMerges(ctx, q, ws, merged, out, s.PhonesAll)
}

// List is a page of the people of a workspace, newest first, with those that went into another left out.
func (s *Service) List(ctx context.Context, q db.Queryer, ws id.Workspace, ask Query) (Listing, error) {
	if ask.Limit <= 0 || ask.Limit > 200 {
		ask.Limit = 50
	}
	bind := strings.Join([]string{"people", string(ws), ask.Search, ask.Tag}, "\x00")
	before := id.Person("~") // sorts after every id
	if ask.Cursor != "" {
		if err := httpx.DecodeCursor(bind, ask.Cursor, &before); err != nil {
			return Listing{}, err
		}
	}
	ids, err := listPeople(ctx, q, ws, ask, before)
	if err != nil {
		return Listing{}, fmt.Errorf("list people: %w", err)
	}
	var out Listing
	if len(ids) > ask.Limit {
		ids = ids[:ask.Limit]
		out.Next = httpx.EncodeCursor(bind, ids[len(ids)-1])
	}
	loaded, _, err := loadPeople(ctx, q, ws, ids)
	if err != nil {
		return Listing{}, fmt.Errorf("list people: %w", err)
	}
	for _, person := range ids {
		if p, ok := loaded[person]; ok {
			out.People = append(out.People, *p)
		}
	}
	return out, nil
}

// DefineTx adds an attribute to a workspace or renames its label. The type of an attribute does not change.
func (s *Service) DefineTx(ctx context.Context, tx *db.Tx, ws id.Workspace, d Definition) error {
	if d.Label == "" {
		d.Label = strings.ReplaceAll(d.Key, "_", " ")
	}
	if err := d.check(); err != nil {
		return err
	}
	have, err := loadDefinitions(ctx, tx, ws)
	if err != nil {
		return fmt.Errorf("load attribute definitions: %w", err)
	}
	old, known := have[d.Key]
	switch {
	case known && old.Type != d.Type:
		return errs.New(errs.Conflict, "attribute_type", "The attribute %q holds a %s already. Nothing was changed; define another one.", d.Key, old.Type)
	case !known && len(have) >= maxDefinitions:
		return errs.New(errs.TooLarge, "attribute_limit", "A workspace has at most %d attributes. Nothing was changed.", maxDefinitions)
	}
	saveDefinition(ctx, tx, ws, d, s.Clock.Now())
	return nil
}

// Definitions are the attributes of a workspace by key.
func (s *Service) Definitions(ctx context.Context, q db.Queryer, ws id.Workspace) (map[string]Definition, error) {
	return loadDefinitions(ctx, q, ws)
}

// country is where national numbers of the workspace are read.
func (s *Service) country(ctx context.Context, q db.Queryer, ws id.Workspace) (string, error) {
	if s.Country == nil {
		return "", nil
	}
	return s.Country(ctx, q, ws)
}

func (s *Service) changed(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) error {
	if s.Changed == nil || person == "" {
		return nil
	}
	return s.Changed(ctx, tx, ws, person)
}

func keys[K comparable, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
