package conversation_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/channel"
	"parley/internal/conversation"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/org"
)

// The channel service is the outbox of production.
var _ conversation.Outbox = (*channel.Service)(nil)

// api serves the routes for one actor.
type api struct {
	t testing.TB
	*httpx.API
}

func (w *world) api(actor org.Actor) api {
	a := httpx.New(httpx.Options{Version: "test", Log: slog.New(slog.DiscardHandler), IDs: w.ids,
		Guard: func(_ http.ResponseWriter, r *http.Request, route httpx.Route) (context.Context, error) {
			return org.WithActor(r.Context(), actor), nil
		}})
	w.Routes(a)
	return api{w.t, a}
}

func (a api) call(method, path, body string) (int, map[string]any) {
	a.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "/api/v1"+path, in)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code, out
}

func TestTheRoutesSpeakJSON(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := string(w.newYorker(maria))
		w.says(w.crowd(1)[0], "+12125552000", "And me?")
		w.says(w.newYorker(maria), maria, "Where is my order?")
		a := w.api(w.ana)
		for _, c := range []struct {
			name, method, path, body string
			status                   int
			field                    string
			want                     any
		}{
			{"the inbox counts what it holds", "GET", "/conversations?view=unassigned&sort=waiting&limit=1", "", 200, "total", 2.0},
			{"counts have every view", "GET", "/conversations/counts", "", 200, "unassigned", 2.0},
			{"one conversation", "GET", "/conversations/" + p, "", 200, "preview", "Where is my order?"},
			{"the thread", "GET", "/conversations/" + p + "/messages", "", 200, "first", true},
			{"a stale reply", "POST", "/conversations/" + p + "/messages", `{"text":"Hi","kind":"reply","seen_seq":0}`, 409, "code", "stale_composer"},
			{"a reply", "POST", "/conversations/" + p + "/messages", `{"text":"Hi","kind":"reply","seen_seq":1,"client_key":"k1"}`, 201, "state", "undo"},
			{"the same reply again", "POST", "/conversations/" + p + "/messages", `{"text":"Hi","kind":"reply","seen_seq":1,"client_key":"k1"}`, 201, "seq", 2.0},
			{"the key comes back as it was given", "POST", "/conversations/" + p + "/messages", `{"text":"Hi","kind":"reply","seen_seq":1,"client_key":"k1"}`, 201, "client_key", "k1"},
			{"a note", "POST", "/conversations/" + p + "/messages", `{"text":"Likes blue","kind":"note","seen_seq":0}`, 201, "kind", "note"},
			{"a draft", "PUT", "/conversations/" + p + "/draft", `{"kind":"reply","text":"We","base_version":0}`, 200, "version", 1.0},
			{"the draft", "GET", "/conversations/" + p + "/draft?kind=reply", "", 200, "text", "We"},
			{"no draft", "DELETE", "/conversations/" + p + "/draft?kind=reply", "", 204, "", nil},
			{"claim", "POST", "/conversations/" + p + "/claim", "", 200, "count", 1.0},
			{"tag", "POST", "/conversations/" + p + "/tag", `{"add":["vip"]}`, 200, "count", 1.0},
			{"snooze in the past", "POST", "/conversations/" + p + "/snooze", `{"until":"2020-01-01T00:00:00Z"}`, 422, "code", "snooze_past"},
			{"presence", "POST", "/presence", `{"person_id":"` + p + `","composing":true,"viewing":true}`, 204, "", nil},
			{"close without a result", "POST", "/conversations/" + p + "/close", "", 200, "count", 1.0},
			{"reopen", "POST", "/conversations/" + p + "/reopen", "", 200, "count", 1.0},
			{"close", "POST", "/conversations/" + p + "/close", `{"result":"answered"}`, 200, "count", 1.0},
			{"close all", "POST", "/conversations/bulk", `{"view":"open","all":true,"action":"close"}`, 200, "count", 1.0},
			{"search the thread", "GET", "/conversations/" + p + "/search?q=order", "", 200, "next", nil},
			{"opt out", "POST", "/conversations/" + p + "/opt-out", `{"note":"by phone"}`, 204, "", nil},
			{"a reply after it", "POST", "/conversations/" + p + "/messages", `{"text":"Hm","kind":"reply","seen_seq":99}`, 409, "code", "opted_out"},
			{"an unknown undo", "POST", "/undo/abc", "", 404, "code", "undo_expired"},
			{"count a text", "POST", "/text/count", `{"text":"It’s here"}`, 200, "encoding", "UCS-2"},
			{"an unknown price is not said", "POST", "/text/count", `{"text":"It’s here"}`, 200, "price", nil},
			{"an unknown person", "GET", "/conversations/per_nobody", "", 404, "code", "person_unknown"},
			{"an unknown view", "GET", "/conversations?view=theirs", "", 422, "code", "input_invalid"},
		} {
			t.Run(c.name, func(t *testing.T) {
				status, body := a.call(c.method, c.path, c.body)
				if status != c.status || (c.field != "" && body[c.field] != c.want) {
					t.Errorf("got %d %v; want %d with %s = %v", status, body, c.status, c.field, c.want)
				}
			})
		}
		_, episodes := a.call("GET", "/conversations/"+p+"/episodes", "")
		if items, _ := episodes["items"].([]any); len(items) != 1 || items[0].(map[string]any)["status"] != "closed" {
			t.Errorf("episodes: %v", episodes)
		}
	})
}
