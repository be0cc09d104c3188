package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/config"
	"parley/internal/demo"
	"parley/internal/errs"
)

// running is a demo that serves, with a browser that came in by the printed link.
type running struct {
	t       *testing.T
	demo    *demo.Demo
	printed string
	opened  string
	client  *http.Client
	origin  string
	end     func()
}

// terminal is what a demo prints, read while it prints.
type terminal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *terminal) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *terminal) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func options(dir string) demo.Options {
	c := config.Defaults()
	c.DataDir, c.Listen = dir, "127.0.0.1:0"
	return demo.Options{Config: c, Seed: 1, Small: slow}
}

// show starts a demo and opens the printed link.
func show(t *testing.T, o demo.Options) *running {
	t.Helper()
	d, err := demo.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	screen, opened, ended := &terminal{}, make(chan string, 1), make(chan error, 1)
	go func() { ended <- d.Run(ctx, screen, func(address string) { opened <- address }) }()
	jar, _ := cookiejar.New(nil)
	r := &running{t: t, demo: d, client: &http.Client{Jar: jar}}
	r.end = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v", err)
		}
		d.Close()
	})
	t.Cleanup(r.end)
	select {
	case r.opened = <-opened:
	case err := <-ended:
		ended <- err
		t.Fatalf("the demo did not start: %v", err)
	}
	r.printed = screen.String()
	r.origin, _, _ = strings.Cut(r.opened, "/d/")
	answer, err := r.client.Get(r.opened)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return r
}

// as runs a part of the test in its own name.
func (r *running) as(part func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) {
		whole := r.t
		defer func() { r.t = whole }()
		r.t = t
		part(t)
	}
}

// call asks the API in the name of who is signed in.
func (r *running) call(method, path string, in, out any) {
	r.t.Helper()
	raw, _ := json.Marshal(in)
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.origin+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	if in == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		r.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, body, err)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			r.t.Fatal(err)
		}
	}
}

type conversation struct {
	Person  string `json:"person_id"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Overdue bool   `json:"overdue"`
	Opted   bool   `json:"opted_out"`
	Owner   *struct{ Name string }
	Cart    *struct{ State string }
	Seq     int64
}

func (r *running) inbox(view string) map[string]conversation {
	var page struct{ Items []conversation }
	r.call("GET", "/conversations?limit=200&view="+view, nil, &page)
	out := map[string]conversation{}
	for _, c := range page.Items {
		out[c.Name] = c
	}
	return out
}

type recovery struct {
	Orders    int
	Recovered struct{ Minor int64 }
	Carts     map[string]int
	Total     int                               `json:"carts_total"`
	Rate      struct{ Recovered, Reminded int } `json:"rate"`
	ByAgent   []struct{ Key, Name string }      `json:"by_agent"`
	ByCode    []struct{ Key string }            `json:"by_code"`
	Reasons   []struct {
		Key   string
		Carts int
	} `json:"reasons"`
	Journeys []struct {
		Name   string
		Orders int
	} `json:"by_journey"`
	Daily []struct {
		Date   string
		Orders int
	} `json:"daily"`
}

func TestTheDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	first := show(t, options(dir))
	t.Run("three lines say how to come in", first.as(first.lines))
	t.Run("the link signs Ana in to the demo, once", first.as(first.signedIn))
	t.Run("every conversation is there, each in its state", first.as(first.conversations))
	t.Run("recovered money equals its rows", first.as(first.figures))
	t.Run("its journeys are live and have no problem", first.as(first.journeys))
	t.Run("Maria answers YES and is welcomed", first.as(first.answersYes))
	before := first.counts()
	first.call("POST", "/conversations/"+first.inbox("open")["Emma Clarke"].Person+"/messages", map[string]any{"text": "still here", "kind": "note", "seen_seq": 99}, nil)
	first.demo.App.Clock.Skip(29 * time.Minute)
	skipped := first.demo.App.Clock.Skipped()
	first.end()

	second := show(t, options(dir))
	t.Run("a second start keeps what was done", func(t *testing.T) {
		if !second.found("Emma Clarke", "still here") {
			t.Error("the note is gone")
		}
		if now := second.demo.App.Clock.Skipped(); now < skipped {
			t.Errorf("the clock went back from %s to %s", skipped, now)
		}
	})
	second.end()

	o := options(dir)
	o.Reset = true
	if slow {
		return // the second month takes too long; it is told without the race detector
	}
	third := show(t, o)
	t.Run("a reset begins anew, with the same people and stories for the same seed", func(t *testing.T) {
		if third.found("Emma Clarke", "still here") {
			t.Error("the note survived")
		}
		if diff := cmp.Diff(before, third.counts()); diff != "" {
			t.Errorf("(-first +again)\n%s", diff)
		}
	})
}

func (r *running) lines(t *testing.T) {
	for _, want := range []string{
		`(?m)^Fashion Era is ready \(\d+\.\d s\): ` + fmt.Sprint(r.demo.Count.Customers) + ` customers, 3 journeys, 2 agents, 3 phones\. Nothing leaves this machine\.$`,
		`(?m)^Open   http://localhost:\d+/d/[0-9a-z]{20,}   you are signed in as Ana$`,
		`(?m)^Phone  http://localhost:\d+/sim/\+15550100042\?t=[0-9a-z]{20,}   or scan with your own phone:$`,
		`(?m)^[█▀▄ ]{20,}$`,
		`(?m)^Reset  parley demo --reset      Real workspace  parley serve$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.printed) {
			t.Errorf("not printed: %s\n%s", want, r.printed)
		}
	}
}

func (r *running) signedIn(t *testing.T) {
	var me struct {
		Member    struct{ Name, Role string }
		Workspace struct {
			Name, Timezone, Currency string
			Demo                     bool
		}
	}
	r.call("GET", "/me", nil, &me)
	if me.Member.Name != "Ana Costa" || me.Member.Role != "owner" || !me.Workspace.Demo || me.Workspace.Timezone != "Europe/Rome" || me.Workspace.Currency != "EUR" {
		t.Errorf("got %+v", me)
	}
	other := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := other.Get(r.opened)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if to := res.Header.Get("Location"); !strings.HasPrefix(to, "/login") {
		t.Errorf("the link worked twice: %s", to)
	}
}

func (r *running) conversations(t *testing.T) {
	open, snoozed, closed := r.inbox("open"), r.inbox("snoozed"), r.inbox("closed")
	for _, name := range []string{"Giulia Romano", "Emma Clarke", "Luca Ferrari", "Olivia Reed", "Chiara Greco", "Matteo Ricci"} {
		if open[name].Status != "open" {
			t.Errorf("%s is not in the inbox", name)
		}
	}
	if len(open) != 6 || len(snoozed) != 1 || snoozed["Sofia Conti"].Status != "snoozed" || len(closed) < 5 {
		t.Errorf("%d open, %d snoozed, %d closed", len(open), len(snoozed), len(closed))
	}
	if !open["Emma Clarke"].Overdue || open["Giulia Romano"].Overdue || open["Luca Ferrari"].Owner == nil || open["Chiara Greco"].Owner.Name != "Marco Villa" {
		t.Errorf("open: %+v", open)
	}
	if c := open["Giulia Romano"].Cart; c == nil || c.State != "recovering" {
		t.Errorf("Giulia's cart: %+v", c)
	}
	if c := open["Matteo Ricci"].Cart; c == nil || c.State != "abandoned" {
		t.Errorf("Matteo's cart: %+v", c)
	}
	if !closed["James Carter"].Opted || closed["Hanna Weber"].Status != "closed" {
		t.Errorf("James %+v, Hanna %+v", closed["James Carter"], closed["Hanna Weber"])
	}
	for who, text := range map[string]string{"Olivia Reed": "30007", "Chiara Greco": "@Marco", "Giulia Romano": "Reply STOP to opt out."} {
		if !r.found(who, text) {
			t.Errorf("%s: %q is not in the thread", who, text)
		}
	}
}

// found says whether a text is somewhere in a thread.
func (r *running) found(name, text string) bool {
	r.t.Helper()
	var page struct{ Items []json.RawMessage }
	r.call("GET", "/conversations/"+r.inbox("all")[name].Person+"/messages?limit=200", nil, &page)
	return slices.ContainsFunc(page.Items, func(m json.RawMessage) bool { return strings.Contains(string(m), text) })
}

func (r *running) figures(t *testing.T) {
	var tile recovery
	r.call("GET", "/reports/recovery", nil, &tile)
	var rows struct {
		Items []struct{ Recovered struct{ Minor int64 } }
		Total int
	}
	r.call("GET", "/reports/recovery/rows?metric=orders&limit=200", nil, &rows)
	sum := int64(0)
	for _, row := range rows.Items {
		sum += row.Recovered.Minor
	}
	if tile.Orders != rows.Total || tile.Recovered.Minor != sum || tile.Orders < 3 || sum < 10000 {
		t.Errorf("the tile says %d orders and %d, the rows %d and %d", tile.Orders, tile.Recovered.Minor, rows.Total, sum)
	}
	daily := 0
	for _, d := range tile.Daily {
		daily += d.Orders
	}
	if daily != tile.Orders || len(tile.Journeys) != 1 {
		t.Errorf("got %+v", tile)
	}
	if !slow {
		r.story(t, tile)
	}
}

// story says whether the figures have something to tell: who brought money back, why carts were left, every state of a cart.
func (r *running) story(t *testing.T, tile recovery) {
	if r.demo.Count.Customers != 312 || tile.Orders < 10 || tile.Rate.Reminded < 30 || len(tile.ByCode) < 2 {
		t.Errorf("got %+v", tile)
	}
	agents := map[string]bool{}
	for _, a := range tile.ByAgent {
		agents[a.Name] = true
	}
	if !agents["Ana Costa"] || !agents["Marco Villa"] || !agents[""] {
		t.Errorf("by agent: %+v", tile.ByAgent)
	}
	given := 0
	for _, reason := range tile.Reasons {
		if reason.Key != "" {
			given++
		}
	}
	if given < 4 {
		t.Errorf("reasons: %+v", tile.Reasons)
	}
	var board struct {
		Columns []struct {
			State string
			Count int
		}
	}
	r.call("GET", "/carts/board", nil, &board)
	for _, c := range board.Columns {
		if c.Count == 0 {
			t.Errorf("no cart is %s", c.State)
		}
	}
}

func (r *running) journeys(t *testing.T) {
	var list struct {
		Items []struct {
			Name, State string
			Problems    []any
		}
	}
	r.call("GET", "/journeys", nil, &list)
	for _, j := range list.Items {
		if j.State != "live" || len(j.Problems) > 0 {
			t.Errorf("%+v", j)
		}
	}
	if len(list.Items) != 3 {
		t.Errorf("%d journeys", len(list.Items))
	}
}

// answersYes plays the first twenty seconds of a visitor, on the phone behind the code.
func (r *running) answersYes(t *testing.T) {
	token := regexp.MustCompile(`\?t=([0-9a-z]+)`).FindStringSubmatch(r.printed)[1]
	type screen struct {
		Items []struct{ Text, State string }
	}
	var s screen
	r.call("GET", "/phone/"+token, nil, &s)
	if len(s.Items) != 1 || !strings.Contains(s.Items[0].Text, "Reply YES") {
		t.Fatalf("Maria's phone shows %+v", s)
	}
	r.call("POST", "/phone/"+token+"/messages", map[string]string{"text": "YES"}, &s)
	for deadline := time.Now().Add(10 * time.Second); len(s.Items) < 4 && time.Now().Before(deadline); {
		r.call("GET", "/sim/phones/+15550100042/messages", nil, &s) // not the link's: that one bears no hurry
	}
	if len(s.Items) != 4 || !strings.Contains(s.Items[3].Text, "ERA-") {
		t.Errorf("after YES Maria's phone shows %+v", s)
	}
}

// counts are what does not depend on the day on which a demo is made.
func (r *running) counts() map[string]int {
	var tile recovery
	r.call("GET", "/reports/recovery", nil, &tile)
	out := map[string]int{"customers": r.demo.Count.Customers, "journeys": r.demo.Count.Journeys, "recovered": int(tile.Recovered.Minor), "orders": tile.Orders,
		"carts": tile.Total, "reminded": tile.Rate.Reminded}
	for state, n := range tile.Carts {
		out["carts "+state] = n
	}
	for _, view := range []string{"open", "snoozed", "closed"} {
		out[view] = len(r.inbox(view))
	}
	return out
}

func TestAFolderOfSomebodyElseIsLeftAlone(t *testing.T) {
	for _, reset := range []bool{false, true} {
		dir := t.TempDir()
		file := filepath.Join(dir, "parley.db")
		if err := os.WriteFile(file, []byte("real"), 0o600); err != nil {
			t.Fatal(err)
		}
		o := options(dir)
		o.Reset = reset
		if _, err := demo.Open(t.Context(), o); errs.CodeOf(err) != "demo_folder" {
			t.Errorf("reset %v: got %v", reset, err)
		}
		if raw, err := os.ReadFile(file); err != nil || string(raw) != "real" {
			t.Errorf("reset %v: the file was touched: %q %v", reset, raw, err)
		}
	}
}

func TestTheDemoStartsAtAnHourForTexts(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		"2026-11-24 11:30": "2026-11-24 11:30", // a Tuesday morning
		"2026-11-24 03:00": "2026-11-24 10:05", // nine in London, where Emma lives
		"2026-11-24 19:10": "2026-11-25 10:05", // too late for a look around
		"2026-11-24 23:30": "2026-11-25 10:05",
		"2026-11-22 12:00": "2026-11-23 10:05", // a Sunday
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", from, rome)
		if err != nil {
			t.Fatal(err)
		}
		got, err := demo.Decent(clock.From(at))
		if err != nil || got.Std().In(rome).Format("2006-01-02 15:04") != want {
			t.Errorf("%s: got %s, want %s (%v)", from, got, want, err)
		}
	}
}

func TestAnAnswerToACustomerAbroadLeavesAlsoEarlyInTheMorning(t *testing.T) {
	o := options(t.TempDir())
	o.Clock = clock.NewManual(clock.From(time.Date(2026, time.November, 24, 2, 0, 0, 0, time.UTC)))
	r := show(t, o)
	o.Clock.Skip(45 * time.Minute) // longer than an hour after Emma wrote, so that hours count for the answer
	var sent struct {
		State  string
		Reason struct{ Text string }
	}
	r.call("POST", "/conversations/"+r.inbox("open")["Emma Clarke"].Person+"/messages", map[string]any{"text": "It is on its way", "kind": "reply", "seen_seq": 99}, &sent)
	if sent.State != "undo" {
		t.Errorf("the answer to Emma is %s: %s", sent.State, sent.Reason.Text)
	}
}

func TestLinksInTextsLeadAPhoneOfTheSameNetworkToTheDemo(t *testing.T) {
	o := options(t.TempDir())
	o.Config.Listen = "0.0.0.0:0"
	r := show(t, o)
	lan := r.demo.App.Addresses().Phone
	if lan == "" {
		t.Skip("this machine is in no network")
	}
	if lan == r.origin || r.demo.App.LinkURL() != lan || r.demo.App.PublicURL() != r.origin {
		t.Errorf("links begin with %s and this machine's browser opens %s; a phone finds %s", r.demo.App.LinkURL(), r.demo.App.PublicURL(), lan)
	}
	var phones struct {
		Items []struct{ Number, URL string }
	}
	r.call("GET", "/sim/phones", nil, &phones)
	var rows struct {
		Items []struct {
			ID string `json:"person_id"`
		}
	}
	r.call("GET", "/reports/recovery/rows?metric=orders&limit=1", nil, &rows)
	var links struct {
		Links []struct{ URL, Target string }
	}
	r.call("GET", "/people/"+rows.Items[0].ID+"/codes", nil, &links)
	if len(links.Links) == 0 {
		t.Fatal("a recovered customer got no link")
	}
	for _, address := range []string{phones.Items[0].URL, links.Links[0].URL, links.Links[0].Target} {
		if !strings.HasPrefix(address, lan+"/") {
			t.Errorf("%s does not begin with %s", address, lan)
		}
	}
}

func TestAYesOnThePhoneIsWelcomedWithACodeThatTheShopTakes(t *testing.T) {
	r := show(t, options(t.TempDir()))
	var phones struct {
		Items []struct{ Number, Name string }
	}
	r.call("GET", "/sim/phones", nil, &phones)
	path := "/sim/phones/" + url.PathEscape(phones.Items[0].Number)
	r.call("POST", path+"/messages", map[string]any{"text": "YES"}, nil)
	var code string
	for deadline := time.Now().Add(20 * time.Second); code == ""; time.Sleep(50 * time.Millisecond) {
		var screen struct{ Items []struct{ Text string } }
		r.call("GET", path+"/messages", nil, &screen)
		for _, m := range screen.Items {
			code += regexp.MustCompile("ERA-[0-9A-Z]{8}").FindString(m.Text)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no code came: %+v", screen.Items)
		}
	}
	basket := []any{map[string]any{"title": "Linen dress", "price": "128.00", "quantity": 1}}
	r.call("POST", path+"/shop", map[string]any{"action": "checkout", "items": basket}, nil)
	var told struct {
		Body struct {
			Total string                  `json:"total_price"`
			Codes []struct{ Code string } `json:"discount_codes"`
		}
	}
	r.call("POST", path+"/shop", map[string]any{"action": "order"}, &told)
	if told.Body.Total != "115.20" || len(told.Body.Codes) != 1 || told.Body.Codes[0].Code != code {
		t.Errorf("the shop told %+v, want 115.20 with %s", told.Body, code)
	}
}

func TestADatabaseServerIsRefused(t *testing.T) {
	o := options(t.TempDir())
	o.Config.Database = "postgres://localhost/x"
	if _, err := demo.Open(t.Context(), o); errs.CodeOf(err) != "demo_database" {
		t.Errorf("got %v", err)
	}
}
