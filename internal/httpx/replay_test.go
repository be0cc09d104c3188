package httpx_test

import (
	"context"
	"strings"
	"testing"

	"parley/internal/errs"
	"parley/internal/httpx"
)

// memory keeps answers by key, without a time limit.
type memory struct {
	prints  map[string]string
	answers map[string]httpx.Answer
}

func newMemory() *memory {
	return &memory{prints: map[string]string{}, answers: map[string]httpx.Answer{}}
}

func (m *memory) Begin(_ context.Context, key, print string) (*httpx.Answer, error) {
	if known, ok := m.prints[key]; ok && known != print {
		return nil, errs.New(errs.Invalid, "idempotency_mismatch", "x")
	}
	if a, ok := m.answers[key]; ok {
		return &a, nil
	}
	if m.prints[key] != "" {
		return nil, errs.New(errs.Conflict, "idempotency_running", "x")
	}
	m.prints[key] = print
	return nil, nil
}

func (m *memory) Finish(_ context.Context, key string, a httpx.Answer) error {
	m.answers[key] = httpx.Answer{Status: a.Status, Body: append([]byte(nil), a.Body...)}
	return nil
}

func (m *memory) Forget(_ context.Context, key string) error {
	delete(m.prints, key)
	return nil
}

func TestTheSameKeyHasOneEffectAndOneAnswer(t *testing.T) { // I18
	m := newMemory()
	f := setup(t, m)
	calls := 0
	fail := error(nil)
	httpx.Register(f.api, httpx.Route{Method: "POST", Path: "/sends", ID: "send", Permission: "x.write", Status: 201},
		func(_ context.Context, in *struct{ Body thing }) (*httpx.Out[thing], error) {
			calls++
			return httpx.OK(in.Body), fail
		})
	post := func(body, key string) (int, string) {
		r := f.do("POST", "/api/v1/sends", body, "Idempotency-Key", key)
		return r.StatusCode, text(t, r)
	}
	a := `{"name":"a","tags":[]}`
	status, first := post(a, "k1")
	again, second := post(a, "k1")
	if calls != 1 || status != 201 || again != 201 || first != second || !strings.Contains(first, `"name":"a"`) {
		t.Errorf("%d calls, %d %s, then %d %s", calls, status, first, again, second)
	}
	if status, body := post(`{"name":"b","tags":[]}`, "k1"); status != 422 || !strings.Contains(body, "idempotency_mismatch") {
		t.Errorf("another body: %d %s", status, body)
	}
	fail = errs.New(errs.Conflict, "stale", "x")
	if status, _ := post(a, "k2"); status != 409 {
		t.Errorf("got %d", status)
	}
	fail = nil
	if status, _ := post(a, "k2"); status != 201 {
		t.Errorf("a key whose request did nothing must be free again, got %d", status)
	}
	if status, _ := post(a, strings.Repeat("k", 256)); status != 422 {
		t.Errorf("a key that is too long: %d", status)
	}
	m.prints["k3"] = "other"
	if status, _ := post(a, "k3"); status != 422 {
		t.Errorf("got %d", status)
	}
}

func TestASecretIsNotKept(t *testing.T) { // I39
	m := newMemory()
	f := setup(t, m)
	httpx.Register(f.api, httpx.Route{Method: "POST", Path: "/keys", ID: "key", Permission: "x.write", Secret: true},
		func(context.Context, *struct{}) (*httpx.Out[thing], error) {
			return httpx.OK(thing{Name: "hush"}), nil
		})
	if r := f.do("POST", "/api/v1/keys", "", "Idempotency-Key", "k"); r.StatusCode != 200 || !strings.Contains(text(t, r), "hush") {
		t.Errorf("got %d", r.StatusCode)
	}
	if strings.Contains(string(m.answers["k"].Body), "hush") {
		t.Error("the secret was kept")
	}
	if p := problem(t, f.do("POST", "/api/v1/keys", "", "Idempotency-Key", "k")); p.Code != "idempotency_secret" {
		t.Errorf("got %+v", p)
	}
}

func TestAPanicLeavesAnAnswerForTheKey(t *testing.T) {
	m := newMemory()
	f := setup(t, m)
	httpx.Register(f.api, httpx.Route{Method: "POST", Path: "/x", ID: "x", Permission: "x.write"},
		func(context.Context, *struct{}) (*httpx.Done, error) { panic("x") })
	func() {
		defer func() { _ = recover() }()
		f.do("POST", "/api/v1/x", "", "Idempotency-Key", "k")
	}()
	if m.answers["k"].Status != 500 {
		t.Errorf("got %+v", m.answers["k"])
	}
}
