package org

import (
	"context"
	"slices"

	"parley/internal/id"
)

// AccountID names somebody who signs in, in any number of workspaces.
type AccountID string

// MemberID names an account's place in one workspace.
type MemberID string

// KeyID names an API key.
type KeyID string

// Actor is who asks: a member with a session, a key, or the system itself. The zero Actor is the system without a
// workspace.
type Actor struct {
	Workspace id.Workspace
	Account   AccountID
	Member    MemberID
	Key       KeyID
	Role      Role         // of a member
	Scopes    []Permission // of a key
	Name      string

	session string // hash of the session's token
}

// System is the actor for what happens by itself in a workspace.
func System(ws id.Workspace) Actor { return Actor{Workspace: ws, Name: "Parley"} }

// Ref is the actor as it is stored: "member:mem_...", "key:key_..." or "system".
func (a Actor) Ref() string {
	switch {
	case a.Member != "":
		return "member:" + string(a.Member)
	case a.Key != "":
		return "key:" + string(a.Key)
	}
	return "system"
}

// Can says whether the actor has the permission. The system has all.
func (a Actor) Can(p Permission) bool {
	switch {
	case a.Member != "":
		return a.Role.Can(p)
	case a.Key != "":
		return p == SelfUse || slices.Contains(a.Scopes, p)
	}
	return true
}

// Permissions are all that the actor has.
func (a Actor) Permissions() []Permission {
	if a.Key != "" {
		return append([]Permission{SelfUse}, a.Scopes...)
	}
	return a.Role.Permissions()
}

type actorKey struct{}

// WithActor puts the actor into the context.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom is the actor of the context; the zero Actor when there is none. Behind a route that is not public there
// always is one.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
