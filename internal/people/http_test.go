package people_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/people"
)

// client calls the API as a member of a role in a workspace.
type client struct {
	bench
	api   *httpx.API
	actor org.Actor
}

func serve(t *testing.T, d *db.DB) *client {
	t.Helper()
	c := &client{bench: setup(t, d), actor: org.Actor{Workspace: shop, Member: "mem_ada", Role: org.Agent}}
	rules, err := compliance.Load()
	if err != nil {
		t.Fatal(err)
	}
	c.Rules = rules
	c.api = httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), IDs: id.NewSource(clock.New()),
		Guard: func(_ http.ResponseWriter, r *http.Request, route httpx.Route) (context.Context, error) {
			if !c.actor.Can(route.Permission) {
				return nil, errs.New(errs.Forbidden, "forbidden", "You may not do this.")
			}
			return org.WithActor(r.Context(), c.actor), nil
		}})
	c.Routes(c.api)
	return c
}

// call sends a request and reads the JSON answer into out; it is the status.
func (c *client) call(method, path, body string, out any) int {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	c.api.ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code
}

type problem struct {
	Code   string
	Errors any
}

func TestPeopleOverHTTP(t *testing.T) {
	c := serve(t, dbtest.SQLite(t))
	var p struct {
		ID, Name, Country string
		LocalTime         string `json:"local_time"`
		Version           int64
		Tags              []string
		Attributes        map[string]any
		Identities        []struct{ Kind, Value, Source string }
		Quiet             struct{ Text, Until string }
		LastOrderAt       string `json:"last_order_at"`
	}
	if code := c.call("PUT", "/api/v1/attributes/birthday", `{"type":"date","label":"Birthday"}`, nil); code != 200 {
		t.Fatalf("define: %d", code)
	}
	body := `{"name":"Ada","country":"it","add_tags":["vip"],"attributes":{"birthday":"1990-05-14"},"add_identities":[{"kind":"phone","value":"333 123 4567"}]}`
	if code := c.call("POST", "/api/v1/people", body, &p); code != 201 || p.Name != "Ada" || p.Country != "IT" || p.Identities[0].Value != ada {
		t.Fatalf("create: %d %+v", code, p)
	}
	if p.Identities[0].Source != "member:mem_ada" || p.LastOrderAt != "" || !strings.HasSuffix(p.LocalTime, "+01:00") || p.Quiet.Text == "" {
		t.Errorf("shown: %+v", p)
	}
	var e problem
	if code := c.call("POST", "/api/v1/people", body, &e); code != 409 || e.Code != "identity_taken" {
		t.Errorf("create again: %d %+v", code, e)
	}
	path := "/api/v1/people/" + p.ID
	p.Attributes = nil // JSON is read into what is there
	if code := c.call("PATCH", path, `{"attributes":{"birthday":null},"remove_tags":["vip"],"version":`+fmt.Sprint(p.Version)+`}`, &p); code != 200 || len(p.Attributes) != 0 || len(p.Tags) != 0 {
		t.Errorf("update: %d %+v", code, p)
	}
	if code := c.call("PATCH", path, `{"name":"B","version":1}`, &e); code != 409 || e.Code != "person_changed" {
		t.Errorf("update of an old version: %d %+v", code, e)
	}
	if code := c.call("PATCH", path, `{"workspace_id":"ws_other"}`, nil); code != 422 {
		t.Errorf("a field that moves the customer: %d", code)
	}
	var page struct{ Items []struct{ ID string } }
	if code := c.call("GET", "/api/v1/people?q=ada", "", &page); code != 200 || len(page.Items) != 1 {
		t.Errorf("find: %d %+v", code, page)
	}
	var timeline struct {
		Items  []people.TimelineItem
		Counts map[string]int64
	}
	if code := c.call("GET", path+"/timeline?filter=all", "", &timeline); code != 200 || timeline.Items == nil || timeline.Counts["consent"] != 0 {
		t.Errorf("timeline: %d %+v", code, timeline)
	}
}

func TestConsentOverHTTP(t *testing.T) {
	c := serve(t, dbtest.SQLite(t))
	person, _ := c.resolve(shop, people.Phone, ada, people.Hint{})
	path := "/api/v1/people/" + string(person) + "/consent"
	type cards struct {
		Cards []struct {
			Purpose, State, Text, Disclosure, Actor string
			Allowed                                 bool
			Events                                  []map[string]any
		}
	}
	var got cards
	var e problem
	if code := c.call("POST", path, `{"medium":"sms","address":"`+ada+`","purpose":"marketing","action":"grant"}`, &e); code != 422 || e.Code != "disclosure_missing" {
		t.Errorf("a grant without its words: %d %+v", code, e)
	}
	code := c.call("POST", path, `{"medium":"sms","address":"333 123 4567","purpose":"marketing","action":"grant","wording":"May we text you offers?","note":"on the phone"}`, &got)
	if first := got.Cards[0]; code != 200 || !first.Allowed || first.Disclosure != "May we text you offers?" || first.Actor != "member:mem_ada" || len(first.Events) != 1 {
		t.Errorf("grant: %d %+v", code, first)
	}
	if code := c.call("POST", path, `{"medium":"sms","address":"`+ada+`","purpose":"","action":"revoke"}`, &got); code != 200 || got.Cards[0].State != "revoked" {
		t.Errorf("revoke: %d %+v", code, got)
	}
	// I14: neither a member nor a key can give back what was revoked, and both are told.
	for _, actor := range []org.Actor{c.actor, {Workspace: shop, Key: "key_crm", Scopes: []org.Permission{org.ConsentWrite, org.PersonRead}}} {
		c.actor = actor
		if code := c.call("POST", path, `{"medium":"sms","address":"`+ada+`","purpose":"marketing","action":"grant","wording":"x"}`, &e); code != 409 || e.Code != "opted_out" {
			t.Errorf("%s grants after a revocation: %d %+v", actor.Ref(), code, e)
		}
	}
	if code := c.call("POST", path, `{"medium":"sms","address":"+393330000000","purpose":"","action":"revoke"}`, &e); code != 422 || e.Code != "address_unknown" {
		t.Errorf("an address of somebody else: %d %+v", code, e)
	}
	if code := c.call("GET", path, "", &got); code != 200 || len(got.Cards) != len(people.Purposes()) {
		t.Errorf("cards: %d, %d", code, len(got.Cards))
	}
}

func TestTheLedgerOfAnAddressIsExportedWithItsProof(t *testing.T) {
	c := serve(t, dbtest.SQLite(t))
	person, _ := c.resolve(shop, people.Phone, ada, people.Hint{})
	revoked := stop(shop, ada)
	revoked.Actor = "=cmd()"
	c.record(agreed(ada, people.Marketing), revoked)
	get := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		path := "/api/v1/people/" + string(person) + "/consent.csv?address=%2B393331234567"
		c.api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	rows, err := csv.NewReader(get().Body).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	column := func(row int, name string) string {
		for i, title := range rows[0] {
			if title == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s", name)
		return ""
	}
	if column(1, "disclosure") != agreed(ada, people.Marketing).Disclosure || column(2, "prev_hash") != column(1, "row_hash") {
		t.Errorf("rows: %v", rows)
	}
	if column(2, "actor") != "'=cmd()" || column(1, "address") != "'"+ada {
		t.Errorf("a cell could run in a spreadsheet: %q", column(2, "actor")) // I36
	}
	for row := 1; row <= 2; row++ {
		if sum := sha256.Sum256([]byte(column(row, "record"))); hex.EncodeToString(sum[:]) != column(row, "row_hash") {
			t.Errorf("the record of row %d does not have its hash", row)
		}
	}
	c.actor.Role = org.Viewer
	if w := get(); w.Code != http.StatusForbidden {
		t.Errorf("a viewer exports evidence: %d", w.Code)
	}
}

func TestNobodyReadsTheOtherWorkspaceOverHTTP(t *testing.T) { // I27
	c := serve(t, dbtest.SQLite(t))
	person, _ := c.resolve("ws_other", people.Phone, ada, people.Hint{Name: "Eve"})
	for _, id := range []string{string(person), "per_nobody"} {
		path := "/api/v1/people/" + id
		for _, call := range [][3]string{{"GET", path}, {"PATCH", path, `{"name":"mine"}`}, {"GET", path + "/consent"}, {"GET", path + "/timeline"},
			{"GET", path + "/consent.csv?address=%2B393331234567"},
			{"POST", path + "/consent", `{"medium":"sms","address":"` + ada + `","purpose":"","action":"revoke"}`}} {
			var e problem
			if code := c.call(call[0], call[1], call[2], &e); code != 404 || e.Code != "person_unknown" {
				t.Errorf("%v: %d %+v", call, code, e)
			}
		}
	}
}
