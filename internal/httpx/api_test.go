package httpx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/id"
)

type thing struct {
	Name string         `json:"name" maxLength:"20"`
	Tags []string       `json:"tags"`
	More map[string]any `json:"more,omitempty"`
}

type fixture struct {
	api *httpx.API
	log *bytes.Buffer
}

// setup makes an API whose guard lets everybody through, except to routes that need "secret.read".
func setup(t *testing.T, replays httpx.Replays) *fixture {
	t.Helper()
	f := &fixture{log: &bytes.Buffer{}}
	f.api = httpx.New(httpx.Options{
		Version: "test", Log: slog.New(slog.NewTextHandler(f.log, nil)), Replays: replays,
		IDs: id.NewSource(clock.NewManual(clock.Time(1_700_000_000_000_000))),
		Guard: func(_ http.ResponseWriter, r *http.Request, route httpx.Route) (context.Context, error) {
			if route.Permission == "secret.read" {
				return nil, errs.New(errs.Forbidden, "not_allowed", "No.")
			}
			return r.Context(), nil
		},
	})
	return f
}

func (f *fixture) do(method, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.api.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

func problem(t *testing.T, r *http.Response) httpx.Problem {
	t.Helper()
	var p httpx.Problem
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if p.Status != r.StatusCode {
		t.Errorf("status %d in the body, %d on the wire", p.Status, r.StatusCode)
	}
	return p
}

func (f *fixture) postThing() {
	httpx.Register(f.api, httpx.Route{Method: "POST", Path: "/things", ID: "create-thing", Permission: "thing.write", Status: 201},
		func(_ context.Context, in *struct{ Body thing }) (*httpx.Out[thing], error) {
			return httpx.OK(in.Body), nil
		})
}

func TestErrorsBecomeProblems(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"what is invalid", errs.New(errs.Invalid, "name_empty", "x").WithField("name", "is empty"), 422, "name_empty"},
		{"nobody signed in", errs.New(errs.Unauthenticated, "not_signed_in", "x"), 401, "not_signed_in"},
		{"not allowed", errs.New(errs.Forbidden, "not_allowed", "x"), 403, "not_allowed"},
		{"unknown", errs.New(errs.NotFound, "no_person", "x"), 404, "no_person"},
		{"a clash, wrapped", fmt.Errorf("save: %w", errs.New(errs.Conflict, "stale", "x")), 409, "stale"},
		{"too often", errs.New(errs.TooMany, "slow_down", "x"), 429, "slow_down"},
		{"unavailable", errs.New(errs.Unavailable, "database_away", "x"), 503, "database_away"},
		{"too large", errs.New(errs.TooLarge, "too_large", "x"), 413, "too_large"},
		{"out of time", context.DeadlineExceeded, 503, "out_of_time"},
		{"a fault of ours", errors.New("dial tcp 10.0.0.7: password wrong"), 500, "internal"},
		{"a fault of ours with a code", errs.New(errs.Internal, "odd", "table person is odd"), 500, "internal"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := setup(t, nil)
			httpx.Register(f.api, httpx.Route{Method: "GET", Path: "/x", ID: "x", Permission: "x.read"},
				func(context.Context, *struct{}) (*httpx.Done, error) { return nil, c.err })
			p := problem(t, f.do("GET", "/api/v1/x", ""))
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("got %d %s, want %d %s", p.Status, p.Code, c.status, c.code)
			}
			if c.status != 500 {
				return
			}
			if strings.Contains(p.Detail, "10.0.0.7") || strings.Contains(p.Detail, "table") || p.Reference == "" {
				t.Errorf("a fault must show a reference and nothing else, got %+v", p)
			}
			if log := f.log.String(); !strings.Contains(log, p.Reference) || !strings.Contains(log, c.err.Error()[:6]) {
				t.Errorf("the log must hold the fault under its reference, got %s", log)
			}
		})
	}
}

func TestInputThatDoesNotFitIsRefused(t *testing.T) {
	f := setup(t, nil)
	f.postThing()
	deep := `{"name":"a","tags":[],"more":{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`
	cases := []struct {
		name, body, contentType string
		status                  int
		code                    string
	}{
		{"an unknown field", `{"name":"a","tags":[],"workspace_id":"ws_b"}`, "", 422, "input_invalid"},
		{"a missing field", `{"name":"a"}`, "", 422, "input_invalid"},
		{"null for a list", `{"name":"a","tags":null}`, "", 422, "input_invalid"},
		{"a text that is too long", `{"name":"` + strings.Repeat("a", 21) + `","tags":[]}`, "", 422, "input_invalid"},
		{"broken JSON", `{"name":`, "", 400, "body_unreadable"},
		{"no body", ``, "", 400, "body_unreadable"},
		{"JSON that is too deep (I40)", deep, "", 422, "json_too_deep"},
		{"another content type", `name=a`, "application/x-www-form-urlencoded", 415, "body_not_json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			contentType := c.contentType
			if contentType == "" {
				contentType = "application/json"
			}
			p := problem(t, f.do("POST", "/api/v1/things", c.body, "Content-Type", contentType))
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("got %d %s %+v, want %d %s", p.Status, p.Code, p.Errors, c.status, c.code)
			}
			if c.body != "" && len(c.body) > 10 && strings.Contains(fmt.Sprint(p), c.body) {
				t.Error("the problem repeats what was sent")
			}
		})
	}
	t.Run("fields are named as domains name them", func(t *testing.T) {
		p := problem(t, f.do("POST", "/api/v1/things", `{"name":1}`))
		want := []httpx.FieldProblem{{Field: "name", Message: "expected string"}, {Field: "tags", Message: "is missing"}}
		if diff := cmp.Diff(p.Errors, want); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an unknown query parameter", func(t *testing.T) {
		p := problem(t, f.do("POST", "/api/v1/things?force=1", `{"name":"a","tags":[]}`))
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Field != "query.force" {
			t.Errorf("got %+v", p)
		}
	})
}

func TestABracketInsideAStringIsNoNesting(t *testing.T) {
	f := setup(t, nil)
	f.postThing()
	r := f.do("POST", "/api/v1/things", `{"name":"a","tags":["\"`+strings.Repeat("[", 100)+`\\"]}`)
	if r.StatusCode != 201 {
		t.Errorf("got %d %s", r.StatusCode, text(t, r))
	}
}

// endless claims or delivers 2 GiB.
type endless struct{ read int64 }

func (e *endless) Read(b []byte) (int, error) {
	e.read += int64(len(b))
	if e.read > 2<<30 {
		return 0, io.EOF
	}
	return len(b), nil
}

func TestABodyOfTwoGiBIsRefusedEarly(t *testing.T) { // I40
	f := setup(t, nil)
	f.postThing()
	f.api.Raw(httpx.Route{Method: "POST", Path: "/hooks/x", ID: "hook", Permission: httpx.Public, MaxBody: 1000},
		func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				f.api.Fail(w, r, errs.New(errs.TooLarge, "body_too_large", "x"))
			}
		})
	for _, path := range []string{"/api/v1/things", "/hooks/x"} {
		for _, announced := range []int64{2 << 30, -1} {
			t.Run(fmt.Sprint(path, " announced ", announced), func(t *testing.T) {
				body := &endless{}
				r := httptest.NewRequest("POST", path, body)
				r.ContentLength = announced
				w := httptest.NewRecorder()
				f.api.ServeHTTP(w, r)
				if w.Code != 413 || body.read > 4<<20 {
					t.Errorf("status %d after %d bytes", w.Code, body.read)
				}
			})
		}
	}
}

func TestTheRouteTableHoldsEverything(t *testing.T) { // I28
	f := setup(t, nil)
	f.postThing()
	f.api.Raw(httpx.Route{Method: "GET", Path: "/secret", ID: "secret", Permission: "secret.read"},
		func(http.ResponseWriter, *http.Request) { t.Error("the guard was not asked") })
	var got []string
	for _, r := range f.api.Routes() {
		got = append(got, fmt.Sprint(r.Pattern(), " ", r.Permission, " ", r.JSON()))
	}
	want := []string{"POST /api/v1/things thing.write true", "GET /secret secret.read false"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
	if r := f.do("GET", "/secret", ""); r.StatusCode != 403 {
		t.Errorf("got %d", r.StatusCode)
	}
}

func TestARouteWithoutAPermissionStopsTheProgram(t *testing.T) {
	f := setup(t, nil)
	defer func() {
		if recover() == nil {
			t.Error("it was accepted")
		}
	}()
	f.api.Raw(httpx.Route{Method: "GET", Path: "/x", ID: "x"}, nil)
}

type hidden struct {
	Secret string `json:"secret"`
}

func TestAnEmbeddedTypeThatWouldBeLeftOutStopsTheProgram(t *testing.T) {
	f := setup(t, nil)
	defer func() {
		if recover() == nil {
			t.Error("it was accepted")
		}
	}()
	httpx.Register(f.api, httpx.Route{Method: "GET", Path: "/x", ID: "x", Permission: "x.read"},
		func(context.Context, *struct{}) (*httpx.Out[struct{ hidden }], error) { return nil, nil })
}

func TestAddressesWithoutARoute(t *testing.T) {
	f := setup(t, nil)
	f.postThing()
	if p := problem(t, f.do("GET", "/api/v1/nothing", "")); p.Status != 404 || p.Code != "no_such_route" {
		t.Errorf("got %+v", p)
	}
	r := f.do("DELETE", "/api/v1/things", "")
	if p := problem(t, r); p.Status != 405 || r.Header.Get("Allow") != "POST" {
		t.Errorf("got %+v %v", p, r.Header)
	}
}

func TestListsAreNeverNull(t *testing.T) {
	type part struct {
		Tags []string `json:"tags"`
	}
	type whole struct {
		Items  []part          `json:"items"`
		ByName map[string]part `json:"by_name"`
		One    *part           `json:"one"`
		Raw    json.RawMessage `json:"raw,omitempty"`
	}
	f := setup(t, nil)
	httpx.Register(f.api, httpx.Route{Method: "GET", Path: "/w", ID: "w", Permission: "x.read"},
		func(context.Context, *struct{}) (*httpx.Out[whole], error) {
			return httpx.OK(whole{Items: []part{{}}, ByName: map[string]part{"a": {}}, One: &part{}}), nil
		})
	httpx.Register(f.api, httpx.Route{Method: "GET", Path: "/p", ID: "p", Permission: "x.read"},
		func(context.Context, *struct{}) (*httpx.Out[httpx.Page[part]], error) {
			return httpx.OK(httpx.Page[part]{}), nil
		})
	if got, want := text(t, f.do("GET", "/api/v1/w", "")), `{"items":[{"tags":[]}],"by_name":{"a":{"tags":[]}},"one":{"tags":[]}}`; got != want {
		t.Errorf("got %s", got)
	}
	if got := text(t, f.do("GET", "/api/v1/p", "")); got != `{"items":[]}` {
		t.Errorf("got %s", got)
	}
}

func TestTheDescriptionIsStableAndComplete(t *testing.T) {
	describe := func() string {
		f := setup(t, nil)
		f.postThing()
		out, err := f.api.OpenAPI()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	doc := describe()
	for _, want := range []string{"openapi: 3.1.0", "operationId: create-thing", "x-permission: thing.write", "HttpxTestThing", "application/problem+json", "additionalProperties: false"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is missing from\n%s", want, doc)
		}
	}
	for _, unwanted := range []string{"$schema", "ErrorModel", "ErrorDetail"} {
		if strings.Contains(doc, unwanted) {
			t.Errorf("%q is in the description", unwanted)
		}
	}
	if again := describe(); again != doc {
		t.Error("two runs give two descriptions")
	}
}

func TestACursorServesOnlyItsList(t *testing.T) {
	at, key := clock.Time(0), ""
	c := httpx.EncodeCursor("ws_a/people?q=x", clock.Time(1_700_000_000_000_001), "per_1")
	if err := httpx.DecodeCursor("ws_a/people?q=x", c, &at, &key); err != nil || at != 1_700_000_000_000_001 || key != "per_1" {
		t.Errorf("got %v %v %v", at, key, err)
	}
	for name, bad := range map[string]string{"garbage": "%%%", "another shape": httpx.EncodeCursor("ws_a/people?q=x", 1), "not JSON": "aGFsbG8"} {
		if err := httpx.DecodeCursor("ws_a/people?q=x", bad, &at, &key); errs.CodeOf(err) != "cursor_invalid" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := httpx.DecodeCursor("ws_b/people?q=x", c, &at, &key); errs.CodeOf(err) != "cursor_invalid" {
		t.Errorf("another workspace took the cursor: %v", err)
	}
}
