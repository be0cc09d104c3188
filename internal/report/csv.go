package report

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/money"
)

// harmless is a text that no spreadsheet calculates: what could begin a formula gets an apostrophe in front (I36; OWASP,
// "CSV Injection").
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// table writes lines of texts and numbers as CSV.
type table struct {
	w        *csv.Writer
	location *time.Location
}

func newTable(w io.Writer, location *time.Location) table {
	return table{csv.NewWriter(w), location}
}

// line writes one line; what goes wrong is told by end. Texts are made harmless; numbers, which Parley made itself, stay
// numbers.
func (t table) line(cells ...any) {
	out := make([]string, len(cells))
	for i, cell := range cells {
		switch v := cell.(type) {
		case string:
			out[i] = harmless(v)
		case int:
			out[i] = strconv.Itoa(v)
		case decimal:
			out[i] = string(v)
		case clock.Time:
			out[i] = t.moment(v)
		}
	}
	_ = t.w.Write(out) // end tells
}

func (t table) moment(at clock.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Std().In(t.location).Format(time.RFC3339)
}

func (t table) end() error {
	t.w.Flush()
	return t.w.Error()
}

// decimal is an amount as a number. A minus is part of the number, so it is not a text that has to be made harmless.
type decimal string

func amountOf(a money.Amount) decimal { return decimal(a.Decimal()) }

// csvOf writes a report: one line per figure, and one more for each further currency.
func (r Recovery) csvOf(w io.Writer) error {
	t := newTable(w, time.UTC)
	t.line("metric", "key", "name", "count", "amount", "currency", "note")
	t.sum(Orders, "", "", r.Sum, "")
	t.sum(Cancelled, "", "", r.Cancelled, "")
	for _, list := range []struct {
		metric Metric
		groups []Group
	}{{ByAgent, r.ByAgent}, {ByMessage, r.ByMessage}, {ByJourney, r.ByJourney}, {ByCode, r.ByCode}} {
		for _, g := range list.groups {
			t.sum(list.metric, g.Key, g.Name, g.Sum, "")
		}
	}
	for _, d := range r.Daily {
		note := ""
		if d.Partial {
			note = "partial"
		}
		t.sum(Daily, d.Date, "", d.Sum, note)
	}
	t.carts(r)
	return t.end()
}

func (t table) sum(m Metric, key, name string, s Sum, note string) {
	t.line(string(m), key, name, s.Orders, amountOf(s.Recovered), string(s.Recovered.Currency), note)
	for _, other := range s.Others {
		t.line(string(m), key, name, "", amountOf(other), string(other.Currency), note)
	}
}

func (t table) carts(r Recovery) {
	count := func(m Metric, key string, n int, note string) { t.line(string(m), key, "", n, "", "", note) }
	count(Carts, "", r.CartsTotal, "")
	for _, state := range slices.Sorted(maps.Keys(r.Carts)) {
		count(ByState, state, r.Carts[state], "")
	}
	count(Reminded, "", r.Rate.Reminded, "")
	note := ""
	if r.Rate.Percent != nil {
		note = strconv.FormatFloat(*r.Rate.Percent, 'f', 1, 64) + "% of the reminded"
	}
	count(RemindedRecovered, "", r.Rate.Recovered, note)
	for _, reason := range r.Reasons {
		count(Reasons, reason.Key, reason.Carts, "")
	}
}

// rowHead names the columns of a row, as the API does.
func rowHead() []any {
	return []any{"at", "cart_id", "cart_state", "cart_total", "cart_currency", "abandoned_at", "reason", "person_id", "person_name", "number",
		"order_id", "order_name", "order_status", "recovered", "recovered_currency", "message_id", "journey_id", "journey", "step", "code", "member_id", "member"}
}

func (r Row) cells() []any {
	return []any{r.At, r.CartID, r.CartState, amountOf(r.CartTotal), string(r.CartTotal.Currency), r.AbandonedAt, r.Reason, string(r.PersonID), r.PersonName, r.Number,
		r.OrderID, r.OrderName, r.OrderStatus, amountOf(r.Recovered), string(r.Recovered.Currency), r.MessageID, r.JourneyID, r.Journey, r.Step, r.Code, r.MemberID, r.Member}
}
