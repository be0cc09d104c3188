package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
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

// findDue lists items due from low on, the longest due first, of people who are not held back and not in without, and says
// when the next of them comes due if none is. It reads along the index on due_at, also a little beyond now.
func findDue(ctx context.Context, q db.Queryer, low, now clock.Time, limit int, without []id.Person) ([]look, clock.Time, error) {
	text := `SELECT i.workspace_id, i.person_id, i.due_at FROM mailbox_item i
		WHERE i.due_at >= $1 AND NOT EXISTS (SELECT 1 FROM mailbox_hold h
			WHERE h.workspace_id = i.workspace_id AND h.person_id = i.person_id AND h.until > $2)`
	args := []any{low, now}
	if len(without) > 0 {
		text += ` AND i.person_id NOT IN ` + db.In(len(without), 3)
		args = db.InArgs(args, without)
	}
	text += ` ORDER BY i.due_at LIMIT $` + strconv.Itoa(len(args)+1)
	rows, err := q.Query(ctx, text, append(args, limit)...)
	found, err := db.Collect(rows, err, func(r *db.Rows) (l look, err error) {
		return l, r.Scan(&l.workspace, &l.person, &l.due)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("look for due items: %w", err)
	}
	due := sort.Search(len(found), func(i int) bool { return found[i].due > now })
	next := never
	if due < len(found) {
		next = found[due].due
	}
	return found[:due], next, nil
}

// findHeld is when the next person held back may be tried again; never when nobody is.
func findHeld(ctx context.Context, q db.Queryer, now clock.Time) (clock.Time, error) {
	at := never
	err := q.QueryRow(ctx, `SELECT until FROM mailbox_hold WHERE until > $1 ORDER BY until LIMIT 1`, now).Scan(&at)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("look for people held back: %w", err)
	}
	return at, nil
}

// findUpcoming is the next item of a workspace. The text keeps SQLite to the index on due_at: by the workspace's key it
// would read all that waits there.
func findUpcoming(ctx context.Context, q db.Queryer, ws id.Workspace) (Item, bool, error) {
	rows, err := q.Query(ctx, `SELECT `+itemColumns+` FROM mailbox_item WHERE workspace_id || '' = $1 ORDER BY due_at LIMIT 1`, ws)
	items, err := db.Collect(rows, err, scanItem)
	if err != nil {
		return Item{}, false, fmt.Errorf("look for the next item of %s: %w", ws, err)
	}
	if len(items) == 0 {
		return Item{}, false, nil
	}
	return items[0], true, nil
}

// takeDue removes the due items of a person and returns them in order.
func takeDue(ctx context.Context, tx *db.Tx, w who, until clock.Time) ([]Item, error) {
	rows, err := tx.Query(ctx, `DELETE FROM mailbox_item WHERE workspace_id = $1 AND person_id = $2 AND due_at <= $3 RETURNING `+itemColumns,
		w.workspace, w.person, until)
	return collectItems(rows, err)
}

// takeFirst removes the first due item of a person and returns it, if there is one.
func takeFirst(ctx context.Context, tx *db.Tx, w who, until clock.Time) ([]Item, error) {
	rows, err := tx.Query(ctx, `DELETE FROM mailbox_item WHERE workspace_id = $1 AND person_id = $2 AND (due_at, id) IN (
			SELECT due_at, id FROM mailbox_item WHERE workspace_id = $1 AND person_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT 1)
		RETURNING `+itemColumns, w.workspace, w.person, until)
	return collectItems(rows, err)
}

// loadItem reads one item again, as it is now.
func loadItem(ctx context.Context, tx *db.Tx, i Item) (Item, bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+itemColumns+` FROM mailbox_item
		WHERE workspace_id = $1 AND person_id = $2 AND due_at = $3 AND id = $4`+tx.ClaimSuffix(), i.Workspace, i.Person, i.Due, i.ID)
	items, err := collectItems(rows, err)
	if err != nil || len(items) == 0 {
		return Item{}, false, err
	}
	return items[0], true, nil
}

// collectItems reads the rows and puts them in order: RETURNING promises none.
func collectItems(rows *db.Rows, err error) ([]Item, error) {
	items, err := db.Collect(rows, err, scanItem)
	if err != nil {
		return nil, fmt.Errorf("load items: %w", err)
	}
	sortItems(items)
	return items, nil
}

// sortItems puts items in order per person.
func sortItems(items []Item) {
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID, b.ID))
	})
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

// countAttempt counts a failed try and holds the person back. Holds that are long over, of items that were cancelled
// meanwhile, go with it.
func countAttempt(ctx context.Context, tx *db.Tx, i Item, now, until clock.Time) {
	tx.Queue(ctx, `DELETE FROM mailbox_hold WHERE until < $1`, now.Add(-24*time.Hour))
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
