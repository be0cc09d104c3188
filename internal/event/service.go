package event

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

// Deps are what the service works with.
type Deps struct {
	DB      *db.DB
	Clock   *clock.Clock
	IDs     *id.Source
	People  *people.Service
	Mailbox *mailbox.Mailbox
}

// Service takes events in and keeps them. It is safe for concurrent use.
type Service struct {
	Deps
	mu         sync.Mutex
	catalogues map[id.Workspace]*catalogue
}

// New is a service on its dependencies; events appear on the timeline of their person.
func New(deps Deps) *Service {
	s := &Service{Deps: deps, catalogues: map[id.Workspace]*catalogue{}}
	deps.People.OnTimeline(timelineSource())
	return s
}

// Ingest takes in a batch of a source's events: one commit for all. The results are in the order of the events.
func (s *Service) Ingest(ctx context.Context, ws id.Workspace, source string, batch []Incoming) ([]Result, error) {
	var out []Result
	err := s.DB.TxGrouped(ctx, func(tx *db.Tx) (err error) {
		out, err = s.IngestTx(ctx, tx, ws, source, batch)
		return err
	})
	return out, err
}

// IngestTx is Ingest inside the caller's transaction.
func (s *Service) IngestTx(ctx context.Context, tx *db.Tx, ws id.Workspace, source string, batch []Incoming) ([]Result, error) {
	if len(batch) > MaxBatch {
		return nil, errs.New(errs.TooLarge, "batch_too_large", "Send at most %d events at once. Nothing was stored.", MaxBatch)
	}
	in := intake{s: s, ws: ws, source: source, now: s.Clock.Now(), results: make([]Result, len(batch))}
	in.check(batch)
	if err := in.recognise(ctx, tx); err != nil {
		return nil, fmt.Errorf("recognise who did it: %w", err)
	}
	if err := in.store(ctx, tx); err != nil {
		return nil, fmt.Errorf("store events: %w", err)
	}
	return in.results, nil
}

// intake is one run of IngestTx.
type intake struct {
	s       *Service
	ws      id.Workspace
	source  string
	now     clock.Time
	results []Result
	items   []item      // those not refused and not repeated within the batch
	repeats map[int]int // place of a repetition -> place of the first
}

// item is an event that may be stored.
type item struct {
	Incoming
	at     int // place in the batch
	id     ID
	person id.Person
	props  []byte
}

// check refuses what cannot be stored.
func (in *intake) check(batch []Incoming) {
	for n, e := range batch {
		in.results[n].Key = e.Key
		props, err := e.prepare(in.now)
		if err != nil {
			in.reject(n, err)
			continue
		}
		e.At = cmp.Or(e.At, in.now)
		in.items = append(in.items, item{Incoming: e, at: n, id: ID(in.s.IDs.New("evt")), props: props})
	}
}

func (in *intake) reject(n int, err error) {
	r := &in.results[n]
	r.Status, r.Code, r.Message = Rejected, errs.CodeOf(err), "This event cannot be stored."
	var e *errs.Error
	if errors.As(err, &e) {
		r.Message = e.Message
	}
}

// recognise finds or makes the person of each event and drops those that are about nobody.
func (in *intake) recognise(ctx context.Context, tx *db.Tx) error {
	var subjects []people.Subject
	var strangers []int // items to be resolved
	var known []id.Person
	for i, it := range in.items {
		if it.Person.ID != "" {
			known = append(known, it.Person.ID)
			continue
		}
		subjects = append(subjects, it.Person.subject(in.source))
		strangers = append(strangers, i)
	}
	failed := map[int]error{}
	if len(subjects) > 0 {
		out, err := in.s.People.ResolveAllTx(ctx, tx, in.ws, subjects)
		if err != nil {
			return err
		}
		for n, r := range out {
			in.items[strangers[n]].person = r.Person
			failed[strangers[n]] = r.Err
		}
	}
	if len(known) > 0 {
		current, err := in.s.People.Current(ctx, tx, in.ws, known)
		if err != nil {
			return err
		}
		for i := range in.items {
			it := &in.items[i]
			if it.Person.ID == "" {
				continue
			}
			if it.person = current[it.Person.ID]; it.person == "" {
				failed[i] = people.ErrNotFound
			}
		}
	}
	in.drop(failed)
	return nil
}

// drop refuses the events that are about nobody, and sets repetitions within the batch aside.
func (in *intake) drop(failed map[int]error) {
	kept := in.items[:0]
	first := make(map[string]int, len(in.items))
	in.repeats = map[int]int{}
	for i, it := range in.items {
		if err := failed[i]; err != nil {
			in.reject(it.at, err)
			continue
		}
		if earlier, ok := first[it.Key]; ok {
			in.repeats[it.at] = earlier
			continue
		}
		first[it.Key] = it.at
		kept = append(kept, it)
	}
	in.items = kept
}

// store writes the events, reads which of them are the first with their key, and signals those.
func (in *intake) store(ctx context.Context, tx *db.Tx) error {
	if len(in.items) > 0 {
		if err := insertEvents(ctx, tx, in); err != nil {
			return err
		}
		stored, err := loadKeys(ctx, tx, in)
		if err != nil {
			return err
		}
		if err := in.signal(ctx, tx, in.settle(stored)); err != nil {
			return err
		}
	}
	for n, earlier := range in.repeats {
		in.results[n] = in.results[earlier]
		in.results[n].Status = Duplicate
	}
	return nil
}

// settle notes the results; the accepted events come back in the order in which they happened.
func (in *intake) settle(stored map[string]storedEvent) []item {
	var accepted []item
	for _, it := range in.items {
		was := stored[it.Key]
		r := Result{Key: it.Key, Status: Duplicate, EventID: was.id, Person: was.person}
		if was.id == it.id {
			r.Status = Accepted
			accepted = append(accepted, it)
		}
		in.results[it.at] = r
	}
	slices.SortFunc(accepted, func(a, b item) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.id, b.id)) })
	return accepted
}

// insertOrder is one order of keys for all transactions, so that two that tell the same events do not deadlock.
func (in *intake) insertOrder() []item {
	return slices.SortedFunc(slices.Values(in.items), func(a, b item) int { return cmp.Compare(a.Key, b.Key) })
}

func (in *intake) signal(ctx context.Context, tx *db.Tx, accepted []item) error {
	signals := make([]mailbox.Signal, len(accepted))
	news := make([]Incoming, len(accepted))
	for i, it := range accepted {
		signals[i] = mailbox.Signal{Workspace: in.ws, Person: it.person, Kind: Signal,
			Body: happened{it.id, it.Type, it.At, json.RawMessage(it.props), in.source, it.Key}}
		news[i] = it.Incoming
	}
	if err := in.s.learnTx(ctx, tx, in.ws, news); err != nil {
		return fmt.Errorf("keep the catalogue: %w", err)
	}
	return in.s.Mailbox.SendAllTx(ctx, tx, signals)
}

// Query asks for events of a person.
type Query struct {
	Types  []string   // all when empty
	Since  clock.Time // from then on
	Before people.TimelinePlace
	Limit  int // 100 when 0, at most 1000
}

// List are the events of a person, newest first.
func (s *Service) List(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, ask Query) ([]Event, error) {
	if ask.Limit <= 0 || ask.Limit > 1000 {
		ask.Limit = 100
	}
	out, err := listEvents(ctx, q, ws, person, ask)
	if err != nil {
		return nil, fmt.Errorf("list events of %s: %w", person, err)
	}
	return out, nil
}

// ErrNotFound is returned for an event that does not exist in the workspace.
var ErrNotFound = errs.New(errs.NotFound, "event_unknown", "There is no such event.")

// ByKey is the event that a source told under a key, or ErrNotFound.
func (s *Service) ByKey(ctx context.Context, q db.Queryer, ws id.Workspace, source, key string) (Event, error) {
	e, err := loadByKey(ctx, q, ws, source, key)
	if errors.Is(err, db.ErrNoRows) {
		return Event{}, ErrNotFound
	}
	if err != nil {
		return Event{}, fmt.Errorf("load event %q of %s: %w", key, source, err)
	}
	return e, nil
}
