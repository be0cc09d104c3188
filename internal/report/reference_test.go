package report_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/report"
)

// history is what happened in a workspace, drawn at random.
type history struct {
	zone      string
	from, to  string
	simulated bool
	carts     []cart
}

func drawHistory(t *rapid.T) history {
	h := history{
		zone: rapid.SampledFrom([]string{"Europe/Rome", "America/New_York", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"}).Draw(t, "zone"),
		// Around the days on which these zones move their clocks.
		from: rapid.SampledFrom([]string{"2026-03-05", "2026-03-27", "2026-04-20", "2026-10-22", "2026-11-15"}).Draw(t, "from"), simulated: rapid.Bool().Draw(t, "simulated"),
	}
	first, err := time.Parse(time.DateOnly, h.from)
	if err != nil {
		t.Fatal(err)
	}
	location, err := time.LoadLocation(h.zone)
	if err != nil {
		t.Fatal(err)
	}
	h.to = first.AddDate(0, 0, rapid.IntRange(0, 11).Draw(t, "days")).Format(time.DateOnly)
	for n := range rapid.IntRange(2, 16).Draw(t, "carts") {
		h.carts = append(h.carts, drawCart(t, n, first, location))
	}
	return h
}

func drawCart(t *rapid.T, n int, first time.Time, location *time.Location) cart {
	moment := rapid.Custom(func(t *rapid.T) clock.Time {
		// Where days begin, or nearby; a microsecond to either side is where they are mistaken.
		at := time.Date(first.Year(), first.Month(), first.Day()+rapid.IntRange(-2, 13).Draw(t, "day"), 0, 0, 0, 0, location).
			Add(time.Duration(rapid.SampledFrom([]int{0, 0, -1, 1, 13}).Draw(t, "hour")) * time.Hour)
		return clock.From(at) + clock.Time(rapid.IntRange(-1, 1).Draw(t, "off"))
	})
	amount := rapid.Custom(func(t *rapid.T) money.Amount {
		return money.Amount{Minor: rapid.Int64Range(0, 9999).Draw(t, "minor"), Currency: rapid.SampledFrom([]money.Currency{"EUR", "EUR", "USD", "SEK"}).Draw(t, "currency")}
	})
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label) }
	c := cart{id: name("crt", n), state: pick("state", states()...), reason: pick("reason", "", "other", "unexpected_cost"), total: amount.Draw(t, "total")}
	if rapid.Bool().Draw(t, "came back") {
		c.state = "recovered"
	}
	if rapid.IntRange(0, 5).Draw(t, "ever") > 0 {
		c.abandoned = moment.Draw(t, "abandoned")
	}
	if rapid.Bool().Draw(t, "reminded") {
		c.message, c.kind = name("msg", n), pick("kind", "sim", "twilio")
		c.journey, c.step = pick("journey", "", "jny_1", "jny_2"), pick("step", "", "text", "again")
	}
	if c.state == "recovered" || c.state == "bought" {
		c.order = &order{id: name("ord", n), at: moment.Draw(t, "at"), amount: amount.Draw(t, "amount"), member: pick("member", "", "mem_1", "mem_2"),
			code: pick("code", "", "ERA-1", "ERA-2"), status: pick("status", "cancelled", "placed", "fulfilled"), recovered: c.state == "recovered"}
	}
	return c
}

// figure is what the reference says about one metric and key.
type figure struct {
	ids []string // of the rows
	sum map[money.Currency]int64
}

// reference works every figure out from the history, cart by cart.
func (h history) reference(t *rapid.T) map[report.Metric]map[string]figure {
	out := map[report.Metric]map[string]figure{}
	for _, m := range report.Metrics() {
		out[m] = map[string]figure{}
	}
	location, err := time.LoadLocation(h.zone)
	if err != nil {
		t.Fatal(err)
	}
	within := func(at clock.Time) (string, bool) {
		date := at.Std().In(location).Format(time.DateOnly)
		return date, !at.IsZero() && date >= h.from && date <= h.to
	}
	add := func(m report.Metric, key, row string, a *money.Amount) {
		f := out[m][key]
		f.ids = append(f.ids, row)
		if f.sum == nil {
			f.sum = map[money.Currency]int64{}
		}
		if a != nil {
			f.sum[a.Currency] += a.Minor
		}
		out[m][key] = f
	}
	for _, c := range h.carts {
		if c.kind == "sim" && !h.simulated {
			continue
		}
		if o := c.order; o != nil && o.recovered {
			if date, ok := within(o.at); ok {
				for m, key := range map[report.Metric]string{report.Orders: "", report.Daily: date, report.ByAgent: o.member, report.ByCode: o.code,
					report.ByJourney: c.journey, report.ByMessage: c.journey + "/" + c.step} {
					add(m, key, o.id, &o.amount)
				}
				if o.status == "cancelled" {
					add(report.Cancelled, "", o.id, &o.amount)
				}
			}
		}
		if _, ok := within(c.abandoned); !ok {
			continue
		}
		add(report.Carts, "", c.id, nil)
		add(report.ByState, c.state, c.id, nil)
		add(report.Reasons, c.reason, c.id, nil)
		if c.message != "" {
			add(report.Reminded, "", c.id, nil)
			if c.state == "recovered" {
				add(report.RemindedRecovered, "", c.id, nil)
			}
		}
	}
	return out
}

// tile is a figure as the report shows it.
type tile struct {
	Count int
	Sum   map[money.Currency]int64
}

// tiles are all figures of a report that are not nothing.
func tiles(r report.Recovery) map[report.Metric]map[string]tile {
	out := map[report.Metric]map[string]tile{}
	put := func(m report.Metric, key string, n int, amounts ...money.Amount) {
		if out[m] == nil {
			out[m] = map[string]tile{}
		}
		if n == 0 {
			return
		}
		t := tile{Count: n, Sum: map[money.Currency]int64{}}
		for _, a := range amounts {
			if a.Minor != 0 {
				t.Sum[a.Currency] = a.Minor
			}
		}
		out[m][key] = t
	}
	sum := func(m report.Metric, key string, s report.Sum) {
		put(m, key, s.Orders, append(s.Others, s.Recovered)...)
	}
	for _, m := range report.Metrics() {
		put(m, "", 0)
	}
	sum(report.Orders, "", r.Sum)
	sum(report.Cancelled, "", r.Cancelled)
	for m, groups := range map[report.Metric][]report.Group{report.ByAgent: r.ByAgent, report.ByMessage: r.ByMessage, report.ByJourney: r.ByJourney, report.ByCode: r.ByCode} {
		for _, g := range groups {
			sum(m, g.Key, g.Sum)
		}
	}
	for _, d := range r.Daily {
		sum(report.Daily, d.Date, d.Sum)
	}
	put(report.Carts, "", r.CartsTotal)
	for state, n := range r.Carts {
		put(report.ByState, state, n)
	}
	put(report.Reminded, "", r.Rate.Reminded)
	put(report.RemindedRecovered, "", r.Rate.Recovered)
	for _, reason := range r.Reasons {
		put(report.Reasons, reason.Key, reason.Carts)
	}
	return out
}

func (f figure) tile() tile {
	t := tile{Count: len(f.ids), Sum: map[money.Currency]int64{}}
	for c, minor := range f.sum {
		if minor != 0 {
			t.Sum[c] = minor
		}
	}
	return t
}

// RP-1: tile == rows == reference, for every metric, under random histories.
func TestEveryFigureEqualsItsRowsAndTheReference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		seen := map[report.Metric]int{}
		rapid.Check(t, func(rt *rapid.T) {
			h := drawHistory(rt)
			ws := b.workspace(h.zone, false)
			b.store(ws, h.carts)
			q := report.Query{From: h.from, To: h.to, Simulated: map[bool]string{true: "include", false: "exclude"}[h.simulated]}
			b.clock.Set(clock.From(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)))
			r := b.recovery(ws, q)
			want := h.reference(rt)
			wantTiles := map[report.Metric]map[string]tile{}
			for m, figures := range want {
				wantTiles[m] = map[string]tile{}
				for key, f := range figures {
					wantTiles[m][key] = f.tile()
					seen[m]++
					if diff := cmp.Diff(sorted(f.ids), b.rowIDs(ws, q, m, key)); diff != "" {
						rt.Fatalf("the rows of %s %q (-want +got):\n%s", m, key, diff)
					}
				}
			}
			if diff := cmp.Diff(wantTiles, tiles(r)); diff != "" {
				rt.Fatalf("the figures (-want +got):\n%s", diff)
			}
		})
		for _, m := range report.Metrics() {
			if seen[m] < 5 {
				t.Errorf("%s was not nothing only %d times: the histories are too thin to prove it", m, seen[m])
			}
		}
	})
}

// rowIDs are the ids of the rows behind a figure, orders or carts, and a check of their order.
func (b bench) rowIDs(ws id.Workspace, q report.Query, m report.Metric, key string) []string {
	b.t.Helper()
	var out []string
	rows := b.rows(ws, q, m, key)
	for i, row := range rows {
		if i > 0 && row.At > rows[i-1].At {
			b.t.Fatalf("%s %q: the rows are not newest first", m, key)
		}
		switch m {
		case report.Carts, report.ByState, report.Reminded, report.RemindedRecovered, report.Reasons:
			out = append(out, row.CartID)
		default:
			out = append(out, row.OrderID)
		}
	}
	return sorted(out)
}

func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}

func TestADayOfThePeriodIsFoundOnEveryDateOfAYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for _, zone := range []string{"Africa/Cairo", "America/Havana", "Asia/Beirut", "America/Santiago", "Pacific/Apia", "Europe/London"} {
			ws := b.workspace(zone, false)
			r := b.recovery(ws, report.Query{From: "2025-11-20", To: "2026-11-20"})
			if len(r.Daily) != 366 {
				t.Errorf("%s: %d days, want 366", zone, len(r.Daily))
			}
			for i := 1; i < len(r.Daily); i++ {
				day, err := time.Parse(time.DateOnly, r.Daily[i-1].Date)
				if err != nil || r.Daily[i].Date != day.AddDate(0, 0, 1).Format(time.DateOnly) {
					t.Fatalf("%s: after %s comes %s", zone, r.Daily[i-1].Date, r.Daily[i].Date)
				}
			}
		}
	})
}

func TestAPeriodMayBeginAndEndOnADayWithoutMidnight(t *testing.T) {
	b := setup(t, dbtest.SQLite(t))
	r := b.recovery(b.workspace("America/Havana", false), report.Query{From: "2026-03-08", To: "2026-03-08"})
	if r.From != "2026-03-08" || len(r.Daily) != 1 || r.Daily[0].Date != "2026-03-08" {
		t.Errorf("got %s to %s, %+v", r.From, r.To, r.Daily)
	}
}
