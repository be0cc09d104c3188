package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/org"
	"parley/internal/server"
	"parley/internal/server/servertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const csp = "default-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// at fills the variables of a route's path.
func at(r httpx.Route) string {
	path := r.Path
	for strings.Contains(path, "{") {
		from, to := strings.Index(path, "{"), strings.Index(path, "}")
		path = path[:from] + "x" + path[to+1:]
	}
	return path
}

// try calls the route with a body that fits nothing; a stream, which has no end, for a moment.
func try(c *servertest.Client, r httpx.Route) servertest.Answer {
	ctx := context.Background()
	if r.Stream {
		moment, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		ctx = moment
	}
	var body any
	if r.Method != "GET" {
		body = "{}"
	}
	return c.DoContext(ctx, r.Method, at(r), body)
}

func TestEveryRoleAndRouteEqualsTheMatrix(t *testing.T) { // I28
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) {
		o.Metrics = http.NotFoundHandler()
	})
	w := b.Workspace("Era")
	b.As(w.ID, org.Owner) // so that none of the others is the last
	for _, route := range b.Server.API().Routes() {
		if route.Permission == httpx.Public {
			continue
		}
		if a := try(b.Anybody(), route); a.Status != 401 {
			t.Errorf("%s without a credential: %d", route.Pattern(), a.Status)
		}
		for _, role := range org.Roles() {
			a := try(b.As(w.ID, role), route)
			refused := a.Code() == "not_allowed"
			if refused == role.Can(route.Permission) || a.Status == 401 {
				t.Errorf("%s as %s: %d %s, but the matrix says %v", route.Pattern(), role, a.Status, a.Body, role.Can(route.Permission))
			}
		}
		if route.Permission == org.SelfUse {
			continue
		}
		for _, scope := range org.AllPermissions() {
			a := try(b.Key(w.ID, scope), route)
			if refused := a.Code() == "not_allowed"; refused == (scope == route.Permission) {
				t.Errorf("%s with a key for %s: %d %s", route.Pattern(), scope, a.Status, a.Body)
			}
		}
	}
}

func TestEveryPermissionOfARouteIsInTheMatrix(t *testing.T) { // I28
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Metrics = http.NotFoundHandler() })
	var public []string
	for _, r := range b.Server.API().Routes() {
		if r.Permission == httpx.Public {
			public = append(public, r.Pattern())
		} else if !org.Owner.Can(r.Permission) {
			t.Errorf("%s needs %q, which is not in the matrix", r.Pattern(), r.Permission)
		}
	}
	want := []string{
		"POST /api/v1/login", "GET /d/{token}", "GET /api/v1/setup", "POST /api/v1/setup", "POST /api/v1/setup/code",
		"POST /api/v1/join/look", "POST /api/v1/join", "POST /api/v1/reset", "GET /healthz", "GET /readyz", "GET /api/openapi.yaml",
	}
	if diff := cmp.Diff(public, want); diff != "" {
		t.Errorf("what anybody may call changed; if that is meant, say so here:\n%s", diff)
	}
}

func TestAnotherWorkspacesIdIsAnUnknownId(t *testing.T) { // I27
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := servertest.New(t, d, nil)
		mine, theirs := b.Workspace("Mine"), b.Workspace("Theirs")
		me := b.As(mine.ID, org.Owner)
		them := b.As(theirs.ID, org.Owner)
		var key struct{ ID string }
		them.Do("POST", "/api/v1/api-keys", map[string]any{"name": "Shop", "scopes": []string{"event.write"}}).JSON(t, &key)
		var invite struct{ ID string }
		them.Do("POST", "/api/v1/members/invite", map[string]any{"role": "agent"}).JSON(t, &invite)
		member := string(them.Member.ID)
		for _, c := range []struct{ method, path, foreign, unknown, body string }{
			{"PATCH", "/api/v1/members/%s", member, "mem_nothing", `{"role":"viewer"}`},
			{"PATCH", "/api/v1/members/%s", member, "mem_nothing", `{"limits":{"max_percent":1,"max_amount":1,"free_shipping":true,"per_day":1}}`},
			{"POST", "/api/v1/members/%s/reset-link", member, "mem_nothing", `{}`},
			{"DELETE", "/api/v1/api-keys/%s", key.ID, "key_nothing", ``},
			{"DELETE", "/api/v1/invites/%s", invite.ID, "inv_nothing", ``},
		} {
			foreign := me.Do(c.method, fmt.Sprintf(c.path, c.foreign), c.body)
			unknown := me.Do(c.method, fmt.Sprintf(c.path, c.unknown), c.body)
			if foreign.Status != 404 || unknown.Status != 404 || string(foreign.Body) != string(unknown.Body) {
				t.Errorf("%s %s: %d %s, but unknown is %d %s", c.method, c.path, foreign.Status, foreign.Body, unknown.Status, unknown.Body)
			}
		}
		for _, path := range []string{"/api/v1/members", "/api/v1/api-keys", "/api/v1/invites", "/api/v1/audit"} {
			if a := me.Do("GET", path, nil); a.Status != 200 || bytes.Contains(a.Body, []byte(member)) || bytes.Contains(a.Body, []byte(key.ID)) {
				t.Errorf("%s shows the other workspace: %d %s", path, a.Status, a.Body)
			}
		}
		if a := me.Do("PUT", "/api/v1/checklist", `{"hidden":true,"workspace_id":"`+string(theirs.ID)+`"}`); a.Status != 422 {
			t.Errorf("a workspace in the body: %d", a.Status)
		}
	})
}

func TestASessionCookieIsKeptFromScriptsAndOtherSites(t *testing.T) { // I33
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	m := b.Member(b.Workspace("Era").ID, org.Agent)
	link := func(c *servertest.Client) string {
		token, err := b.Org.LoginLink(t.Context(), m.Workspace, m.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		a := c.Do("GET", "/d/"+token, nil)
		if a.Status != 303 || a.Header.Get("Location") != "/" {
			t.Fatalf("got %d %v", a.Status, a.Header)
		}
		return a.Header.Get("Set-Cookie")
	}
	plain := link(b.Anybody())
	for _, want := range []string{"parley=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(plain, want) {
			t.Errorf("%q lacks %s", plain, want)
		}
	}
	if strings.Contains(plain, "Secure") {
		t.Errorf("%q would never come back over http", plain)
	}
	if behind := link(b.Anybody().From("10.1.2.3:4").With("X-Forwarded-Proto", "https")); !strings.HasPrefix(behind, "__Host-parley=") || !strings.Contains(behind, "Secure") {
		t.Errorf("behind a proxy with https: %q", behind)
	}
	if lied := link(b.Anybody().From("192.0.2.1:4").With("X-Forwarded-Proto", "https")); strings.Contains(lied, "Secure") {
		t.Errorf("a header of a stranger was believed: %q", lied)
	}
	if a := b.Anybody().Do("HEAD", "/d/x", nil); a.Status != 204 {
		t.Errorf("a look at a link: %d", a.Status)
	}
	if a := b.Anybody().Do("GET", "/d/used", nil); a.Header.Get("Location") != "/login?link=used" || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("got %d %v", a.Status, a.Header)
	}
}

func TestAPageOfAnotherSiteChangesNothing(t *testing.T) { // I33
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.PublicURL = "https://parley.example.com" })
	w := b.Workspace("Era")
	me := b.As(w.ID, org.Owner)
	body := `{"hidden":true}`
	for _, c := range []struct {
		name   string
		client *servertest.Client
		status int
	}{
		{"another site", me.With("Sec-Fetch-Site", "cross-site"), 403},
		{"a sister site", me.With("Sec-Fetch-Site", "same-site"), 403},
		{"an old browser on another site", me.With("Sec-Fetch-Site", "").With("Origin", "https://evil.example"), 403},
		{"an opaque origin", me.With("Sec-Fetch-Site", "").With("Origin", "null"), 403},
		{"our own page", me, 200},
		{"our own page by its public name", me.With("Sec-Fetch-Site", "").With("Origin", "https://parley.example.com"), 200},
		{"a program with a key", b.Key(w.ID, org.SettingsRead).With("Origin", "https://evil.example"), 404},
	} {
		if a := c.client.Do("PUT", "/api/v1/checklist", body); a.Status != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, a.Status, a.Body, c.status)
		}
	}
	if a := b.Anybody().With("Sec-Fetch-Site", "cross-site").Do("POST", "/api/v1/login", `{"email":"a@b.c","password":"x"}`); a.Status != 403 {
		t.Errorf("a login made by another site: %d", a.Status)
	}
	if a := me.With("Content-Type", "text/plain").Do("PUT", "/api/v1/checklist", body); a.Status != 415 {
		t.Errorf("a form disguised as JSON: %d", a.Status)
	}
}

func TestLoginsAreLimitedByAddress(t *testing.T) { // I33
	b := servertest.New(t, dbtest.SQLite(t), nil)
	limited := func(c *servertest.Client, spoof bool) (n int) {
		for i := range 15 {
			if spoof {
				c = c.With("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			}
			if a := c.Do("POST", "/api/v1/login", "{}"); a.Status == 429 && a.Header.Get("Retry-After") != "" {
				n++
			}
		}
		return n
	}
	if n := limited(b.Anybody().From("192.0.2.1:1"), true); n != 5 {
		t.Errorf("%d of 15 were limited, want 5", n)
	}
	if n := limited(b.Anybody().From("[2001:db8::1]:1"), false); n != 5 {
		t.Errorf("%d of 15 were limited, want 5", n)
	}
	if a := b.Anybody().From("[2001:db8::2]:1").Do("POST", "/api/v1/login", "{}"); a.Status != 429 {
		t.Errorf("the neighbour in the same network: %d", a.Status)
	}
	if a := b.Anybody().From("192.0.2.2:1").Do("POST", "/api/v1/login", "{}"); a.Status != 422 {
		t.Errorf("another address: %d", a.Status)
	}
}

func TestOnlySomebodyAtTheMachineNeedsNoCode(t *testing.T) { // FR-2
	local := func(o server.Options, host string, headers ...string) bool {
		b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, to *server.Options) {
			to.PublicURL, to.TrustedProxies = o.PublicURL, o.TrustedProxies
		})
		c := b.Anybody().From("127.0.0.1:5000")
		for i := 0; i+1 < len(headers); i += 2 {
			c = c.With(headers[i], headers[i+1])
		}
		if len(headers) == 1 {
			c = c.From(headers[0])
		}
		var state struct {
			Needed       bool   `json:"needed"`
			CodeRequired bool   `json:"code_required"`
			CodePath     string `json:"code_path"`
		}
		r := c.Request(t.Context(), "GET", "/api/v1/setup", nil)
		r.Host = host
		w := do(b, r)
		w.JSON(t, &state)
		if !state.Needed || state.CodeRequired != (state.CodePath != "") {
			t.Errorf("got %+v", state)
		}
		return !state.CodeRequired
	}
	for _, host := range []string{"localhost:8080", "127.0.0.1:8080", "[::1]:8080"} {
		if !local(server.Options{}, host) {
			t.Errorf("a browser on this machine at %s needs a code", host)
		}
	}
	for name, is := range map[string]bool{
		"another machine":                      local(server.Options{}, "localhost", "192.0.2.7:1"),
		"a container's gateway":                local(server.Options{}, "localhost", "172.17.0.1:1"),
		"a proxy that says so":                 local(server.Options{}, "localhost", "X-Forwarded-For", "192.0.2.7"),
		"a proxy that lies":                    local(server.Options{}, "localhost", "X-Forwarded-For", "127.0.0.1"),
		"a proxy that says it otherwise":       local(server.Options{}, "localhost", "X-Real-IP", "192.0.2.7"),
		"a name in the DNS that leads here":    local(server.Options{}, "rebind.example.com"),
		"an installation with a public name":   local(server.Options{PublicURL: "https://parley.example.com"}, "localhost"),
		"a trusted proxy on the same machine":  local(server.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "localhost", "X-Forwarded-For", "192.0.2.7"),
		"a host name that begins like a local": local(server.Options{}, "localhost.example.com"),
	} {
		if is {
			t.Errorf("%s needs no code", name)
		}
	}
}

// app is a web app as the build makes it.
func app() fs.FS {
	return fstest.MapFS{
		"index.html":              {Data: []byte("<!doctype html><title>app</title>")},
		"assets/main-abc.js":      {Data: []byte("plain")},
		"assets/main-abc.js.br":   {Data: []byte("brotli")},
		"assets/main-abc.js.gz":   {Data: []byte("gzip")},
		"assets/odd":              {Data: []byte("odd")},
		"manifest.webmanifest":    {Data: []byte("{}")},
		"sounds/message.mp3":      {Data: []byte("mp3")},
		"assets/style-def.css":    {Data: []byte("css")},
		"assets/style-def.css.gz": {Data: []byte("gzip css")},
	}
}

func TestTheWebAppIsServed(t *testing.T) {
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Web = app() })
	c := b.Anybody()
	for _, page := range []string{"/", "/inbox", "/people/per_1", "/setup", "/login?link=used", "/index.html", "/hooks", "/join/abc"} {
		a := c.Do("GET", page, nil)
		if a.Status != 200 || !strings.Contains(string(a.Body), "<title>app") || a.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %s %v", page, a.Status, a.Body, a.Header)
		}
	}
	for _, want := range []struct{ accept, encoding, body string }{
		{"gzip, deflate, br", "br", "brotli"}, {"gzip", "gzip", "gzip"}, {"br;q=0, gzip;q=0.5", "gzip", "gzip"}, {"", "", "plain"}, {"identity", "", "plain"},
	} {
		a := c.With("Accept-Encoding", want.accept).Do("GET", "/assets/main-abc.js", nil)
		if a.Header.Get("Content-Encoding") != want.encoding || string(a.Body) != want.body || a.Header.Get("Vary") != "Accept-Encoding" ||
			a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%q: %s %v", want.accept, a.Body, a.Header)
		}
	}
	first := c.Do("GET", "/manifest.webmanifest", nil)
	if again := c.With("If-None-Match", first.Header.Get("ETag")).Do("GET", "/manifest.webmanifest", nil); again.Status != 304 || len(again.Body) != 0 {
		t.Errorf("got %d", again.Status)
	}
	if a := c.Do("HEAD", "/inbox", nil); a.Status != 200 || len(a.Body) != 0 || a.Header.Get("Content-Length") == "" {
		t.Errorf("got %d %v", a.Status, a.Header)
	}
	for path, status := range map[string]int{"/assets/gone.js": 404, "/assets/main-abc.js.br": 404, "/favicon.ico": 404, "/.env": 404, "/api/v2/x": 404, "/assets/../../etc/passwd": 404} {
		if a := c.Do("GET", path, nil); a.Status != status && a.Status != 307 && a.Status != 301 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	if a := c.Do("POST", "/inbox", "x"); a.Status != 405 {
		t.Errorf("got %d", a.Status)
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) { // I32, decision 14
	b := servertest.New(t, dbtest.SQLite(t), func(b *servertest.Bench, o *server.Options) {
		o.Web, o.Domains = app(), []server.Routes{explosive{}}
	})
	w := b.Workspace("Era")
	check := func(name string, a servertest.Answer) {
		for header, want := range map[string]string{"Content-Security-Policy": csp, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if got := a.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		if a.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s has no permissions policy", name)
		}
	}
	for _, r := range b.Server.API().Routes() {
		check(r.Pattern(), try(b.Anybody(), r))
		check(r.Pattern()+" as owner", try(b.As(w.ID, org.Owner), r))
	}
	for _, path := range []string{"/", "/inbox", "/assets/main-abc.js", "/assets/gone.js", "/api/v1/gone", "/boom"} {
		check(path, b.Anybody().Do("GET", path, nil))
	}
}

// explosive is a domain whose handlers panic.
type explosive struct{}

func (explosive) Routes(api *httpx.API) {
	api.Raw(httpx.Route{Method: "GET", Path: "/boom", ID: "boom", Permission: httpx.Public}, func(http.ResponseWriter, *http.Request) { panic("the fuse") })
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/boom", ID: "json-boom", Permission: org.SelfUse},
		func(context.Context, *struct{}) (*httpx.Done, error) { panic("the fuse") })
	api.Raw(httpx.Route{Method: "GET", Path: "/half", ID: "half", Permission: httpx.Public}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("the fuse")
	})
}

func TestAPanicCostsOneRequest(t *testing.T) { // I6
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Domains = []server.Routes{explosive{}} })
	me := b.As(b.Workspace("Era").ID, org.Viewer)
	for _, path := range []string{"/boom", "/api/v1/boom"} {
		a := me.Do("GET", path, nil)
		var p httpx.Problem
		a.JSON(t, &p)
		if a.Status != 500 || p.Reference == "" || strings.Contains(string(a.Body), "fuse") || !strings.Contains(b.Log.String(), p.Reference) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := me.Do("GET", "/half", nil); string(a.Body) != "half" {
		t.Errorf("got %s", a.Body)
	}
	if n := strings.Count(b.Log.String(), "the fuse"); n != 3 {
		t.Errorf("the log tells of %d panics, want 3", n)
	}
}

func TestTheLogHoldsNothingPersonal(t *testing.T) { // I39
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Web = app() })
	me := b.As(b.Workspace("Era").ID, org.Owner)
	me.Do("GET", "/d/verysecrettoken", nil)
	me.Do("GET", "/api/v1/members?q=%2B393331234567", nil)
	me.Do("GET", "/people/+393331234567", nil)
	me.Do("POST", "/api/v1/members/invite", `{"role":"agent","email":"ben@example.com"}`)
	b.Anybody().Do("POST", "/api/v1/login", `{"email":"ben@example.com","password":"hush hush hush"}`)
	log := b.Log.String()
	for _, secret := range []string{"verysecrettoken", "3933312", "ben@", "hush", "192.0.2.1"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "route=login ") || !strings.Contains(log, "actor=member:"+string(me.Member.ID)) {
		t.Errorf("the log does not say who called which route:\n%s", log)
	}
}

func TestHealthTellsTheTruth(t *testing.T) { // I22
	var broken error
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) {
		o.Ready = func(context.Context) error { return broken }
	})
	c := b.Anybody()
	if c.Do("GET", "/healthz", nil).Status != 200 || c.Do("GET", "/readyz", nil).Status != 200 {
		t.Error("a healthy server says it is not")
	}
	broken = fmt.Errorf("dial tcp 10.0.0.7:5432: refused")
	a := c.Do("GET", "/readyz", nil)
	if a.Status != 503 || strings.Contains(string(a.Body), "10.0.0.7") || c.Do("GET", "/healthz", nil).Status != 200 {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestTheDescriptionNamesEveryJSONRoute(t *testing.T) {
	b := servertest.New(t, dbtest.SQLite(t), nil)
	a := b.Anybody().Do("GET", "/api/openapi.yaml", nil)
	if a.Status != 200 || a.Header.Get("Content-Type") != "application/yaml" {
		t.Fatalf("got %d %v", a.Status, a.Header)
	}
	for _, r := range b.Server.API().Routes() {
		if named := bytes.Contains(a.Body, []byte("operationId: "+r.ID+"\n")); named != r.JSON() {
			t.Errorf("%s is in the description: %v", r.Pattern(), named)
		}
	}
}

// do sends a request that was changed by hand.
func do(b *servertest.Bench, r *http.Request) servertest.Answer {
	w := newRecorder()
	b.Server.Handler().ServeHTTP(w, r)
	return servertest.Answer{Status: w.Code, Header: w.Result().Header, Body: w.Body.Bytes()}
}

// start runs the server on a port of this machine until the test ends.
func start(t *testing.T, b *servertest.Bench) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Server.Serve(ctx, l) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() { _ = stop() })
	return l.Addr().String(), stop
}

func TestHugeRequestsCostLittle(t *testing.T) { // I40
	b := servertest.New(t, dbtest.SQLite(t), nil)
	address, _ := start(t, b)
	for _, announced := range []int64{2 << 30, -1} {
		counted := &endless{}
		r, err := http.NewRequest("POST", "http://"+address+"/api/v1/login", counted)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = announced
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			if answer.StatusCode != 413 {
				t.Errorf("announced %d: %d", announced, answer.StatusCode)
			}
			answer.Body.Close()
		}
		if taken := counted.taken.Load(); taken > 32<<20 {
			t.Errorf("announced %d: the server took %d bytes (%v)", announced, taken, err)
		}
	}
	r, err := http.NewRequest("GET", "http://"+address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 200<<10))
	if answer, err := http.DefaultClient.Do(r); err == nil {
		defer answer.Body.Close()
		if answer.StatusCode != 431 {
			t.Errorf("a header of 200 KiB: %d", answer.StatusCode)
		}
	}
}

// endless is 2 GiB of zeros; it counts what was taken.
type endless struct{ taken atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.taken.Add(int64(len(b))) > 2<<30 {
		return 0, io.EOF
	}
	return len(b), nil
}

// patient is a domain with a request that takes as long as the test likes.
type patient struct{ begun, release chan struct{} }

func (p patient) Routes(api *httpx.API) {
	api.Raw(httpx.Route{Method: "GET", Path: "/slow", ID: "slow", Permission: httpx.Public}, func(w http.ResponseWriter, _ *http.Request) {
		close(p.begun)
		<-p.release
		_, _ = w.Write([]byte("done"))
	})
}

func TestAStopLetsRequestsFinish(t *testing.T) {
	p := patient{begun: make(chan struct{}), release: make(chan struct{})}
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Domains = []server.Routes{p} })
	address, stop := start(t, b)
	answers := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + address + "/slow")
		if err != nil {
			answers <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		answers <- string(body)
	}()
	<-p.begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for {
		if _, err := net.Dial("tcp", address); err != nil {
			break // no new connections are taken
		}
	}
	close(p.release)
	if got := <-answers; got != "done" {
		t.Errorf("got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestGoldenConversations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := servertest.New(t, d, nil)
		got := story(t, b)
		const file = "testdata/org.golden"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(got, "\n"), strings.Split(string(want), "\n")); diff != "" {
			t.Errorf("the API changed; if that is meant, run this test with -update:\n%s", diff)
		}
	})
}

// indent is JSON as people read it.
func indent(body []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, bytes.TrimSpace(body), "", "  ") != nil {
		return string(body)
	}
	return out.String()
}
