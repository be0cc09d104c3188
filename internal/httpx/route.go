package httpx

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Base is where the JSON API lives; the paths given to Register are below it.
const Base = "/api/v1"

// Defaults of a route.
const (
	DefaultMaxBody = 1 << 20 // bytes
	DefaultTimeout = 30 * time.Second
)

// Permission names what a caller must be allowed to do, as area.verb: "conversation.reply". The names are declared
// by the package org.
type Permission string

// Public is the permission of a route that needs no credential.
const Public Permission = "public"

// Rate is how often one client address may call a route: Burst at once, then one per Every. The zero Rate is no limit.
type Rate struct {
	Burst int
	Every time.Duration
}

// Route describes one endpoint.
type Route struct {
	Method, Path string // the path is below Base for Register, from the root for Raw; {name} is a variable
	ID, Summary  string // ID is unique and becomes the operationId: "list-people"
	Permission   Permission
	Status       int           // of success; 0 is 200, or 204 when there is no body
	MaxBody      int64         // bytes; 0 is DefaultMaxBody
	Timeout      time.Duration // of the whole request; 0 is DefaultTimeout
	Stream       bool          // the answer has no end (server-sent events): no time limit
	Rate         Rate          // per client address
	Secret       bool          // the answer holds a secret, so it is not kept for an Idempotency-Key
	AnyOrigin    bool          // may be posted from a page of another site (hosted forms, one-click links, webhooks)

	raw bool
}

// JSON says whether the route speaks JSON, that is, was made by Register.
func (r Route) JSON() bool { return !r.raw }

// Pattern is the route as net/http writes it: "GET /api/v1/people/{id}".
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// withDefaults fills what was left out and panics on what cannot be served, because that is a mistake in the program.
func (r Route) withDefaults() Route {
	if r.Method == "" || !strings.HasPrefix(r.Path, "/") || r.ID == "" || r.Permission == "" {
		panic(fmt.Sprintf("httpx: the route %+v needs a method, a path, an id and a permission", r))
	}
	if r.MaxBody == 0 {
		r.MaxBody = DefaultMaxBody
	}
	if r.Timeout == 0 {
		r.Timeout = DefaultTimeout
	}
	return r
}

// Register adds a JSON endpoint. I holds parameters as tagged fields (path, query, header) and the body in a field Body;
// O holds response headers and the body likewise. Fields without omitempty are required, unknown ones refused. What
// the handler returns as an error becomes a problem (see Problem).
func Register[I, O any](api *API, r Route, h func(ctx context.Context, in *I) (*O, error)) {
	r.Path = Base + r.Path
	r = r.withDefaults()
	refuseHidden(reflect.TypeFor[I](), map[reflect.Type]bool{})
	refuseHidden(reflect.TypeFor[O](), map[reflect.Type]bool{})
	api.registering = &r
	defer func() { api.registering = nil }()
	op := huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.ID, Summary: r.Summary, DefaultStatus: r.Status,
		Tags: []string{area(r)}, Extensions: map[string]any{"x-permission": string(r.Permission)},
		// The body was read, within its limits, before huma sees it; a negative value means "no second limit".
		MaxBodyBytes: -1, BodyReadTimeout: -1,
		Responses: map[string]*huma.Response{"default": api.problemResponse()},
	}
	if r.Permission == Public {
		op.Security = []map[string][]string{}
	}
	huma.Register(api.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, api.problem(ctx, err)
		}
		if out != nil {
			api.lists.fill(out)
		}
		return out, nil
	})
	api.tidySchemas()
}

// Raw adds an endpoint that reads and writes by itself: webhooks, event streams, hosted pages, files. Its body is capped
// by MaxBody, and it stands in the route table like any other.
func (api *API) Raw(r Route, h http.HandlerFunc) {
	r.raw = true
	api.mount(r.withDefaults(), h)
}

// area is the part of the permission before the dot; public routes go by their first path element.
func area(r Route) string {
	if r.Permission != Public {
		name, _, _ := strings.Cut(string(r.Permission), ".")
		return name
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(r.Path, Base+"/"), "/")
	return name
}

// refuseHidden panics on embedded structs that are not exported: huma would leave their fields out of the description
// and out of the input without a word.
func refuseHidden(t reflect.Type, seen map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		refuseHidden(t.Elem(), seen)
	case reflect.Struct:
		if seen[t] || !strings.HasPrefix(t.PkgPath()+"/", "parley/") && t.PkgPath() != "" {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous && !f.IsExported() {
				panic(fmt.Sprintf("httpx: %s embeds %s; export that type, or give the field a name", t, f.Type))
			}
			if f.IsExported() {
				refuseHidden(f.Type, seen)
			}
		}
	}
}
