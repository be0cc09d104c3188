package people

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"parley/internal/errs"
	"parley/internal/money"
)

// AttributeType is what an attribute holds.
type AttributeType string

// The attribute types and their values in JSON.
const (
	Text   AttributeType = "text"   // a string of at most 2000 bytes
	Number AttributeType = "number" // a finite number
	Date   AttributeType = "date"   // "1990-05-14", or "--05-14" when the year is not known (ISO 8601:2000)
	Bool   AttributeType = "bool"
	List   AttributeType = "list"  // at most 100 strings
	Money  AttributeType = "money" // {"minor": 1999, "currency": "EUR"}
)

// Definition is an attribute that persons of a workspace may have.
type Definition struct {
	Key   string        `json:"key" doc:"snake_case, does not change"`
	Type  AttributeType `json:"type" enum:"text,number,date,bool,list,money"`
	Label string        `json:"label" doc:"as people read it"`
}

// maxDefinitions is how many attributes a workspace may define.
const maxDefinitions = 500

func (d Definition) check() error {
	bad := errs.New(errs.Invalid, "attribute_invalid", "This attribute cannot be defined as it is. Nothing was changed.")
	if !regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`).MatchString(d.Key) {
		return bad.WithField("key", "start with a letter; use small letters, digits and underscores, at most 60")
	}
	if len(d.Label) > 200 {
		return bad.WithField("label", "at most 200 bytes")
	}
	switch d.Type {
	case Text, Number, Date, Bool, List, Money:
		return nil
	}
	return bad.WithField("type", "use text, number, date, bool, list or money")
}

// value is v as it is stored for the type, or what is wrong with it.
func (t AttributeType) value(v any) (any, string) {
	switch t {
	case Text:
		if s, ok := v.(string); ok && len(s) <= 2000 && !strings.ContainsRune(s, 0) {
			return s, ""
		}
		return nil, "write a text of at most 2000 bytes"
	case Number:
		if n, ok := number(v); ok {
			return n, ""
		}
		return nil, "write a number"
	case Date:
		if s, ok := v.(string); ok && isDate(s) {
			return s, ""
		}
		return nil, "write a date such as 1990-05-14, or --05-14 without a year"
	case Bool:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "say true or false"
	case List:
		return listValue(v)
	}
	return moneyValue(v)
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

func isDate(s string) bool {
	if rest, yearless := strings.CutPrefix(s, "--"); yearless {
		s = "2000-" + rest // a leap year, so that --02-29 is a birthday
	}
	_, err := time.Parse("2006-01-02", s)
	return err == nil
}

func listValue(v any) (any, string) {
	const want = "write a list of at most 100 texts"
	var out []string
	switch list := v.(type) {
	case []string:
		out = list
	case []any:
		for _, item := range list {
			s, ok := item.(string)
			if !ok {
				return nil, want
			}
			out = append(out, s)
		}
	default:
		return nil, want
	}
	if len(out) > 100 || len(strings.Join(out, "")) > 8000 {
		return nil, want
	}
	return out, ""
}

func moneyValue(v any) (any, string) {
	const want = `write an amount such as {"minor": 1999, "currency": "EUR"}`
	if a, ok := v.(money.Amount); ok {
		return a, ""
	}
	m, ok := v.(map[string]any)
	if !ok || len(m) != 2 {
		return nil, want
	}
	minor, isNumber := number(m["minor"])
	currency, isText := m["currency"].(string)
	if !isNumber || !isText || minor != math.Trunc(minor) || math.Abs(minor) > 1e15 || len(currency) != 3 {
		return nil, want
	}
	return money.Amount{Minor: int64(minor), Currency: money.Currency(strings.ToUpper(currency))}, ""
}

// validated checks attributes against their definitions. A nil value means removal and is kept as nil.
func validated(definitions map[string]Definition, given map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(given))
	bad := errs.New(errs.Invalid, "attribute_value", "Some of this could not be saved. Nothing was changed.")
	failed := false
	for key, v := range given {
		d, known := definitions[key]
		if !known {
			bad, failed = bad.WithField(key, "not defined; define it first"), true
			continue
		}
		if v == nil {
			out[key] = nil
			continue
		}
		value, problem := d.Type.value(v)
		if problem != "" {
			bad, failed = bad.WithField(key, fmt.Sprintf("%s: %s", d.Type, problem)), true
			continue
		}
		out[key] = value
	}
	if failed {
		return nil, bad
	}
	return out, nil
}
