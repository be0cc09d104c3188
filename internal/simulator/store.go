package simulator

import (
	"context"
	"errors"

	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/phone"
)

const phoneColumns = "workspace_id, number, name, country, timezone, token, created_at"

func scanPhone(r interface{ Scan(...any) error }) (Phone, error) {
	var p Phone
	err := r.Scan(&p.Workspace, &p.Number, &p.Name, &p.Country, &p.Timezone, &p.Token, &p.CreatedAt)
	if errors.Is(err, db.ErrNoRows) {
		return Phone{}, ErrUnknown
	}
	return p, err
}

func insertPhone(ctx context.Context, tx *db.Tx, p Phone) error {
	_, err := tx.Exec(ctx, "INSERT INTO sim_phone ("+phoneColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7)", p.Workspace, p.Number, p.Name, p.Country, p.Timezone, p.Token, p.CreatedAt)
	return err
}

func listPhones(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Phone, error) {
	rows, err := q.Query(ctx, "SELECT "+phoneColumns+" FROM sim_phone WHERE workspace_id = $1 ORDER BY created_at, number", ws)
	return db.Collect(rows, err, func(r *db.Rows) (Phone, error) { return scanPhone(r) })
}

func findPhone(ctx context.Context, q db.Queryer, ws id.Workspace, n phone.Number) (Phone, error) {
	return scanPhone(q.QueryRow(ctx, "SELECT "+phoneColumns+" FROM sim_phone WHERE workspace_id = $1 AND number = $2", ws, n))
}

func findPhoneByToken(ctx context.Context, q db.Queryer, token string) (Phone, error) {
	return scanPhone(q.QueryRow(ctx, "SELECT "+phoneColumns+" FROM sim_phone WHERE token = $1", token))
}
