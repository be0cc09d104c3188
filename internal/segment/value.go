package segment

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"parley/internal/clock"
)

// Type is what a value is.
type Type string

// The types. Other is what has no comparison but can be there: an object, or a list of something else than texts.
const (
	Text   Type = "text"
	Number Type = "number"
	Money  Type = "money" // in minor units; compared within one currency only
	Bool   Type = "bool"
	Date   Type = "date" // a day, "1990-05-14" or "--05-14"
	Time   Type = "time" // a moment
	List   Type = "list" // of texts
	Other  Type = "other"
)

// value is one fact about a person or an event. The zero value is "not there", which no comparison matches.
type value struct {
	kind     Type
	text     string // of text and date; "true" or "false" of bool
	num      float64
	currency string
	list     []string
}

// valueOf is a value as it came out of JSON.
func valueOf(v any) value {
	switch v := v.(type) {
	case nil:
		return value{}
	case string:
		return value{kind: Text, text: v}
	case bool:
		if v {
			return value{kind: Bool, text: "true"}
		}
		return value{kind: Bool, text: "false"}
	case float64:
		return value{kind: Number, num: v}
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return value{kind: Other}
		}
		return value{kind: Number, num: n}
	case []any:
		out := value{kind: List}
		for _, item := range v {
			if s, ok := item.(string); ok {
				out.list = append(out.list, s)
			}
		}
		return out
	case map[string]any:
		minor, currency := valueOf(v["minor"]), valueOf(v["currency"])
		if minor.kind == Number && currency.kind == Text {
			return value{kind: Money, num: minor.num, currency: currency.text}
		}
	}
	return value{kind: Other}
}

// Op is how a value is compared.
type Op string

// The comparisons. Not being so is said with a group: {"none":[...]}.
const (
	Eq           Op = "eq"
	In           Op = "in"
	Contains     Op = "contains"    // a text has the part; a list has the entry
	StartsWith   Op = "starts_with" //
	Gt           Op = "gt"
	Gte          Op = "gte"
	Lt           Op = "lt"
	Lte          Op = "lte"
	Between      Op = "between" // both ends included
	IsSet        Op = "is_set"
	Within       Op = "within"        // of a day or a moment, counted from now
	OccursWithin Op = "occurs_within" // of a day, in any year
)

// form is the shape into which the comparisons are brought, so that each engine knows five instead of twelve.
type form int

const (
	isSet form = iota
	oneOf
	hasPart
	hasPrefix
	inSpan
	yearly // month and day, from "05-14" to "06-01", over the turn of the year when from is later
)

// bound is an end of a span; the zero bound is open to all.
type bound struct {
	set  bool
	open bool // the end itself is outside
	num  float64
	text string // of days
}

// test is a comparison with its type checked.
type test struct {
	op       Op
	kind     Type
	form     form
	texts    []string
	lo, hi   bound
	currency string
	ahead    bool          // of within: next, not last
	reach    time.Duration // of within
	said     string        // the value in words
	from, to string        // of yearly, filled in by at
}

// at is the test with everything that depends on the moment filled in.
func (t test) at(m moment) test {
	switch {
	case t.op == Within && t.kind == Time:
		from, to := m.now-clock.Time(t.reach.Microseconds()), m.now
		if t.ahead {
			from, to = m.now, m.now+clock.Time(t.reach.Microseconds())
		}
		t.lo, t.hi = bound{set: true, open: true, num: float64(from)}, bound{set: true, num: float64(to)}
	case t.op == Within:
		from, to := t.days(m)
		t.lo, t.hi = bound{set: true, text: from.Format(time.DateOnly)}, bound{set: true, text: to.Format(time.DateOnly)}
	case t.op == OccursWithin:
		t.from, t.to = t.anniversaries(m)
	}
	return t
}

// days are the first and the last day of a span of days, today included.
func (t test) days(m moment) (from, to time.Time) {
	y, mo, d := m.now.Std().In(m.zone).Date()
	today := time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
	n := int(t.reach / (24 * time.Hour))
	if t.ahead {
		return today, today.AddDate(0, 0, n)
	}
	return today.AddDate(0, 0, -n), today
}

// anniversaries are the first and last month and day. In years without a 29 February it is kept on the 28th.
func (t test) anniversaries(m moment) (from, to string) {
	first, last := t.days(m)
	if last.Sub(first) >= 365*24*time.Hour {
		return "01-01", "12-31"
	}
	from, to = first.Format("01-02"), last.Format("01-02")
	if to == "02-28" && last.AddDate(0, 0, 1).Day() == 1 {
		to = "02-29"
	}
	return from, to
}

// match says whether a value passes a test whose moment is filled in.
func (t test) match(v value) bool {
	if t.form == isSet {
		return v.kind != ""
	}
	if v.kind == List && t.form == hasPart || t.kind == List {
		return v.kind == List && slices.ContainsFunc(t.texts, func(s string) bool { return slices.Contains(v.list, s) })
	}
	if v.kind != t.kind || v.currency != t.currency {
		return false
	}
	switch t.form {
	case oneOf:
		return slices.Contains(t.texts, v.text)
	case hasPart:
		return strings.Contains(v.text, t.texts[0])
	case hasPrefix:
		return strings.HasPrefix(v.text, t.texts[0])
	case yearly:
		return inYear(v.text, t.from, t.to)
	}
	if t.kind == Date {
		return !strings.HasPrefix(v.text, "-") && t.lo.belowText(v.text) && t.hi.aboveText(v.text)
	}
	return t.holds(v.num)
}

// holds says whether a number lies in the span.
func (t test) holds(n float64) bool {
	above := !t.lo.set || n > t.lo.num || n == t.lo.num && !t.lo.open
	below := !t.hi.set || n < t.hi.num || n == t.hi.num && !t.hi.open
	return above && below
}

func (b bound) belowText(s string) bool { return !b.set || b.text < s || b.text == s && !b.open }
func (b bound) aboveText(s string) bool { return !b.set || b.text > s || b.text == s && !b.open }

func inYear(day, from, to string) bool {
	if len(day) < 5 {
		return false
	}
	day = day[len(day)-5:]
	if from <= to {
		return from <= day && day <= to
	}
	return day >= from || day <= to
}

// changes is when the answer for a value may next be another.
func (t test) changes(v value, m moment) clock.Time {
	switch {
	case t.op == Within && t.kind == Time && v.kind == Time:
		at := clock.Time(v.num)
		next := never
		for _, turn := range []clock.Time{at, at - clock.Time(t.reach.Microseconds()), at + clock.Time(t.reach.Microseconds())} {
			if turn > m.now {
				next = min(next, turn)
			}
		}
		return next
	case (t.op == Within || t.op == OccursWithin) && v.kind == Date:
		return nextMidnight(m)
	}
	return never
}

// ints are the whole numbers that a span of counts allows, at most hi, which may be infinite.
func (t test) ints() (lo, hi float64) {
	lo, hi = 0, math.Inf(1)
	if t.lo.set {
		lo = math.Ceil(t.lo.num)
		if t.lo.open && lo == t.lo.num {
			lo++
		}
	}
	if t.hi.set {
		hi = math.Floor(t.hi.num)
		if t.hi.open && hi == t.hi.num {
			hi--
		}
	}
	return max(lo, 0), hi
}
