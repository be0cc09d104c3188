package event

import (
	"context"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

func insertEvents(ctx context.Context, tx *db.Tx, in *intake) error {
	rows := make([][]any, 0, len(in.items))
	for _, it := range in.insertOrder() {
		rows = append(rows, []any{in.ws, it.person, it.At, it.id, it.Type, in.now, in.source, it.Key, string(it.props)})
	}
	return tx.Bulk(ctx, db.Bulk{Table: "event",
		Columns:  []string{"workspace_id", "person_id", "at", "id", "type", "received_at", "source", "key", "props"},
		Conflict: "ON CONFLICT (workspace_id, source, key) DO NOTHING", JSON: []string{"props"}, Rows: rows})
}

// storedEvent is the event that has a key, ours or an earlier one.
type storedEvent struct {
	id     ID
	person id.Person
}

// loadKeys reads who has the keys of the batch.
func loadKeys(ctx context.Context, tx *db.Tx, in *intake) (map[string]storedEvent, error) {
	keys := make([]string, len(in.items))
	for i, it := range in.items {
		keys[i] = it.Key
	}
	out := make(map[string]storedEvent, len(keys))
	// As a list of rows, which PostgreSQL looks up one by one in the index; a list of parameters it compares with every event.
	wanted := "(VALUES ($1, $2, " + strings.ReplaceAll(db.Marks(len(keys), 3), ",", "), ($1, $2, ") + "))"
	rows, err := tx.Query(ctx, "SELECT key, id, person_id FROM event WHERE (workspace_id, source, key) IN "+wanted,
		db.InArgs([]any{in.ws, in.source}, keys)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var e storedEvent
		if err := rows.Scan(&key, &e.id, &e.person); err != nil {
			return nil, err
		}
		out[key] = e
	}
	return out, rows.Err()
}

func scanEvent(r *db.Rows) (Event, error) {
	e := Event{Props: map[string]any{}}
	err := r.Scan(&e.ID, &e.Workspace, &e.Person, &e.Type, &e.At, &e.ReceivedAt, &e.Source, &e.Key, db.ScanJSON(&e.Props))
	return e, err
}

func listEvents(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, ask Query) ([]Event, error) {
	if ask.Before.At.IsZero() {
		ask.Before.At = 1<<62 - 1
	}
	text := `SELECT id, workspace_id, person_id, type, at, received_at, source, key, props FROM event
		WHERE workspace_id = $1 AND person_id = $2 AND at >= $3 AND (at, id) < ($4, $5)`
	args := []any{ws, person, ask.Since, ask.Before.At, ask.Before.ID, ask.Limit}
	if len(ask.Types) > 0 {
		text += " AND type IN " + db.In(len(ask.Types), 7)
		args = db.InArgs(args, ask.Types)
	}
	rows, err := q.Query(ctx, text+" ORDER BY at DESC, id DESC LIMIT $6", args...)
	return db.Collect(rows, err, scanEvent)
}

func countEvents(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person) (n int64, err error) {
	return n, q.QueryRow(ctx, "SELECT COUNT(*) FROM event WHERE workspace_id = $1 AND person_id = $2", ws, person).Scan(&n)
}

func loadByKey(ctx context.Context, q db.Queryer, ws id.Workspace, source, key string) (Event, error) {
	e := Event{Workspace: ws, Source: source, Key: key, Props: map[string]any{}}
	err := q.QueryRow(ctx, `SELECT id, person_id, type, at, received_at, props FROM event
		WHERE workspace_id = $1 AND source = $2 AND key = $3`, ws, source, key).
		Scan(&e.ID, &e.Person, &e.Type, &e.At, &e.ReceivedAt, db.ScanJSON(&e.Props))
	return e, err
}

func insertTraits(ctx context.Context, tx *db.Tx, ws id.Workspace, list []trait, now clock.Time) error {
	rows := make([][]any, len(list))
	for i, t := range list {
		rows[i] = []any{ws, t.typ, t.name, t.kind, now}
	}
	return tx.Bulk(ctx, db.Bulk{Table: "event_property", Columns: []string{"workspace_id", "type", "name", "kind", "first_at"},
		Conflict: "ON CONFLICT (workspace_id, type, name, kind) DO NOTHING", Rows: rows})
}

func loadTraits(ctx context.Context, q db.Queryer, ws id.Workspace) ([]trait, error) {
	rows, err := q.Query(ctx, "SELECT type, name, kind FROM event_property WHERE workspace_id = $1 ORDER BY type, name, kind", ws)
	return db.Collect(rows, err, func(r *db.Rows) (t trait, err error) { return t, r.Scan(&t.typ, &t.name, &t.kind) })
}
