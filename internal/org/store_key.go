package org

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const keyColumns = `workspace_id, id, prefix, name, scopes, created_by, created_at, used_at, expires_at`

func scanKey(row interface{ Scan(...any) error }) (Key, error) {
	var k Key
	err := row.Scan(&k.Workspace, &k.ID, &k.Prefix, &k.Name, db.ScanJSON(&k.Scopes), &k.CreatedBy, &k.CreatedAt, &k.UsedAt, &k.ExpiresAt)
	return k, orNone(err, ErrNoKey)
}

func keyByHash(ctx context.Context, q db.Queryer, hash string) (Key, error) {
	return scanKey(q.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE hash = $1`, hash))
}

func keyByID(ctx context.Context, q db.Queryer, ws id.Workspace, key KeyID) (Key, error) {
	return scanKey(q.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE workspace_id = $1 AND id = $2`, string(ws), string(key)))
}

// keyByName is the oldest key of a name.
func keyByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Key, error) {
	return scanKey(q.QueryRow(ctx, `SELECT `+keyColumns+` FROM api_key WHERE workspace_id = $1 AND name = $2 ORDER BY created_at, id LIMIT 1`, string(ws), name))
}

func keysOf(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Key, error) {
	rows, err := q.Query(ctx, `SELECT `+keyColumns+` FROM api_key WHERE workspace_id = $1 ORDER BY created_at, id`, string(ws))
	return db.Collect(rows, err, func(r *db.Rows) (Key, error) { return scanKey(r) })
}

func insertKey(ctx context.Context, tx *db.Tx, k Key, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO api_key (hash, `+keyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		hash, string(k.Workspace), string(k.ID), k.Prefix, k.Name, db.JSON(k.Scopes), k.CreatedBy, int64(k.CreatedAt), int64(k.UsedAt), int64(k.ExpiresAt))
	return orSecretTaken(err)
}

func updateKey(ctx context.Context, tx *db.Tx, k Key, hash string) error {
	_, err := tx.Exec(ctx, `UPDATE api_key SET hash = $1, prefix = $2, scopes = $3, expires_at = $4 WHERE workspace_id = $5 AND id = $6`,
		hash, k.Prefix, db.JSON(k.Scopes), int64(k.ExpiresAt), string(k.Workspace), string(k.ID))
	return orSecretTaken(err)
}

func orSecretTaken(err error) error {
	if db.IsUnique(err) {
		return ErrSecretTaken
	}
	return err
}

func deleteKey(ctx context.Context, tx *db.Tx, ws id.Workspace, key KeyID) error {
	_, err := tx.Exec(ctx, `DELETE FROM api_key WHERE workspace_id = $1 AND id = $2`, string(ws), string(key))
	return err
}

func touchKey(ctx context.Context, tx *db.Tx, k Key, now clock.Time) {
	tx.Queue(ctx, `UPDATE api_key SET used_at = $1 WHERE workspace_id = $2 AND id = $3`, int64(now), string(k.Workspace), string(k.ID))
}

// isSetUp says whether the first set-up has been done.
func isSetUp(ctx context.Context, q db.Queryer) (bool, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM installation WHERE name = 'set_up_at'`).Scan(&n)
	return n > 0, err
}

// markSetUp says whether this was the first time.
func markSetUp(ctx context.Context, tx *db.Tx, at clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES ('set_up_at', $1) ON CONFLICT (name) DO NOTHING`, at.String())
	return n == 1, err
}

func hasSetupCode(ctx context.Context, q db.Queryer, hash string) (bool, error) {
	var n int64
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM setup_code WHERE hash = $1`, hash).Scan(&n)
	return n > 0, err
}

func insertSetupCode(ctx context.Context, tx *db.Tx, hash string, at clock.Time) {
	tx.Queue(ctx, `INSERT INTO setup_code (hash, created_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, int64(at))
}

func deleteSetupCodes(ctx context.Context, tx *db.Tx) {
	tx.Queue(ctx, `DELETE FROM setup_code`)
}

// replayRow is an answer kept for an Idempotency-Key.
type replayRow struct {
	workspace   id.Workspace
	actor       string
	key         string
	fingerprint string
	status      int
	body        string
	begunAt     clock.Time
}

// claimReplay says whether the key was free, or held only an answer begun before the cutoff.
func claimReplay(ctx context.Context, tx *db.Tx, r replayRow, cutoff clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO idempotency (workspace_id, actor, key, fingerprint, status, body, begun_at) VALUES ($1, $2, $3, $4, 0, '', $5)
		ON CONFLICT (workspace_id, actor, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = 0, body = '', begun_at = excluded.begun_at
		WHERE idempotency.begun_at < $6`,
		string(r.workspace), r.actor, r.key, r.fingerprint, int64(r.begunAt), int64(cutoff))
	return n == 1, err
}

func replayOf(ctx context.Context, q db.Queryer, r replayRow) (replayRow, error) {
	err := q.QueryRow(ctx, `SELECT fingerprint, status, body, begun_at FROM idempotency WHERE workspace_id = $1 AND actor = $2 AND key = $3`,
		string(r.workspace), r.actor, r.key).Scan(&r.fingerprint, &r.status, &r.body, &r.begunAt)
	return r, err
}

func finishReplay(ctx context.Context, tx *db.Tx, r replayRow) error {
	_, err := tx.Exec(ctx, `UPDATE idempotency SET status = $1, body = $2 WHERE workspace_id = $3 AND actor = $4 AND key = $5`,
		r.status, r.body, string(r.workspace), r.actor, r.key)
	return err
}

func forgetReplay(ctx context.Context, tx *db.Tx, r replayRow) error {
	_, err := tx.Exec(ctx, `DELETE FROM idempotency WHERE workspace_id = $1 AND actor = $2 AND key = $3 AND status = 0`,
		string(r.workspace), r.actor, r.key)
	return err
}
