package event_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db/dbtest"
	"parley/internal/event"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// serve is the API for a key of the workspace.
func serve(b *bench) *httpx.API {
	api := httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), IDs: id.NewSource(clock.New()),
		Guard: func(_ http.ResponseWriter, r *http.Request, _ httpx.Route) (context.Context, error) {
			return org.WithActor(r.Context(), org.Actor{Workspace: shop, Key: "key_shop"}), nil
		}})
	b.Routes(api)
	return api
}

func post(t *testing.T, api *httpx.API, body string) (int, []string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/events", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	var out struct {
		Results []struct{ Key, Status, Code, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.Results {
		got = append(got, strings.TrimSpace(fmt.Sprint(r.Key, " ", r.Status, " ", r.Code)))
	}
	return w.Code, got
}

func TestABatchOverHTTPKeepsWhatItCan(t *testing.T) {
	b := setup(t, dbtest.SQLite(t))
	api := serve(b)
	code, got := post(t, api, `{"events":[
		{"type":"order_placed","at":"2027-01-10T10:00:00+01:00","key":"1","person":{"phone":"+393331234567","name":"Ada"},"props":{"id":12345678901234567890}},
		{"type":"order_placed","key":"1","person":{"phone":"+393331234567"}},
		{"type":"order_placed","key":"2","at":"yesterday","person":{"phone":"+393331234567"}},
		{"key":"3","type":"order_placed","workspace_id":"ws_other"},
		"nonsense",
		{"type":"order_placed","key":"4","person":{}},
		{"type":"order_placed","key":"5","person":{"email":"ada@example.com"},"props":{"x":"`+strings.Repeat("x", event.MaxItem)+`"}},
		{"type":"page_viewed","key":"6","person":{"external_id":"crm-1"}}]}`)
	want := []string{"1 accepted", "1 duplicate", "2 rejected event_unreadable", "3 rejected event_unreadable", "rejected event_unreadable",
		"4 rejected identity_invalid", "rejected event_too_large", "6 accepted"}
	if diff := cmp.Diff(want, got); code != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", code, diff)
	}
	e, err := b.ByKey(t.Context(), b.DB, shop, "api", "1")
	if err != nil || e.At.String() != "2027-01-10T09:00:00Z" {
		t.Errorf("stored: %+v, %v", e, err)
	}
	var raw string
	if err := b.DB.QueryRow(t.Context(), "SELECT props FROM event WHERE key = $1", "1").Scan(&raw); err != nil || raw != `{"id":12345678901234567890}` {
		t.Errorf("a large number was stored as %s, %v", raw, err)
	}
	r := httptest.NewRecorder()
	api.ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/event-types", nil))
	if body := strings.TrimSpace(r.Body.String()); body != `{"items":[{"name":"order_placed","properties":{"id":["number"]}},{"name":"page_viewed","properties":{}}]}` {
		t.Errorf("catalogue: %s", body)
	}
}

func TestTheLimitsOfABatch(t *testing.T) { // I40
	api := serve(setup(t, dbtest.SQLite(t)))
	item := `{"type":"a","key":"1","person":{"phone":"+393331234567"}}`
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"no events":          {`{"events":[]}`, 422},
		"too many events":    {`{"events":[` + strings.Repeat(item+",", event.MaxBatch) + item + `]}`, 422},
		"too many bytes":     {`{"events":[` + item + `,"` + strings.Repeat("x", event.MaxBody) + `"]}`, 413},
		"an unknown field":   {`{"events":[` + item + `],"workspace_id":"ws_other"}`, 422},
		"as many as allowed": {`{"events":[` + strings.Repeat(item+",", event.MaxBatch-1) + item + `]}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _ := post(t, api, c.body); code != c.want {
				t.Errorf("got %d, want %d", code, c.want)
			}
		})
	}
}
