package content

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/osteele/liquid"
)

// missingMark is how a missing value is recognised in Liquid's errors, which keep only words.
const missingMark = "value is missing"

type missingValue struct{}

func (*missingValue) Error() string { return missingMark }

// maxItems is the longest list that a template sees.
const maxItems = 100

var errTooLong = errors.New("a text inside the template grows too long")

// wideDate finds widths in a date's format that would make a text of any length.
var wideDate = regexp.MustCompile(`%[-_0^#]*\d{2,}`)

// safeFilters replaces the filters that can make a text or list grow without bound, and adds ours.
func safeFilters(e *liquid.Engine) {
	e.RegisterFilter(requiredFilter, func(value any) (any, error) {
		if value == nil || value == "" {
			return nil, &missingValue{}
		}
		return value, nil
	})
	e.RegisterFilter("link", mark)
	e.RegisterFilter("append", func(s, suffix string) (string, error) { return short(s + suffix) })
	e.RegisterFilter("prepend", func(s, prefix string) (string, error) { return short(prefix + s) })
	e.RegisterFilter("replace", func(s, old, with string) (string, error) {
		if old == "" {
			return s, nil
		}
		if n := strings.Count(s, old); len(s)+n*len(with) > MaxOutput+n*len(old) {
			return "", errTooLong
		}
		return strings.ReplaceAll(s, old, with), nil
	})
	e.RegisterFilter("replace_first", func(s, old, with string) (string, error) { return short(strings.Replace(s, old, with, 1)) })
	e.RegisterFilter("concat", func(a, b []any) ([]any, error) {
		if len(a)+len(b) > maxItems {
			return nil, errTooLong
		}
		return append(append([]any{}, a...), b...), nil
	})
	e.RegisterFilter("split", func(s, separator string) []any {
		var out []any
		for _, part := range strings.SplitN(s, separator, maxItems) {
			out = append(out, part)
		}
		return out
	})
	e.RegisterFilter("join", join)
	e.RegisterFilter("date", date)
	for _, name := range []string{"inspect", "type", "json"} {
		e.RegisterFilter(name, func(any) (string, error) { return "", errors.New("this filter cannot be used in a message") })
	}
}

func short(s string) (string, error) {
	if len(s) > MaxOutput {
		return "", errTooLong
	}
	return s, nil
}

func join(list []any, separator func(string) string) (string, error) {
	var b strings.Builder
	for i, item := range list {
		if i > 0 {
			b.WriteString(separator(" "))
		}
		if text, ok := item.(string); ok {
			b.WriteString(text)
		}
		if b.Len() > MaxOutput {
			return "", errTooLong
		}
	}
	return b.String(), nil
}

// date formats a moment by Go's layout of the usual strftime letters; the widths of strftime are refused.
func date(t time.Time, format func(string) string) (string, error) {
	layout := format("%b %-d")
	if wideDate.MatchString(layout) {
		return "", errors.New("a date format cannot have a width")
	}
	return short(strftime(t, layout))
}

// strftime knows the letters of the C function that people use in messages; others stay as they are.
func strftime(t time.Time, format string) string {
	layouts := map[string]string{"Y": "2006", "y": "06", "m": "01", "-m": "1", "d": "02", "-d": "2", "e": "_2", "B": "January",
		"b": "Jan", "h": "Jan", "A": "Monday", "a": "Mon", "H": "15", "I": "03", "-I": "3", "l": "3", "M": "04", "S": "05",
		"p": "PM", "P": "pm", "Z": "MST", "z": "-0700", "F": "2006-01-02", "T": "15:04:05", "R": "15:04", "D": "01/02/06", "j": "002"}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		letter := format[i+1 : i+2]
		if letter == "-" && i+2 < len(format) {
			letter = format[i+1 : i+3]
		}
		layout, known := layouts[letter]
		switch {
		case letter == "%":
			b.WriteByte('%')
		case known:
			b.WriteString(t.Format(layout))
		default:
			b.WriteString("%" + letter)
		}
		i += len(letter)
	}
	return b.String()
}
