package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/httpx"
	"parley/internal/org"
)

// stranger is a second workspace in the same program, with a key that may do everything there.
func (w *world) stranger() (key string) {
	w.t.Helper()
	var ws org.Workspace
	err := w.app.DB.Tx(w.t.Context(), func(tx *db.Tx) (err error) {
		ws, err = w.app.Org.CreateWorkspaceTx(w.t.Context(), tx, org.NewWorkspace{Name: "Other Brand", Country: "US", Timezone: "America/New_York", Currency: "USD"})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	_, key, err = w.app.Org.CreateKey(w.t.Context(), org.System(ws.ID), org.NewKey{Name: "everything", Scopes: org.AllPermissions()})
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

// with sends a request with a credential of its own and gives status and body.
func (w *world) with(credential func(*http.Request), method, path string, body any) (int, string) {
	w.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, reader)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	credential(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func bearer(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
}

var (
	parameter = regexp.MustCompile(`\{([a-z]+)\}`)
	volatile  = regexp.MustCompile(`"(reference|computed_at|data_at|now|local_time)":"[^"]*"`)
)

// owned are ids of things in the first workspace, by the beginning of the routes that name them.
func (w *world) owned() map[string]string {
	w.t.Helper()
	w.recovery()
	w.shop("checkouts/update", "w1", checkout("tok-1", maria, w.clock.Now(), map[string]any{"state": "subscribed", "opt_in_level": "confirmed_opt_in"}))
	w.text("SM-1", maria, "hello there")
	w.pass(31 * time.Minute)
	w.eventually("the reminder is sent", func() bool { return len(w.sent(maria)) == 1 })
	w.eventually("the cart is being recovered", func() bool { s, _ := w.cart(); return s == "recovering" })
	person := w.person()
	first := func(path string) string {
		var page struct {
			Items []map[string]any `json:"items"`
		}
		w.call("GET", path, nil, &page)
		if len(page.Items) == 0 {
			w.t.Fatalf("%s is empty", path)
		}
		for _, name := range []string{"run_id", "id", "number"} {
			if v, ok := page.Items[0][name].(string); ok && v != "" {
				return v
			}
		}
		w.t.Fatalf("%s has no id: %v", path, page.Items[0])
		return ""
	}
	w.call("POST", "/offers", map[string]any{"name": "Ten", "kind": "percent", "percent": 10, "agent_grantable": true}, nil)
	w.call("POST", "/api-keys", map[string]any{"name": "k", "scopes": []string{"person.read"}}, nil)
	w.call("POST", "/members/invite", map[string]any{"email": "m@example.com", "role": "agent"}, nil)
	w.call("POST", "/sim/phones", map[string]any{"number": "+15550100042", "name": "Maria"}, nil)
	everybody := map[string]any{"v": 1, "where": map[string]any{"all": []any{}}}
	w.call("POST", "/segments", map[string]any{"name": "Everybody", "definition": everybody}, nil)
	survey := w.survey("unhappy")
	w.call("POST", "/surveys/"+survey+"/ask", map[string]any{"person_id": person}, nil)
	message := first("/conversations/" + person + "/messages")
	return map[string]string{
		"/people/": person, "/conversations/": person, "/messages/": message, "/outbox/": message, "/media/": message,
		"/carts/": first("/people/" + person + "/carts"), "/offers/": first("/offers"), "/segments/": first("/segments"), "/journeys/": first("/journeys"),
		"/journey-runs/": first("/people/" + person + "/journeys"), "/channels/": first("/channels"), "/members/": first("/members"),
		"/surveys/": survey, "/survey-runs/": first("/people/" + person + "/surveys"),
		"/api-keys/": first("/api-keys"), "/invites/": first("/invites"), "/sim/phones/": "+15550100042",
		"/privacy-requests/": "none", "/undo/": "none", "/shops/": "shop", "/attributes/": "colour", "/phone/": "none",
	}
}

// survey is a survey with one question.
func survey(name string) map[string]any {
	return map[string]any{"v": 1, "name": name, "purpose": "support", "language": "en", "wait_hours": 24,
		"questions": []any{map[string]any{"id": "a", "type": "yes_no", "ask": map[string]any{"en": "Well?"}}}}
}

// bodies are requests that would succeed on one's own things, so that a refusal is about whose they are.
func bodies() map[string]any {
	return map[string]any{
		"update-person": map[string]any{"name": "Stolen"}, "record-consent": map[string]any{"medium": "sms", "address": maria, "purpose": "marketing", "action": "grant", "wording": "x"},
		"grant-code": map[string]any{"offer_id": "off_x"}, "set-cart-reason": map[string]any{"reason": "other"},
		"replace-offer": map[string]any{"name": "Mine", "kind": "percent", "percent": 99},
		"write-message": map[string]any{"text": "hi", "kind": "reply", "seen_seq": 99}, "put-draft": map[string]any{"kind": "reply", "text": "x", "base_version": 0},
		"assign-conversation": map[string]any{"member_id": ""}, "close-conversation": map[string]any{}, "snooze-conversation": map[string]any{"until": "2027-01-01T00:00:00Z"},
		"tag-conversation": map[string]any{"add": []string{"x"}, "remove": []string{}}, "set-presence": map[string]any{"composing": true}, "opt-out-person": map[string]any{"note": "x"},
		"set-topic": map[string]any{"topic": "x"}, "update-channel": map[string]any{"kind": "twilio", "name": "sms", "settings": map[string]string{}},
		"update-member": map[string]any{"role": "owner"}, "resolve-outbox": map[string]any{"sent": true},
		"turn-sim-dials":      map[string]any{"latency_ms": 1, "receipts": true, "fail_code": "", "duplicate": false, "out_of_order": false, "carrier_stop": false},
		"send-from-sim-phone": map[string]any{"text": "hi"}, "sim-shop": map[string]any{"action": "empty"},
		"save-segment": map[string]any{"name": "Mine", "definition": map[string]any{"v": 1, "where": map[string]any{"all": []any{}}}},
		"save-survey":  survey("x"), "ask-survey": map[string]any{"person_id": "per_x"},
		"save-journey": map[string]any{"v": 1, "name": "x", "trigger": map[string]any{"event": "e"}, "reentry": map[string]any{"rule": "once"}, "steps": []any{map[string]any{"id": "a", "type": "stop"}}},
	}
}

func TestI27OnEveryRouteAnotherWorkspacesIdIsAnUnknownId(t *testing.T) {
	eachWorld(t, "2026-11-17T15:00:00Z", func(t *testing.T, w *world) {
		owned, ready := w.owned(), bodies()
		key := bearer(w.stranger())
		tried := 0
		for _, r := range w.app.Server.API().Routes() {
			path := strings.TrimPrefix(r.Path, httpx.Base)
			if !strings.Contains(path, "{") || !r.JSON() || r.Permission == httpx.Public || r.ID == "save-shop" || r.ID == "put-attribute" {
				continue // raw and public routes have tests of their own; two routes create what they name
			}
			theirs := ""
			for prefix, id := range owned {
				if strings.HasPrefix(path, prefix) {
					theirs = id
				}
			}
			if theirs == "" {
				t.Errorf("%s %s: say in owned() what it names", r.Method, path)
				continue
			}
			ask := func(id string) (int, string) {
				query := ""
				switch r.ID {
				case "save-journey", "save-survey":
					query = "?edit=1"
				case "save-segment":
					query = "?version=1"
				case "search-thread":
					query = "?q=hello"
				case "get-draft", "delete-draft":
					query = "?kind=reply"
				}
				status, body := w.with(key, r.Method, httpx.Base+parameter.ReplaceAllString(path, id)+query, ready[r.ID])
				return status, strings.ReplaceAll(volatile.ReplaceAllString(body, ""), id, "ID")
			}
			unknown := theirs[:max(0, len(theirs)-6)] + "zzzzzz"
			wantStatus, wantBody := ask(unknown)
			gotStatus, gotBody := ask(theirs)
			if gotStatus != wantStatus || gotBody != wantBody {
				t.Errorf("%s %s with another workspace's id: %d %s\nwith an unknown id: %d %s", r.Method, path, gotStatus, gotBody, wantStatus, wantBody)
			}
			if gotStatus < 300 && r.Method != "GET" && r.ID != "undo" && !strings.HasPrefix(r.ID, "sim") {
				t.Errorf("%s %s of another workspace was answered %d %s", r.Method, path, gotStatus, gotBody)
			}
			tried++
		}
		if tried < 40 {
			t.Errorf("only %d routes were tried", tried)
		}
	})
}

func TestI28EveryRouteAsksForItsPermissionFromEveryRole(t *testing.T) {
	w := newWorld(t, "2026-11-17T15:00:00Z", "")
	ws, err := w.app.Org.BySlug(t.Context(), w.app.DB, w.slug)
	if err != nil {
		t.Fatal(err)
	}
	// These end the session or change the caller; their own tests cover them.
	leave := map[string]bool{"logout": true, "change-password": true, "switch-workspace": true, "feed": true}
	for _, role := range org.Roles() {
		m, err := w.app.Org.CreateMember(t.Context(), org.NewMember{Workspace: ws.ID, Name: string(role), Email: string(role) + "@example.com", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		link, err := w.app.Org.LoginLink(t.Context(), ws.ID, m.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		session, err := w.app.Org.LoginByLink(context.Background(), link)
		if err != nil {
			t.Fatal(err)
		}
		cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "parley", Value: session.Token}) }
		for _, r := range w.app.Server.API().Routes() {
			if r.Permission == httpx.Public || leave[r.ID] {
				continue
			}
			status, body := w.with(cookie, r.Method, parameter.ReplaceAllString(strings.ReplaceAll(r.Path, "...}", "}"), "none"), nil)
			if forbidden, want := strings.Contains(body, `"code":"forbidden"`) || status == http.StatusForbidden, !role.Can(r.Permission); forbidden != want {
				t.Errorf("%s on %s %s (needs %s): %d %.200s; want forbidden %v", role, r.Method, r.Path, r.Permission, status, body, want)
			}
		}
	}
}

func TestNobodyIsServedWithoutACredential(t *testing.T) {
	w := newWorld(t, "2026-11-17T15:00:00Z", "")
	public := 0
	for _, r := range w.app.Server.API().Routes() {
		if r.Permission == httpx.Public {
			public++
			continue
		}
		status, body := w.with(func(*http.Request) {}, r.Method, parameter.ReplaceAllString(r.Path, "none"), nil)
		if status != http.StatusUnauthorized {
			t.Errorf("%s %s: %d %.100s", r.Method, r.Path, status, body)
		}
	}
	if public > 30 {
		t.Errorf("%d routes are public; is each meant to be?", public)
	}
}
