package mailbox

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const itemColumns = `workspace_id, person_id, due_at, id, kind, key, body, attempts`

func insertItems(ctx context.Context, tx *db.Tx, items []Item) error {
	if len(items) == 1 {
		i := items[0]
		tx.Queue(ctx, `INSERT INTO mailbox_item (workspace_id, person_id, due_at, id, kind, key, body) VALUES ($1, $2, $3, $4, $5, '', $6)`,
			i.Workspace, i.Person, i.Due, i.ID, i.Kind, string(i.Body))
		return nil
	}
	rows := make([][]any, len(items))
	for n, i := range items {
		rows[n] = []any{string(i.Workspace), string(i.Person), int64(i.Due), i.ID, i.Kind, "", string(i.Body)}
	}
	return tx.Bulk(ctx, db.Bulk{Table: "mailbox_item", Columns: []string{"workspace_id", "person_id", "due_at", "id", "kind", "key", "body"}, Rows: rows})
}

func upsertTimer(ctx context.Context, tx *db.Tx, i Item) {
	tx.Queue(ctx, `INSERT INTO mailbox_item (workspace_id, person_id, due_at, id, kind, key, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace_id, person_id, kind, key) WHERE key <> ''
		DO UPDATE SET due_at = excluded.due_at, id = excluded.id, body = excluded.body, attempts = 0`,
		i.Workspace, i.Person, i.Due, i.ID, i.Kind, i.Key, string(i.Body))
}

func deleteTimer(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person, kind, key string) {
	tx.Queue(ctx, `DELETE FROM mailbox_item WHERE workspace_id = $1 AND person_id = $2 AND kind = $3 AND key = $4 AND key <> ''`, ws, person, kind, key)
}

// look is one due item by its person.
type look struct {
	who
	due clock.Time
}

// findDue lists items due from low to now, the longest due first, of people who are not held back and not in without.
func findDue(ctx context.Context, q db.Queryer, low, now clock.Time, limit int, without []id.Person) ([]look, error) {
	text := `SELECT i.workspace_id, i.person_id, i.due_at FROM mailbox_item i
		WHERE i.due_at >= $1 AND i.due_at <= $2 AND NOT EXISTS (SELECT 1 FROM mailbox_hold h
			WHERE h.workspace_id = i.workspace_id AND h.person_id = i.person_id AND h.until > $2)`
	args := []any{low, now}
	if len(without) > 0 {
		text += ` AND i.person_id NOT IN ` + db.In(len(without), 3)
		args = db.InArgs(args, without)
	}
	text += ` ORDER BY i.due_at LIMIT $` + strconv.Itoa(len(args)+1)
	rows, err := q.Query(ctx, text, append(args, limit)...)
	out, err := db.Collect(rows, err, func(r *db.Rows) (l look, err error) {
		return l, r.Scan(&l.workspace, &l.person, &l.due)
	})
	if err != nil {
		return nil, fmt.Errorf("look for due items: %w", err)
	}
	return out, nil
}

// findNext is when something comes due after now: an item, or the end of a hold. never when nothing waits.
func findNext(ctx context.Context, q db.Queryer, now clock.Time) (clock.Time, error) {
	next := never
	for _, text := range []string{
		`SELECT due_at FROM mailbox_item WHERE due_at > $1 ORDER BY due_at LIMIT 1`,
		`SELECT until FROM mailbox_hold WHERE until > $1 ORDER BY until LIMIT 1`,
	} {
		var at clock.Time
		err := q.QueryRow(ctx, text, now).Scan(&at)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return 0, fmt.Errorf("look for the next item: %w", err)
		}
		if err == nil {
			next = min(next, at)
		}
	}
	return next, nil
}

// findUpcoming is the next item of a workspace.
func findUpcoming(ctx context.Context, q db.Queryer, ws id.Workspace) (Item, bool, error) {
	rows, err := q.Query(ctx, `SELECT `+itemColumns+` FROM mailbox_item WHERE workspace_id = $1 ORDER BY due_at LIMIT 1`, ws)
	items, err := db.Collect(rows, err, scanItem)
	if err != nil {
		return Item{}, false, fmt.Errorf("look for the next item of %s: %w", ws, err)
	}
	if len(items) == 0 {
		return Item{}, false, nil
	}
	return items[0], true, nil
}

// lock takes the people who are in nobody's hands, until the transaction ends, and returns them. It never waits. From
// here on the server ends the transaction if this process falls silent for longer than lease.
func lock(ctx context.Context, tx *db.Tx, people []who, lease time.Duration) ([]who, error) {
	if tx.Engine() != db.Postgres {
		return people, nil
	}
	tx.Queue(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $1, TRUE)`, strconv.FormatInt(max(1, lease.Milliseconds()), 10))
	keys := make([]int64, len(people))
	byKey := make(map[int64]who, len(people))
	for i, w := range people {
		keys[i] = lockKey(w)
		byKey[keys[i]] = w
	}
	rows, err := tx.Query(ctx, `SELECT k FROM (SELECT k, pg_try_advisory_xact_lock(k) AS got FROM unnest(CAST($1 AS BIGINT[])) AS t(k)) AS tried WHERE got`, keys)
	got, err := db.Collect(rows, err, func(r *db.Rows) (w who, err error) {
		var k int64
		err = r.Scan(&k)
		return byKey[k], err
	})
	if err != nil {
		return nil, fmt.Errorf("take %d people: %w", len(people), err)
	}
	return got, nil
}

// lockKey is the number of a person's lock. Two people who share one are handled one after the other, no worse.
func lockKey(w who) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("mailbox\x00" + string(w.workspace) + "\x00" + string(w.person)))
	return int64(h.Sum64())
}

// loadDue reads the due items of people of one workspace, in order per person, and keeps others from changing them.
func loadDue(ctx context.Context, tx *db.Tx, ws id.Workspace, people []id.Person, until clock.Time, limit int) ([]Item, error) {
	text := `SELECT ` + itemColumns + ` FROM mailbox_item WHERE workspace_id = $1 AND due_at <= $2 AND person_id IN ` + db.In(len(people), 3)
	args := db.InArgs([]any{ws, until}, people)
	text += ` ORDER BY person_id, due_at, id LIMIT $` + strconv.Itoa(len(args)+1) + tx.ClaimSuffix()
	rows, err := tx.Query(ctx, text, append(args, limit)...)
	items, err := db.Collect(rows, err, scanItem)
	if err != nil {
		return nil, fmt.Errorf("load due items: %w", err)
	}
	return items, nil
}

// loadItem reads one item again, as it is now.
func loadItem(ctx context.Context, tx *db.Tx, i Item) (Item, bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+itemColumns+` FROM mailbox_item
		WHERE workspace_id = $1 AND person_id = $2 AND due_at = $3 AND id = $4`+tx.ClaimSuffix(), i.Workspace, i.Person, i.Due, i.ID)
	items, err := db.Collect(rows, err, scanItem)
	if err != nil || len(items) == 0 {
		return Item{}, false, err
	}
	return items[0], true, nil
}

func scanItem(r *db.Rows) (i Item, err error) {
	var body string
	err = r.Scan(&i.Workspace, &i.Person, &i.Due, &i.ID, &i.Kind, &i.Key, &body, &i.Attempts)
	i.Body = []byte(body)
	return i, err
}

func deleteItem(ctx context.Context, tx *db.Tx, i Item) {
	tx.Queue(ctx, `DELETE FROM mailbox_item WHERE workspace_id = $1 AND person_id = $2 AND due_at = $3 AND id = $4`, i.Workspace, i.Person, i.Due, i.ID)
}

func countAttempt(ctx context.Context, tx *db.Tx, i Item, until clock.Time) {
	tx.Queue(ctx, `UPDATE mailbox_item SET attempts = attempts + 1 WHERE workspace_id = $1 AND person_id = $2 AND due_at = $3 AND id = $4`,
		i.Workspace, i.Person, i.Due, i.ID)
	tx.Queue(ctx, `INSERT INTO mailbox_hold (workspace_id, person_id, until) VALUES ($1, $2, $3)
		ON CONFLICT (workspace_id, person_id) DO UPDATE SET until = excluded.until`, i.Workspace, i.Person, until)
}

func deleteHold(ctx context.Context, tx *db.Tx, w who) {
	tx.Queue(ctx, `DELETE FROM mailbox_hold WHERE workspace_id = $1 AND person_id = $2`, w.workspace, w.person)
}

func insertParked(ctx context.Context, tx *db.Tx, p Parked) {
	tx.Queue(ctx, `INSERT INTO mailbox_parked (workspace_id, id, person_id, due_at, kind, key, body, attempts, reason, parked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.Workspace, p.ID, p.Person, p.Due, p.Kind, p.Key, string(p.Body), p.Attempts, p.Reason, p.At)
}

const parkedColumns = `workspace_id, person_id, due_at, id, kind, key, body, attempts, reason, parked_at`

func listParked(ctx context.Context, q db.Queryer, ws id.Workspace, limit int) ([]Parked, error) {
	rows, err := q.Query(ctx, `SELECT `+parkedColumns+` FROM mailbox_parked WHERE workspace_id = $1 ORDER BY id LIMIT $2`, ws, limit)
	parked, err := db.Collect(rows, err, scanParked)
	if err != nil {
		return nil, fmt.Errorf("list parked items of %s: %w", ws, err)
	}
	return parked, nil
}

// takeParked removes a parked item and returns it.
func takeParked(ctx context.Context, tx *db.Tx, ws id.Workspace, item string) (Parked, bool, error) {
	rows, err := tx.Query(ctx, `DELETE FROM mailbox_parked WHERE workspace_id = $1 AND id = $2 RETURNING `+parkedColumns, ws, item)
	parked, err := db.Collect(rows, err, scanParked)
	if err != nil || len(parked) == 0 {
		return Parked{}, false, err
	}
	return parked[0], true, nil
}

// insertReplayed puts an item back unless a newer timer has taken its place.
func insertReplayed(ctx context.Context, tx *db.Tx, i Item) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO mailbox_item (workspace_id, person_id, due_at, id, kind, key, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`, i.Workspace, i.Person, i.Due, i.ID, i.Kind, i.Key, string(i.Body))
	return n == 1, err
}

func scanParked(r *db.Rows) (p Parked, err error) {
	var body string
	err = r.Scan(&p.Workspace, &p.Person, &p.Due, &p.ID, &p.Kind, &p.Key, &body, &p.Attempts, &p.Reason, &p.At)
	p.Body = []byte(body)
	return p, err
}
