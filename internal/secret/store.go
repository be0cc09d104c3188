package secret

import (
	"context"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/errs"
)

// ErrForeign is a key that does not belong to the database.
var ErrForeign = errs.New(errs.Internal, "secret_key_foreign",
	"The secret key of this node is not the one that this database was used with, so stored secrets could not be read. "+
		"Nothing was changed. Give the node the key file, or the PARLEY_SECRET_KEY, that belongs to this database.")

var checkBind = Bind{Purpose: "secret_key check"}

const checkText = "parley"

// CheckTx refuses a ring that does not belong to the database, with ErrForeign: one whose key has a known name but
// another value, or of whose keys the database knows none although it knows others. Keys that are new to the database
// are then remembered by a check value.
func (b *Box) CheckTx(ctx context.Context, tx *db.Tx, now clock.Time) error {
	known, err := b.check(ctx, tx)
	if err != nil {
		return err
	}
	for _, k := range b.keys {
		if _, ok := known[k.id]; ok {
			continue
		}
		only := Box{keys: []key{k}}
		_, err := tx.Exec(ctx, `INSERT INTO secret_key (key_id, check_value, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (key_id) DO NOTHING`, k.id, only.Seal([]byte(checkText), checkBind), now)
		if err != nil {
			return fmt.Errorf("remember secret key %s: %w", k.id, err)
		}
	}
	return nil
}

// Check is CheckTx for a program that only reads: it remembers nothing.
func (b *Box) Check(ctx context.Context, q db.Queryer) error {
	_, err := b.check(ctx, q)
	return err
}

// check compares the ring with what the database remembers of its keys.
func (b *Box) check(ctx context.Context, q db.Queryer) (known map[string]string, err error) {
	if known, err = loadChecks(ctx, q); err != nil {
		return nil, err
	}
	matched := 0
	for _, k := range b.keys {
		sealed, ok := known[k.id]
		if !ok {
			continue
		}
		if _, err := b.Open(sealed, checkBind); err != nil {
			return nil, ErrForeign
		}
		matched++
	}
	if len(known) > 0 && matched == 0 {
		return nil, ErrForeign
	}
	return known, nil
}

func loadChecks(ctx context.Context, q db.Queryer) (map[string]string, error) {
	rows, err := q.Query(ctx, `SELECT key_id, check_value FROM secret_key`)
	if err != nil {
		return nil, fmt.Errorf("load secret keys: %w", err)
	}
	defer rows.Close()
	known := map[string]string{}
	for rows.Next() {
		var keyID, sealed string
		if err := rows.Scan(&keyID, &sealed); err != nil {
			return nil, fmt.Errorf("load secret keys: %w", err)
		}
		known[keyID] = sealed
	}
	return known, rows.Err()
}
