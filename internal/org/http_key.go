package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/httpx"
)

type keyJSON struct {
	ID        KeyID        `json:"id"`
	Name      string       `json:"name"`
	Prefix    string       `json:"prefix" doc:"the beginning of the secret"`
	Scopes    []Permission `json:"scopes"`
	CreatedAt clock.Time   `json:"created_at"`
	UsedAt    clock.Time   `json:"used_at" doc:"to the hour; empty: never"`
	ExpiresAt clock.Time   `json:"expires_at" doc:"empty: never"`
	Secret    string       `json:"secret,omitempty" doc:"the key, shown once: when it is made"`
}

func keyOut(k Key) keyJSON {
	return keyJSON{ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: k.Scopes, CreatedAt: k.CreatedAt, UsedAt: k.UsedAt, ExpiresAt: k.ExpiresAt}
}

type keyBody struct {
	Name      string       `json:"name" maxLength:"80"`
	Scopes    []Permission `json:"scopes" maxItems:"100" doc:"permissions, within one's own"`
	ExpiresAt clock.Time   `json:"expires_at,omitempty" doc:"empty: never"`
}

func (s *Service) keyRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/api-keys", ID: "list-keys", Summary: "API keys", Permission: KeyWrite},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[httpx.Page[keyJSON]], error) {
			all, err := s.Keys(ctx, ActorFrom(ctx).Workspace)
			page := httpx.Page[keyJSON]{}
			for _, k := range all {
				page.Items = append(page.Items, keyOut(k))
			}
			return httpx.OK(page), err
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/api-keys", ID: "create-key", Summary: "Make an API key", Permission: KeyWrite, Status: 201, Secret: true},
		func(ctx context.Context, in *struct{ Body keyBody }) (*httpx.Out[keyJSON], error) {
			k, secret, err := s.CreateKey(ctx, ActorFrom(ctx), NewKey{Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresAt: in.Body.ExpiresAt})
			out := keyOut(k)
			out.Secret = secret
			return httpx.OK(out), err
		})
	httpx.Register(api, httpx.Route{Method: "DELETE", Path: "/api-keys/{id}", ID: "delete-key", Summary: "End an API key at once", Permission: KeyWrite},
		func(ctx context.Context, in *struct {
			ID KeyID `path:"id"`
		}) (*httpx.Done, error) {
			return nil, s.DeleteKey(ctx, ActorFrom(ctx), in.ID)
		})
}
