// Package servertest gives tests a whole server, without a network, over a database of their own: sign in as any role or
// key, send requests, read answers. Time stands still until moved, and ids are the same on every run.
//
// It owns no table and sends no signal.
package servertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/feed"
	"parley/internal/id"
	"parley/internal/org"
	"parley/internal/server"
)

// Start is when tests begin: Friday 14 November 2025, 08:00 UTC.
const Start = clock.Time(1_763_107_200_000_000)

// Bench is a server to test on.
type Bench struct {
	TB     testing.TB
	DB     *db.DB
	Clock  *clock.Clock
	IDs    *id.Source
	Log    *Log
	Org    *org.Service
	Feed   *feed.Feed // handed out while its Run runs
	Server *server.Server
	Dir    string // data folder

	handler http.Handler
	members int
}

// New is a server with the routes of org and of the domains that build makes; build may be nil, and may change the
// options.
func New(tb testing.TB, d *db.DB, build func(b *Bench, o *server.Options)) *Bench {
	tb.Helper()
	c := clock.NewManual(Start)
	b := &Bench{TB: tb, DB: d, Clock: c, IDs: id.NewSourceFrom(c, &chain{}), Log: &Log{}, Dir: tb.TempDir()}
	log := slog.New(slog.NewTextHandler(b.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.Org = org.New(org.Deps{DB: d, Clock: c, IDs: b.IDs, Log: log, Dir: b.Dir})
	b.Feed = feed.New(d, c, feed.Options{Log: log})
	o := server.Options{Org: b.Org, Feed: b.Feed, Clock: c, IDs: b.IDs, Log: log, Version: "test"}
	if build != nil {
		build(b, &o)
	}
	s, err := server.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	b.Server, b.handler = s, s.Handler()
	return b
}

// Workspace makes a workspace in Italy.
func (b *Bench) Workspace(name string) org.Workspace {
	b.TB.Helper()
	var w org.Workspace
	err := b.DB.Tx(context.Background(), func(tx *db.Tx) (err error) {
		w, err = b.Org.CreateWorkspaceTx(context.Background(), tx, org.NewWorkspace{Name: name, Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"})
		return err
	})
	if err != nil {
		b.TB.Fatal(err)
	}
	return w
}

// Member makes a member, without a password.
func (b *Bench) Member(ws id.Workspace, role org.Role) org.Member {
	b.TB.Helper()
	b.members++
	m, err := b.Org.CreateMember(context.Background(), org.NewMember{Workspace: ws, Name: "Ana", Email: fmt.Sprintf("%s%d@example.com", role, b.members), Role: role})
	if err != nil {
		b.TB.Fatal(err)
	}
	return m
}

// As is a browser signed in as a new member with the role.
func (b *Bench) As(ws id.Workspace, role org.Role) *Client { return b.SignIn(b.Member(ws, role)) }

// SignIn is a browser signed in as the member.
func (b *Bench) SignIn(m org.Member) *Client {
	b.TB.Helper()
	token, err := b.Org.LoginLink(context.Background(), m.Workspace, m.ID, time.Hour)
	if err != nil {
		b.TB.Fatal(err)
	}
	session, err := b.Org.LoginByLink(context.Background(), token)
	if err != nil {
		b.TB.Fatal(err)
	}
	return &Client{Bench: b, Member: m, headers: http.Header{"Cookie": {"parley=" + session.Token}, "Sec-Fetch-Site": {"same-origin"}}}
}

// Key is a program with a new API key.
func (b *Bench) Key(ws id.Workspace, scopes ...org.Permission) *Client {
	b.TB.Helper()
	_, secret, err := b.Org.CreateKey(context.Background(), org.System(ws), org.NewKey{Name: "test", Scopes: scopes})
	if err != nil {
		b.TB.Fatal(err)
	}
	return &Client{Bench: b, headers: http.Header{"Authorization": {"Bearer " + secret}}}
}

// Anybody is a browser that is not signed in, on another machine.
func (b *Bench) Anybody() *Client { return &Client{Bench: b, headers: http.Header{}} }

// Client sends requests with its credential.
type Client struct {
	Bench   *Bench
	Member  org.Member
	headers http.Header
	remote  string
}

// With is the same client with one more header on each request.
func (c *Client) With(name, value string) *Client {
	other := *c
	other.headers = c.headers.Clone()
	other.headers.Set(name, value)
	return &other
}

// From is the same client at another address, such as "127.0.0.1:5000".
func (c *Client) From(remote string) *Client {
	other := *c
	other.remote = remote
	return &other
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request to a path such as "/api/v1/me". A body that is not a string or a reader is sent as JSON; nil is
// none.
func (c *Client) Do(method, path string, body any) Answer {
	c.Bench.TB.Helper()
	return c.DoContext(context.Background(), method, path, body)
}

// DoContext is Do with a context.
func (c *Client) DoContext(ctx context.Context, method, path string, body any) Answer {
	c.Bench.TB.Helper()
	w := httptest.NewRecorder()
	c.Bench.handler.ServeHTTP(w, c.Request(ctx, method, path, body))
	return Answer{Status: w.Code, Header: w.Result().Header, Body: w.Body.Bytes()}
}

// Request is the request that Do would send.
func (c *Client) Request(ctx context.Context, method, path string, body any) *http.Request {
	c.Bench.TB.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case io.Reader:
		reader = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.Bench.TB.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(ctx, method, path, reader)
	r.Header = c.headers.Clone()
	if reader != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.remote != "" {
		r.RemoteAddr = c.remote
	}
	return r
}

// JSON decodes the body.
func (a Answer) JSON(tb testing.TB, into any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		tb.Fatalf("%d %s: %v", a.Status, a.Body, err)
	}
}

// Code is the code of a problem; empty for any other answer.
func (a Answer) Code() string {
	var p struct{ Code string }
	if a.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(a.Body, &p) != nil {
		return ""
	}
	return p.Code
}

// Log is a log that can be read while it is written.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// chain is randomness that is the same on every run.
type chain struct{ n uint64 }

func (c *chain) Read(b []byte) (int, error) {
	for i := 0; i < len(b); i += sha256.Size {
		c.n++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, c.n))
		copy(b[i:], sum[:])
	}
	return len(b), nil
}
