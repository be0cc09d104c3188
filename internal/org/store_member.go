package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const memberSelect = `SELECT m.workspace_id, m.id, m.account_id, a.name, a.email, m.role, m.limits, m.disabled, m.checklist_hidden, m.created_at, m.seen_at
	FROM member m JOIN account a ON a.id = m.account_id`

func scanMember(row interface{ Scan(...any) error }) (Member, error) {
	var m Member
	err := row.Scan(&m.Workspace, &m.ID, &m.Account, &m.Name, &m.Email, &m.Role, db.ScanJSON(&m.Limits), &m.Disabled, &m.checklistHidden, &m.CreatedAt, &m.SeenAt)
	return m, orNone(err, ErrNoMember)
}

func memberByID(ctx context.Context, q db.Queryer, ws id.Workspace, member MemberID) (Member, error) {
	return scanMember(q.QueryRow(ctx, memberSelect+` WHERE m.workspace_id = $1 AND m.id = $2`, string(ws), string(member)))
}

func memberOf(ctx context.Context, q db.Queryer, ws id.Workspace, account AccountID) (Member, error) {
	return scanMember(q.QueryRow(ctx, memberSelect+` WHERE m.workspace_id = $1 AND m.account_id = $2`, string(ws), string(account)))
}

func membersOf(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Member, error) {
	rows, err := q.Query(ctx, memberSelect+` WHERE m.workspace_id = $1 ORDER BY m.created_at, m.id`, string(ws))
	return db.Collect(rows, err, func(r *db.Rows) (Member, error) { return scanMember(r) })
}

// homeOf is the membership a login lands in: the one used last, real workspaces before demos.
func homeOf(ctx context.Context, q db.Queryer, account AccountID) (Member, error) {
	return scanMember(q.QueryRow(ctx, memberSelect+` JOIN workspace w ON w.id = m.workspace_id
		WHERE m.account_id = $1 AND m.disabled = FALSE ORDER BY w.demo, m.seen_at DESC, m.created_at LIMIT 1`, string(account)))
}

// ownersLeft counts the owners who can sign in, apart from one.
func ownersLeft(ctx context.Context, q db.Queryer, ws id.Workspace, apart MemberID) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM member WHERE workspace_id = $1 AND role = 'owner' AND disabled = FALSE AND id <> $2`,
		string(ws), string(apart)).Scan(&n)
	return n, err
}

func insertMember(ctx context.Context, tx *db.Tx, m Member) error {
	_, err := tx.Exec(ctx, `INSERT INTO member (workspace_id, id, account_id, role, limits, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		string(m.Workspace), string(m.ID), string(m.Account), string(m.Role), limitsOrNull(m.Limits), int64(m.CreatedAt))
	if db.IsUnique(err) {
		return ErrMemberExists
	}
	return err
}

func updateMember(ctx context.Context, tx *db.Tx, m Member) error {
	_, err := tx.Exec(ctx, `UPDATE member SET role = $1, limits = $2, disabled = $3, checklist_hidden = $4 WHERE workspace_id = $5 AND id = $6`,
		string(m.Role), limitsOrNull(m.Limits), m.Disabled, m.checklistHidden, string(m.Workspace), string(m.ID))
	return err
}

func limitsOrNull(l *GrantLimits) any {
	if l == nil {
		return nil
	}
	return db.JSON(l)
}

// credentials is an account with its password hash.
type credentials struct {
	Account
	password string
}

func credentialsWhere(ctx context.Context, q db.Queryer, column, value string) (credentials, error) {
	var c credentials
	text := `SELECT id, email, name, password FROM account WHERE id = $1`
	if column == "email" {
		text = `SELECT id, email, name, password FROM account WHERE email = $1`
	}
	err := q.QueryRow(ctx, text, value).Scan(&c.ID, &c.Email, &c.Name, &c.password)
	return c, err
}

func insertAccount(ctx context.Context, tx *db.Tx, c credentials, at clock.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO account (id, email, name, password, created_at) VALUES ($1, $2, $3, $4, $5)`,
		string(c.ID), c.Email, c.Name, c.password, int64(at))
	return err
}

func setPassword(ctx context.Context, tx *db.Tx, account AccountID, hash string) error {
	_, err := tx.Exec(ctx, `UPDATE account SET password = $1 WHERE id = $2`, hash, string(account))
	return err
}
