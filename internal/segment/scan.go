package segment

import (
	"math"
	"slices"

	"parley/internal/clock"
)

func (l *attrLeaf) scan(x *Index, m moment) bitset {
	out := newBits(len(x.ids))
	c := x.attrs[l.key]
	if c == nil {
		return out
	}
	t := l.test.at(m)
	if !numeric(c.kind) {
		pass := c.dict.pass(t)
		for place, code := range c.codes {
			if pass[code] {
				out.set(uint32(place))
			}
		}
		return out
	}
	currency := c.dict.codes[value{kind: Text, text: t.currency}.key()]
	for place, n := range c.nums {
		if !math.IsNaN(n) && (t.form == isSet || c.codes[place] == currency && t.holds(n)) {
			out.set(uint32(place))
		}
	}
	return out
}

func (l *consentLeaf) scan(x *Index, m moment) bitset {
	out := newBits(len(x.ids))
	list := x.consents[l.key]
	for place := range x.ids {
		var c consent
		if place < len(list) {
			c = list[place]
		}
		if c.state(m.now) == l.is {
			out.set(uint32(place))
		}
	}
	return out
}

// passing is the filter over the positions of a stream.
func (f *filter) passing(s *stream) func(i int) bool {
	if f == nil {
		return func(int) bool { return true }
	}
	if f.kind == "" {
		p := s.props[f.prop]
		if p == nil {
			missing := f.test.match(value{})
			return func(int) bool { return missing }
		}
		pass := p.dict.pass(f.test)
		return func(i int) bool { return pass[p.codes[i]] }
	}
	kids := make([]func(int) bool, len(f.kids))
	for i, kid := range f.kids {
		kids[i] = kid.passing(s)
	}
	all, anyOf := f.kind == groupAll, f.kind == groupAny
	return func(i int) bool {
		for _, kid := range kids {
			if kid(i) != all {
				return anyOf
			}
		}
		return !anyOf
	}
}

func (l *eventLeaf) scan(x *Index, m moment) bitset {
	s := x.streams[l.name]
	if s == nil {
		s = newStream(nil)
	}
	from, to := s.within(l.window.at(m))
	pass := l.filter.passing(s)
	switch l.agg.Func {
	case Count:
		return l.scanCount(x, s, from, to, pass)
	case Distinct:
		return l.counted(x, l.distinct(x, s, from, to, pass))
	case First, Last:
		return l.scanEdge(x, s, from, to, pass)
	}
	return l.scanFigure(x, s, from, to, pass)
}

func (l *eventLeaf) scanCount(x *Index, s *stream, from, to int, pass func(int) bool) bitset {
	if lo, _ := l.test.ints(); lo == 1 && !l.test.hi.set {
		out := newBits(len(x.ids))
		if l.filter == nil {
			for _, place := range s.person[from:to] {
				out.set(place)
			}
			return out
		}
		for i := from; i < to; i++ {
			if pass(i) {
				out.set(s.person[i])
			}
		}
		return out
	}
	counts := make([]uint32, len(x.ids))
	for i := from; i < to; i++ {
		if pass(i) {
			counts[s.person[i]]++
		}
	}
	return l.counted(x, counts)
}

// counted is everybody whose count passes.
func (l *eventLeaf) counted(x *Index, counts []uint32) bitset {
	out := newBits(len(x.ids))
	for place, n := range counts {
		if l.test.holds(float64(n)) {
			out.set(uint32(place))
		}
	}
	return out
}

// distinct counts the different texts of a property per person.
func (l *eventLeaf) distinct(x *Index, s *stream, from, to int, pass func(int) bool) []uint32 {
	counts := make([]uint32, len(x.ids))
	p := s.props[l.agg.Prop]
	if p == nil {
		return counts
	}
	var pairs []uint64
	for i := from; i < to; i++ {
		if p.dict.values[p.codes[i]].kind == Text && pass(i) {
			pairs = append(pairs, uint64(s.person[i])<<32|uint64(p.codes[i]))
		}
	}
	slices.Sort(pairs)
	for _, pair := range slices.Compact(pairs) {
		counts[pair>>32]++
	}
	return counts
}

func (l *eventLeaf) scanEdge(x *Index, s *stream, from, to int, pass func(int) bool) bitset {
	out := newBits(len(x.ids))
	at := make([]clock.Time, len(x.ids))
	seen := newBits(len(x.ids))
	p := s.props[l.agg.Prop]
	if p == nil {
		p = &props{codes: make([]uint32, len(s.at)), dict: newDict()}
	}
	good := p.dict.pass(l.test)
	for i := from; i < to; i++ {
		if !pass(i) {
			continue
		}
		place := s.person[i]
		if seen.has(place) && s.at[i] != at[place] {
			if l.agg.Func == First {
				continue
			}
			out.clear(place)
		}
		seen.set(place)
		at[place] = s.at[i]
		if good[p.codes[i]] {
			out.set(place)
		}
	}
	return out
}

func (l *eventLeaf) scanFigure(x *Index, s *stream, from, to int, pass func(int) bool) bitset {
	out := newBits(len(x.ids))
	p := s.props[l.agg.Prop]
	if p == nil {
		return out
	}
	nums := make([]float64, len(p.dict.values)) // by code, so that the loop over events compares no texts
	for code, v := range p.dict.values {
		nums[code] = math.NaN()
		if v.kind == l.test.kind && v.currency == l.test.currency {
			nums[code] = v.num
		}
	}
	tallies := make([]tally, len(x.ids))
	for i := from; i < to; i++ {
		if n := nums[p.codes[i]]; !math.IsNaN(n) && pass(i) {
			tallies[s.person[i]].add(n)
		}
	}
	for place := range tallies {
		if n, ok := tallies[place].read(l.agg.Func); ok && l.test.holds(n) {
			out.set(uint32(place))
		}
	}
	return out
}

func (l *sequenceLeaf) scan(x *Index, m moment) bitset {
	first, then := x.streams[l.first.name], x.streams[l.then.name]
	if first == nil {
		first = newStream(nil)
	}
	if then == nil {
		then = newStream(nil)
	}
	if l.absent {
		return l.scanAbsent(x, first, then, m)
	}
	return l.scanThen(x, first, then, m)
}

// scanAbsent finds the latest first event of everybody, and takes out those who did the second one since. Nothing before
// the time in which the first one is due matters.
func (l *sequenceLeaf) scanAbsent(x *Index, first, then *stream, m moment) bitset {
	out := newBits(len(x.ids))
	latest := make([]clock.Time, len(x.ids))
	for i := range latest {
		latest[i] = begin
	}
	passFirst, passThen := l.first.filter.passing(first), l.then.filter.passing(then)
	from, end := first.within(span{m.now - l.limit(), m.now})
	for i := from; i < end; i++ {
		if passFirst(i) {
			latest[first.person[i]] = first.at[i]
		}
	}
	// How many second events there are since, and how many of them are the first event itself.
	since, self := make([]uint32, len(x.ids)), make([]uint32, len(x.ids))
	from, end = then.within(span{m.now - l.limit(), m.now})
	for i := from; i < end; i++ {
		place := then.person[i]
		if then.at[i] < latest[place] || latest[place] == begin || !passThen(i) {
			continue
		}
		since[place]++
		if first == then && then.at[i] == latest[place] && passFirst(i) {
			self[place]++
		}
	}
	for place, at := range latest {
		open := since[place] == 0 || since[place] == 1 && self[place] == 1
		if at != begin && open && l.due(at, m.now) {
			out.set(uint32(place))
		}
	}
	return out
}

// recent are the two latest first events of a person, so that an event that is both does not follow itself.
type recent struct {
	at, before clock.Time
	place      int
	n          uint8
}

func (l *sequenceLeaf) scanThen(x *Index, first, then *stream, m moment) bitset {
	out := newBits(len(x.ids))
	seen := make([]recent, len(x.ids))
	passFirst, passThen := l.first.filter.passing(first), l.then.filter.passing(then)
	from, end := then.within(l.window.at(m))
	next := 0
	for i := from; i < end; i++ {
		for ; next < len(first.at) && first.at[next] <= then.at[i]; next++ {
			if passFirst(next) {
				r := &seen[first.person[next]]
				r.before, r.at, r.place, r.n = r.at, first.at[next], next, min(r.n+1, 2)
			}
		}
		if !passThen(i) {
			continue
		}
		r := seen[then.person[i]]
		at, known := r.at, r.n > 0
		if first == then && known && r.place == i {
			at, known = r.before, r.n > 1
		}
		if known && then.at[i]-at <= l.limit() {
			out.set(then.person[i])
		}
	}
	return out
}
