package segment

import (
	"strings"

	"parley/internal/clock"
	"parley/internal/people"
)

// builtin are the attributes that every person has, by their keys in definitions.
func builtin() map[string]Type {
	return map[string]Type{
		"name": Text, "given_name": Text, "family_name": Text, "language": Text, "timezone": Text, "country": Text, "state": Text,
		"zip": Text, "preferred_channel": Text, "orders": Number, "value": Money, "last_order_at": Time, "created_at": Time,
		"tags": List, "phone": List, "email": List,
	}
}

// custom begins the keys of attributes that a workspace defines; it may be left out where no built-in one has the name.
const custom = "attributes."

// attrLeaf compares an attribute.
type attrLeaf struct {
	key  string // a built-in one, or custom and its key
	kind Type
	name string
	test test
}

func (c *compiler) attr(n Node) leaf {
	l := &attrLeaf{key: n.Name, kind: builtin()[n.Name], name: strings.ReplaceAll(n.Name, "_", " ")}
	if l.kind == "" {
		key := strings.TrimPrefix(n.Name, custom)
		d, known := c.words.Attributes[key]
		if !known {
			c.fail(n.Path+".attr", "there is no attribute %q; choose one of the list, or define it first", clip(n.Name))
			return l
		}
		l.key, l.kind, l.name = custom+key, typeOfAttribute(d.Type), d.Label
	}
	t, field, problem := newTest(l.kind, n, c.zone)
	if problem != "" {
		c.fail(n.Path+"."+field, "%s", problem)
	}
	l.test = t
	return l
}

func typeOfAttribute(t people.AttributeType) Type {
	return map[people.AttributeType]Type{people.Text: Text, people.Number: Number, people.Date: Date, people.Bool: Bool,
		people.List: List, people.Money: Money}[t]
}

func (l *attrLeaf) eval(p *Person, m moment) (bool, clock.Time) {
	v := p.attrs[l.key]
	return l.test.at(m).match(v), l.test.changes(v, m)
}

func (l *attrLeaf) reads(wanted) {}

func (l *attrLeaf) explain() string { return "are such that their " + l.name + " " + l.test.words() }
