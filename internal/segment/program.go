package segment

import (
	"maps"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/people"
)

// Words are what definitions of a workspace may speak of.
type Words struct {
	Zone       *time.Location
	Attributes map[string]people.Definition
	Segments   map[ID]Segment
}

// leaf is one condition on a person. Each kind of leaf can do these things, and that is the whole engine.
type leaf interface {
	eval(p *Person, m moment) (bool, clock.Time) // for one person, and when the answer may change by itself
	sql(q *query) string                         // as a predicate on the person p
	scan(x *Index, m moment) bitset              // for everybody
	reads(w wanted)                              // which properties of which events it needs
	explain() string                             // after "customers "
}

// expr is a condition: a leaf, or a group of conditions.
type expr struct {
	path string
	kind Kind // a group, or empty for a leaf
	kids []*expr
	leaf leaf
	key  string
	said string // the name of the segment that stood here
}

// Program is a definition whose words are known, ready to be asked. It is immutable.
type Program struct {
	root *expr
	zone *time.Location
}

// wanted are properties of events by the type of event.
type wanted map[string]map[string]bool

func (w wanted) add(name string, props ...string) {
	if w[name] == nil {
		w[name] = map[string]bool{}
	}
	for _, p := range props {
		w[name][p] = true
	}
}

// Compile checks the words of a definition. What is wrong is in the fields of the error, by the path of the leaf.
func Compile(d Definition, w Words) (*Program, error) { return compile(d, w, "") }

// compile is Compile for what is to become the definition of a segment, which it must not name.
func compile(d Definition, w Words, self ID) (*Program, error) {
	zone := w.Zone
	if d.Timezone != "" {
		if named, err := time.LoadLocation(d.Timezone); err == nil {
			zone = named
		}
	}
	if zone == nil {
		zone = time.UTC
	}
	c := compiler{reader: reader{problems: map[string]string{}}, words: w, zone: zone}
	if self != "" {
		c.open = []ID{self}
	}
	root := c.expr(d.Where)
	if len(c.problems) > 0 {
		return nil, c.err()
	}
	return &Program{root: root, zone: zone}, nil
}

// compiler turns nodes into conditions.
type compiler struct {
	reader
	words Words
	zone  *time.Location
	open  []ID // segments that are being read, outermost first
}

func (c *compiler) expr(n Node) *expr {
	out := &expr{path: n.Path, key: n.Key + "@" + c.zone.String()}
	switch n.Kind {
	case groupAll, groupAny, groupNone:
		out.kind = n.Kind
		for _, kid := range n.Kids {
			out.kids = append(out.kids, c.expr(kid))
		}
		return out
	case leafSegment:
		return c.inline(n)
	}
	if c.leaves++; c.leaves > maxLeaves {
		c.fail(n.Path, "with the segments that it names, a segment has at most %d conditions", maxLeaves)
		return out
	}
	switch n.Kind {
	case leafAttr:
		out.leaf = c.attr(n)
	case leafConsent:
		out.leaf = c.consent(n)
	case leafEvent:
		out.leaf = c.event(n)
	case leafSequence:
		out.leaf = c.sequence(n)
	}
	return out
}

// inline puts the conditions of a named segment in its place.
func (c *compiler) inline(n Node) *expr {
	name := ID(n.Name)
	other, known := c.words.Segments[name]
	switch {
	case slices.Contains(c.open, name):
		c.fail(n.Path+".segment", "it leads back to itself; a segment cannot contain itself")
		return &expr{}
	case !known:
		c.fail(n.Path+".segment", "there is no such segment; choose one of the list")
		return &expr{}
	}
	inner := compiler{reader: reader{problems: map[string]string{}, leaves: c.leaves}, words: c.words, zone: c.zone, open: append(slices.Clone(c.open), name)}
	if zone, err := time.LoadLocation(other.Definition.Timezone); err == nil && other.Definition.Timezone != "" {
		inner.zone = zone
	}
	out := inner.expr(other.Definition.Where)
	c.leaves = inner.leaves
	for path, problem := range inner.problems {
		c.fail(n.Path+".segment", "inside %q, %s: %s", other.Name, path, problem)
	}
	return &expr{path: n.Path, kind: groupAll, kids: []*expr{out}, said: "are in the segment " + quoted(other.Name)}
}

// Eval says whether a person belongs at a moment, and the first moment at which that may change though nothing happens.
func (p *Program) Eval(person *Person, now clock.Time) (bool, clock.Time) {
	return p.root.eval(person, p.moment(now))
}

func (p *Program) moment(now clock.Time) moment { return moment{now, p.zone} }

func (e *expr) eval(person *Person, m moment) (in bool, next clock.Time) {
	if e.kind == "" {
		return e.leaf.eval(person, m)
	}
	in, next = e.kind == groupAll, never
	for _, kid := range e.kids {
		is, at := kid.eval(person, m)
		next = min(next, at)
		if e.kind == groupAll {
			in = in && is
		} else {
			in = in || is
		}
	}
	if e.kind == groupNone {
		in = !in
	}
	return in, next
}

func (e *expr) each(fn func(leaf)) {
	if e.leaf != nil {
		fn(e.leaf)
	}
	for _, kid := range e.kids {
		kid.each(fn)
	}
}

// Explain is the program as a sentence.
func (p *Program) Explain() string {
	if len(p.root.kids) == 0 && p.root.kind != "" {
		return "All customers."
	}
	return "Customers who " + p.root.explain(true) + "."
}

func (e *expr) explain(top bool) string {
	switch {
	case e.leaf != nil:
		return e.leaf.explain()
	case e.said != "":
		return e.said
	case len(e.kids) == 0:
		return "are anybody"
	}
	said := make([]string, len(e.kids))
	for i, kid := range e.kids {
		said[i] = kid.explain(false)
	}
	switch e.kind {
	case groupNone:
		return "are none of these: " + strings.Join(said, "; or ")
	case groupAny:
		return bracket(strings.Join(said, ", or "), !top && len(said) > 1)
	}
	return bracket(strings.Join(said, ", and "), !top && len(said) > 1)
}

func bracket(s string, yes bool) string {
	if yes {
		return "(" + s + ")"
	}
	return s
}

// Condition is one of the conditions that all must hold, as a screen lists them.
type Condition struct {
	Path string // where it stands in the definition
	Text string // in words, to follow "customers who"
	expr *expr
}

// Conditions are the parts of a program: the members of its outermost "all", or itself.
func (p *Program) Conditions() []Condition {
	parts := []*expr{p.root}
	if p.root.kind == groupAll && p.root.said == "" {
		parts = p.root.kids
	}
	out := make([]Condition, len(parts))
	for i, e := range parts {
		out[i] = Condition{e.path, e.explain(true), e}
	}
	return out
}

// reads are the properties of each event type that some programs read.
func reads(programs []*Program) map[string][]string {
	all := wanted{}
	for _, p := range programs {
		p.root.each(func(l leaf) { l.reads(all) })
	}
	out := map[string][]string{}
	for name, props := range all {
		out[name] = slices.Sorted(maps.Keys(props))
	}
	return out
}
