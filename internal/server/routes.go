package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/org"
)

// ownRoutes are those that belong to no domain.
func (s *Server) ownRoutes() {
	s.api.Raw(httpx.Route{Method: "GET", Path: "/healthz", ID: "health", Permission: httpx.Public}, func(w http.ResponseWriter, _ *http.Request) {
		plain(w, "alive\n")
	})
	s.api.Raw(httpx.Route{Method: "GET", Path: "/readyz", ID: "ready", Permission: httpx.Public}, s.ready)
	s.feedRoute()
	describe := sync.OnceValues(s.api.OpenAPI)
	s.api.Raw(httpx.Route{Method: "GET", Path: "/api/openapi.yaml", ID: "openapi", Permission: httpx.Public}, func(w http.ResponseWriter, r *http.Request) {
		doc, err := describe()
		if err != nil {
			s.api.Fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(doc)
	})
	if s.options.Metrics != nil {
		s.api.Raw(httpx.Route{Method: "GET", Path: "/metrics", ID: "metrics", Permission: org.MetricsRead}, s.options.Metrics.ServeHTTP)
	}
}

func plain(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text))
}

// ready says whether requests can be served now. What is wrong is in the log; the answer only says that something is.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if s.options.Ready != nil {
		if err := s.options.Ready(ctx); err != nil {
			s.api.Fail(w, r, errs.Wrap(err, errs.Unavailable, "not_ready", "Parley cannot serve requests right now."))
			return
		}
	}
	plain(w, "ready\n")
}
