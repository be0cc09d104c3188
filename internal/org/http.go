package org

import (
	"context"
	"net/http"
	"strings"
	"time"

	"parley/internal/clock"
	"parley/internal/httpx"
	"parley/internal/id"
)

// The session's cookie. Over https its name makes browsers insist on Secure, Path=/ and this very host (RFC 6265bis,
// "__Host-").
const (
	cookieName       = "parley"
	secureCookieName = "__Host-parley"
)

// Routes adds the routes of the organisation.
func (s *Service) Routes(api *httpx.API) {
	s.sessionRoutes(api)
	s.setupRoutes(api)
	s.memberRoutes(api)
	s.workspaceRoutes(api)
	s.keyRoutes(api)
}

// CredentialOf is what the request brought: a bearer key, or the cookie of a session. A key wins, because only a program
// sends one.
func CredentialOf(r *http.Request) Credential {
	if scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return Credential{Key: strings.TrimSpace(key)}
	}
	for _, name := range []string{secureCookieName, cookieName} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return Credential{Session: c.Value}
		}
	}
	return Credential{}
}

// sessionCookie carries the token; an empty token ends the cookie.
func sessionCookie(ctx context.Context, token string) http.Cookie {
	c := http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife / time.Second)}
	if httpx.ClientFrom(ctx).Secure {
		c.Name, c.Secure = secureCookieName, true
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// signedIn is an answer that opens, replaces or ends a session.
type signedIn struct {
	Cookie http.Cookie `header:"Set-Cookie"`
}

func signIn(ctx context.Context, session Session, err error) (*signedIn, error) {
	if err != nil {
		return nil, err
	}
	return &signedIn{Cookie: sessionCookie(ctx, session.Token)}, nil
}

type loginBody struct {
	Email    string `json:"email" maxLength:"200"`
	Password string `json:"password" maxLength:"400"`
}

// loginInput holds the cookies of the session that a login replaces as well.
type loginInput struct {
	Plain  string `cookie:"parley" hidden:"true"`
	Secure string `cookie:"__Host-parley" hidden:"true"`
	Body   loginBody
}

func (in loginInput) oldToken() string {
	if in.Secure != "" {
		return in.Secure
	}
	return in.Plain
}

type passwordBody struct {
	Present string `json:"present" maxLength:"400"`
	Next    string `json:"next" maxLength:"400"`
}

type switchBody struct {
	ID id.Workspace `json:"id" doc:"a workspace of this account"`
}

func (s *Service) sessionRoutes(api *httpx.API) {
	tries := httpx.Rate{Burst: 10, Every: 6 * time.Second}
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/login", ID: "login", Summary: "Sign in", Permission: httpx.Public, Rate: tries},
		func(ctx context.Context, in *loginInput) (*signedIn, error) {
			session, err := s.Login(ctx, in.Body.Email, in.Body.Password, in.oldToken())
			return signIn(ctx, session, err)
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/logout", ID: "logout", Summary: "Sign out", Permission: SelfUse},
		func(ctx context.Context, _ *struct{}) (*signedIn, error) {
			return signIn(ctx, Session{}, s.Logout(ctx, ActorFrom(ctx)))
		})
	httpx.Register(api, httpx.Route{Method: "GET", Path: "/me", ID: "me", Summary: "Who is signed in, where, and what they may do", Permission: SelfUse}, s.me)
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/me/password", ID: "change-password", Summary: "Choose a new password; other sessions end", Permission: SelfUse, Rate: tries},
		func(ctx context.Context, in *struct{ Body passwordBody }) (*signedIn, error) {
			session, err := s.ChangePassword(ctx, ActorFrom(ctx), in.Body.Present, in.Body.Next)
			return signIn(ctx, session, err)
		})
	httpx.Register(api, httpx.Route{Method: "POST", Path: "/me/workspace", ID: "switch-workspace", Summary: "Go to another workspace of this account", Permission: SelfUse},
		func(ctx context.Context, in *struct{ Body switchBody }) (*signedIn, error) {
			session, err := s.Switch(ctx, ActorFrom(ctx), in.Body.ID)
			return signIn(ctx, session, err)
		})
	api.Raw(httpx.Route{Method: "GET", Path: "/d/{token}", ID: "login-by-link", Permission: httpx.Public, Rate: tries}, s.loginByLink)
}

// loginByLink signs in and goes to the app. A browser that is signed in already goes there anyway.
func (s *Service) loginByLink(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	session, err := s.LoginByLink(r.Context(), r.PathValue("token"))
	if err == nil {
		c := sessionCookie(r.Context(), session.Token)
		http.SetCookie(w, &c)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if _, known := s.Authenticate(r.Context(), CredentialOf(r)); known == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, "/login?link=used", http.StatusSeeOther)
}

type accountJSON struct {
	ID    AccountID `json:"id"`
	Name  string    `json:"name"`
	Email string    `json:"email"`
}

type selfJSON struct {
	ID     MemberID    `json:"id" doc:"empty for an API key"`
	Role   Role        `json:"role"`
	Name   string      `json:"name"`
	Limits GrantLimits `json:"limits"`
}

type clockJSON struct {
	Now            clock.Time `json:"now"`
	SkippedSeconds int64      `json:"skipped_seconds" doc:"how far a demo's clock was moved ahead"`
}

type meJSON struct {
	Account     accountJSON     `json:"account"`
	Member      selfJSON        `json:"member"`
	Workspace   workspaceJSON   `json:"workspace"`
	Workspaces  []workspaceLink `json:"workspaces" doc:"all that this account may go to"`
	Permissions []Permission    `json:"permissions"`
	Clock       clockJSON       `json:"clock"`
}

type workspaceLink struct {
	ID   id.Workspace `json:"id"`
	Slug string       `json:"slug"`
	Name string       `json:"name"`
	Demo bool         `json:"demo"`
}

func (s *Service) me(ctx context.Context, _ *struct{}) (*httpx.Out[meJSON], error) {
	actor := ActorFrom(ctx)
	w, err := s.Workspace(ctx, s.db, actor.Workspace)
	if err != nil {
		return nil, err
	}
	limits, err := s.Limits(ctx, s.db, actor)
	if err != nil {
		return nil, err
	}
	out := meJSON{
		Account:     accountJSON{ID: actor.Account, Name: actor.Name},
		Member:      selfJSON{ID: actor.Member, Role: actor.Role, Name: actor.Name, Limits: limits},
		Workspace:   workspaceOut(w),
		Permissions: actor.Permissions(),
		Clock:       clockJSON{Now: s.clock.Now(), SkippedSeconds: int64(s.clock.Skipped() / time.Second)},
	}
	if actor.Member == "" {
		return httpx.OK(out), nil
	}
	m, err := s.Member(ctx, s.db, actor.Workspace, actor.Member)
	if err != nil {
		return nil, err
	}
	out.Account.Email = m.Email
	all, err := s.WorkspacesOf(ctx, actor.Account)
	for _, w := range all {
		out.Workspaces = append(out.Workspaces, workspaceLink{ID: w.ID, Slug: w.Slug, Name: w.Name, Demo: w.Demo})
	}
	return httpx.OK(out), err
}
