package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const workspaceColumns = `id, slug, name, country, timezone, currency, settings, demo, pilot, created_at`

func scanWorkspace(row interface{ Scan(...any) error }) (Workspace, error) {
	var w Workspace
	err := row.Scan(&w.ID, &w.Slug, &w.Name, &w.Country, &w.Timezone, &w.Currency, db.ScanJSON(&w.Settings), &w.Demo, &w.Pilot, &w.CreatedAt)
	return w, orNone(err, ErrNoWorkspace)
}

func workspaceByID(ctx context.Context, q db.Queryer, ws id.Workspace) (Workspace, error) {
	return scanWorkspace(q.QueryRow(ctx, `SELECT `+workspaceColumns+` FROM workspace WHERE id = $1`, string(ws)))
}

func workspaceBySlug(ctx context.Context, q db.Queryer, slug string) (Workspace, error) {
	return scanWorkspace(q.QueryRow(ctx, `SELECT `+workspaceColumns+` FROM workspace WHERE slug = $1`, slug))
}

func allWorkspaces(ctx context.Context, q db.Queryer) ([]Workspace, error) {
	rows, err := q.Query(ctx, `SELECT `+workspaceColumns+` FROM workspace ORDER BY created_at, id`)
	return db.Collect(rows, err, func(r *db.Rows) (Workspace, error) { return scanWorkspace(r) })
}

func workspacesOf(ctx context.Context, q db.Queryer, account AccountID) ([]Workspace, error) {
	rows, err := q.Query(ctx, `SELECT w.id, w.slug, w.name, w.country, w.timezone, w.currency, w.settings, w.demo, w.pilot, w.created_at
		FROM member m JOIN workspace w ON w.id = m.workspace_id
		WHERE m.account_id = $1 AND m.disabled = FALSE ORDER BY w.created_at, w.id`, string(account))
	return db.Collect(rows, err, func(r *db.Rows) (Workspace, error) { return scanWorkspace(r) })
}

func slugTaken(ctx context.Context, q db.Queryer, slug string) (bool, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM workspace WHERE slug = $1`, slug).Scan(&n)
	return n > 0, err
}

func insertWorkspace(ctx context.Context, tx *db.Tx, w Workspace) error {
	_, err := tx.Exec(ctx, `INSERT INTO workspace (`+workspaceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		string(w.ID), w.Slug, w.Name, w.Country, w.Timezone, string(w.Currency), db.JSON(w.Settings), w.Demo, w.Pilot, int64(w.CreatedAt))
	return err
}

func updateWorkspace(ctx context.Context, tx *db.Tx, w Workspace) error {
	_, err := tx.Exec(ctx, `UPDATE workspace SET name = $1, country = $2, timezone = $3, currency = $4, settings = $5, pilot = $6 WHERE id = $7`,
		w.Name, w.Country, w.Timezone, string(w.Currency), db.JSON(w.Settings), w.Pilot, string(w.ID))
	return err
}

// insertTick says whether the tick is new.
func insertTick(ctx context.Context, tx *db.Tx, ws id.Workspace, key string, at clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO tick (workspace_id, key, at) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, key) DO NOTHING`,
		string(ws), key, int64(at))
	return n == 1, err
}

func ticksOf(ctx context.Context, q db.Queryer, ws id.Workspace) (map[string]clock.Time, error) {
	rows, err := q.Query(ctx, `SELECT key, at FROM tick WHERE workspace_id = $1`, string(ws))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]clock.Time{}
	for rows.Next() {
		var key string
		var at clock.Time
		if err := rows.Scan(&key, &at); err != nil {
			return nil, err
		}
		out[key] = at
	}
	return out, rows.Err()
}

type auditRow struct {
	id    string
	at    clock.Time
	audit Audit
}

func insertAudit(ctx context.Context, tx *db.Tx, r auditRow) {
	tx.Queue(ctx, `INSERT INTO audit_entry (workspace_id, id, at, actor, action, object, before_state, after_state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		string(r.audit.Actor.Workspace), r.id, int64(r.at), r.audit.Actor.Ref(), r.audit.Action, r.audit.Object,
		orNull(r.audit.Before), orNull(r.audit.After))
}

func orNull(v any) any {
	if v == nil {
		return nil
	}
	return db.JSON(v)
}

// listAudit is newest first, below the id before (empty: from the newest).
func listAudit(ctx context.Context, q db.Queryer, ws id.Workspace, before string, limit int) ([]AuditEntry, error) {
	if before == "" {
		before = "aue" // sorts after every "aud_..."
	}
	rows, err := q.Query(ctx, `SELECT id, workspace_id, at, actor, action, object, before_state, after_state FROM audit_entry
		WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, string(ws), before, limit)
	return db.Collect(rows, err, func(r *db.Rows) (AuditEntry, error) {
		var e AuditEntry
		return e, r.Scan(&e.ID, &e.Workspace, &e.At, &e.Actor, &e.Action, &e.Object, db.ScanJSON(&e.Before), db.ScanJSON(&e.After))
	})
}
