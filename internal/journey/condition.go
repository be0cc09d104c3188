package journey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Condition is a tree over the trigger's event, the person, and what happened in this run. Exactly one of its forms is
// used. It has the shape of the segment language, so that one reads like the other.
//
//	{"all":[{"prop":"total_minor","op":"gte","value":5000},{"attr":"country","op":"in","value":["US","CA"]}]}
type Condition struct {
	All  []Condition `json:"all,omitempty" maxItems:"50"`
	Any  []Condition `json:"any,omitempty" maxItems:"50"`
	None []Condition `json:"none,omitempty" maxItems:"50"`

	Prop string `json:"prop,omitempty" doc:"property of the event"`
	Attr string `json:"attr,omitempty" doc:"attribute of the person: country, language, tags, orders, value_minor, or one of your own"`
	Run  string `json:"run,omitempty" doc:"what happened in this run" enum:"replied,clicked,sent,dropped,claimed"`

	Consent string `json:"consent,omitempty" doc:"purpose; with is: granted or not" enum:"marketing,cart,transactional,loyalty,support"`
	Is      string `json:"is,omitempty" enum:"granted,missing"`

	Op    string `json:"op,omitempty" enum:"eq,ne,gt,gte,lt,lte,in,contains,exists,missing"`
	Value any    `json:"value,omitempty"`
}

// Facts are what a condition is asked about.
type Facts struct {
	Event   map[string]any
	Person  map[string]any
	Run     map[string]bool
	Consent map[string]bool
}

// Holds evaluates the tree; nil always holds. A missing value matches nothing but ne, missing and none.
func (c *Condition) Holds(f Facts) bool {
	switch {
	case c == nil:
		return true
	case c.All != nil:
		return every(c.All, f, true)
	case c.Any != nil:
		return !every(c.Any, f, false)
	case c.None != nil:
		return every(c.None, f, false)
	case c.Prop != "":
		v, ok := lookup(f.Event, c.Prop)
		return compare(v, ok, c.Op, c.Value)
	case c.Attr != "":
		v, ok := lookup(f.Person, c.Attr)
		return compare(v, ok, c.Op, c.Value)
	case c.Run != "":
		return f.Run[c.Run]
	}
	return f.Consent[c.Consent] == (c.Is == "granted")
}

// needs are the facts that conditions mention and that have to be looked up.
type needs struct {
	person  bool
	consent []string // purposes
}

// needs adds what the tree mentions.
func (c *Condition) needs(n *needs) {
	if c == nil {
		return
	}
	for _, group := range [][]Condition{c.All, c.Any, c.None} {
		for i := range group {
			group[i].needs(n)
		}
	}
	n.person = n.person || c.Attr != ""
	if c.Consent != "" && !slices.Contains(n.consent, c.Consent) {
		n.consent = append(n.consent, c.Consent)
	}
}

// every says whether all parts evaluate to want.
func every(parts []Condition, f Facts, want bool) bool {
	for i := range parts {
		if parts[i].Holds(f) != want {
			return false
		}
	}
	return true
}

// lookup follows a dotted path.
func lookup(m map[string]any, path string) (any, bool) {
	head, rest, deeper := strings.Cut(path, ".")
	v, ok := m[head]
	if !ok || v == nil {
		return nil, false
	}
	if !deeper {
		return v, true
	}
	inner, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookup(inner, rest)
}

func compare(v any, known bool, op string, want any) bool {
	switch op {
	case "exists":
		return known
	case "missing":
		return !known
	case "ne":
		return !known || !equal(v, want)
	}
	if !known {
		return false
	}
	switch op {
	case "eq":
		return equal(v, want)
	case "in":
		return contains(want, v)
	case "contains":
		return contains(v, want)
	}
	return order(v, want, op)
}

// contains says whether the list (or text) holds the value.
func contains(list, value any) bool {
	if text, ok := list.(string); ok {
		part, ok := value.(string)
		return ok && part != "" && strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice {
		return false
	}
	for i := range v.Len() {
		if equal(v.Index(i).Interface(), value) {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return ok && strings.EqualFold(x, y)
	}
	return reflect.DeepEqual(a, b)
}

func order(a, b any, op string) bool {
	var sign int
	if x, ok := number(a); ok {
		y, ok := number(b)
		if !ok {
			return false
		}
		sign = cmpFloat(x, y)
	} else {
		x, okX := a.(string)
		y, okY := b.(string)
		if !okX || !okY {
			return false
		}
		sign = strings.Compare(x, y)
	}
	switch op {
	case "gt":
		return sign > 0
	case "gte":
		return sign >= 0
	case "lt":
		return sign < 0
	}
	return op == "lte" && sign <= 0
}

func cmpFloat(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	}
	return 0, false
}

// check finds what is wrong with the tree; at is where it stands.
func (c *Condition) check(at string, depth int) []Problem {
	if c == nil {
		return nil
	}
	if depth > 10 {
		return []Problem{{at, "Conditions are nested deeper than 10."}}
	}
	forms := 0
	for _, used := range []bool{c.All != nil, c.Any != nil, c.None != nil, c.Prop != "", c.Attr != "", c.Run != "", c.Consent != ""} {
		if used {
			forms++
		}
	}
	if forms != 1 {
		return []Problem{{at, "A condition says exactly one of all, any, none, prop, attr, run, consent."}}
	}
	var out []Problem
	for _, group := range [][]Condition{c.All, c.Any, c.None} {
		for i := range group {
			out = append(out, group[i].check(at, depth+1)...)
		}
	}
	switch {
	case (c.Prop != "" || c.Attr != "") && !oneOf(c.Op, "eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "exists", "missing"):
		out = append(out, Problem{at, fmt.Sprintf("%q is not a comparison.", c.Op)})
	case (c.Prop != "" || c.Attr != "") && c.Value == nil && !oneOf(c.Op, "exists", "missing"):
		out = append(out, Problem{at, "The comparison has no value."})
	case c.Run != "" && !oneOf(c.Run, "replied", "clicked", "sent", "dropped", "claimed"):
		out = append(out, Problem{at, fmt.Sprintf("Nothing called %q happens in a run.", c.Run)})
	case c.Consent != "" && !oneOf(c.Is, "granted", "missing"):
		out = append(out, Problem{at, "A consent is granted or missing."})
	}
	return out
}

func oneOf(s string, options ...string) bool {
	for _, o := range options {
		if s == o {
			return true
		}
	}
	return false
}

// decodeStrict reads JSON and refuses unknown fields and trailing data.
func decodeStrict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more follows after the end")
	}
	return nil
}
