package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/money"
)

type workspaceJSON struct {
	ID       id.Workspace   `json:"id"`
	Slug     string         `json:"slug"`
	Name     string         `json:"name"`
	Country  string         `json:"country"`
	Timezone string         `json:"timezone"`
	Currency money.Currency `json:"currency"`
	Demo     bool           `json:"demo"`
	Pilot    bool           `json:"pilot" doc:"reaches only approved numbers"`
	Settings Settings       `json:"settings"`
}

func workspaceOut(w Workspace) workspaceJSON {
	return workspaceJSON{ID: w.ID, Slug: w.Slug, Name: w.Name, Country: w.Country, Timezone: w.Timezone, Currency: w.Currency, Demo: w.Demo, Pilot: w.Pilot, Settings: w.Settings}
}

type workspacePatch struct {
	Name     *string `json:"name,omitempty"`
	Country  *string `json:"country,omitempty"`
	Timezone *string `json:"timezone,omitempty"`
	Currency *string `json:"currency,omitempty"`
	Pilot    *bool   `json:"pilot,omitempty"`
}

type checklistJSON struct {
	Items  []checklistItem `json:"items"`
	Hidden bool            `json:"hidden"`
}

type checklistItem struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	Done  bool   `json:"done"`
	Link  string `json:"link"`
}

type hiddenBody struct {
	Hidden bool `json:"hidden"`
}

func (s *Service) workspaceRoutes(api *httpx.API) {
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/settings", ID: "get-settings", Summary: "Settings of the workspace", Permission: SettingsRead},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[Settings], error) {
			w, err := s.Workspace(ctx, s.db, ActorFrom(ctx).Workspace)
			return httpx.OK(w.Settings), err
		})
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/settings", ID: "put-settings", Summary: "Replace the settings of the workspace", Permission: SettingsWrite},
		func(ctx context.Context, in *struct{ Body Settings }) (*httpx.Out[Settings], error) {
			w, err := s.UpdateWorkspace(ctx, ActorFrom(ctx), WorkspaceChange{Settings: &in.Body})
			return httpx.OK(w.Settings), err
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/workspace", ID: "get-workspace", Summary: "The workspace", Permission: SelfUse},
		func(ctx context.Context, _ *struct{}) (*httpx.Out[workspaceJSON], error) {
			w, err := s.Workspace(ctx, s.db, ActorFrom(ctx).Workspace)
			return httpx.OK(workspaceOut(w)), err
		})
	httpx.Register(api, httpx.Route{Method: "PATCH", Path: "/workspace", ID: "update-workspace", Summary: "Change name, country, time zone, currency or pilot mode", Permission: SettingsWrite},
		func(ctx context.Context, in *struct{ Body workspacePatch }) (*httpx.Out[workspaceJSON], error) {
			b := in.Body
			w, err := s.UpdateWorkspace(ctx, ActorFrom(ctx), WorkspaceChange{Name: b.Name, Country: b.Country, Timezone: b.Timezone, Currency: b.Currency, Pilot: b.Pilot})
			return httpx.OK(workspaceOut(w)), err
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/checklist", ID: "get-checklist", Summary: "First steps and which of them happened", Permission: SelfUse}, s.getChecklist)
	httpx.Register(api, httpx.Route{Method: "PUT", Path: "/checklist", ID: "put-checklist", Summary: "Hide the checklist for oneself, or show it", Permission: SelfUse},
		func(ctx context.Context, in *struct{ Body hiddenBody }) (*httpx.Out[checklistJSON], error) {
			if err := s.HideChecklist(ctx, ActorFrom(ctx), in.Body.Hidden); err != nil {
				return nil, err
			}
			return s.getChecklist(ctx, nil)
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/audit", ID: "list-audit", Summary: "Who changed what, newest first", Permission: AuditRead}, s.listAuditLog)
}

func (s *Service) getChecklist(ctx context.Context, _ *struct{}) (*httpx.Out[checklistJSON], error) {
	actor := ActorFrom(ctx)
	items, err := s.Checklist(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	out := checklistJSON{}
	for _, i := range items {
		out.Items = append(out.Items, checklistItem{Key: i.Key, Title: i.Title, Done: i.Done, Link: i.Link})
	}
	if actor.Member != "" {
		m, err := s.Member(ctx, s.db, actor.Workspace, actor.Member)
		if err != nil {
			return nil, err
		}
		out.Hidden = m.checklistHidden
	}
	return httpx.OK(out), nil
}

type auditJSON struct {
	ID     string         `json:"id"`
	At     clock.Time     `json:"at"`
	Actor  actorJSON      `json:"actor"`
	Action string         `json:"action"`
	Object string         `json:"object"`
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
}

type actorJSON struct {
	Ref  string `json:"ref" doc:"member:<id>, key:<id> or system"`
	Name string `json:"name"`
}

func (s *Service) listAuditLog(ctx context.Context, in *struct{ httpx.Paging }) (*httpx.Out[httpx.Page[auditJSON]], error) {
	ws := ActorFrom(ctx).Workspace
	before := ""
	if in.Cursor != "" {
		if err := httpx.DecodeCursor(string(ws)+"/audit", in.Cursor, &before); err != nil {
			return nil, err
		}
	}
	entries, err := s.AuditLog(ctx, ws, before, in.Limit)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, ws)
	page := httpx.Page[auditJSON]{}
	for _, e := range entries {
		page.Items = append(page.Items, auditJSON{ID: e.ID, At: e.At, Actor: actorJSON{Ref: e.Actor, Name: names[e.Actor]}, Action: e.Action, Object: e.Object, Before: e.Before, After: e.After})
	}
	if n := len(entries); n == in.Limit {
		page.Next = httpx.EncodeCursor(string(ws)+"/audit", entries[n-1].ID)
	}
	return httpx.OK(page), err
}

// names are what the actors of a workspace are called, by their Ref.
func (s *Service) names(ctx context.Context, ws id.Workspace) (map[string]string, error) {
	members, err := s.Members(ctx, s.db, ws)
	if err != nil {
		return nil, err
	}
	keys, err := s.Keys(ctx, ws)
	out := map[string]string{Actor{}.Ref(): "Parley"}
	for _, m := range members {
		out[Actor{Member: m.ID}.Ref()] = m.Name
	}
	for _, k := range keys {
		out[Actor{Key: k.ID}.Ref()] = k.Name
	}
	return out, err
}
