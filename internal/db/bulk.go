package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
)

// Bulk is many rows for one table. The values of one column must have one Go type: string, int64, int, bool, float64,
// []byte, or a named type of those; nil is allowed beside them.
type Bulk struct {
	Table    string
	Columns  []string
	Conflict string   // for example "ON CONFLICT (workspace_id, id) DO NOTHING"
	JSON     []string // columns that are JSONB
	Rows     [][]any
}

// Bulk writes the rows. Each Bulk of one shape is one prepared statement: on SQLite it is run row by row, which is the
// fastest there; on PostgreSQL the columns travel as arrays.
func (tx *Tx) Bulk(ctx context.Context, b Bulk) error {
	if len(b.Rows) == 0 {
		return nil
	}
	if tx.lite != nil {
		text := b.oneRow()
		for _, row := range b.Rows {
			if _, err := tx.lite.exec(text, row); err != nil {
				return err
			}
		}
		return nil
	}
	const chunk = 5000
	for start := 0; start < len(b.Rows); start += chunk {
		part := b
		part.Rows = b.Rows[start:min(start+chunk, len(b.Rows))]
		text, args, err := part.unnest()
		if err != nil {
			return err
		}
		tx.Queue(ctx, text, args...)
	}
	return nil
}

func (b Bulk) oneRow() string {
	// Placeholders without a name, because SQLite looks for the name of each in a list of all.
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(b.Columns)), ", ")
	return "INSERT INTO " + b.Table + " (" + strings.Join(b.Columns, ", ") + ") VALUES (" + marks + ") " + b.Conflict
}

// unnest is the statement and its arrays for PostgreSQL.
func (b Bulk) unnest() (string, []any, error) {
	args := make([]any, len(b.Columns))
	parts, names, picked := make([]string, len(b.Columns)), make([]string, len(b.Columns)), make([]string, len(b.Columns))
	for i, column := range b.Columns {
		array, kind, err := b.column(i)
		if err != nil {
			return "", nil, fmt.Errorf("bulk %s.%s: %w", b.Table, column, err)
		}
		args[i] = array
		parts[i] = fmt.Sprintf("$%d::%s[]", i+1, kind)
		names[i] = fmt.Sprintf("c%d", i)
		picked[i] = names[i]
		for _, j := range b.JSON {
			if j == column {
				picked[i] += "::jsonb"
			}
		}
	}
	text := "INSERT INTO " + b.Table + " (" + strings.Join(b.Columns, ", ") + ") SELECT " + strings.Join(picked, ", ") +
		" FROM unnest(" + strings.Join(parts, ", ") + ") AS t(" + strings.Join(names, ", ") + ") " + b.Conflict
	return text, args, nil
}

// column gathers one column as a typed array and names its type.
func (b Bulk) column(i int) (any, string, error) {
	for _, row := range b.Rows {
		if row[i] == nil {
			continue
		}
		switch reflect.TypeOf(row[i]).Kind() {
		case reflect.String:
			return gather(b.Rows, i, reflect.Value.String), "text", nil
		case reflect.Int64, reflect.Int, reflect.Int32, reflect.Int16, reflect.Int8:
			return gather(b.Rows, i, reflect.Value.Int), "bigint", nil
		case reflect.Bool:
			return gather(b.Rows, i, reflect.Value.Bool), "boolean", nil
		case reflect.Float64:
			return gather(b.Rows, i, reflect.Value.Float), "double precision", nil
		case reflect.Slice:
			return gather(b.Rows, i, reflect.Value.Bytes), "bytea", nil
		}
		if v, ok := row[i].(driver.Valuer); ok {
			return nil, "", fmt.Errorf("a %T: pass its plain value", v)
		}
		return nil, "", fmt.Errorf("a %T has no array form", row[i])
	}
	return gather(b.Rows, i, reflect.Value.String), "text", nil
}

func gather[T any](rows [][]any, i int, read func(reflect.Value) T) []*T {
	out := make([]*T, len(rows))
	values := make([]T, len(rows))
	for n, row := range rows {
		if row[i] != nil {
			values[n] = read(reflect.ValueOf(row[i]))
			out[n] = &values[n]
		}
	}
	return out
}
