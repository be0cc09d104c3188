package org

import (
	"context"
	"errors"
	"time"

	"parley/internal/db"
	"parley/internal/id"
)

const (
	sessionLife = 30 * 24 * time.Hour // from login
	sessionIdle = 14 * 24 * time.Hour // from the last request
	touchEvery  = time.Hour           // how exact "last seen" is
)

// Session is a fresh session. The token goes into a cookie and is nowhere stored.
type Session struct {
	Token  string
	Member Member
}

// Login checks a password and opens a session in the workspace used last. A wrong password, an unknown e-mail and an
// account without a workspace are told alike, and take alike. The old session of the browser, if any, ends.
func (s *Service) Login(ctx context.Context, email, password, oldToken string) (Session, error) {
	email = normalEmail(email)
	c, err := s.proven(ctx, email, password)
	if err != nil {
		return Session{}, err
	}
	m, err := homeOf(ctx, s.db, c.ID)
	if errors.Is(err, ErrNoMember) {
		return Session{}, ErrLoginFailed
	}
	if err != nil {
		return Session{}, wrap(err, "find the workspace of a login")
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if oldToken != "" {
			deleteSession(ctx, tx, digest(oldToken))
		}
		session, err = s.openTx(ctx, tx, m)
		return err
	})
	return session, wrap(err, "open a session")
}

// proven is the account, if the password is right.
func (s *Service) proven(ctx context.Context, email, password string) (credentials, error) {
	if !s.tries.Allow(email) {
		return credentials{}, ErrTooManyTries
	}
	c, err := credentialsWhere(ctx, s.db, "email", email)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return credentials{}, wrap(err, "look for an account")
	}
	if len(password) > maxPassword {
		password = ""
	}
	fits, err := s.hasher.fits(ctx, password, c.password)
	if err != nil {
		return credentials{}, wrap(err, "check a password")
	}
	if !fits {
		return credentials{}, ErrLoginFailed
	}
	return c, nil
}

// openTx makes a session for the member.
func (s *Service) openTx(ctx context.Context, tx *db.Tx, m Member) (Session, error) {
	now := s.clock.Now()
	token := s.ids.Secret(32)
	err := insertSession(ctx, tx, sessionRow{hash: digest(token), account: m.Account, workspace: m.Workspace, member: m.ID, seenAt: now, expiresAt: now.Add(sessionLife)})
	if err != nil {
		return Session{}, err
	}
	touchSession(ctx, tx, sessionRow{hash: digest(token), workspace: m.Workspace, member: m.ID}, now)
	return Session{Token: token, Member: m}, nil
}

// Credential is what a request brought to say who asks: the token of a session, or an API key.
type Credential struct {
	Session string
	Key     string
}

// Authenticate is who holds the credential; it fails with ErrNotSignedIn or ErrKeyUnknown. It may be asked again at any
// time to learn whether the credential still holds.
func (s *Service) Authenticate(ctx context.Context, c Credential) (Actor, error) {
	if c.Key != "" {
		return s.keyActor(ctx, c.Key)
	}
	if c.Session == "" {
		return Actor{}, ErrNotSignedIn
	}
	r, err := sessionByHash(ctx, s.db, digest(c.Session))
	if err != nil {
		return Actor{}, wrap(err, "load session")
	}
	now := s.clock.Now()
	// The clock of a demo is moved by weeks at a time; its sessions outlive that.
	ended := !r.demo && (now.After(r.expiresAt) || now.Sub(r.seenAt) > sessionIdle)
	if ended || r.disabled {
		return Actor{}, ErrNotSignedIn
	}
	if now.Sub(r.seenAt) > touchEvery {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			touchSession(ctx, tx, r, now)
			return nil
		})
		if err != nil {
			s.log.WarnContext(ctx, "the last use of a session was not written down", "error", err)
		}
	}
	return Actor{Workspace: r.workspace, Account: r.account, Member: r.member, Role: r.role, Name: r.name, session: r.hash}, nil
}

// Logout ends the actor's session.
func (s *Service) Logout(ctx context.Context, actor Actor) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		deleteSession(ctx, tx, actor.session)
		return nil
	})
	return wrap(err, "end a session")
}

// ChangePassword sets a new password for the actor's account, ends all its sessions and opens a new one.
func (s *Service) ChangePassword(ctx context.Context, actor Actor, present, next string) (Session, error) {
	if actor.Member == "" {
		return Session{}, ErrNotSignedIn
	}
	c, err := credentialsWhere(ctx, s.db, "id", string(actor.Account))
	if err != nil {
		return Session{}, wrap(err, "load account %s", actor.Account)
	}
	if _, err := s.proven(ctx, c.Email, present); errors.Is(err, ErrLoginFailed) {
		// Not "unauthenticated": the session holds, and a browser must not take this for its end.
		return Session{}, fieldsWrong(map[string]string{"present": "is not the present password"})
	} else if err != nil {
		return Session{}, err
	}
	m, err := s.Member(ctx, s.db, actor.Workspace, actor.Member)
	if err != nil {
		return Session{}, err
	}
	return s.setPassword(ctx, m, next, func(ctx context.Context, tx *db.Tx) error {
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "account.password", Object: string(actor.Account)})
	})
}

// setPassword stores a new password and leaves one, new session of the account. Before runs first in the transaction.
func (s *Service) setPassword(ctx context.Context, m Member, password string, before func(ctx context.Context, tx *db.Tx) error) (Session, error) {
	if problem := passwordProblem(password, m.Email, m.Name); problem != "" {
		return Session{}, fieldsWrong(map[string]string{"password": problem})
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if err := before(ctx, tx); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, m.Account, hash); err != nil {
			return err
		}
		deleteSessionsOf(ctx, tx, m.Account)
		session, err = s.openTx(ctx, tx, m)
		return err
	})
	return session, wrap(err, "set a password")
}

// Switch opens a session of the same account in another of its workspaces and ends the present one.
func (s *Service) Switch(ctx context.Context, actor Actor, to id.Workspace) (Session, error) {
	m, err := memberOf(ctx, s.db, to, actor.Account)
	if errors.Is(err, ErrNoMember) || err == nil && m.Disabled {
		return Session{}, ErrNoWorkspace
	}
	if err != nil {
		return Session{}, wrap(err, "switch workspace")
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		deleteSession(ctx, tx, actor.session)
		session, err = s.openTx(ctx, tx, m)
		return err
	})
	return session, wrap(err, "switch workspace")
}

// WorkspacesOf are those in which the account is a member, oldest first.
func (s *Service) WorkspacesOf(ctx context.Context, account AccountID) ([]Workspace, error) {
	all, err := workspacesOf(ctx, s.db, account)
	return all, wrap(err, "list the workspaces of an account")
}
