package segment

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/event"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/people"
)

// A snapshot is the index of a workspace in a file, so that a start reads it and the little that came since, and not every
// event of years. It is a copy and never the truth: one that does not fit the database is thrown away.

// snapshotVersion changes with the form of the file.
const snapshotVersion = 1

// snapshotEvery is how old a snapshot gets while its workspace is in use.
const snapshotEvery = 10 * time.Minute

// snapshot is what the file holds.
type snapshot struct {
	Version   int
	Workspace id.Workspace
	Asked     clock.Time
	Feed      int64
	FeedAt    clock.Time // when that change was
	Latest    savedEvent
	Recent    map[event.ID]clock.Time
	Unsure    map[id.Person]bool
	Kinds     map[string]Type
	Events    map[string][]string
	IDs       []id.Person
	Alive     []uint64
	Attrs     map[string]savedColumn
	Consents  map[string]savedConsent
	Streams   map[string]savedStream
}

// savedEvent is the event that was stored last. By it, and by the last change, a database is recognised that was restored
// from an older copy.
type savedEvent struct {
	ID       event.ID
	Person   id.Person
	At       clock.Time
	Received clock.Time
}

type savedColumn struct {
	Kind   Type
	Codes  []uint32
	Nums   []float64
	Values []savedValue
}

type savedValue struct {
	Kind     Type
	Text     string
	Num      float64
	Currency string
	List     []string
}

type savedConsent struct {
	Key          [2]string
	Status       []string
	PendingUntil []clock.Time
	Unreachable  []bool
}

type savedStream struct {
	Person []uint32
	At     []clock.Time
	Props  map[string]savedColumn
}

func (d *dict) save() []savedValue {
	out := make([]savedValue, len(d.values))
	for i, v := range d.values {
		out[i] = savedValue{v.kind, v.text, v.num, v.currency, v.list}
	}
	return out
}

func loadDict(values []savedValue) dict {
	d := dict{make(map[string]uint32, len(values)), make([]value, len(values))}
	for code, v := range values {
		d.values[code] = value{v.Kind, v.Text, v.Num, v.Currency, v.List}
		if code > 0 {
			d.codes[d.values[code].key()] = uint32(code)
		}
	}
	return d
}

// pack is the index in the form of the file. It shares the index's arrays.
func (l *live) pack() snapshot {
	x := l.x
	s := snapshot{Version: snapshotVersion, Workspace: l.src.ws, Asked: l.asked, Feed: l.feed, FeedAt: l.feedAt, Recent: l.recent, Unsure: l.unsure,
		Latest: savedEvent{l.latest.id, l.latest.person, l.latest.at, l.latest.received},
		Kinds:  l.src.kinds, Events: l.src.events, IDs: x.ids, Alive: x.alive,
		Attrs: map[string]savedColumn{}, Consents: map[string]savedConsent{}, Streams: map[string]savedStream{}}
	for key, c := range x.attrs {
		s.Attrs[key] = savedColumn{c.kind, c.codes, c.nums, c.dict.save()}
	}
	for key, list := range x.consents {
		c := savedConsent{Key: [2]string{string(key.medium), string(key.purpose)}}
		for _, one := range list {
			c.Status, c.PendingUntil, c.Unreachable = append(c.Status, string(one.status)), append(c.PendingUntil, one.pendingUntil), append(c.Unreachable, one.unreachable)
		}
		s.Consents[strings.Join(c.Key[:], " ")] = c
	}
	for name, stream := range x.streams {
		saved := savedStream{stream.person, stream.at, map[string]savedColumn{}}
		for prop, p := range stream.props {
			saved.Props[prop] = savedColumn{Codes: p.codes, Values: p.dict.save()}
		}
		s.Streams[name] = saved
	}
	return s
}

// unpack is the index that was packed.
func (s snapshot) unpack(l *live) {
	x := newIndex()
	x.ids, x.alive = s.IDs, s.Alive
	for place, person := range s.IDs {
		x.places[person] = uint32(place)
	}
	for key, c := range s.Attrs {
		x.attrs[key] = &column{c.Kind, c.Codes, c.Nums, loadDict(c.Values)}
	}
	for _, c := range s.Consents {
		list := make([]consent, len(c.Status))
		for i := range list {
			list[i] = consent{status: people.Status(c.Status[i]), pendingUntil: c.PendingUntil[i], unreachable: c.Unreachable[i]}
		}
		x.consents[consentKey{people.Medium(c.Key[0]), people.Purpose(c.Key[1])}] = list
	}
	for name, saved := range s.Streams {
		stream := &stream{saved.Person, saved.At, map[string]*props{}}
		for prop, p := range saved.Props {
			stream.props[prop] = &props{p.Codes, loadDict(p.Values)}
		}
		x.streams[name] = stream
	}
	l.x, l.asked, l.feed, l.feedAt = x, s.Asked, s.Feed, s.FeedAt
	l.latest = told{id: s.Latest.ID, person: s.Latest.Person, received: s.Latest.Received, happened: happened{at: s.Latest.At}}
	l.recent, l.unsure = orEmpty(s.Recent), orEmpty(s.Unsure)
	l.src.kinds, l.src.events = orEmpty(s.Kinds), orEmpty(s.Events)
}

// orEmpty is the map, made when the file had left it out for being empty.
func orEmpty[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

// snapshotFile is where a workspace's snapshot lies; empty when none are kept.
func (s *Service) snapshotFile(ws id.Workspace) string {
	if s.Dir == "" {
		return ""
	}
	return filepath.Join(s.Dir, string(ws)+".index")
}

// write puts the snapshot where the next start finds it, whole or not at all. It holds names and numbers of customers, so
// only the program's own user may read it.
func (s *Service) writeSnapshot(snap snapshot) error {
	path := s.snapshotFile(snap.Workspace)
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of snapshots: %w", err)
	}
	f, err := os.CreateTemp(s.Dir, "*.new")
	if err != nil {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	err = gob.NewEncoder(w).Encode(snap)
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	return os.Rename(f.Name(), path)
}

// restore begins with the snapshot of a workspace, if there is one that fits the database.
func (s *Service) restore(ctx context.Context, l *live) (bool, error) {
	path := s.snapshotFile(l.src.ws)
	if path == "" {
		return false, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open a snapshot: %w", err)
	}
	defer f.Close()
	var snap snapshot
	if err := gob.NewDecoder(bufio.NewReaderSize(f, 1<<20)).Decode(&snap); err != nil || snap.Version != snapshotVersion || snap.Workspace != l.src.ws {
		return false, os.Remove(path)
	}
	fits, err := s.fits(ctx, snap)
	if err != nil || !fits {
		return false, err
	}
	snap.unpack(l)
	return true, nil
}

// fits says whether the database has the past that the snapshot was made of: the change and the event that it saw last are
// there as they were. A database that was restored from an older copy has others, or none.
func (s *Service) fits(ctx context.Context, snap snapshot) (bool, error) {
	if snap.Feed == 0 {
		return false, nil
	}
	at, err := feedAt(ctx, s.Feed, snap.Workspace, snap.Feed)
	if err != nil || at == 0 || at != snap.FeedAt {
		return false, err
	}
	if snap.Latest.ID == "" {
		return true, nil
	}
	return hasEvent(ctx, s.DB, snap.Workspace, snap.Latest)
}

// feedAt is when a change of the feed was; zero when it is not kept any more.
func feedAt(ctx context.Context, f *feed.Feed, ws id.Workspace, seq int64) (clock.Time, error) {
	if seq == 0 {
		return 0, nil
	}
	list, resync, err := f.Since(ctx, ws, seq-1, 1)
	if err != nil || resync || len(list) == 0 {
		return 0, err
	}
	return list[0].At, nil
}

// keep writes the snapshot of a workspace when there is none of the last minutes. Whoever asked waits for it; when it
// cannot be written, only the next start is slower.
func (s *Service) keep(l *live) {
	if s.Dir == "" || time.Since(l.kept) < snapshotEvery {
		return
	}
	l.kept = time.Now()
	if err := s.writeSnapshot(l.pack()); err != nil {
		s.Log.Warn("the snapshot of a workspace's segments was not written; the next start reads all its events", "workspace", l.src.ws, "error", err)
	}
}

// forget removes the snapshot of a workspace: somebody in it was erased or merged.
func (s *Service) forget(l *live) {
	l.kept = time.Time{}
	if path := s.snapshotFile(l.src.ws); path != "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Log.Error("the snapshot of a workspace's segments was not removed, and may hold a person who was erased", "workspace", l.src.ws, "error", err)
		}
	}
}
