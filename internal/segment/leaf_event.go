package segment

import (
	"math"
	"slices"
	"strings"

	"parley/internal/clock"
)

// eventLeaf makes one figure of a person's events and compares it.
type eventLeaf struct {
	name   string
	filter *filter
	agg    Agg
	test   test
	window Window
}

func (c *compiler) event(n Node) leaf {
	l := &eventLeaf{name: n.Name, filter: c.filter(n.Filter), agg: n.Agg, window: n.Window}
	if n.Op == "" && n.Value == nil && (n.Agg.Func == Count || n.Agg.Func == Distinct) {
		n.Op, n.Value = Gte, valueJSON("1")
	}
	switch n.Agg.Func {
	case Count, Distinct:
		l.test = c.figureTest(n, Number)
	case Sum, Avg, Min, Max:
		kind := typeOfValue(n)
		if kind != Money {
			kind = Number
		}
		l.test = c.figureTest(n, kind)
	default:
		l.test = c.propTest(n)
	}
	return l
}

// valueJSON is a number as Parse would have read it.
func valueJSON(s string) any { return anyJSON([]byte(s)) }

// figureTest is a test of a figure, which is always there to compare.
func (c *compiler) figureTest(n Node, kind Type) test {
	if n.Op == IsSet {
		c.fail(n.Path+".op", "compare the figure, for example \"gte\" 1")
		return test{}
	}
	t, field, problem := newTest(kind, n, c.zone)
	if problem != "" {
		c.fail(n.Path+"."+field, "%s", problem)
	}
	return t
}

func (l *eventLeaf) eval(p *Person, m moment) (bool, clock.Time) {
	var in []happened
	next, span := l.window.turn(m), l.window.at(m)
	for _, h := range p.events[l.name] {
		if !l.filter.match(h.value) {
			continue
		}
		next = min(next, l.window.changes(h.at, m))
		if span.holds(h.at) {
			in = append(in, h)
		}
	}
	is := l.figure(in)
	if l.atLeast() && l.window.Kind == "last" {
		next = l.expiry(p, in, is, m)
	}
	return is, next
}

// atLeast says whether only a lower bound of a count is asked for, which more events can never break.
func (l *eventLeaf) atLeast() bool { return l.agg.Func == Count && !l.test.hi.set }

// expiry is when a count of at least k in a rolling window turns: when the k-th newest event leaves it, or when one that is
// dated ahead of the clock enters it.
func (l *eventLeaf) expiry(p *Person, in []happened, is bool, m moment) clock.Time {
	if k, _ := l.test.ints(); is {
		if k == 0 {
			return never
		}
		return in[len(in)-int(k)].at.Add(l.window.From)
	}
	for _, h := range p.events[l.name] {
		if h.at > m.now && l.filter.match(h.value) {
			return h.at
		}
	}
	return never
}

// figure compares the figure of the events, which are in order.
func (l *eventLeaf) figure(in []happened) bool {
	switch l.agg.Func {
	case Count:
		return l.test.holds(float64(len(in)))
	case Distinct:
		seen := map[string]bool{}
		for _, h := range in {
			if v := h.value(l.agg.Prop); v.kind == Text {
				seen[v.text] = true
			}
		}
		return l.test.holds(float64(len(seen)))
	case First, Last:
		return l.edge(in)
	}
	t := tally{}
	for _, h := range in {
		if v := h.value(l.agg.Prop); v.kind == l.test.kind && v.currency == l.test.currency {
			t.add(v.num)
		}
	}
	n, ok := t.read(l.agg.Func)
	return ok && l.test.holds(n)
}

// edge tests the earliest or latest event. Of several at one moment any may pass, for nobody knows their order.
func (l *eventLeaf) edge(in []happened) bool {
	if len(in) == 0 {
		return false
	}
	at := in[0].at
	if l.agg.Func == Last {
		at = in[len(in)-1].at
	}
	return slices.ContainsFunc(in, func(h happened) bool { return h.at == at && l.test.match(h.value(l.agg.Prop)) })
}

// tally is what sums, averages and extremes are made of.
type tally struct {
	n        uint32
	sum      float64
	min, max float64
}

func (t *tally) add(v float64) {
	if t.n == 0 {
		t.min, t.max = math.Inf(1), math.Inf(-1)
	}
	t.n, t.sum, t.min, t.max = t.n+1, t.sum+v, min(t.min, v), max(t.max, v)
}

// read is the figure; there is none of no values.
func (t *tally) read(fn Func) (float64, bool) {
	switch fn {
	case Sum:
		return t.sum, t.n > 0
	case Avg:
		return t.sum / float64(t.n), t.n > 0
	case Min:
		return t.min, t.n > 0
	}
	return t.max, t.n > 0
}

func (l *eventLeaf) reads(w wanted) {
	w.add(l.name, l.filter.props()...)
	if l.agg.Prop != "" {
		w.add(l.name, l.agg.Prop)
	}
}

func (l *eventLeaf) explain() string {
	name, tail := strings.ReplaceAll(l.name, "_", " "), l.filter.explain()+l.window.explain()
	lo, _ := l.test.ints()
	switch {
	case l.agg.Func == Count && lo == 1 && !l.test.hi.set:
		return "have " + quoted(l.name) + tail
	case l.agg.Func == Count:
		return "have a number of " + quoted(l.name) + tail + " that " + l.test.words()
	case l.agg.Func == Distinct:
		return "have a number of different " + l.agg.Prop + " in " + quoted(l.name) + tail + " that " + l.test.words()
	case l.agg.Func == First || l.agg.Func == Last:
		return "have a " + string(l.agg.Func) + " " + name + tail + " whose " + l.agg.Prop + " " + l.test.words()
	}
	how := map[Func]string{Sum: " added up", Avg: " on average", Min: " at its lowest", Max: " at its highest"}[l.agg.Func]
	return "have " + quoted(l.name) + tail + " whose " + l.agg.Prop + how + " " + l.test.words()
}
