package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Queryer reads: a *DB outside transactions, a *Tx inside one.
type Queryer interface {
	Query(ctx context.Context, text string, args ...any) (*Rows, error)
	QueryRow(ctx context.Context, text string, args ...any) *Row
}

// Rows are the rows of a query. Close them before the next statement of the same transaction.
type Rows struct {
	std *sql.Rows
	pgx pgx.Rows
	end func() error // finishes the pipeline that the rows came from
	err error
}

// Next moves to the next row.
func (r *Rows) Next() bool {
	if r.std != nil {
		return r.std.Next()
	}
	return r.pgx.Next()
}

// Scan reads the present row.
func (r *Rows) Scan(dest ...any) error {
	if r.std != nil {
		return r.std.Scan(dest...)
	}
	return r.pgx.Scan(dest...)
}

// Close lets go of the rows; it may be called twice.
func (r *Rows) Close() {
	if r.std != nil {
		_ = r.std.Close()
		return
	}
	r.pgx.Close()
	if r.end != nil {
		end := r.end
		r.end = nil
		if err := end(); err != nil && r.err == nil {
			r.err = err
		}
	}
}

// Err is what ended the rows early; it closes them.
func (r *Rows) Err() error {
	if r.std != nil {
		return wrapErr(r.std.Err())
	}
	err := r.pgx.Err()
	r.Close()
	if err == nil {
		err = r.err
	}
	return wrapErr(err)
}

// Row is at most one row.
type Row struct {
	rows *Rows
	err  error
}

// Scan reads the row, or returns ErrNoRows.
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// Collect reads all rows with scan and closes them.
func Collect[T any](rows *Rows, err error, scan func(*Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// JSON is a value for a JSONB column. A value that cannot be marshalled is a fault of the program and panics.
func JSON(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("db: %T cannot be stored as JSON: %v", v, err))
	}
	return string(raw)
}

// ScanJSON scans a JSONB column into v; NULL leaves v as it is.
func ScanJSON(v any) sql.Scanner { return jsonScanner{v} }

type jsonScanner struct{ into any }

func (s jsonScanner) Scan(src any) error {
	switch raw := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(raw), s.into)
	case []byte:
		return json.Unmarshal(raw, s.into)
	}
	return fmt.Errorf("db: JSON column holds a %T", src)
}
