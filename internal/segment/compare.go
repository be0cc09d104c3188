package segment

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/money"
)

// opsOf are the comparisons that a type knows.
func opsOf(t Type) []Op {
	switch t {
	case Text:
		return []Op{Eq, In, Contains, StartsWith, IsSet}
	case Number, Money:
		return []Op{Eq, Gt, Gte, Lt, Lte, Between, IsSet}
	case Bool:
		return []Op{Eq, IsSet}
	case Date:
		return []Op{Eq, Gt, Gte, Lt, Lte, Between, Within, OccursWithin, IsSet}
	case Time:
		return []Op{Gt, Gte, Lt, Lte, Between, Within, IsSet}
	}
	return []Op{Contains, In, IsSet}
}

// newTest checks an operator and its value against a type; problem says what to write instead.
func newTest(kind Type, n Node, zone *time.Location) (t test, field, problem string) {
	if !slices.Contains(opsOf(kind), n.Op) {
		return t, "op", fmt.Sprintf("%q does not fit %s; use one of %s", clip(string(n.Op)), article(kind), joinOps(opsOf(kind)))
	}
	t = test{op: n.Op, kind: kind}
	if n.Op == IsSet {
		if n.Value != nil && n.Value != true {
			return t, "value", "is_set needs no value; for the opposite put it into none"
		}
		return t, "", ""
	}
	problem = t.read(n, zone)
	return t, "value", problem
}

// read fills the test from its value.
func (t *test) read(n Node, zone *time.Location) string {
	switch n.Op {
	case Within, OccursWithin:
		return t.readReach(n)
	case Contains, StartsWith:
		s, ok := readText(n.Value)
		if !ok {
			return "write a text"
		}
		t.texts, t.said, t.form = []string{s}, quoted(s), hasPart
		if n.Op == StartsWith {
			t.form = hasPrefix
		}
		return ""
	case In:
		return t.readMany(n.Value)
	case Eq:
		if t.kind == Text || t.kind == Date || t.kind == Bool {
			return t.readOne(n.Value)
		}
	}
	return t.readSpan(n, zone)
}

func (t *test) readOne(v any) string {
	t.form = oneOf
	if b, ok := v.(bool); t.kind == Bool {
		if !ok {
			return "write true or false"
		}
		t.texts, t.said = []string{strconv.FormatBool(b)}, strconv.FormatBool(b)
		return ""
	}
	s, ok := readText(v)
	if !ok || t.kind == Date && !isDay(s, true) {
		return map[Type]string{Text: "write a text", Date: "write a day such as 1990-05-14, or --05-14 for any year"}[t.kind]
	}
	t.texts, t.said = []string{s}, quoted(s)
	return ""
}

func (t *test) readMany(v any) string {
	t.form = oneOf
	list, ok := v.([]any)
	if !ok || len(list) == 0 || len(list) > maxList {
		return fmt.Sprintf("write a list of 1 to %d texts", maxList)
	}
	var said []string
	for _, item := range list {
		s, ok := readText(item)
		if !ok {
			return "each entry of the list is a text"
		}
		t.texts, said = append(t.texts, s), append(said, quoted(s))
	}
	t.said = orList(said)
	return ""
}

// readReach reads {"last":"30d"} or {"next":"7d"}.
func (t *test) readReach(n Node) string {
	body, ok := n.Value.(map[string]any)
	last, isLast := body["last"].(string)
	next, isNext := body["next"].(string)
	if !ok || len(body) != 1 || isLast == isNext {
		return `write {"last":"30d"} or {"next":"7d"}`
	}
	d, good := parseDuration(last + next)
	if !good || t.kind == Date && d%(24*time.Hour) != 0 {
		return "write a number of days such as 7d"
	}
	t.form, t.reach, t.ahead = inSpan, d, isNext
	if n.Op == OccursWithin {
		t.form = yearly
	}
	t.said = map[bool]string{false: "in the last ", true: "in the next "}[isNext] + spoken(d)
	return ""
}

// readSpan reads what gt, gte, lt, lte, eq and between compare with.
func (t *test) readSpan(n Node, zone *time.Location) string {
	t.form = inSpan
	values := []any{n.Value}
	if n.Op == Between {
		list, ok := n.Value.([]any)
		if !ok || len(list) != 2 {
			return "write a list of two, the lower first"
		}
		values = list
	}
	bounds := make([]bound, len(values))
	var said []string
	for i, v := range values {
		b, words, problem := t.bound(v, zone)
		if problem != "" {
			return problem
		}
		bounds[i], said = b, append(said, words)
	}
	t.said = strings.Join(said, " and ")
	lo, hi := bounds[0], bounds[len(bounds)-1]
	if n.Op == Between && (lo.num > hi.num || lo.text > hi.text) {
		return "write the lower one first"
	}
	switch n.Op {
	case Gt, Gte:
		lo.open, hi = n.Op == Gt, bound{}
	case Lt, Lte:
		hi.open, lo = n.Op == Lt, bound{}
	}
	t.lo, t.hi = lo, hi
	return ""
}

func (t *test) bound(v any, zone *time.Location) (b bound, said, problem string) {
	got := valueOf(v)
	switch t.kind {
	case Number:
		if got.kind != Number || math.IsInf(got.num, 0) {
			return b, "", "write a number"
		}
		return bound{set: true, num: got.num}, strconv.FormatFloat(got.num, 'f', -1, 64), ""
	case Money:
		if got.kind != Money || got.num != math.Trunc(got.num) || math.Abs(got.num) > 1e15 || len(got.currency) != 3 || strings.ToUpper(got.currency) != got.currency {
			return b, "", `write an amount in minor units such as {"minor": 5000, "currency": "EUR"}`
		}
		if t.currency != "" && t.currency != got.currency {
			return b, "", "both amounts are in one currency"
		}
		t.currency = got.currency
		return bound{set: true, num: got.num}, spokenMoney(got.num, got.currency), ""
	case Date:
		if got.kind != Text || !isDay(got.text, false) {
			return b, "", "write a day such as 1990-05-14"
		}
		return bound{set: true, text: got.text}, got.text, ""
	}
	if got.kind != Text || !isDayOrMoment(got.text) {
		return b, "", "write a day such as 2026-01-31, or a moment such as 2026-01-31T09:00:00Z"
	}
	return bound{set: true, num: float64(dayOrMoment(got.text, zone))}, got.text, ""
}

// typeOfValue is the type that a property must have for its test to make sense: nothing else says it.
func typeOfValue(n Node) Type {
	v := n.Value
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	switch kind := valueOf(v).kind; kind {
	case Number, Money, Bool:
		return kind
	}
	return Text
}

func readText(v any) (string, bool) {
	s, ok := v.(string)
	return s, ok && s != "" && len(s) <= maxText && !strings.ContainsRune(s, 0)
}

func isDay(s string, yearless bool) bool {
	if rest, ok := strings.CutPrefix(s, "--"); ok && yearless {
		s = "2000-" + rest
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// words says a test so that it can follow the name of what is compared.
func (t test) words() string {
	switch t.op {
	case IsSet:
		return "is known"
	case Contains:
		if t.kind == List {
			return "include " + t.said
		}
		return "contains " + t.said
	case In:
		if t.kind == List {
			return "include " + t.said
		}
		return "is " + t.said
	case StartsWith:
		return "starts with " + t.said
	case Gt, Lt:
		return t.order() + " " + t.said
	case Gte:
		return "is at least " + t.said
	case Lte:
		return "is at most " + t.said
	case Between:
		return "is between " + t.said
	case Within:
		return "is " + t.said
	case OccursWithin:
		return "comes round " + t.said
	}
	return "is " + t.said
}

func (t test) order() string {
	if t.kind == Date || t.kind == Time {
		return map[Op]string{Gt: "is after", Lt: "is before"}[t.op]
	}
	return map[Op]string{Gt: "is more than", Lt: "is less than"}[t.op]
}

func joinOps(ops []Op) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = string(op)
	}
	return strings.Join(names, ", ")
}

func article(t Type) string {
	switch t {
	case Money:
		return "an amount of money"
	case Bool:
		return "a yes or no"
	case Date:
		return "a day"
	case Time:
		return "a moment"
	}
	return "a " + string(t)
}

func quoted(s string) string {
	if strings.ContainsAny(s, " ,\"") {
		return strconv.Quote(s)
	}
	return s
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// spokenMoney says an amount: "50.00 EUR".
func spokenMoney(minor float64, currency string) string {
	return money.Amount{Minor: int64(minor), Currency: money.Currency(currency)}.Decimal() + " " + currency
}
