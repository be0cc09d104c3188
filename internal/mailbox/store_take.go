package mailbox

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
)

// Taking people is the one thing here that the two engines do differently. SQLite has one writer, so that a unit has
// everybody to itself. On PostgreSQL units run side by side, and each statement more is a round trip.

// settle prepares a transaction on PostgreSQL: the server ends it if this process falls silent for longer than lease,
// and it plans by index, because a plan made while the queue was short is kept when the queue is long.
func settle(ctx context.Context, tx *db.Tx, lease time.Duration) {
	if tx.Engine() == db.Postgres {
		tx.Queue(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $1, TRUE), set_config('enable_seqscan', 'off', TRUE),
			set_config('enable_hashjoin', 'off', TRUE), set_config('enable_mergejoin', 'off', TRUE)`, strconv.FormatInt(max(1, lease.Milliseconds()), 10))
	}
}

// lock takes the people who are in nobody's hands, until the transaction ends, and returns them. It never waits.
func lock(ctx context.Context, tx *db.Tx, people []who) ([]who, error) {
	if tx.Engine() != db.Postgres {
		return people, nil
	}
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

// takeAllDue takes the people who are in nobody's hands, as lock does, removes their due items and returns them in order
// per person. On PostgreSQL the lock and the items are two statements that travel together: the items are those that are
// committed once the locks are held, or one that came meanwhile would be handled after a later one.
func takeAllDue(ctx context.Context, tx *db.Tx, people []who, until clock.Time) ([]Item, error) {
	if tx.Engine() == db.Postgres && len(people) > 0 {
		workspaces, persons, keys := make([]string, len(people)), make([]string, len(people)), make([]int64, len(people))
		for i, w := range people {
			workspaces[i], persons[i], keys[i] = string(w.workspace), string(w.person), lockKey(w)
		}
		tx.Queue(ctx, `SELECT set_config('parley.taken', COALESCE(string_agg(CAST(n AS TEXT), ','), ''), TRUE)
			FROM unnest(CAST($1 AS BIGINT[])) WITH ORDINALITY AS p(k, n) WHERE pg_try_advisory_xact_lock(k)`, keys)
		rows, err := tx.Query(ctx, `DELETE FROM mailbox_item AS i
			USING unnest(CAST($1 AS TEXT[]), CAST($2 AS TEXT[])) WITH ORDINALITY AS p(workspace_id, person_id, n)
			WHERE CAST(p.n AS TEXT) = ANY (string_to_array(current_setting('parley.taken'), ','))
				AND i.workspace_id = p.workspace_id AND i.person_id = p.person_id AND i.due_at <= $3
			RETURNING i.workspace_id, i.person_id, i.due_at, i.id, i.kind, i.key, i.body, i.attempts`, workspaces, persons, until)
		return collectItems(rows, err)
	}
	var out []Item
	for _, w := range people {
		items, err := takeDue(ctx, tx, w, until)
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	return out, nil
}

// read runs fn on what is committed.
func (m *Mailbox) read(ctx context.Context, fn func(db.Queryer) error) error {
	if m.db.Engine() != db.Postgres {
		return fn(m.db)
	}
	return m.db.Tx(ctx, func(tx *db.Tx) error {
		settle(ctx, tx, m.opts.Lease)
		return fn(tx)
	})
}
