package segment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/clock"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/people"
)

const (
	// overlap is how far back the index looks for what was stored since it last looked: a transaction that began earlier
	// may commit later.
	overlap = clock.Time(10_000_000)
	// idle is after how long without a question the index of a workspace is let go.
	idle = 15 * time.Minute
	// feedPage is how many changes are read at once.
	feedPage = 1000
)

// live is the index of one workspace, which follows what is stored. It is brought up to date when somebody asks.
type live struct {
	mu     sync.RWMutex
	x      *Index
	src    source
	asked  clock.Time              // when it last looked
	feed   int64                   // number of the last change that it knows
	feedAt clock.Time              // when that was
	latest told                    // the event that was stored last, without its properties
	kept   time.Time               // when its snapshot was written, by the machine's clock
	recent map[event.ID]clock.Time // events stored within the overlap, which it will see again
	unsure map[id.Person]bool      // persons who may have changed while they were read
	gone   *time.Timer
}

// liveOf finds or makes the index of a workspace.
func (s *Service) liveOf(ws id.Workspace) *live {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.indexes[ws]
	if l == nil {
		l = &live{src: source{q: s.DB, people: s.People, ws: ws, kinds: map[string]Type{}, events: map[string][]string{}}}
		l.gone = time.AfterFunc(idle, func() { s.letGo(ws, l) })
		s.indexes[ws] = l
	}
	l.gone.Reset(idle)
	return l
}

func (s *Service) letGo(ws id.Workspace, l *live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.indexes[ws] == l {
		delete(s.indexes, ws)
	}
}

// read calls fn with an index that knows what was committed before the call, and has what the programs read.
func (s *Service) read(ctx context.Context, ws id.Workspace, kinds map[string]Type, programs []*Program, fn func(*Index)) error {
	l := s.liveOf(ws)
	l.mu.Lock()
	err := s.follow(ctx, l, kinds, reads(programs))
	if err == nil {
		s.keep(l)
	}
	l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("bring the index of segments up to date: %w", err)
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.x == nil { // somebody else asked in between, and could not read all
		return errNotRead
	}
	fn(l.x)
	return nil
}

// follow builds the index, or adds what is new.
func (s *Service) follow(ctx context.Context, l *live, kinds map[string]Type, wanted map[string][]string) error {
	now := s.Clock.Now()
	if l.x == nil && l.kept.IsZero() {
		if _, err := s.restore(ctx, l); err != nil {
			return err
		}
	}
	if l.x == nil || now < l.asked {
		return s.rebuild(ctx, l, kinds, wanted)
	}
	if err := l.widen(ctx, kinds, wanted); err != nil {
		l.x = nil // half of it is read; begin anew the next time
		return err
	}
	again, err := s.catchUp(ctx, l, now)
	if err != nil {
		l.x = nil
		return err
	}
	if again {
		s.forget(l)
		return s.rebuild(ctx, l, kinds, wanted)
	}
	return nil
}

func (s *Service) rebuild(ctx context.Context, l *live, kinds map[string]Type, wanted map[string][]string) error {
	now := s.Clock.Now()
	head, err := s.Feed.Head(ctx, l.src.ws)
	if err != nil {
		return fmt.Errorf("read the head of the feed: %w", err)
	}
	l.latest, l.x, l.src.kinds, l.recent, l.unsure = told{}, nil, kinds, map[event.ID]clock.Time{}, map[id.Person]bool{}
	l.src.want(wanted)
	x, err := build(ctx, l.src, func(e told) { l.noteRecent(e, now-overlap) })
	if err != nil {
		return err
	}
	l.x, l.feed, l.asked = x, head, now
	l.feedAt, err = feedAt(ctx, s.Feed, l.src.ws, head)
	return err
}

// noteRecent keeps what will be seen again, and the event that was stored last.
func (l *live) noteRecent(e told, since clock.Time) {
	if e.received > l.latest.received {
		l.latest = told{id: e.id, person: e.person, name: e.name, received: e.received, happened: happened{at: e.at}}
	}
	if e.received >= since {
		l.recent[e.id], l.unsure[e.person] = e.received, true
	}
}

// want adds properties to what is read, and says of which types that is more than before.
func (s *source) want(wanted map[string][]string) (more []string) {
	for name, props := range wanted {
		union := slices.Clone(s.events[name])
		for _, p := range props {
			if !slices.Contains(union, p) {
				union = append(union, p)
			}
		}
		if len(union) > len(s.events[name]) {
			s.events[name], more = union, append(more, name)
		}
	}
	return more
}

// widen reads attributes and properties that nobody asked about before.
func (l *live) widen(ctx context.Context, kinds map[string]Type, wanted map[string][]string) error {
	fresh := false
	for key, kind := range kinds {
		if l.x.attrs[custom+key] == nil {
			l.x.attrs[custom+key], fresh = &column{kind: kind, dict: newDict()}, true
		}
	}
	l.src.kinds = kinds
	if fresh {
		if err := l.x.readPersons(ctx, l.src); err != nil {
			return err
		}
	}
	for _, name := range l.src.want(wanted) {
		stream := newStream(l.src.events[name])
		err := l.src.eventsOf(ctx, name, func(e told) {
			l.noteRecent(e, l.asked-overlap)
			stream.add(l.x.place(e.person), e.happened)
		})
		if err != nil {
			return err
		}
		stream.sortFrom(0)
		l.x.streams[name] = stream
	}
	return nil
}

// catchUp adds the events that were stored since, and reads anew the persons who changed. again says that the past itself
// has changed, so that everything must be read.
func (s *Service) catchUp(ctx context.Context, l *live, now clock.Time) (again bool, err error) {
	changed, again, err := s.changedSince(ctx, l)
	if err != nil || again {
		return again, err
	}
	if err := l.addEvents(ctx, changed); err != nil {
		return false, err
	}
	if again, err = l.readChanged(ctx, changed); err != nil || again {
		return again, err
	}
	if err := l.x.readPersonsAfter(ctx, l.src, l.x.newest(l.asked-overlap)); err != nil {
		return false, err
	}
	l.asked = now
	for e, received := range l.recent {
		if received < now-overlap {
			delete(l.recent, e)
		}
	}
	return false, nil
}

// changedSince are the persons of whom the feed says that they changed.
func (s *Service) changedSince(ctx context.Context, l *live) (changed map[id.Person]bool, again bool, err error) {
	changed, l.unsure = l.unsure, map[id.Person]bool{}
	for {
		list, resync, err := s.Feed.Since(ctx, l.src.ws, l.feed, feedPage)
		if err != nil || resync {
			return nil, resync, err
		}
		for _, e := range list {
			l.feed, l.feedAt = e.Seq, e.At
			if e.Person != "" && strings.HasPrefix(e.Topic, "person.") {
				changed[e.Person] = true
			}
		}
		if len(list) < feedPage {
			return changed, false, nil
		}
	}
}

// addEvents adds what was stored since it last looked; their persons may have been filled by what came with them.
func (l *live) addEvents(ctx context.Context, changed map[id.Person]bool) error {
	before := map[string]int{}
	err := l.src.newEvents(ctx, l.asked-overlap, func(e told) {
		if _, known := l.recent[e.id]; known {
			return
		}
		l.noteRecent(e, 0)
		changed[e.person] = true
		stream := l.x.stream(e.name, l.src)
		if _, noted := before[e.name]; !noted {
			before[e.name] = len(stream.at)
		}
		stream.add(l.x.place(e.person), e.happened)
	})
	for name, from := range before {
		l.x.streams[name].sortFrom(from)
	}
	return err
}

// readChanged reads persons anew. When one was merged into another, events have changed hands.
func (l *live) readChanged(ctx context.Context, changed map[id.Person]bool) (again bool, err error) {
	var ids []id.Person
	for person := range changed {
		ids = append(ids, person)
	}
	for part := range slices.Chunk(ids, 500) {
		gone, err := l.x.readPicked(ctx, l.src, these(part...))
		if err != nil {
			return false, err
		}
		again = again || gone
	}
	return again, nil
}

// newest is the person with the highest id among those made before a moment; ids sort by when they were made.
func (x *Index) newest(before clock.Time) (last id.Person) {
	created := x.attrs["created_at"]
	for place := len(x.ids) - 1; place >= 0; place-- {
		if place < len(created.nums) && created.nums[place] < float64(before) {
			return x.ids[place]
		}
	}
	return ""
}

// granted is the consent that a text for marketing needs.
func granted() *Program {
	return &Program{root: &expr{key: "reachable", leaf: &consentLeaf{consentKey{people.SMS, people.Marketing}, isGranted}}, zone: time.UTC}
}
