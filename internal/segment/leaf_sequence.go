package segment

import (
	"math"
	"slices"
	"time"

	"parley/internal/clock"
)

// sequenceLeaf is one event and another that followed it, or did not.
//
// Then: there is a second event not before a first one, at most within later, and in the window. Not then: since the
// latest first event, which lies between after and within ago, no second one happened.
type sequenceLeaf struct {
	first, then part
	absent      bool
	within      time.Duration // 0 is any time
	after       time.Duration
	window      Window
}

// part is one event of a sequence.
type part struct {
	name   string
	filter *filter
}

func (c *compiler) sequence(n Node) leaf {
	if n.First == nil || n.Then == nil {
		return &sequenceLeaf{}
	}
	return &sequenceLeaf{first: part{n.First.Name, c.filter(n.First.Filter)}, then: part{n.Then.Name, c.filter(n.Then.Filter)},
		absent: n.Absent, within: n.Within, after: n.After, window: n.Window}
}

// limit is within in microseconds.
func (l *sequenceLeaf) limit() clock.Time {
	if l.within == 0 {
		return math.MaxInt64 / 4
	}
	return clock.Time(l.within.Microseconds())
}

// mark is an event of one person in a sequence, with the place that tells it from others of its type.
type mark struct {
	at    clock.Time
	place int
}

// marks are the events of a part until now.
func (q part) marks(p *Person, now clock.Time) (past []mark, ahead clock.Time) {
	ahead = never
	for i, h := range p.events[q.name] {
		switch {
		case !q.filter.match(h.value):
		case h.at > now:
			ahead = min(ahead, h.at)
		default:
			past = append(past, mark{h.at, i})
		}
	}
	return past, ahead
}

func (l *sequenceLeaf) eval(p *Person, m moment) (bool, clock.Time) {
	firsts, ahead1 := l.first.marks(p, m.now)
	thens, ahead2 := l.then.marks(p, m.now)
	next := min(ahead1, ahead2)
	if !l.absent {
		is, turn := l.followed(firsts, thens, m)
		return is, min(next, turn)
	}
	if len(firsts) == 0 {
		return false, next
	}
	at := firsts[len(firsts)-1].at
	for _, turn := range []clock.Time{at.Add(l.after), at + l.limit()} {
		if turn > m.now {
			next = min(next, turn)
		}
	}
	open := slices.ContainsFunc(firsts, func(a mark) bool {
		return a.at == at && !slices.ContainsFunc(thens, func(b mark) bool { return b.at >= at && !l.same(a, b) })
	})
	return open && l.due(at, m.now), next
}

// due says whether the latest first event lies where the answer may be yes.
func (l *sequenceLeaf) due(at, now clock.Time) bool {
	return at > now-l.limit() && at <= now-clock.Time(l.after.Microseconds())
}

// same says whether two marks are one event, which cannot follow itself.
func (l *sequenceLeaf) same(a, b mark) bool { return l.first.name == l.then.name && a.place == b.place }

// followed looks for a pair in the window.
func (l *sequenceLeaf) followed(firsts, thens []mark, m moment) (is bool, turn clock.Time) {
	span := l.window.at(m)
	turn = l.window.turn(m)
	for _, b := range thens {
		if !slices.ContainsFunc(firsts, func(a mark) bool { return a.at <= b.at && b.at-a.at <= l.limit() && !l.same(a, b) }) {
			continue
		}
		is = is || span.holds(b.at)
		turn = min(turn, l.window.changes(b.at, m))
	}
	return is, turn
}

func (l *sequenceLeaf) reads(w wanted) {
	w.add(l.first.name, l.first.filter.props()...)
	w.add(l.then.name, l.then.filter.props()...)
}

func (l *sequenceLeaf) explain() string {
	first, then := quoted(l.first.name)+l.first.filter.explain(), quoted(l.then.name)+l.then.filter.explain()
	if !l.absent {
		within := ""
		if l.within > 0 {
			within = " within " + spoken(l.within)
		}
		return "have " + first + " and then " + then + within + l.window.explain()
	}
	when := ""
	switch {
	case l.after > 0 && l.within > 0:
		when = " between " + spoken(l.after) + " and " + spoken(l.within) + " ago"
	case l.after > 0:
		when = " at least " + spoken(l.after) + " ago"
	case l.within > 0:
		when = " in the last " + spoken(l.within)
	}
	return "have " + first + when + " and no " + then + " since"
}
