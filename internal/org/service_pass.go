package org

import (
	"context"
	"errors"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// The kinds of links that work once.
const (
	passInvite = "invite"
	passLogin  = "login"
	passReset  = "reset"
)

const (
	inviteLife = 7 * 24 * time.Hour
	resetLife  = 24 * time.Hour
)

// Invite is an invitation that nobody has taken yet.
type Invite struct {
	ID        string
	Workspace id.Workspace
	Role      Role
	Email     string // empty: whoever has the link
	CreatedBy string // Actor.Ref
	CreatedAt clock.Time
	ExpiresAt clock.Time
}

func (p passRow) invite() Invite {
	return Invite{ID: p.id, Workspace: p.workspace, Role: p.role, Email: p.email, CreatedBy: p.createdBy, CreatedAt: p.createdAt, ExpiresAt: p.expiresAt}
}

// Invite makes a link by which one person joins the actor's workspace. The token is shown once.
func (s *Service) Invite(ctx context.Context, actor Actor, role Role, email string) (Invite, string, error) {
	if !role.Valid() {
		return Invite{}, "", fieldsWrong(map[string]string{"role": "is not a role"})
	}
	if role == Owner && actor.Role != Owner {
		return Invite{}, "", ErrAboveYou
	}
	email = normalEmail(email)
	if email != "" {
		if wrong := personWrong("x", email); len(wrong) > 0 {
			return Invite{}, "", fieldsWrong(wrong)
		}
	}
	p := passRow{id: s.ids.New("inv"), kind: passInvite, workspace: actor.Workspace, role: role, email: email}
	token, err := s.issue(ctx, actor, &p, inviteLife)
	return p.invite(), token, wrap(err, "invite to %s", actor.Workspace)
}

// issue stores a link and records who made it.
func (s *Service) issue(ctx context.Context, actor Actor, p *passRow, life time.Duration) (string, error) {
	token := s.ids.Secret(32)
	p.hash, p.createdBy, p.createdAt = digest(token), actor.Ref(), s.clock.Now()
	p.expiresAt = p.createdAt.Add(life)
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := insertPass(ctx, tx, *p); err != nil {
			return err
		}
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "link." + p.kind, Object: p.id,
			After: map[string]any{"role": p.role, "email": p.email, "member": p.member, "expires_at": p.expiresAt}})
	})
	return token, err
}

// Invites are the open invitations of a workspace.
func (s *Service) Invites(ctx context.Context, ws id.Workspace) ([]Invite, error) {
	rows, err := passesOf(ctx, s.db, ws, passInvite, s.clock.Now())
	var out []Invite
	for _, p := range rows {
		out = append(out, p.invite())
	}
	return out, wrap(err, "list invitations of %s", ws)
}

// Uninvite ends an invitation.
func (s *Service) Uninvite(ctx context.Context, actor Actor, invite string) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		there, err := deletePass(ctx, tx, actor.Workspace, passInvite, invite)
		if err != nil {
			return err
		}
		if !there {
			return ErrNoInvite
		}
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "invite.revoke", Object: invite})
	})
	return wrap(err, "revoke invitation %s", invite)
}

// pass is the link behind a token, if it still works.
func (s *Service) pass(ctx context.Context, kind, token string) (passRow, error) {
	p, err := passByHash(ctx, s.db, kind, digest(token))
	if err != nil {
		return passRow{}, wrap(err, "look for a link")
	}
	if s.clock.Now().After(p.expiresAt) {
		return passRow{}, ErrLinkUsed
	}
	return p, nil
}

// InviteByToken is the invitation behind a link and the workspace that it leads to; it fails with ErrLinkUsed.
func (s *Service) InviteByToken(ctx context.Context, token string) (Invite, Workspace, error) {
	p, err := s.pass(ctx, passInvite, token)
	if err != nil {
		return Invite{}, Workspace{}, err
	}
	w, err := s.Workspace(ctx, s.db, p.workspace)
	return p.invite(), w, err
}

// Joining is what somebody who was invited says about themselves.
type Joining struct {
	Token, Name, Email, Password string
}

// Join takes an invitation: it makes an account, or takes the one that e-mail and password prove, makes it a member and
// signs in.
func (s *Service) Join(ctx context.Context, j Joining) (Session, error) {
	p, err := s.pass(ctx, passInvite, j.Token)
	if err != nil {
		return Session{}, err
	}
	j.Email = normalEmail(j.Email)
	if p.email != "" && j.Email != p.email {
		return Session{}, fieldsWrong(map[string]string{"email": "is not the one that was invited"})
	}
	c, err := s.joiningAccount(ctx, j)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.take(ctx, tx, p); err != nil {
			return err
		}
		if c.ID == "" {
			c.ID = AccountID(s.ids.New("acc"))
			if err := insertAccount(ctx, tx, c, s.clock.Now()); err != nil {
				return err
			}
		}
		m, err := s.join(ctx, tx, c.Account, NewMember{Workspace: p.workspace, Role: p.role})
		if err != nil {
			return err
		}
		session, err = s.openTx(ctx, tx, m)
		if err != nil {
			return err
		}
		return s.joined(ctx, tx, m, p)
	})
	if db.IsUnique(err) {
		// Somebody took the e-mail in this very moment; the next try finds the account and asks for its password.
		return Session{}, ErrLoginFailed
	}
	return session, wrap(err, "join a workspace")
}

// joined records the new member.
func (s *Service) joined(ctx context.Context, tx *db.Tx, m Member, p passRow) error {
	if err := s.TickTx(ctx, tx, m.Workspace, TickColleague); err != nil {
		return err
	}
	actor := Actor{Workspace: m.Workspace, Member: m.ID}
	return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "member.join", Object: string(m.ID), After: map[string]any{"role": m.Role, "invited_by": p.createdBy}})
}

// joiningAccount is the account to join with; without an id it is still to be made.
func (s *Service) joiningAccount(ctx context.Context, j Joining) (credentials, error) {
	_, err := credentialsWhere(ctx, s.db, "email", j.Email)
	if err == nil {
		// An e-mail alone never links to an account: the password proves it.
		return s.proven(ctx, j.Email, j.Password)
	}
	if !errors.Is(err, db.ErrNoRows) {
		return credentials{}, wrap(err, "look for an account")
	}
	wrong := personWrong(j.Name, j.Email)
	if problem := passwordProblem(j.Password, j.Email, j.Name); problem != "" {
		wrong["password"] = problem
	}
	if err := fieldsWrong(wrong); err != nil {
		return credentials{}, err
	}
	hash, err := s.hasher.hash(ctx, j.Password)
	return credentials{Account: Account{Email: j.Email, Name: j.Name}, password: hash}, err
}

// take uses the link up.
func (s *Service) take(ctx context.Context, tx *db.Tx, p passRow) error {
	there, err := takePass(ctx, tx, p.hash)
	if err == nil && !there {
		return ErrLinkUsed
	}
	return err
}

// LoginLink makes a token that signs the member in once, for the demo and for the command line.
func (s *Service) LoginLink(ctx context.Context, ws id.Workspace, member MemberID, life time.Duration) (string, error) {
	if _, err := s.Member(ctx, s.db, ws, member); err != nil {
		return "", err
	}
	p := passRow{id: s.ids.New("lgn"), kind: passLogin, workspace: ws, member: member}
	token, err := s.issue(ctx, System(ws), &p, life)
	return token, wrap(err, "make a sign-in link")
}

// LoginByLink uses up a token of LoginLink.
func (s *Service) LoginByLink(ctx context.Context, token string) (Session, error) {
	p, err := s.pass(ctx, passLogin, token)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.take(ctx, tx, p); err != nil {
			return err
		}
		m, err := memberByID(ctx, tx, p.workspace, p.member)
		if err != nil || m.Disabled {
			return ErrLinkUsed
		}
		session, err = s.openTx(ctx, tx, m)
		return err
	})
	return session, wrap(err, "sign in by link")
}

// ResetLink makes a token by which the member sets a new password, once. Only owners make one for an owner, and only
// people of this workspace alone can be reset by it: the account may own others.
func (s *Service) ResetLink(ctx context.Context, actor Actor, member MemberID) (string, error) {
	m, err := s.Member(ctx, s.db, actor.Workspace, member)
	if err != nil {
		return "", err
	}
	if m.Role == Owner && actor.Role != Owner && actor.Ref() != "system" {
		return "", ErrAboveYou
	}
	elsewhere, err := s.WorkspacesOf(ctx, m.Account)
	if err != nil {
		return "", err
	}
	if len(elsewhere) > 1 && actor.Ref() != "system" {
		return "", ErrSeveralWorkspaces
	}
	p := passRow{id: s.ids.New("rst"), kind: passReset, workspace: actor.Workspace, member: member}
	token, err := s.issue(ctx, actor, &p, resetLife)
	return token, wrap(err, "make a link for a new password")
}

// ResetPassword uses up a token of ResetLink, ends all sessions of the account and signs in.
func (s *Service) ResetPassword(ctx context.Context, token, password string) (Session, error) {
	p, err := s.pass(ctx, passReset, token)
	if err != nil {
		return Session{}, err
	}
	m, err := s.Member(ctx, s.db, p.workspace, p.member)
	if err != nil || m.Disabled {
		return Session{}, ErrLinkUsed
	}
	return s.setPassword(ctx, m, password, func(ctx context.Context, tx *db.Tx) error {
		if err := s.take(ctx, tx, p); err != nil {
			return err
		}
		actor := Actor{Workspace: m.Workspace, Member: m.ID}
		return s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "account.password", Object: string(m.Account), After: map[string]any{"link_by": p.createdBy}})
	})
}
