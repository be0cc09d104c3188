package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/internal/db"
	"parley/internal/id"
)

// everybody are the people of a brand, in order.
func everybody(ctx context.Context, q db.Queryer, ws id.Workspace, limit int) ([]personID, error) {
	rows, err := q.Query(ctx, "SELECT id FROM person WHERE workspace_id = $1 ORDER BY id LIMIT $2", ws, limit)
	return db.Collect(rows, err, func(r *db.Rows) (p personID, err error) { return p, r.Scan(&p) })
}

// tally recounts what was sent: messages in threads, and deliveries that the provider took.
func tally(ctx context.Context, q db.Queryer, ws id.Workspace) (messages, sent int, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM message WHERE workspace_id = $1 AND direction = 'out' AND state = 'queued'", ws).Scan(&messages)
	if err != nil {
		return 0, 0, err
	}
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM delivery WHERE workspace_id = $1 AND state = 'sent' AND attempt = 1", ws).Scan(&sent)
	return messages, sent, err
}

// refusals are the reasons for which messages did not leave, for the error.
func refusals(ctx context.Context, q db.Queryer, ws id.Workspace) (string, error) {
	rows, err := q.Query(ctx, "SELECT state, code, COUNT(*) FROM message WHERE workspace_id = $1 AND direction = 'out' GROUP BY state, code ORDER BY 3 DESC LIMIT 5", ws)
	list, err := db.Collect(rows, err, func(r *db.Rows) (string, error) {
		var state, code string
		var n int
		err := r.Scan(&state, &code, &n)
		return fmt.Sprintf("%s %s: %d", state, code, n), err
	})
	return fmt.Sprint(list), err
}

// arrivals recounts the texts that came in.
func arrivals(ctx context.Context, q db.Queryer, ws id.Workspace) (n int, err error) {
	return n, q.QueryRow(ctx, "SELECT COUNT(*) FROM inbound WHERE workspace_id = $1", ws).Scan(&n)
}

// runs recounts the journey runs that are done, and the messages of journeys.
func runs(ctx context.Context, q db.Queryer, ws id.Workspace) (done, messages int, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM journey_run WHERE workspace_id = $1 AND state = 'done'", ws).Scan(&done)
	if err != nil {
		return 0, 0, err
	}
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM message WHERE workspace_id = $1 AND run <> '' AND state = 'queued'", ws).Scan(&messages)
	return done, messages, err
}

// settleStatistics is what autovacuum does within a minute on a server that lives longer than a measurement.
func settleStatistics(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, "ANALYZE")
		return err
	})
}

// postmaster is the process that all processes of a local PostgreSQL come from.
func postmaster(ctx context.Context, q db.Queryer) (int, error) {
	var backend int
	if err := q.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return 0, err
	}
	p, err := readProcess(backend)
	if err != nil {
		return 0, nil //nolint:nilerr // on another machine: its CPU is not known here
	}
	return p.parent, nil
}

// administer runs a statement outside of any transaction.
func administer(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// databaseOf is the address of another database on the same server.
func databaseOf(address, name string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// nameOf is the name of the database at an address.
func nameOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}
