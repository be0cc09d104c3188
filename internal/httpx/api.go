package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parley/internal/errs"
	"parley/internal/id"
)

// Guard decides whether the request may use the route. It returns the context the handler runs in, which names the
// caller, or the error that the caller is told.
type Guard func(w http.ResponseWriter, r *http.Request, route Route) (context.Context, error)

// Options of an API. Guard, Log and IDs are required.
type Options struct {
	Version  string // of the program, for the description
	Guard    Guard
	Log      *slog.Logger
	IDs      *id.Source
	Replays  Replays      // nil: an Idempotency-Key is ignored
	Fallback http.Handler // serves what is not under /api/ and has no route; nil is 404
}

// API collects routes and serves them. Add all routes before the first request.
type API struct {
	options     Options
	huma        huma.API
	mux         *http.ServeMux
	routes      []Route
	ids         map[string]bool
	registering *Route
	lists       lists
}

// New is an API without routes.
func New(options Options) *API {
	if options.Guard == nil || options.Log == nil || options.IDs == nil {
		panic("httpx: Guard, Log and IDs are required")
	}
	api := &API{options: options, mux: http.NewServeMux(), ids: map[string]bool{}}
	api.huma = humago.New(routeMux{api}, api.config())
	return api
}

// Routes is the route table in the order of registration.
func (api *API) Routes() []Route { return append([]Route(nil), api.routes...) }

// routeMux receives from huma the handler of the route that Register is adding.
type routeMux struct{ api *API }

func (m routeMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	if m.api.registering == nil {
		panic("httpx: a handler outside the route table: " + pattern)
	}
	m.api.mount(*m.api.registering, h)
}

func (m routeMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.api.ServeHTTP(w, r) }

func (api *API) mount(r Route, h http.HandlerFunc) {
	if api.ids[r.ID] {
		panic(fmt.Sprintf("httpx: two routes are called %q", r.ID))
	}
	api.ids[r.ID] = true
	api.routes = append(api.routes, r)
	api.mux.Handle(r.Pattern(), api.wrap(r, h))
}

// ServeHTTP answers one request.
func (api *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, pattern := api.mux.Handler(r)
	switch {
	case pattern != "":
		// By the mux, so that it sets the path variables.
		api.mux.ServeHTTP(w, r)
	case api.options.Fallback != nil && !strings.HasPrefix(r.URL.Path, "/api/") && len(api.allowed(r)) == 0:
		api.options.Fallback.ServeHTTP(w, r)
	default:
		api.unmatched(w, r)
	}
}

func (api *API) unmatched(w http.ResponseWriter, r *http.Request) {
	if allowed := api.allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p := newProblem(http.StatusMethodNotAllowed, "method_not_allowed",
			fmt.Sprintf("This address answers %s, not %s.", strings.Join(allowed, " and "), r.Method))
		api.write(w, p)
		return
	}
	api.Fail(w, r, errs.New(errs.NotFound, "no_such_route", "There is nothing at this address. See /api/openapi.yaml."))
}

// allowed is the methods for which the path has a route.
func (api *API) allowed(r *http.Request) []string {
	var out []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := *r
		probe.Method = method
		if _, pattern := api.mux.Handler(&probe); pattern != "" {
			out = append(out, method)
		}
	}
	return out
}
