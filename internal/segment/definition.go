package segment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/internal/errs"
)

// ID names a segment.
type ID string

// Definition is a segment as it was written, checked for its form but not yet for its words.
//
//	{"v":1,"where":{"all":[
//	  {"attr":"country","op":"in","value":["US"]},
//	  {"consent":"sms","is":"granted"},
//	  {"event":"order_placed","agg":{"sum":"total"},"op":"gt","value":{"minor":50000,"currency":"EUR"},"window":{"last":"365d"}},
//	  {"none":[{"event":"link_clicked","window":{"last":"30d"}}]}]}}
type Definition struct {
	Timezone string // IANA zone of calendar words; the workspace's when empty
	Where    Node
	Raw      json.RawMessage // the JSON without spaces
}

// Kind is what a node of a definition is.
type Kind string

// The kinds of node: three groups, five leaves, and the test of a property inside an event's filter.
const (
	groupAll     Kind = "all"
	groupAny     Kind = "any"
	groupNone    Kind = "none"
	leafAttr     Kind = "attr"
	leafConsent  Kind = "consent"
	leafEvent    Kind = "event"
	leafSequence Kind = "sequence"
	leafSegment  Kind = "segment"
	leafProp     Kind = "prop"
)

// Node is a group or a leaf.
type Node struct {
	Path    string // where it stands: "where.all[2].filter"
	Kind    Kind
	Key     string // of a leaf: the same for leaves that say the same
	Kids    []Node // of a group
	Name    string // attribute, medium, event, property, or id of a segment
	Op      Op
	Value   any // as JSON says it, numbers as json.Number; nil when left out
	Purpose string
	Is      string
	Filter  *Node
	Agg     Agg
	Window  Window
	First   *Node // of a sequence
	Then    *Node
	Absent  bool          // the second event did not follow
	Within  time.Duration // 0 is any time
	After   time.Duration
}

// Func is how the events of a leaf become one figure.
type Func string

// The figures.
const (
	Count    Func = "count"
	Sum      Func = "sum"
	Avg      Func = "avg"
	Min      Func = "min"
	Max      Func = "max"
	Distinct Func = "distinct" // how many different texts
	First    Func = "first"    // the value in the earliest event
	Last     Func = "last"     // the value in the latest event
)

// Agg is a figure and the property that it is made of; Count has none.
type Agg struct {
	Func Func
	Prop string
}

// Limits of a definition.
const (
	maxBytes  = 32 << 10
	maxDepth  = 8
	maxLeaves = 100
	maxList   = 200
	maxText   = 500
)

// Parse reads a definition. What is wrong is in the fields of the error, by the path of the node.
func Parse(raw []byte) (Definition, error) {
	if len(raw) > maxBytes {
		return Definition{}, errs.New(errs.TooLarge, "segment_too_large", "A segment's definition has at most %d bytes. Nothing was saved.", maxBytes)
	}
	r := &reader{problems: map[string]string{}}
	d := Definition{}
	top := r.object(raw, "", "v", "tz", "where")
	if version, ok := top["v"]; ok && string(version) != "1" {
		r.fail("v", "write 1; no other version is known")
	}
	if zone, ok := top["tz"]; ok {
		d.Timezone = r.zone(zone)
	}
	if where, ok := top["where"]; ok {
		d.Where = r.node(where, "where", false)
	} else if top != nil {
		r.fail("where", `say who belongs, for example {"all":[]} for everybody`)
	}
	if len(r.problems) > 0 {
		return Definition{}, r.err()
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return Definition{}, fmt.Errorf("compact a definition that was read: %w", err)
	}
	d.Raw = compact.Bytes()
	return d, nil
}

// MarshalJSON is the definition as it was written.
func (d Definition) MarshalJSON() ([]byte, error) { return d.Raw, nil }

// reader gathers what is wrong instead of stopping at the first.
type reader struct {
	problems map[string]string
	depth    int
	leaves   int
}

func (r *reader) fail(path, format string, args ...any) {
	if path == "" {
		path = "definition"
	}
	if _, known := r.problems[path]; !known {
		r.problems[path] = fmt.Sprintf(format, args...)
	}
}

// err names the first few problems in the message as well, for callers that show only that.
func (r *reader) err() error {
	paths := slices.Sorted(maps.Keys(r.problems))
	said := make([]string, 0, 3)
	for _, path := range paths[:min(3, len(paths))] {
		said = append(said, path+": "+r.problems[path])
	}
	e := errs.New(errs.Invalid, "segment_invalid", "This segment cannot be used as it is. Nothing was saved. %s.", strings.Join(said, "; "))
	for _, path := range paths {
		e = e.WithField(path, r.problems[path])
	}
	return e
}

// object reads an object that has only the known keys; nil when it is none.
func (r *reader) object(raw []byte, path string, known ...string) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if err := json.Unmarshal(raw, &out); err != nil || out == nil {
		r.fail(path, "write an object in braces")
		return nil
	}
	for key := range out {
		if !slices.Contains(known, key) {
			r.fail(path, "%q has no meaning here; use %s", clip(key), strings.Join(known, ", "))
		}
	}
	return out
}

// leafKeys says which keys may stand beside the one that names a node's kind.
func leafKeys(k Kind) []string {
	switch k {
	case leafAttr, leafProp:
		return []string{string(k), "op", "value"}
	case leafConsent:
		return []string{"consent", "purpose", "is"}
	case leafEvent:
		return []string{"event", "filter", "agg", "op", "value", "window"}
	case leafSequence:
		return []string{"sequence", "window"}
	}
	return []string{string(k)}
}

// node reads a node. Inside a filter only groups and properties have a meaning.
func (r *reader) node(raw []byte, path string, inFilter bool) Node {
	n := Node{Path: path}
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxDepth {
		r.fail(path, "groups nest at most %d deep", maxDepth)
		return n
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
		r.fail(path, "write a condition in braces")
		return n
	}
	n.Kind = kindOf(keys, inFilter)
	if n.Kind == "" {
		r.fail(path, "say what it is by one of %s", strings.Join(kindNames(inFilter), ", "))
		return n
	}
	body := r.object(raw, path, leafKeys(n.Kind)...)
	if n.Kind == groupAll || n.Kind == groupAny || n.Kind == groupNone {
		r.kids(&n, body[string(n.Kind)], inFilter)
		return n
	}
	if r.leaves++; r.leaves > maxLeaves {
		r.fail(path, "a segment has at most %d conditions", maxLeaves)
		return n
	}
	n.Key = canonical(raw)
	r.leaf(&n, body)
	return n
}

// canonical is JSON without spaces and with its keys in order.
func canonical(raw []byte) string {
	out, err := json.Marshal(anyJSON(raw))
	if err != nil {
		return string(raw)
	}
	return string(out)
}

func kindNames(inFilter bool) []string {
	if inFilter {
		return []string{"all", "any", "none", "prop"}
	}
	return []string{"all", "any", "none", "attr", "consent", "event", "sequence", "segment"}
}

// kindOf is the kind that exactly one key names, else empty.
func kindOf(keys map[string]json.RawMessage, inFilter bool) (found Kind) {
	for _, name := range kindNames(inFilter) {
		if _, ok := keys[name]; !ok {
			continue
		}
		if found != "" {
			return ""
		}
		found = Kind(name)
	}
	return found
}

func (r *reader) kids(n *Node, raw []byte, inFilter bool) {
	path := n.Path + "." + string(n.Kind)
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		r.fail(path, "write a list of conditions in brackets")
		return
	}
	if len(list) == 0 && n.Kind != groupAll {
		r.fail(path, "add at least one condition; an empty %q says nothing", n.Kind)
	}
	for i, kid := range list {
		n.Kids = append(n.Kids, r.node(kid, fmt.Sprintf("%s[%d]", path, i), inFilter))
	}
}

func (r *reader) leaf(n *Node, body map[string]json.RawMessage) {
	if n.Kind == leafSequence {
		r.sequence(n, body)
		return
	}
	n.Name = r.text(body[string(n.Kind)], n.Path+"."+string(n.Kind))
	switch n.Kind {
	case leafAttr, leafProp:
		r.comparison(n, body)
		if n.Op == "" {
			r.fail(n.Path+".op", "say how to compare, for example \"eq\"")
		}
	case leafConsent:
		n.Purpose, n.Is = "marketing", "granted"
		if raw, ok := body["purpose"]; ok {
			n.Purpose = r.text(raw, n.Path+".purpose")
		}
		if raw, ok := body["is"]; ok {
			n.Is = r.text(raw, n.Path+".is")
		}
	case leafEvent:
		r.event(n, body)
	}
}

func (r *reader) comparison(n *Node, body map[string]json.RawMessage) {
	if raw, ok := body["op"]; ok {
		n.Op = Op(r.text(raw, n.Path+".op"))
	}
	if raw, ok := body["value"]; ok {
		n.Value = anyJSON(raw)
	}
}

func (r *reader) event(n *Node, body map[string]json.RawMessage) {
	r.comparison(n, body)
	n.Agg = Agg{Func: Count}
	if raw, ok := body["agg"]; ok {
		n.Agg = r.agg(raw, n.Path+".agg")
	}
	if raw, ok := body["filter"]; ok {
		filter := r.node(raw, n.Path+".filter", true)
		n.Filter = &filter
	}
	if raw, ok := body["window"]; ok {
		n.Window = r.window(raw, n.Path+".window")
	}
}

// agg reads "count" or {"sum":"total"}.
func (r *reader) agg(raw []byte, path string) Agg {
	if string(raw) == `"count"` {
		return Agg{Func: Count}
	}
	var body map[Func]string
	if json.Unmarshal(raw, &body) == nil && len(body) == 1 {
		for fn, prop := range body {
			if slices.Contains([]Func{Sum, Avg, Min, Max, Distinct, First, Last}, fn) {
				return Agg{fn, r.propName(prop, path)}
			}
		}
	}
	r.fail(path, `write "count", or one of sum, avg, min, max, distinct, first, last with its property: {"sum":"total"}`)
	return Agg{}
}

func (r *reader) sequence(n *Node, body map[string]json.RawMessage) {
	path := n.Path + ".sequence"
	seq := r.object(body["sequence"], path, "first", "then", "not_then", "within", "after")
	if seq == nil {
		return
	}
	_, then := seq["then"]
	_, absent := seq["not_then"]
	if _, ok := seq["first"]; !ok || then == absent {
		r.fail(path, "name the event that comes first, and either then or not_then")
		return
	}
	n.Absent = absent
	second := "then"
	if absent {
		second = "not_then"
	}
	n.First, n.Then = r.part(seq["first"], path+".first"), r.part(seq[second], path+"."+second)
	if raw, ok := seq["within"]; ok {
		n.Within = r.duration(raw, path+".within")
	}
	if raw, ok := seq["after"]; ok {
		n.After = r.duration(raw, path+".after")
	}
	if n.After > 0 && !absent {
		r.fail(path+".after", "only not_then waits; leave it out")
	}
	if n.Within > 0 && n.After >= n.Within {
		r.fail(path+".after", "must be shorter than within, or nobody ever belongs")
	}
	if raw, ok := body["window"]; ok {
		n.Window = r.window(raw, n.Path+".window")
		if absent {
			r.fail(n.Path+".window", "not_then looks at the latest first event; use within instead")
		}
	}
}

// part reads one event of a sequence: its name and filter.
func (r *reader) part(raw []byte, path string) *Node {
	n := &Node{Path: path, Kind: leafEvent}
	body := r.object(raw, path, "event", "filter")
	if body == nil {
		return n
	}
	n.Name = r.text(body["event"], path+".event")
	if raw, ok := body["filter"]; ok {
		filter := r.node(raw, path+".filter", true)
		n.Filter = &filter
	}
	return n
}

func (r *reader) text(raw []byte, path string) string {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || s == "" || len(s) > maxText || strings.ContainsRune(s, 0) {
		r.fail(path, "write a text of 1 to %d bytes", maxText)
		return ""
	}
	return s
}

// propName refuses the few names that no JSON path of SQLite can say.
func (r *reader) propName(name, path string) string {
	if name == "" || len(name) > 100 || strings.ContainsAny(name, "\"\\\x00") {
		r.fail(path, "name a property with 1 to 100 bytes, without quotes and backslashes")
	}
	return name
}

func (r *reader) zone(raw []byte) string {
	zone := r.text(raw, "tz")
	if zone == "workspace" {
		return ""
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		r.fail("tz", "write workspace, or an IANA zone such as Europe/Rome")
	}
	return zone
}

// anyJSON decodes a value and keeps numbers as they were written. What was read once cannot fail.
func anyJSON(raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil && err != io.EOF {
		return nil
	}
	return v
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
