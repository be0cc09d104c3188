package segment

import "strings"

// filter is a condition on the properties of an event. A nil filter lets everything through.
type filter struct {
	kind Kind // a group, or empty for a test
	kids []*filter
	prop string
	test test
}

func (c *compiler) filter(n *Node) *filter {
	if n == nil {
		return nil
	}
	f := &filter{}
	if n.Kind != leafProp {
		f.kind = n.Kind
		for i := range n.Kids {
			f.kids = append(f.kids, c.filter(&n.Kids[i]))
		}
		return f
	}
	f.prop = c.propName(n.Name, n.Path+".prop")
	f.test = c.propTest(*n)
	return f
}

// propTest is a test whose type is that of the value it compares with.
func (c *compiler) propTest(n Node) test {
	t, field, problem := newTest(typeOfValue(n), n, c.zone)
	if problem != "" {
		c.fail(n.Path+"."+field, "%s", problem)
	}
	return t
}

// match says whether the properties pass.
func (f *filter) match(prop func(string) value) bool {
	switch {
	case f == nil:
		return true
	case f.kind == "":
		return f.test.match(prop(f.prop))
	}
	for _, kid := range f.kids {
		if kid.match(prop) != (f.kind == groupAll) {
			return f.kind == groupAny
		}
	}
	return f.kind != groupAny
}

func (f *filter) props() []string {
	if f == nil {
		return nil
	}
	var out []string
	if f.kind == "" {
		out = append(out, f.prop)
	}
	for _, kid := range f.kids {
		out = append(out, kid.props()...)
	}
	return out
}

// explain says the filter after an event, with a space before it.
func (f *filter) explain() string {
	if f == nil || f.kind != "" && len(f.kids) == 0 {
		return ""
	}
	return " whose " + f.words()
}

func (f *filter) words() string {
	if f.kind == "" {
		return f.prop + " " + f.test.words()
	}
	said := make([]string, len(f.kids))
	for i, kid := range f.kids {
		said[i] = kid.words()
		if len(f.kids) > 1 && kid.kind != "" {
			said[i] = "(" + said[i] + ")"
		}
	}
	switch f.kind {
	case groupAny:
		return strings.Join(said, " or ")
	case groupNone:
		return "properties are none of: " + strings.Join(said, "; ")
	}
	return strings.Join(said, " and ")
}
