package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// sessionRow is a session with what a request needs to know about its member.
type sessionRow struct {
	hash      string
	account   AccountID
	workspace id.Workspace
	member    MemberID
	seenAt    clock.Time
	expiresAt clock.Time
	role      Role
	disabled  bool
	name      string
	demo      bool
}

func sessionByHash(ctx context.Context, q db.Queryer, hash string) (sessionRow, error) {
	r := sessionRow{hash: hash}
	err := q.QueryRow(ctx, `SELECT s.account_id, s.workspace_id, s.member_id, s.seen_at, s.expires_at, m.role, m.disabled, a.name, w.demo
		FROM session s JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.member_id
		JOIN account a ON a.id = s.account_id JOIN workspace w ON w.id = s.workspace_id WHERE s.hash = $1`, hash).
		Scan(&r.account, &r.workspace, &r.member, &r.seenAt, &r.expiresAt, &r.role, &r.disabled, &r.name, &r.demo)
	return r, orNone(err, ErrNotSignedIn)
}

func insertSession(ctx context.Context, tx *db.Tx, r sessionRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO session (hash, account_id, workspace_id, member_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.hash, string(r.account), string(r.workspace), string(r.member), int64(r.seenAt), int64(r.seenAt), int64(r.expiresAt))
	return err
}

func touchSession(ctx context.Context, tx *db.Tx, r sessionRow, now clock.Time) {
	tx.Queue(ctx, `UPDATE session SET seen_at = $1 WHERE hash = $2`, int64(now), r.hash)
	tx.Queue(ctx, `UPDATE member SET seen_at = $1 WHERE workspace_id = $2 AND id = $3`, int64(now), string(r.workspace), string(r.member))
}

func deleteSession(ctx context.Context, tx *db.Tx, hash string) {
	tx.Queue(ctx, `DELETE FROM session WHERE hash = $1`, hash)
}

func deleteSessionsOf(ctx context.Context, tx *db.Tx, account AccountID) {
	tx.Queue(ctx, `DELETE FROM session WHERE account_id = $1`, string(account))
}

// passRow is a link that works once.
type passRow struct {
	hash      string
	id        string
	kind      string
	workspace id.Workspace
	member    MemberID
	role      Role
	email     string
	createdBy string
	createdAt clock.Time
	expiresAt clock.Time
}

const passColumns = `hash, id, kind, workspace_id, member_id, role, email, created_by, created_at, expires_at`

func scanPass(row interface{ Scan(...any) error }) (passRow, error) {
	var p passRow
	err := row.Scan(&p.hash, &p.id, &p.kind, &p.workspace, &p.member, &p.role, &p.email, &p.createdBy, &p.createdAt, &p.expiresAt)
	return p, orNone(err, ErrLinkUsed)
}

func passByHash(ctx context.Context, q db.Queryer, kind, hash string) (passRow, error) {
	return scanPass(q.QueryRow(ctx, `SELECT `+passColumns+` FROM pass WHERE kind = $1 AND hash = $2`, kind, hash))
}

func passesOf(ctx context.Context, q db.Queryer, ws id.Workspace, kind string, now clock.Time) ([]passRow, error) {
	rows, err := q.Query(ctx, `SELECT `+passColumns+` FROM pass WHERE workspace_id = $1 AND kind = $2 AND expires_at > $3 ORDER BY id`, string(ws), kind, int64(now))
	return db.Collect(rows, err, func(r *db.Rows) (passRow, error) { return scanPass(r) })
}

func insertPass(ctx context.Context, tx *db.Tx, p passRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO pass (`+passColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.hash, p.id, p.kind, string(p.workspace), string(p.member), string(p.role), p.email, p.createdBy, int64(p.createdAt), int64(p.expiresAt))
	return err
}

// takePass removes a link and says whether it was there: of two who use it at once, one gets it.
func takePass(ctx context.Context, tx *db.Tx, hash string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM pass WHERE hash = $1`, hash)
	return n == 1, err
}

func deletePass(ctx context.Context, tx *db.Tx, ws id.Workspace, kind, passID string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM pass WHERE workspace_id = $1 AND kind = $2 AND id = $3`, string(ws), kind, passID)
	return n == 1, err
}

// deletePassesFor removes the links that would let a member in.
func deletePassesFor(ctx context.Context, tx *db.Tx, ws id.Workspace, member MemberID) {
	tx.Queue(ctx, `DELETE FROM pass WHERE workspace_id = $1 AND member_id = $2`, string(ws), string(member))
}

// deleteEnded removes what has run out.
func deleteEnded(ctx context.Context, tx *db.Tx, now clock.Time) {
	tx.Queue(ctx, `DELETE FROM session WHERE expires_at < $1`, int64(now))
	tx.Queue(ctx, `DELETE FROM pass WHERE expires_at < $1`, int64(now))
	tx.Queue(ctx, `DELETE FROM idempotency WHERE begun_at < $1`, int64(now.Add(-keepAnswers)))
}
