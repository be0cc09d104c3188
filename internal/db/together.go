package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Question is a query that needs no other's answer.
type Question struct {
	Text string
	Args []any
	Row  func(*Rows) error // reads one row
}

// Together asks questions that do not depend on each other: inside a unit on PostgreSQL they are one round trip.
func Together(ctx context.Context, q Queryer, list []Question) error {
	if len(list) == 0 {
		return nil
	}
	if tx, ok := q.(*Tx); ok && tx.pg != nil {
		return tx.pg.together(ctx, list)
	}
	for _, one := range list {
		rows, err := q.Query(ctx, one.Text, one.Args...)
		if err != nil {
			return err
		}
		if err := one.read(rows); err != nil {
			return err
		}
	}
	return nil
}

// read reads all rows and closes them.
func (q Question) read(rows *Rows) error {
	defer rows.Close()
	for rows.Next() {
		if err := q.Row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *pgSession) together(ctx context.Context, list []Question) error {
	asked := make([]statement, len(list))
	for i, one := range list {
		asked[i] = statement{one.Text, one.Args}
	}
	results, err := s.send(ctx, asked...)
	if err != nil {
		return err
	}
	for _, one := range list {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			err = one.read(&Rows{pgx: rows})
		}
		if err != nil {
			break
		}
	}
	if closed := results.Close(); err == nil {
		err = closed
	}
	return wrapErr(err)
}
