package org

import (
	"context"
	"errors"
	"strings"

	"parley/internal/db"
	"parley/internal/id"
)

// Members are all members of the workspace, oldest first, the disabled ones too.
func (s *Service) Members(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Member, error) {
	all, err := membersOf(ctx, q, ws)
	return all, wrap(err, "list members of %s", ws)
}

// Member is one member; it fails with ErrNoMember.
func (s *Service) Member(ctx context.Context, q db.Queryer, ws id.Workspace, member MemberID) (Member, error) {
	m, err := memberByID(ctx, q, ws, member)
	return m, wrap(err, "load member %s", member)
}

// Limits is what the actor may grant to customers. Keys that may grant at all are not limited.
func (s *Service) Limits(ctx context.Context, q db.Queryer, actor Actor) (GrantLimits, error) {
	if actor.Member == "" {
		if actor.Can(OfferGrant) {
			return Unlimited(), nil
		}
		return GrantLimits{}, nil
	}
	w, err := s.Workspace(ctx, q, actor.Workspace)
	if err != nil {
		return GrantLimits{}, err
	}
	m, err := s.Member(ctx, q, actor.Workspace, actor.Member)
	if err != nil {
		return GrantLimits{}, err
	}
	return w.LimitsOf(m), nil
}

// CreateMemberTx adds somebody to a workspace, making an account if the e-mail is new. It is for set-up and the demo;
// people are invited instead (Invite), because an e-mail alone proves nothing. A password needs a new account.
func (s *Service) CreateMemberTx(ctx context.Context, tx *db.Tx, n NewMember, passwordHash string) (Member, error) {
	email := normalEmail(n.Email)
	if err := fieldsWrong(personWrong(n.Name, email)); err != nil {
		return Member{}, err
	}
	if !n.Role.Valid() {
		return Member{}, fieldsWrong(map[string]string{"role": "is not a role"})
	}
	c, err := credentialsWhere(ctx, tx, "email", email)
	if errors.Is(err, db.ErrNoRows) {
		c = credentials{Account: Account{ID: AccountID(s.ids.New("acc")), Email: email, Name: strings.TrimSpace(n.Name)}, password: passwordHash}
		err = insertAccount(ctx, tx, c, s.clock.Now())
	}
	if err != nil {
		return Member{}, wrap(err, "create the account of a member")
	}
	return s.join(ctx, tx, c.Account, n)
}

// join makes the account a member.
func (s *Service) join(ctx context.Context, tx *db.Tx, a Account, n NewMember) (Member, error) {
	m := Member{ID: MemberID(s.ids.New("mem")), Workspace: n.Workspace, Account: a.ID, Name: a.Name, Email: a.Email, Role: n.Role, Limits: n.Limits, CreatedAt: s.clock.Now()}
	if _, err := memberOf(ctx, tx, n.Workspace, a.ID); err == nil {
		return Member{}, ErrMemberExists
	} else if !errors.Is(err, ErrNoMember) {
		return Member{}, wrap(err, "look for the member")
	}
	return m, wrap(insertMember(ctx, tx, m), "create member")
}

// HashPassword is what CreateMemberTx stores for a password. It refuses one that will not do, such as one of the texts
// that are about its owner. It takes tens of milliseconds.
func (s *Service) HashPassword(ctx context.Context, password string, about ...string) (string, error) {
	if problem := passwordProblem(password, about...); problem != "" {
		return "", fieldsWrong(map[string]string{"password": problem})
	}
	return s.hasher.hash(ctx, password)
}

// CreateMember is CreateMemberTx with the password of n.
func (s *Service) CreateMember(ctx context.Context, n NewMember) (Member, error) {
	hash := ""
	if n.Password != "" {
		var err error
		if hash, err = s.HashPassword(ctx, n.Password, n.Email, n.Name); err != nil {
			return Member{}, err
		}
	}
	var m Member
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		m, err = s.CreateMemberTx(ctx, tx, n, hash)
		return err
	})
	return m, wrap(err, "create member")
}

// UpdateMember changes a member's role, limits or whether they may sign in, and records it. A change of role and being
// disabled end all sessions of the account.
func (s *Service) UpdateMember(ctx context.Context, actor Actor, member MemberID, change MemberChange) (Member, error) {
	var after Member
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		after, err = s.UpdateMemberTx(ctx, tx, actor, member, change)
		return err
	})
	return after, wrap(err, "update member %s", member)
}

// UpdateMemberTx is UpdateMember within a transaction.
func (s *Service) UpdateMemberTx(ctx context.Context, tx *db.Tx, actor Actor, member MemberID, change MemberChange) (Member, error) {
	tx.LockTx(ctx, "org.members:"+string(actor.Workspace))
	before, err := memberByID(ctx, tx, actor.Workspace, member)
	if err != nil {
		return Member{}, err
	}
	after := change.applied(before)
	if err := mayChange(actor, before, after); err != nil {
		return Member{}, err
	}
	if err := s.keepAnOwner(ctx, tx, before, after); err != nil {
		return Member{}, err
	}
	if err := updateMember(ctx, tx, after); err != nil {
		return Member{}, err
	}
	if before.Role != after.Role || before.Disabled != after.Disabled {
		deleteSessionsOf(ctx, tx, after.Account)
		deletePassesFor(ctx, tx, after.Workspace, after.ID)
	}
	return after, s.AuditTx(ctx, tx, Audit{Actor: actor, Action: "member.update", Object: string(after.ID), Before: before.auditable(), After: after.auditable()})
}

func (c MemberChange) applied(m Member) Member {
	if c.Role != nil {
		m.Role = *c.Role
	}
	if c.Limits != nil {
		limits := *c.Limits
		m.Limits = &limits
	}
	if c.Disabled != nil {
		m.Disabled = *c.Disabled
	}
	return m
}

func (m Member) auditable() map[string]any {
	return map[string]any{"role": m.Role, "limits": m.Limits, "disabled": m.Disabled}
}

// mayChange says whether the actor may turn one into the other: limits are for leads, the rest for admins, and owners
// for owners only. What is wrong with the values is said as well.
func mayChange(actor Actor, before, after Member) error {
	if !after.Role.Valid() {
		return fieldsWrong(map[string]string{"role": "is not a role"})
	}
	if after.Limits != nil && after.Limits.problem() != "" {
		return fieldsWrong(map[string]string{"limits": after.Limits.problem()})
	}
	moved := before.Role != after.Role || before.Disabled != after.Disabled
	if moved && !actor.Can(MemberWrite) {
		return notAllowed(MemberWrite)
	}
	touchesOwner := before.Role == Owner || after.Role == Owner
	if touchesOwner && actor.Role != Owner && actor.Ref() != "system" {
		return ErrAboveYou
	}
	// Nobody raises their own limits, save those who set everybody's.
	if !moved && actor.Member == before.ID && !actor.Can(MemberWrite) {
		return notAllowed(MemberWrite)
	}
	return nil
}

// keepAnOwner refuses to take the last owner who can sign in.
func (s *Service) keepAnOwner(ctx context.Context, tx *db.Tx, before, after Member) error {
	wasOwner, isOwner := before.Role == Owner && !before.Disabled, after.Role == Owner && !after.Disabled
	if !wasOwner || isOwner {
		return nil
	}
	left, err := ownersLeft(ctx, tx, after.Workspace, after.ID)
	if err == nil && left == 0 {
		return ErrLastOwner
	}
	return err
}
