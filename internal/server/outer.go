package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"parley/internal/httpx"
)

// contentSecurityPolicy lets pages load and call only this server, and nobody frame them.
const contentSecurityPolicy = "default-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// note is what the log says about a request; the guard fills it in.
type note struct {
	route, actor, workspace string
}

type noteKey struct{}

func noteFrom(ctx context.Context) *note {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n
	}
	return &note{}
}

// outer is around every request: who asks from where, headers, time limits, the log, panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		client := s.client(r)
		n := &note{}
		ctx := context.WithValue(httpx.WithClient(r.Context(), client), noteKey{}, n)
		counted := &countingWriter{ResponseWriter: w}
		setHeaders(w.Header(), r, client)
		limitTime(w, started)
		defer func() {
			s.recovered(recover(), counted, r)
			s.log(ctx, r, counted, logged{note: n, took: time.Since(started)})
		}()
		next.ServeHTTP(counted, r.WithContext(ctx))
	})
}

// limitTime bounds what is not a route, such as the files of the web app; routes set their own limits.
func limitTime(w http.ResponseWriter, now time.Time) {
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(now.Add(30 * time.Second))
	_ = controller.SetWriteDeadline(now.Add(time.Minute))
}

func setHeaders(h http.Header, r *http.Request, c httpx.Client) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if c.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
}

// recovered answers for a handler that panicked. A handler that gave up on purpose may.
func (s *Server) recovered(value any, w *countingWriter, r *http.Request) {
	if value == nil || value == http.ErrAbortHandler { //nolint:errorlint // the standard library panics with this very value
		return
	}
	err := fmt.Errorf("panic: %v\n%s", value, debug.Stack())
	if w.status == 0 {
		s.api.Fail(w, r, err)
		return
	}
	s.options.Log.ErrorContext(r.Context(), "a request panicked in the middle of its answer", "route", noteFrom(r.Context()).route, "error", err)
}

type logged struct {
	*note
	took time.Duration
}

// log writes one line. It names the route, never the path: paths and queries hold tokens, numbers and names.
func (s *Server) log(ctx context.Context, r *http.Request, w *countingWriter, l logged) {
	level := slog.LevelDebug
	if w.status >= 500 {
		level = slog.LevelWarn
	} else if l.route != "" && r.Method != http.MethodGet {
		level = slog.LevelInfo
	}
	s.options.Log.Log(ctx, level, "request", "method", r.Method, "route", l.route, "status", w.status, "bytes", w.bytes,
		"ms", l.took.Milliseconds(), "actor", l.actor, "workspace", l.workspace)
}

// countingWriter remembers what was answered.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *countingWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
