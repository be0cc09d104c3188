package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/httpx"
	"parley/internal/org"
	"parley/internal/server"
	"parley/internal/server/servertest"
)

// hasty is a domain that waits a moment only for bodies.
type hasty struct{}

type hastyBody struct {
	Text string `json:"text"`
}

func (hasty) Routes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/hasty", ID: "hasty", Permission: httpx.Public, Timeout: 100 * time.Millisecond},
		func(_ context.Context, in *struct{ Body hastyBody }) (*httpx.Out[hastyBody], error) {
			return httpx.OK(in.Body), nil
		})
	api.Raw(httpx.Route{Method: "POST", Path: "/hooks/hasty", ID: "hasty-hook", Permission: httpx.Public, AnyOrigin: true, Timeout: 100 * time.Millisecond, MaxBody: 1000},
		func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				w.WriteHeader(http.StatusRequestTimeout)
			}
		})
}

func TestABodyThatTricklesIsCutOff(t *testing.T) { // I40
	b := servertest.New(t, dbtest.SQLite(t), func(_ *servertest.Bench, o *server.Options) { o.Domains = []server.Routes{hasty{}} })
	address, _ := start(t, b)
	for path, want := range map[string]int{"/api/v1/hasty": 503, "/hooks/hasty": 408} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, answer.StatusCode, want)
		}
		conn.Close()
	}
}

func TestAKeyOfARequestHoldsThroughTheWholeServer(t *testing.T) { // I18
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := servertest.New(t, d, nil)
		w := b.Workspace("Era")
		me, you := b.As(w.ID, org.Owner).With("Idempotency-Key", "k1"), b.As(w.ID, org.Owner).With("Idempotency-Key", "k1")
		body := map[string]any{"name": "Shop", "scopes": []string{"event.write"}}
		if a := me.Do("POST", "/api/v1/api-keys", body); a.Status != 201 {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
		if a := me.Do("POST", "/api/v1/api-keys", body); a.Status != 409 || a.Code() != "idempotency_secret" {
			t.Errorf("again: %d %s", a.Status, a.Body)
		}
		if a := me.Do("POST", "/api/v1/api-keys", map[string]any{"name": "Other", "scopes": []string{"event.write"}}); a.Status != 422 || a.Code() != "idempotency_mismatch" {
			t.Errorf("another body: %d %s", a.Status, a.Body)
		}
		if a := you.Do("POST", "/api/v1/api-keys", body); a.Status != 201 {
			t.Errorf("the same key of somebody else: %d %s", a.Status, a.Body)
		}
		all, err := b.Org.Keys(t.Context(), w.ID)
		if err != nil || len(all) != 2 {
			t.Errorf("%d keys were made, %v", len(all), err)
		}
	})
}
