package db

import "context"

// Integrity is what the engine finds wrong with its own files; empty when they are whole. PostgreSQL checks its pages as
// it reads them and is asked nothing.
func (d *DB) Integrity(ctx context.Context) ([]string, error) {
	if d.engine == Postgres {
		return nil, nil
	}
	rows, err := d.Query(ctx, "PRAGMA integrity_check")
	lines, err := Collect(rows, err, func(r *Rows) (string, error) {
		var s string
		return s, r.Scan(&s)
	})
	if err != nil || len(lines) == 1 && lines[0] == "ok" {
		return nil, err
	}
	return lines, nil
}
