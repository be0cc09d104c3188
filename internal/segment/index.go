package segment

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"parley/internal/clock"
	"parley/internal/id"
)

// Index is all that segments of one workspace read, in columns: a segment over everybody is a few passes over arrays.
//
// A person has a place, which never changes and is never given to another. Attributes are a column of codes or numbers
// by place; events are a stream per type, in order of time, with a column of codes for each property that some segment
// reads. The zero code is "not there".
type Index struct {
	ids      []id.Person
	places   map[id.Person]uint32
	alive    bitset // without those that were merged into others
	attrs    map[string]*column
	consents map[consentKey][]consent
	streams  map[string]*stream
}

func newIndex() *Index {
	return &Index{places: map[id.Person]uint32{}, attrs: map[string]*column{}, consents: map[consentKey][]consent{}, streams: map[string]*stream{}}
}

// column is one attribute of all persons: numbers as they are, everything else by its place in the dictionary.
type column struct {
	kind  Type
	codes []uint32
	nums  []float64 // of numbers, moments and amounts; NaN is not there. The code of an amount is its currency
	dict  dict
}

// dict gives each different value one code. Code 0 is kept for "not there".
type dict struct {
	codes  map[string]uint32
	values []value
}

func newDict() dict { return dict{map[string]uint32{}, []value{{}}} }

func (d *dict) code(v value) uint32 {
	if v.kind == "" {
		return 0
	}
	key := v.key()
	code, known := d.codes[key]
	if !known {
		code = uint32(len(d.values))
		d.codes[key], d.values = code, append(d.values, v)
	}
	return code
}

// key is the same text for the same value.
func (v value) key() string {
	switch v.kind {
	case Number, Money, Time:
		var b [8]byte
		for i, n := 0, math.Float64bits(v.num); i < 8; i++ {
			b[i] = byte(n >> (8 * i))
		}
		return string(v.kind[:1]) + string(b[:]) + v.currency
	case List:
		return "l" + strings.Join(v.list, "\x00")
	}
	return string(v.kind[:1]) + v.text
}

// pass says of each code whether its value passes.
func (d *dict) pass(t test) []bool {
	out := make([]bool, len(d.values))
	for code, v := range d.values {
		out[code] = t.match(v)
	}
	return out
}

func numeric(t Type) bool { return t == Number || t == Time || t == Money }

func (c *column) put(place uint32, v value) {
	for len(c.codes) <= int(place) {
		c.codes = append(c.codes, 0)
		if numeric(c.kind) {
			c.nums = append(c.nums, math.NaN())
		}
	}
	if !numeric(c.kind) {
		c.codes[place] = c.dict.code(v)
		return
	}
	c.nums[place], c.codes[place] = math.NaN(), 0
	if v.kind == c.kind {
		c.nums[place] = v.num
		c.codes[place] = c.dict.code(value{kind: Text, text: v.currency})
	}
}

// stream is the events of one type, oldest first.
type stream struct {
	person []uint32
	at     []clock.Time
	props  map[string]*props
}

// props is one property of the events of a stream.
type props struct {
	codes []uint32
	dict  dict
}

func newStream(names []string) *stream {
	s := &stream{props: map[string]*props{}}
	for _, name := range names {
		s.props[name] = &props{dict: newDict()}
	}
	return s
}

// add puts an event at the end; sortFrom brings those that came late into their place.
func (s *stream) add(place uint32, h happened) {
	s.person, s.at = append(s.person, place), append(s.at, h.at)
	for name, p := range s.props {
		p.codes = append(p.codes, p.dict.code(h.value(name)))
	}
}

// sortFrom restores the order of time after events were added from the position on: what is not older than the oldest of
// them is sorted anew, which is little, because events come late by minutes and not by years.
func (s *stream) sortFrom(from int) {
	if from >= len(s.at) {
		return
	}
	oldest := slices.Min(s.at[from:])
	start := min(sort.Search(from, func(i int) bool { return s.at[i] > oldest }), from)
	if slices.IsSorted(s.at[start:]) {
		return
	}
	order := make([]int, len(s.at)-start)
	for i := range order {
		order[i] = start + i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.at[a], s.at[b]) })
	permute(s.person, start, order)
	permute(s.at, start, order)
	for _, p := range s.props {
		permute(p.codes, start, order)
	}
}

func permute[T any](column []T, start int, order []int) {
	moved := make([]T, len(order))
	for i, from := range order {
		moved[i] = column[from]
	}
	copy(column[start:], moved)
}

// within are the first position in the span and the one after the last.
func (s *stream) within(w span) (from, to int) {
	from = sort.Search(len(s.at), func(i int) bool { return s.at[i] > w.after })
	to = sort.Search(len(s.at), func(i int) bool { return s.at[i] > w.until })
	return from, max(from, to)
}

// place is where a person is, made when they are new.
func (x *Index) place(person id.Person) uint32 {
	place, known := x.places[person]
	if !known {
		place = uint32(len(x.ids))
		x.ids = append(x.ids, person)
		x.places[person] = place
		for len(x.alive) < (len(x.ids)+63)/64 {
			x.alive = append(x.alive, 0)
		}
	}
	return place
}

// put sets what is known about a person.
func (x *Index) put(p *Person) {
	place := x.place(p.ID)
	x.alive.set(place)
	for key, c := range x.attrs {
		c.put(place, p.attrs[key])
	}
	for key, list := range x.consents {
		for len(list) <= int(place) {
			list = append(list, consent{})
		}
		list[place] = p.consents[key]
		x.consents[key] = list
	}
}

// drop takes a person out, and says whether they were in.
func (x *Index) drop(person id.Person) bool {
	place, known := x.places[person]
	was := known && x.alive.has(place)
	if was {
		x.alive.clear(place)
	}
	return was
}

// everybody is all persons.
func (x *Index) everybody() bitset { return x.alive.clone() }

// scanned are the answers of leaves, so that conditions which say the same are asked once.
type scanned struct {
	x    *Index
	at   clock.Time
	done map[string]bitset
}

// Scan is everybody who belongs at a moment.
func (p *Program) scan(x *Index, now clock.Time) bitset {
	return p.root.scan(&scanned{x, now, map[string]bitset{}}, p.moment(now))
}

func (e *expr) scan(s *scanned, m moment) bitset {
	if e.leaf != nil {
		found, known := s.done[e.key]
		if !known {
			found = e.leaf.scan(s.x, m)
			found.and(s.x.alive)
			s.done[e.key] = found
		}
		return found
	}
	out := s.x.everybody()
	if e.kind == groupAny {
		out = newBits(len(s.x.ids))
	}
	for _, kid := range e.kids {
		switch found := kid.scan(s, m); e.kind {
		case groupAll:
			out.and(found)
		case groupAny:
			out.or(found)
		default:
			out.andNot(found)
		}
	}
	return out
}
