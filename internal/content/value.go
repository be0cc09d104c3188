package content

import (
	"strings"

	"parley/internal/clock"
	"parley/internal/money"
)

// maxDepth is how deep values may be nested.
const maxDepth = 8

// clean copies what a template may see: plain values only, so that no method of a Go type can be called; empty texts
// count as missing; lists end at maxItems; our own marks are taken out.
func clean(v any) any { return cleanAt(v, 0) }

func cleanAt(v any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := v.(type) {
	case string:
		return cleanText(v)
	case bool, int, int64, float64:
		return v
	case clock.Time:
		if v.IsZero() {
			return nil
		}
		return v.Std()
	case money.Amount:
		return v.String()
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if c := cleanAt(value, depth+1); c != nil {
				out[key] = c
			}
		}
		return out
	case []any:
		out := make([]any, 0, min(len(v), maxItems))
		for _, value := range v[:min(len(v), maxItems)] {
			out = append(out, cleanAt(value, depth+1))
		}
		return out
	case []string:
		out := make([]any, 0, min(len(v), maxItems))
		for _, value := range v[:min(len(v), maxItems)] {
			out = append(out, cleanText(value))
		}
		return out
	}
	return nil
}

func cleanText(s string) any {
	if s == "" {
		return nil
	}
	if strings.ContainsAny(s, linkOpen+linkShut) {
		s = strings.NewReplacer(linkOpen, "", linkShut, "").Replace(s)
	}
	return s
}
