package server

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"parley/internal/clock"
	"parley/internal/feed"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/org"
)

// Routes is a domain with routes of its own.
type Routes interface {
	Routes(api *httpx.API)
}

// Options of a Server. Org, Feed, Clock, IDs and Log are required.
type Options struct {
	Org     *org.Service
	Domains []Routes // besides org
	Feed    *feed.Feed
	Clock   *clock.Clock
	IDs     *id.Source
	Log     *slog.Logger
	Version string

	PublicURL      string         // origin that browsers use; empty: as asked for
	TrustedProxies []netip.Prefix // whose forwarding headers are believed

	Web     fs.FS                           // the built web app; nil: a page that says there is none
	Metrics http.Handler                    // nil: no /metrics
	Ready   func(ctx context.Context) error // nil: always ready

	Heartbeat       time.Duration // longest silence on the change stream; 0 is 15 s
	SessionCheck    time.Duration // how often a stream asks whether its session holds; 0 is 3 s
	WriteWait       time.Duration // how long a stream's client may leave a piece untaken (I25); 0 is 10 s
	FeedClients     int           // open streams at once; 0 is 2000
	ShutdownTimeout time.Duration // 0 is 10 s
}

// Limits of a connection, before a route's own limits apply.
const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10 // bytes
)

// Server serves one installation of Parley.
type Server struct {
	options  Options
	api      *httpx.API
	web      *webApp
	origins  *http.CrossOriginProtection
	limiters map[string]*httpx.Limiter // by route id; complete before the first request
	streams  chan struct{}             // one slot per open change stream
	closing  chan struct{}             // closed when the server stops
}

// New gathers the routes. It fails when something required is missing, when the web app cannot be read, or when the public
// address is not one.
func New(o Options) (*Server, error) {
	if o.Org == nil || o.Feed == nil || o.Clock == nil || o.IDs == nil || o.Log == nil {
		return nil, errors.New("server: Org, Feed, Clock, IDs and Log are required")
	}
	defaults(&o)
	web, err := loadWeb(o.Web)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o, web: web, origins: http.NewCrossOriginProtection(), limiters: map[string]*httpx.Limiter{},
		streams: make(chan struct{}, o.FeedClients), closing: make(chan struct{}),
	}
	if o.PublicURL != "" {
		if err := s.origins.AddTrustedOrigin(o.PublicURL); err != nil {
			return nil, err
		}
	}
	s.api = httpx.New(httpx.Options{Version: o.Version, Guard: s.guard, Log: o.Log, IDs: o.IDs, Replays: o.Org.Replays(), Fallback: web})
	o.Org.Routes(s.api)
	for _, d := range o.Domains {
		d.Routes(s.api)
	}
	s.ownRoutes()
	for _, r := range s.api.Routes() {
		if r.Rate != (httpx.Rate{}) {
			s.limiters[r.ID] = httpx.NewLimiter(o.Clock, r.Rate)
		}
	}
	return s, nil
}

func defaults(o *Options) {
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.SessionCheck == 0 {
		o.SessionCheck = 3 * time.Second
	}
	if o.WriteWait == 0 {
		o.WriteWait = 10 * time.Second
	}
	if o.FeedClients == 0 {
		o.FeedClients = 2000
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = 10 * time.Second
	}
}

// API is the route table, for the description and for tests.
func (s *Server) API() *httpx.API { return s.api }

// Handler answers requests.
func (s *Server) Handler() http.Handler { return s.outer(s.api) }

// Serve answers requests from the listener until ctx ends; then it lets those under way finish, within the time for it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	close(s.closing)
	// ctx is over, so the time to finish is counted on its own.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.ShutdownTimeout)
	defer cancel()
	if err := h.Shutdown(last); err != nil {
		_ = h.Close()
		s.options.Log.Warn("requests were cut off at the stop", "error", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
