package report_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/org"
	"parley/internal/report"
)

// days is a moment so many days and hours before now.
func ago(days, hours int) clock.Time {
	return now.Add(-time.Duration(24*days+hours) * time.Hour)
}

// came is a cart that was abandoned, reminded and recovered.
func came(n int, at clock.Time, amount money.Amount) cart {
	return cart{id: name("crt", n), state: "recovered", abandoned: at, total: amount, message: name("msg", n), kind: "twilio", journey: "jny_1", step: "text",
		order: &order{id: name("ord", n), at: at.Add(time.Hour), amount: amount, status: "placed", recovered: true}}
}

type screen struct {
	bench
	api *httpx.API
	ws  id.Workspace
}

func open(t *testing.T, d *db.DB) *screen {
	t.Helper()
	s := &screen{bench: setup(t, d)}
	s.ws = s.workspace("Europe/Rome", false)
	s.api = httpx.New(httpx.Options{Version: "test", Log: slog.New(slog.DiscardHandler), IDs: s.ids,
		Guard: func(_ http.ResponseWriter, r *http.Request, _ httpx.Route) (context.Context, error) {
			return org.WithActor(r.Context(), org.Actor{Workspace: s.ws, Role: org.Viewer}), nil
		}})
	s.Routes(s.api)
	return s
}

func (s *screen) get(path string, args ...string) *http.Response {
	q := url.Values{}
	for i := 0; i+1 < len(args); i += 2 {
		q.Set(args[i], args[i+1])
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1"+path+"?"+q.Encode(), nil))
	return w.Result()
}

func (s *screen) read(into any, path string, args ...string) {
	s.t.Helper()
	r := s.get(path, args...)
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		s.t.Fatalf("GET %s: %d %s %v", path, r.StatusCode, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		s.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

func (s *screen) csv(path string, args ...string) [][]string {
	s.t.Helper()
	r := s.get(path, args...)
	if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
		s.t.Fatalf("GET %s: %d %s", path, r.StatusCode, r.Header.Get("Content-Type"))
	}
	lines, err := csv.NewReader(r.Body).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	return lines
}

func (s *screen) refused(code, path string, args ...string) {
	s.t.Helper()
	r := s.get(path, args...)
	var p httpx.Problem
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil || p.Code != code {
		s.t.Errorf("GET %s %v: %d %q %v, want %s", path, args, r.StatusCode, p.Code, err, code)
	}
}

func (s *screen) names() {
	s.t.Helper()
	s.tx(func(ctx context.Context, tx *db.Tx) error {
		tx.Queue(ctx, `INSERT INTO journey (workspace_id, id, name, state, draft, live_version, edit, created_at, updated_at) VALUES ($1, 'jny_1', 'Cart recovery', 'live', '{}', 1, 1, 1, 1)`, string(s.ws))
		tx.Queue(ctx, `INSERT INTO person (workspace_id, id, name, given_name, family_name, search_name, language, timezone, country, state, zip, preferred_channel,
			attributes, attribute_sources, created_at, updated_at) VALUES ($1, 'per_crt_001', '=HYPERLINK("http://evil","José")', '', '', '', '', '', '', '', '', '', '{}', '{}', 1, 1)`, string(s.ws))
		tx.Queue(ctx, `INSERT INTO person_identity (workspace_id, kind, value, person_id, source, verified_at, created_at) VALUES ($1, 'phone', '+393331234567', 'per_crt_001', '', 0, 1)`, string(s.ws))
		tx.Queue(ctx, `INSERT INTO shop (workspace_id, id, name, kind, domain, base_url, secret, old_secret, old_until, token, consent_wording, last_webhook_at, reconciled_at, problem, created_at)
			VALUES ($1, 'shp_1', 'era', 'shopify', 'era.example', '', '', '', 0, '', '', $2, $3, '', 1)`, string(s.ws), int64(ago(0, 2)), int64(ago(0, 1)))
		return nil
	})
}

// member is an agent of the workspace.
func (s *screen) member() org.Member {
	s.t.Helper()
	m, err := s.Org.CreateMember(s.t.Context(), org.NewMember{Workspace: s.ws, Name: "+Ana", Email: "ana@example.com", Role: org.Agent})
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func TestAReportNamesItsTermsAndSaysHowFreshItIs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		s.names()
		agent := s.member()
		carts := []cart{came(1, ago(2, 0), euro(12800)), came(2, ago(2, 1), money.Amount{Minor: 500, Currency: "USD"})}
		carts[0].order.member = string(agent.ID)
		carts[1].order.status = "cancelled"
		s.store(s.ws, carts)
		var r report.Recovery
		s.read(&r, "/reports/recovery")
		if r.From != "2026-10-23" || r.To != "2026-11-21" || len(r.Daily) != 30 || r.Timezone != "Europe/Rome" {
			t.Errorf("the usual period is %s to %s, %d days in %s", r.From, r.To, len(r.Daily), r.Timezone)
		}
		if !r.Partial || !r.Daily[29].Partial || r.Daily[28].Partial {
			t.Error("today, and only today, is partial (RP-5)")
		}
		if r.DataAt != ago(0, 1) || r.Rule != "By this rule." || r.Simulated {
			t.Errorf("data of %s, rule %q, simulated %v", r.DataAt, r.Rule, r.Simulated)
		}
		want := report.Sum{Orders: 2, Recovered: euro(12800), Others: []money.Amount{{Minor: 500, Currency: "USD"}}}
		if diff := cmp.Diff(want, r.Sum); diff != "" {
			t.Errorf("currencies are told apart (-want +got):\n%s", diff)
		}
		if r.Cancelled.Orders != 1 || r.ByAgent[0].Name != "+Ana" || r.ByMessage[0].Name != "Cart recovery · text" || r.ByJourney[0].Name != "Cart recovery" {
			t.Errorf("cancelled %+v, agents %+v, messages %+v, journeys %+v", r.Cancelled, r.ByAgent, r.ByMessage, r.ByJourney)
		}
		for _, m := range report.Metrics() {
			if text := r.Definitions[m]; strings.Count(text, ".") != 1 || !strings.HasSuffix(text, ".") {
				t.Errorf("the definition of %s is not one sentence: %q (RP-3)", m, text)
			}
		}
	})
}

func TestAShareIsNeverAPercentageBelowThirty(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		var carts []cart
		for n := range 29 {
			c := came(n, ago(3, n), euro(100))
			if n%4 != 0 {
				c.state, c.order = "recovering", nil
			}
			carts = append(carts, c)
		}
		s.store(s.ws, carts)
		if r := s.recovery(s.ws, report.Query{}).Rate; r.Percent != nil || r.Recovered != 8 || r.Reminded != 29 {
			t.Errorf("29 reminded carts: %+v (RP-6)", r)
		}
		s.store(s.ws, []cart{came(30, ago(1, 0), euro(100))})
		if r := s.recovery(s.ws, report.Query{}).Rate; r.Percent == nil || *r.Percent != 30 || r.Recovered != 9 || r.Reminded != 30 {
			t.Errorf("30 reminded carts: %+v", r)
		}
	})
}

func TestSimulatedChannelsAreLeftOutUnlessTheWorkspaceIsADemo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		played := came(1, ago(1, 0), euro(100))
		played.kind = "sim"
		for _, demo := range []bool{false, true} {
			ws := b.workspace("UTC", demo)
			b.store(ws, []cart{played, came(2, ago(1, 1), euro(1))})
			for ask, want := range map[string]int{"include": 2, "exclude": 1, "": map[bool]int{false: 1, true: 2}[demo]} {
				if got := b.recovery(ws, report.Query{Simulated: ask}).Orders; got != want {
					t.Errorf("demo %v, asked to %q: %d orders, want %d", demo, ask, got, want)
				}
			}
		}
	})
}

// I27: nothing of another workspace is counted or listed.
func TestAReportIsOfOneWorkspace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		own, other := b.workspace("UTC", false), b.workspace("UTC", false)
		b.store(other, []cart{came(1, ago(1, 0), euro(100))})
		if r := b.recovery(own, report.Query{}); r.Orders != 0 || r.CartsTotal != 0 {
			t.Errorf("counted %d orders and %d carts of another workspace", r.Orders, r.CartsTotal)
		}
		if rows := b.rows(own, report.Query{}, report.Orders, ""); len(rows) != 0 {
			t.Errorf("listed %d orders of another workspace", len(rows))
		}
	})
}

func TestQuestionsThatMakeNoSenseAreRefusedWithTheReason(t *testing.T) {
	s := open(t, dbtest.SQLite(t))
	for _, period := range [][]string{{"from", "2026-11-32"}, {"to", "yesterday"}, {"from", "2026-11-10", "to", "2026-11-09"}, {"from", "2027-01-01"},
		{"from", "1999-01-01", "to", "1999-02-01"}, {"from", "2020-01-01"}} {
		s.refused("period_invalid", "/reports/recovery", period...)
		s.refused("period_invalid", "/reports/recovery.csv", period...)
		s.refused("period_invalid", "/reports/deliverability", period...)
	}
	for _, ask := range [][]string{{"metric", "orders", "key", "x"}, {"metric", "daily", "key", "2020-01-01"}} {
		s.refused("figure_unknown", "/reports/recovery/rows", ask...)
		s.refused("figure_unknown", "/reports/recovery/rows.csv", ask...)
	}
	s.refused("figure_unknown", "/reports/recovery/rows.csv", "metric", "'; DROP TABLE cart")
	s.refused("figure_unknown", "/reports/deliverability/rows", "metric", "messages", "key", "x")
	if _, err := s.Rows(t.Context(), "ws_none", report.RowsQuery{Metric: report.Orders, Limit: 1}); errs.CodeOf(err) != "workspace_unknown" {
		t.Errorf("rows of no workspace: %v", err)
	}
	var r report.Recovery
	s.read(&r, "/reports/recovery", "from", "2026-11-20", "to", "2030-01-01")
	if r.To != "2026-11-21" {
		t.Errorf("days that have not come are reported on, until %s", r.To)
	}
}

func TestACursorServesOnlyItsOwnList(t *testing.T) {
	s := open(t, dbtest.SQLite(t))
	s.store(s.ws, []cart{came(1, ago(1, 0), euro(1)), came(2, ago(1, 2), euro(2))})
	var page httpx.Page[report.Row]
	s.read(&page, "/reports/recovery/rows", "metric", "orders", "limit", "1")
	if page.Next == "" || *page.Total != 2 {
		t.Fatalf("first page: %+v", page)
	}
	s.refused("cursor_invalid", "/reports/recovery/rows", "metric", "carts", "limit", "1", "cursor", page.Next)
	s.refused("cursor_invalid", "/reports/recovery/rows", "metric", "orders", "from", "2026-11-01", "cursor", page.Next)
	first := page.Items[0].OrderID
	page = httpx.Page[report.Row]{}
	s.read(&page, "/reports/recovery/rows", "metric", "orders", "limit", "1", "cursor", page.Next)
	if len(page.Items) != 1 || first != "ord_001" {
		t.Errorf("pages: %s, then %+v", first, page.Items)
	}
}

// RP-2: the CSV of the report holds the figures of the screen, line by line.
func TestTheReportAsCSVEqualsTheScreen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		s.names()
		agent := s.member()
		carts := []cart{came(1, ago(2, 0), euro(12800)), came(2, ago(2, 1), money.Amount{Minor: 500, Currency: "USD"}), came(3, ago(0, 3), euro(7))}
		carts[0].order.member, carts[0].order.code, carts[1].order.code, carts[1].reason = string(agent.ID), "-1+1", "@SUM(A1)", "other"
		s.store(s.ws, carts)
		var r report.Recovery
		s.read(&r, "/reports/recovery", "from", "2026-11-19")
		var want [][]string
		put := func(cells ...string) { want = append(want, cells) }
		sum := func(metric, key, name, note string, x report.Sum) {
			put(metric, key, name, strconv.Itoa(x.Orders), x.Recovered.Decimal(), string(x.Recovered.Currency), note)
			for _, o := range x.Others {
				put(metric, key, name, "", o.Decimal(), string(o.Currency), note)
			}
		}
		put("metric", "key", "name", "count", "amount", "currency", "note")
		sum("orders", "", "", "", r.Sum)
		sum("cancelled", "", "", "", r.Cancelled)
		sum("by_agent", string(agent.ID), "'+Ana", "", r.ByAgent[0].Sum)
		sum("by_agent", "", "", "", r.ByAgent[1].Sum)
		sum("by_message", "jny_1/text", "Cart recovery · text", "", r.ByMessage[0].Sum)
		sum("by_journey", "jny_1", "Cart recovery", "", r.ByJourney[0].Sum)
		for i, text := range []string{"'-1+1", "", "'@SUM(A1)"} {
			sum("by_code", text, text, "", r.ByCode[i].Sum)
		}
		sum("daily", "2026-11-19", "", "", r.Daily[0].Sum)
		sum("daily", "2026-11-20", "", "", r.Daily[1].Sum)
		sum("daily", "2026-11-21", "", "partial", r.Daily[2].Sum)
		put("carts", "", "", "3", "", "", "")
		for _, state := range slices.Sorted(slices.Values(states())) {
			put("by_state", state, "", strconv.Itoa(r.Carts[state]), "", "", "")
		}
		put("reminded", "", "", "3", "", "", "")
		put("reminded_recovered", "", "", "3", "", "", "")
		put("reasons", "", "", "2", "", "", "")
		put("reasons", "other", "", "1", "", "", "")
		if diff := cmp.Diff(want, s.csv("/reports/recovery.csv", "from", "2026-11-19")); diff != "" {
			t.Errorf("the CSV (-screen +csv):\n%s", diff)
		}
	})
}

// RP-2, I36: the CSV of the rows holds all pages of the screen, in the workspace's time, and nothing calculates.
func TestTheRowsAsCSVEqualTheScreenAndCalculateNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d)
		s.names()
		var carts []cart
		for n := range 1003 {
			carts = append(carts, came(n, ago(1, 0)+clock.Time(n%7), euro(int64(n))))
		}
		carts[1].order.code = "\t=1+1"
		s.store(s.ws, carts)
		rome, err := time.LoadLocation("Europe/Rome")
		if err != nil {
			t.Fatal(err)
		}
		want := [][]string{{"at", "cart_id", "cart_state", "cart_total", "cart_currency", "abandoned_at", "reason", "person_id", "person_name", "number",
			"order_id", "order_name", "order_status", "recovered", "recovered_currency", "message_id", "journey_id", "journey", "step", "code", "member_id", "member"}}
		local := func(at clock.Time) string { return at.Std().In(rome).Format(time.RFC3339) }
		for _, row := range s.pages(s.ws, report.RowsQuery{Metric: report.ByJourney, Key: "jny_1", Limit: 200}) {
			if row.OrderID == "ord_001" {
				row.PersonName, row.Number, row.Code = `'=HYPERLINK("http://evil","José")`, "'+393331234567", "'\t=1+1"
			}
			want = append(want, []string{local(row.At), row.CartID, row.CartState, row.CartTotal.Decimal(), "EUR", local(row.AbandonedAt), row.Reason, string(row.PersonID),
				row.PersonName, row.Number, row.OrderID, row.OrderName, row.OrderStatus, row.Recovered.Decimal(), "EUR", row.MessageID, row.JourneyID, row.Journey, row.Step,
				row.Code, row.MemberID, row.Member})
		}
		got := s.csv("/reports/recovery/rows.csv", "metric", "by_journey", "key", "jny_1")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the CSV (-screen +csv):\n%s", diff)
		}
		if len(got) != 1004 {
			t.Errorf("%d lines, want 1004", len(got))
		}
	})
}
