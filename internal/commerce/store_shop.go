package commerce

import (
	"context"
	"errors"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// shopRow is a shop as stored: its secrets are sealed.
type shopRow struct {
	Shop
	Workspace                id.Workspace
	secret, oldSecret, token string
	oldUntil                 clock.Time
}

const shopColumns = "workspace_id, id, name, kind, domain, base_url, secret, old_secret, old_until, token, consent_wording, last_webhook_at, reconciled_at, problem, created_at"

func scanShop(r interface{ Scan(...any) error }) (shopRow, error) {
	var s shopRow
	err := r.Scan(&s.Workspace, &s.ID, &s.Name, &s.Kind, &s.Domain, &s.BaseURL, &s.secret, &s.oldSecret, &s.oldUntil, &s.token, &s.ConsentWording,
		&s.LastWebhookAt, &s.ReconciledAt, &s.Problem, &s.CreatedAt)
	return s, err
}

func findShopByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (shopRow, error) {
	s, err := scanShop(q.QueryRow(ctx, "SELECT "+shopColumns+" FROM shop WHERE workspace_id = $1 AND name = $2", ws, name))
	if errors.Is(err, db.ErrNoRows) {
		return shopRow{}, ErrUnknownShop
	}
	return s, err
}

func findShop(ctx context.Context, q db.Queryer, ws id.Workspace, shop ShopID) (shopRow, error) {
	s, err := scanShop(q.QueryRow(ctx, "SELECT "+shopColumns+" FROM shop WHERE workspace_id = $1 AND id = $2", ws, shop))
	if errors.Is(err, db.ErrNoRows) {
		return shopRow{}, ErrUnknownShop
	}
	return s, err
}

func listShops(ctx context.Context, q db.Queryer, ws id.Workspace) ([]shopRow, error) {
	rows, err := q.Query(ctx, "SELECT "+shopColumns+" FROM shop WHERE workspace_id = $1 ORDER BY name", ws)
	return db.Collect(rows, err, func(r *db.Rows) (shopRow, error) { return scanShop(r) })
}

// allShops are the shops of every workspace that can be asked for what was missed.
func allShops(ctx context.Context, q db.Queryer) ([]shopRow, error) {
	rows, err := q.Query(ctx, "SELECT "+shopColumns+" FROM shop WHERE token <> '' ORDER BY workspace_id, id")
	return db.Collect(rows, err, func(r *db.Rows) (shopRow, error) { return scanShop(r) })
}

// sealedShops are the shops of every workspace.
func sealedShops(ctx context.Context, q db.Queryer) ([]shopRow, error) {
	rows, err := q.Query(ctx, "SELECT "+shopColumns+" FROM shop ORDER BY workspace_id, id")
	return db.Collect(rows, err, func(r *db.Rows) (shopRow, error) { return scanShop(r) })
}

func saveShop(ctx context.Context, tx *db.Tx, s shopRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO shop (`+shopColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, domain = excluded.domain, base_url = excluded.base_url,
			secret = excluded.secret, old_secret = excluded.old_secret, old_until = excluded.old_until, token = excluded.token,
			consent_wording = excluded.consent_wording, problem = excluded.problem`,
		s.Workspace, s.ID, s.Name, s.Kind, s.Domain, s.BaseURL, s.secret, s.oldSecret, s.oldUntil, s.token, s.ConsentWording,
		s.LastWebhookAt, s.ReconciledAt, s.Problem, s.CreatedAt)
	return err
}

func markWebhook(ctx context.Context, tx *db.Tx, ws id.Workspace, shop ShopID, at clock.Time) {
	tx.Queue(ctx, "UPDATE shop SET last_webhook_at = $1 WHERE workspace_id = $2 AND id = $3", at, ws, shop)
}

func markReconciled(ctx context.Context, tx *db.Tx, s shopRow, at clock.Time, problem string) {
	tx.Queue(ctx, "UPDATE shop SET reconciled_at = $1, problem = $2 WHERE workspace_id = $3 AND id = $4", at, problem, s.Workspace, s.ID)
}
