package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is one thing that is made or changed.
type Difference struct {
	Workspace string // slug
	Kind      string // workspace, member, api_key, channel, shop, offer, journey
	Name      string
	New       bool
	Fields    []Field // what changes; of a new thing nothing is listed
}

// Field is what changes about one field. Of secrets only the name is told.
type Field struct {
	Name          string
	Before, After string // as JSON; both empty for a secret
}

// String is the difference on one or more lines: "+" for what is new, "~" for what changes.
func (d Difference) String() string {
	mark := "~"
	if d.New {
		mark = "+"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s: %s %s", mark, d.Workspace, strings.ReplaceAll(d.Kind, "_", " "), d.Name)
	for _, f := range d.Fields {
		if f.Before == "" && f.After == "" {
			fmt.Fprintf(&out, "\n    %s: (secret)", f.Name)
			continue
		}
		fmt.Fprintf(&out, "\n    %s: %s -> %s", f.Name, f.Before, f.After)
	}
	return out.String()
}

// compare lists the fields that differ between two states, by name.
func compare(before, after map[string]any) []Field {
	names := maps.Clone(before)
	maps.Copy(names, after)
	var out []Field
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if b, a := text(before[name]), text(after[name]); b != a {
			out = append(out, Field{name, b, a})
		}
	}
	return out
}

// text is a value as JSON; a missing value is "null".
func text(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%q", fmt.Sprint(value))
	}
	return string(raw)
}

// fieldsOf is a struct as the API names its fields, those of its settings one by one.
func fieldsOf(prefix string, value any) map[string]any {
	out, flat := map[string]any{}, map[string]any{}
	if json.Unmarshal([]byte(text(value)), &flat) != nil {
		return out
	}
	for name, v := range flat {
		out[prefix+name] = v
	}
	return out
}
