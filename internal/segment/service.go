package segment

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// Deps are what the service works with.
type Deps struct {
	DB     *db.DB
	Clock  *clock.Clock
	IDs    *id.Source
	Org    *org.Service
	People *people.Service
	Feed   *feed.Feed
	Log    *slog.Logger
	Dir    string // where snapshots of indexes lie; empty keeps none
}

// Service keeps segments and answers who is in them. It is safe for concurrent use.
type Service struct {
	Deps
	mu      sync.Mutex
	indexes map[id.Workspace]*live
}

// New is a service on its dependencies.
func New(deps Deps) *Service {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: deps, indexes: map[id.Workspace]*live{}}
}

// words are what definitions of a workspace may speak of.
func (s *Service) words(ctx context.Context, q db.Queryer, ws id.Workspace) (Words, error) {
	w, err := s.Org.Workspace(ctx, q, ws)
	if err != nil {
		return Words{}, fmt.Errorf("load workspace %s: %w", ws, err)
	}
	attributes, err := s.People.Definitions(ctx, q, ws)
	if err != nil {
		return Words{}, fmt.Errorf("load attributes: %w", err)
	}
	list, err := listSegments(ctx, q, ws)
	if err != nil {
		return Words{}, err
	}
	out := Words{Zone: w.Location(), Attributes: attributes, Segments: make(map[ID]Segment, len(list))}
	for _, one := range list {
		out.Segments[one.ID] = one
	}
	return out, nil
}

// Save is a segment on its way in.
type Save struct {
	ID         ID // empty for a new one
	Name       string
	Definition []byte
	Version    int64 // of the segment that the edit began with
}

// SaveTx stores a segment, new or changed, and writes the audit log. Nothing is stored that does not compile.
func (s *Service) SaveTx(ctx context.Context, tx *db.Tx, actor org.Actor, in Save) (Segment, error) {
	ws := actor.Workspace
	w, err := s.words(ctx, tx, ws)
	if err != nil {
		return Segment{}, err
	}
	next, err := in.segment(w)
	if err != nil {
		return Segment{}, err
	}
	before := w.Segments[in.ID]
	next.UpdatedAt, next.Version = s.Clock.Now(), before.Version+1
	next.CreatedAt, next.CreatedBy = before.CreatedAt, before.CreatedBy
	if in.ID == "" {
		next.ID, next.CreatedAt, next.CreatedBy = ID(s.IDs.New("seg")), next.UpdatedAt, actor.Ref()
		if len(w.Segments) >= maxSegments {
			return Segment{}, errTooMany
		}
		err = insertSegment(ctx, tx, ws, next)
	} else {
		err = updateSegment(ctx, tx, ws, next, in.Version)
	}
	if err != nil {
		return Segment{}, fmt.Errorf("save segment %q: %w", in.Name, err)
	}
	return next, s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "segment.saved", Object: string(next.ID), Before: before.audited(), After: next.audited()})
}

// audited is what the audit log keeps of a segment; nothing of one that was not there.
func (s Segment) audited() any {
	if s.ID == "" {
		return nil
	}
	return map[string]any{"name": s.Name, "definition": s.Definition}
}

// segment checks what comes in.
func (in Save) segment(w Words) (Segment, error) {
	if in.ID != "" {
		if _, known := w.Segments[in.ID]; !known {
			return Segment{}, ErrUnknown
		}
	}
	name := strings.TrimSpace(in.Name)
	if name == "" || len(name) > 120 || strings.ContainsRune(name, 0) {
		return Segment{}, errs.New(errs.Invalid, "segment_invalid", "This segment cannot be saved as it is. Nothing was saved.").WithField("name", "a name has 1 to 120 bytes")
	}
	d, err := Parse(in.Definition)
	if err != nil {
		return Segment{}, err
	}
	if _, err := compile(d, w, in.ID); err != nil {
		return Segment{}, err
	}
	return Segment{ID: in.ID, Name: name, Definition: d}, nil
}

// DeleteTx removes a segment that no other one contains.
func (s *Service) DeleteTx(ctx context.Context, tx *db.Tx, actor org.Actor, segment ID) error {
	list, err := listSegments(ctx, tx, actor.Workspace)
	if err != nil {
		return err
	}
	var users []string
	for _, one := range list {
		if one.ID != segment && one.Definition.Where.names(segment) {
			users = append(users, quoted(one.Name))
		}
	}
	if len(users) > 0 {
		return errs.New(errs.Conflict, "segment_used", "This segment is part of %s. Nothing was deleted; take it out there first.", strings.Join(users, ", "))
	}
	before, err := findSegment(ctx, tx, actor.Workspace, segment)
	if err != nil {
		return err
	}
	if err := deleteSegment(ctx, tx, actor.Workspace, segment); err != nil {
		return err
	}
	return s.Org.AuditTx(ctx, tx, org.Audit{Actor: actor, Action: "segment.deleted", Object: string(segment), Before: before.audited()})
}

// names says whether the node contains a segment.
func (n Node) names(segment ID) bool {
	return n.Kind == leafSegment && n.Name == string(segment) || slices.ContainsFunc(n.Kids, func(kid Node) bool { return kid.names(segment) })
}

// Step is a condition of a preview with what it keeps.
type Step struct {
	Path    string `json:"path" doc:"where it stands in the definition"`
	Text    string `json:"text" doc:"the condition in words, after \"customers who\""`
	Alone   int    `json:"alone" doc:"how many customers it matches by itself"`
	Kept    int    `json:"kept" doc:"how many are left after it and all before it"`
	Without int    `json:"without" doc:"how many there would be if it were dropped"`
}

// Preview is a definition with the numbers of this moment.
type Preview struct {
	Text      string
	At        clock.Time
	Total     int // customers of the workspace
	Count     int
	Reachable int // of those, who may get marketing by text
	Steps     []Step
	Sample    []id.Person
}

// sampleSize is how many persons a preview shows.
const sampleSize = 10

// Preview counts who is in a definition now. Its numbers include everything that was stored before the call.
func (s *Service) Preview(ctx context.Context, ws id.Workspace, d Definition) (Preview, error) {
	w, err := s.words(ctx, s.DB, ws)
	if err != nil {
		return Preview{}, err
	}
	p, err := Compile(d, w)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{Text: p.Explain(), At: s.Clock.Now()}
	err = s.read(ctx, ws, kindsOf(w.Attributes), []*Program{p}, func(x *Index) { out.count(x, p) })
	return out, err
}

func (out *Preview) count(x *Index, p *Program) {
	run, m := &scanned{x, out.At, map[string]bitset{}}, p.moment(out.At)
	kept := x.everybody()
	out.Total = kept.count()
	conditions := p.Conditions()
	sets := make([]bitset, len(conditions))
	for i, c := range conditions {
		sets[i] = c.expr.scan(run, m)
		kept.and(sets[i])
		out.Steps = append(out.Steps, Step{Path: c.Path, Text: c.Text, Alone: sets[i].count(), Kept: kept.count()})
	}
	for i := range conditions {
		without := x.everybody()
		for j, set := range sets {
			if i != j {
				without.and(set)
			}
		}
		out.Steps[i].Without = without.count()
	}
	out.Count = kept.count()
	kept.each(func(place uint32) bool {
		out.Sample = append(out.Sample, x.ids[place])
		return len(out.Sample) < sampleSize
	})
	kept.and(granted().scan(x, out.At))
	out.Reachable = kept.count()
}

// Counted is a segment with how many are in it.
type Counted struct {
	Segment
	Text    string
	Count   int
	Problem string // why it cannot be counted: an attribute or segment that it names is gone
}

// List are the segments of a workspace by name, counted.
func (s *Service) List(ctx context.Context, ws id.Workspace) ([]Counted, error) {
	w, err := s.words(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	return s.counted(ctx, ws, w, w.ordered())
}

// Get is one segment, counted.
func (s *Service) Get(ctx context.Context, ws id.Workspace, segment ID) (Counted, error) {
	w, err := s.words(ctx, s.DB, ws)
	if err != nil {
		return Counted{}, err
	}
	one, known := w.Segments[segment]
	if !known {
		return Counted{}, ErrUnknown
	}
	out, err := s.counted(ctx, ws, w, []Segment{one})
	if err != nil {
		return Counted{}, err
	}
	return out[0], nil
}

func (s *Service) counted(ctx context.Context, ws id.Workspace, w Words, list []Segment) ([]Counted, error) {
	var out []Counted
	var programs []*Program
	for _, one := range list {
		c := Counted{Segment: one}
		p, err := Compile(one.Definition, w)
		if err != nil {
			c.Problem = err.Error()
		} else {
			c.Text = p.Explain()
		}
		out, programs = append(out, c), append(programs, p)
	}
	now := s.Clock.Now()
	good := slices.DeleteFunc(slices.Clone(programs), func(p *Program) bool { return p == nil })
	if len(good) == 0 {
		return out, nil
	}
	err := s.read(ctx, ws, kindsOf(w.Attributes), good, func(x *Index) {
		run := &scanned{x, now, map[string]bitset{}} // one for all: segments share their conditions
		for i, p := range programs {
			if p != nil {
				out[i].Count = p.root.scan(run, p.moment(now)).count()
			}
		}
	})
	return out, err
}

// ordered are the segments by name.
func (w Words) ordered() []Segment {
	var list []Segment
	for _, one := range w.Segments {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Segment) int { return strings.Compare(a.Name+"\x00"+string(a.ID), b.Name+"\x00"+string(b.ID)) })
	return list
}

// Members are persons of a segment with ids after one, in their order, at most limit of them.
func (s *Service) Members(ctx context.Context, ws id.Workspace, segment ID, after id.Person, limit int) ([]id.Person, error) {
	w, err := s.words(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	one, known := w.Segments[segment]
	if !known {
		return nil, ErrUnknown
	}
	p, err := Compile(one.Definition, w)
	if err != nil {
		return nil, err
	}
	var out []id.Person
	err = s.read(ctx, ws, kindsOf(w.Attributes), []*Program{p}, func(x *Index) {
		p.scan(x, s.Clock.Now()).each(func(place uint32) bool {
			if x.ids[place] > after {
				out = append(out, x.ids[place])
			}
			return true
		})
	})
	slices.Sort(out)
	return out[:min(limit, len(out))], err
}

// Answer says whether somebody is in a segment, and why.
type Answer struct {
	Segment Segment
	Text    string
	In      bool
	Until   clock.Time // when that may change though nothing happens; zero when it cannot
	Steps   []Because
	Problem string
}

// Because is one condition and whether it holds.
type Because struct {
	Path  string `json:"path" doc:"where it stands in the definition"`
	Text  string `json:"text" doc:"the condition in words, after \"customers who\""`
	Holds bool   `json:"holds"`
}

// Of says of each segment of a workspace, or of the given ones, whether a person is in it.
func (s *Service) Of(ctx context.Context, ws id.Workspace, person id.Person, drafts ...Definition) ([]Answer, error) {
	w, err := s.words(ctx, s.DB, ws)
	if err != nil {
		return nil, err
	}
	list := w.ordered()
	if len(drafts) > 0 {
		list = nil
		for _, d := range drafts {
			list = append(list, Segment{Definition: d})
		}
	}
	now, err := s.People.Current(ctx, s.DB, ws, []id.Person{person})
	if err != nil {
		return nil, err
	}
	who, err := loadPerson(ctx, source{q: s.DB, people: s.People, ws: ws, kinds: kindsOf(w.Attributes)}, now[person])
	if err != nil {
		return nil, err
	}
	if who == nil {
		return nil, people.ErrNotFound
	}
	out := make([]Answer, len(list))
	for i, one := range list {
		out[i] = answer(one, w, who, s.Clock.Now())
	}
	return out, nil
}

func answer(one Segment, w Words, who *Person, now clock.Time) Answer {
	a := Answer{Segment: one}
	p, err := Compile(one.Definition, w)
	if err != nil {
		a.Problem = err.Error()
		return a
	}
	a.Text = p.Explain()
	if a.In, a.Until = p.Eval(who, now); a.Until == never {
		a.Until = 0
	}
	for _, c := range p.Conditions() {
		holds, _ := c.expr.eval(who, p.moment(now))
		a.Steps = append(a.Steps, Because{c.Path, c.Text, holds})
	}
	return a
}
