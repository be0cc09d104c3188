package server_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/internal/server/servertest"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// story sets a workspace up and uses every route of org, writing down what was said.
func story(t *testing.T, b *servertest.Bench) string {
	t.Helper()
	if err := b.Org.PrepareSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &writer{bench: b, client: b.Anybody().From("127.0.0.1:1").With("Accept-Language", "it-IT,it;q=0.9")}
	w.say("GET", "/setup", "")
	w.as("a browser elsewhere", b.Anybody())
	w.say("POST", "/setup", `{"workspace":"Fashion Era","name":"Ana","email":"ana@example.com","password":"correct horse battery","country":"IT","timezone":"Europe/Rome","currency":"EUR","code":"six words that are not right"}`)
	w.say("GET", "/me", "")
	local := b.Anybody().From("127.0.0.1:1").With("Host", "localhost")
	w.as("a browser on the machine", local)
	w.say("POST", "/setup", `{"workspace":"Fashion Era","name":"","email":"ana","password":"short","country":"IT","timezone":"Europe/Rome","currency":"EUR"}`)
	w.say("POST", "/setup", `{"workspace":"Fashion Era","name":"Ana","email":"ana@example.com","password":"correct horse battery","country":"it","timezone":"Europe/Rome","currency":"eur"}`)
	w.say("GET", "/setup", "")
	w.say("POST", "/setup/code", "")
	owner(w)
	newcomer(t, w)
	return w.text.String()
}

func owner(w *writer) {
	w.say("GET", "/me", "")
	w.say("GET", "/workspace", "")
	w.say("PATCH", "/workspace", `{"timezone":"Mars/Olympus"}`)
	w.say("PATCH", "/workspace", `{"name":"Fashion Era Milano","pilot":true}`)
	w.say("GET", "/settings", "")
	w.say("PUT", "/settings", `{"brand":"Fashion Era","program":"Era texts","support_contact":"help@example.com","terms_url":"https://example.com/terms","link_domain":"","undo_seconds":8,"cart_delay":"45m","frequency_per_month":4,"quiet_start":"19:00","quiet_end":"10:00","sunday_start":"12:00","transactional_quiet_exempt":true,"agent_limits":{"max_percent":15,"max_amount":500,"free_shipping":true,"per_day":5}}`)
	w.say("PUT", "/settings", `{"brand":"Fashion Era"}`)
	w.say("GET", "/checklist", "")
	w.say("PUT", "/checklist", `{"hidden":true}`)
	w.say("GET", "/roles", "")
	w.say("POST", "/api-keys", `{"name":"Shop","scopes":["event.write"],"expires_at":"2026-01-01T00:00:00Z"}`)
	w.say("POST", "/api-keys", `{"name":"Shop","scopes":["event.fly"]}`)
	w.say("GET", "/api-keys", "")
	w.say("DELETE", "/api-keys/"+w.last("key"), "")
	w.say("DELETE", "/api-keys/"+w.last("key"), "")
	w.say("POST", "/members/invite", `{"role":"agent","email":"ben@example.com"}`)
	w.say("GET", "/invites", "")
}

func newcomer(t *testing.T, w *writer) {
	t.Helper()
	ana := w.client
	token := regexp.MustCompile(`/join/([a-z0-9]+)`).FindStringSubmatch(w.text.String())[1]
	w.as("Ben", w.bench.Anybody())
	w.say("POST", "/join/look", `{"token":"`+token+`"}`)
	w.say("POST", "/join", `{"token":"`+token+`","name":"Ben","email":"ben@example.com","password":"another horse battery"}`)
	w.say("POST", "/join/look", `{"token":"`+token+`"}`)
	w.say("GET", "/members", "")
	w.say("GET", "/settings", "")
	w.say("PUT", "/settings", `{}`)
	ben := w.last("mem")
	w.as("Ana", ana)
	w.say("PATCH", "/members/"+ben, `{"role":"lead","limits":{"max_percent":30,"max_amount":2000,"free_shipping":true,"per_day":10}}`)
	w.say("PATCH", "/members/"+ben, `{"role":"emperor"}`)
	w.say("POST", "/members/invite", `{"role":"viewer"}`)
	w.say("DELETE", "/invites/"+w.last("inv"), "")
	w.say("POST", "/members/"+ben+"/reset-link", "")
	w.say("GET", "/audit?limit=2", "")
	w.say("GET", "/audit?cursor=nonsense", "")
	w.say("POST", "/me/password", `{"present":"wrong","next":"a new horse battery"}`)
	w.say("POST", "/me/workspace", `{"id":"ws_nothing"}`)
	w.say("POST", "/logout", "")
	w.say("GET", "/me", "")
	w.bench.Clock.Skip(time.Minute)
	w.say("POST", "/login", `{"email":"ana@example.com","password":"wrong"}`)
	w.say("POST", "/login", `{"email":"ana@example.com","password":"correct horse battery"}`)
	w.say("GET", "/me?verbose=1", "")
}

// writer sends requests like a browser, keeping its cookie, and writes down what was said.
type writer struct {
	bench  *servertest.Bench
	client *servertest.Client
	text   strings.Builder
}

func (w *writer) as(name string, c *servertest.Client) {
	w.client = c
	fmt.Fprintf(&w.text, "# %s\n\n", name)
}

func (w *writer) say(method, path, body string) {
	var send any
	if body != "" {
		send = body
	}
	r := w.client.Request(w.bench.TB.Context(), method, "/api/v1"+path, send)
	if host := r.Header.Get("Host"); host != "" || strings.HasPrefix(r.RemoteAddr, "127.") {
		r.Host = "localhost:8080"
	}
	a := do(w.bench, r)
	fmt.Fprintf(&w.text, "%s %s %s\n%d\n", method, path, hidePassword(body), a.Status)
	if cookie := a.Header.Get("Set-Cookie"); cookie != "" {
		value, attributes, _ := strings.Cut(cookie, ";")
		w.client = w.client.With("Cookie", value)
		fmt.Fprintf(&w.text, "Set-Cookie: parley=...;%s\n", attributes)
	}
	said := strings.ReplaceAll(indent(a.Body), w.bench.Org.SetupPath(), "/data/setup-code.txt")
	fmt.Fprintf(&w.text, "%s\n\n", said)
}

func hidePassword(body string) string {
	return regexp.MustCompile(`"(password|present|next)":"[^"]*"`).ReplaceAllString(body, `"$1":"..."`)
}

// last is the id of that kind that was seen last.
func (w *writer) last(prefix string) string {
	all := regexp.MustCompile(`"id": "(`+prefix+`_[a-z0-9]+)"`).FindAllStringSubmatch(w.text.String(), -1)
	return all[len(all)-1][1]
}
