package server

import (
	"context"
	"net/http"
	"net/netip"

	"parley/internal/errs"
	"parley/internal/httpx"
	"parley/internal/org"
)

// guard finds out who asks and whether they may. It is the httpx.Guard of all routes.
func (s *Server) guard(_ http.ResponseWriter, r *http.Request, route httpx.Route) (context.Context, error) {
	ctx := r.Context()
	note := noteFrom(ctx)
	note.route = route.ID
	if limiter, ok := s.limiters[route.ID]; ok && !limiter.Allow(rateKey(httpx.ClientFrom(ctx).Addr)) {
		return nil, org.ErrTooManyTries
	}
	credential := org.CredentialOf(r)
	if err := s.sameSite(r, route, credential); err != nil {
		return nil, err
	}
	if route.Permission == httpx.Public {
		return ctx, nil
	}
	actor, err := s.options.Org.Authenticate(ctx, credential)
	if err != nil {
		return nil, err
	}
	note.actor, note.workspace = actor.Ref(), string(actor.Workspace)
	if err := org.Allow(actor, route.Permission); err != nil {
		return nil, err
	}
	return org.WithActor(ctx, actor), nil
}

// sameSite refuses changes that a page of another site asks a browser to make. A key cannot be sent by such a page, and
// hosted pages and webhooks say themselves that they take posts from anywhere.
func (s *Server) sameSite(r *http.Request, route httpx.Route, c org.Credential) error {
	if route.AnyOrigin || c.Key != "" {
		return nil
	}
	if err := s.origins.Check(r); err != nil {
		return errs.Wrap(err, errs.Forbidden, "cross_site", "This request was made by a page of another site. Nothing was done.")
	}
	return nil
}

// rateKey is whom a rate counts: an address, or the /64 network that one IPv6 customer has.
func rateKey(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if prefix, err := a.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return a.Unmap().String()
}
