package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// few events are written without asking for their numbers, which saves a round trip while others wait for the lock.
const few = 16

const bumpHead = `INSERT INTO feed_head (workspace_id, seq) VALUES ($1, $2) ON CONFLICT (workspace_id) DO UPDATE SET seq = feed_head.seq + excluded.seq`

// insertEvents numbers the events and writes them. From here to the commit the workspace's row is locked.
func insertEvents(ctx context.Context, tx *db.Tx, ws id.Workspace, events []Event) error {
	if len(events) <= few {
		tx.Queue(ctx, bumpHead, ws, len(events))
		for i, e := range events {
			tx.Queue(ctx, `INSERT INTO feed_event (workspace_id, seq, at, topic, person_id, body)
				SELECT workspace_id, seq - $1, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT) FROM feed_head WHERE workspace_id = $6`,
				len(events)-1-i, e.At, e.Topic, e.Person, text(e), ws)
		}
		return nil
	}
	var head int64
	if err := tx.QueryRow(ctx, bumpHead+` RETURNING seq`, ws, len(events)).Scan(&head); err != nil {
		return fmt.Errorf("number %d events of %s: %w", len(events), ws, err)
	}
	rows := make([][]any, len(events))
	for i, e := range events {
		rows[i] = []any{string(ws), head - int64(len(events)-1-i), int64(e.At), e.Topic, string(e.Person), text(e)}
	}
	err := tx.Bulk(ctx, db.Bulk{Table: "feed_event", Columns: []string{"workspace_id", "seq", "at", "topic", "person_id", "body"}, Rows: rows})
	if err != nil {
		return fmt.Errorf("append %d events to the feed of %s: %w", len(events), ws, err)
	}
	return nil
}

func text(e Event) string { return string(e.Body.(json.RawMessage)) }

func listEvents(ctx context.Context, q db.Queryer, ws id.Workspace, after int64, limit int) ([]Event, error) {
	rows, err := q.Query(ctx, `SELECT workspace_id, seq, at, topic, person_id, body FROM feed_event
		WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, ws, after, limit)
	events, err := db.Collect(rows, err, func(r *db.Rows) (e Event, err error) {
		var body string
		err = r.Scan(&e.Workspace, &e.Seq, &e.At, &e.Topic, &e.Person, &body)
		e.Body = json.RawMessage(body)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the feed of %s after %d: %w", ws, after, err)
	}
	return events, nil
}

func findHead(ctx context.Context, q db.Queryer, ws id.Workspace) (int64, error) {
	var seq int64
	err := q.QueryRow(ctx, `SELECT seq FROM feed_head WHERE workspace_id = $1`, ws).Scan(&seq)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("read the head of the feed of %s: %w", ws, err)
	}
	return seq, nil
}

// head is a workspace and its newest number.
type head struct {
	ws  id.Workspace
	seq int64
}

func listHeads(ctx context.Context, q db.Queryer) ([]head, error) {
	rows, err := q.Query(ctx, `SELECT workspace_id, seq FROM feed_head`)
	return db.Collect(rows, err, func(r *db.Rows) (h head, err error) { return h, r.Scan(&h.ws, &h.seq) })
}

// mark is one event's number and age.
type mark struct {
	seq int64
	at  clock.Time
}

func listOldest(ctx context.Context, q db.Queryer, ws id.Workspace, limit int) ([]mark, error) {
	rows, err := q.Query(ctx, `SELECT seq, at FROM feed_event WHERE workspace_id = $1 ORDER BY seq LIMIT $2`, ws, limit)
	return db.Collect(rows, err, func(r *db.Rows) (m mark, err error) { return m, r.Scan(&m.seq, &m.at) })
}

func deleteUpTo(ctx context.Context, tx *db.Tx, ws id.Workspace, seq int64) {
	tx.Queue(ctx, `DELETE FROM feed_event WHERE workspace_id = $1 AND seq <= $2`, ws, seq)
}
