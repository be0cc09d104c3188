package channel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/gsm"
	"parley/internal/id"
)

func insertLane(ctx context.Context, tx *db.Tx, number int64, key laneKey) error {
	_, err := tx.Exec(ctx, `INSERT INTO lane (id, workspace_id, channel_id, sender, node, fence, lease_until)
		VALUES ($1, $2, $3, $4, '', 0, 0) ON CONFLICT (id) DO NOTHING`, number, key.workspace, key.channel, key.sender)
	if err != nil {
		return fmt.Errorf("add a sender: %w", err)
	}
	return nil
}

func loadLanes(ctx context.Context, q db.Queryer) (map[int64]laneKey, error) {
	out := map[int64]laneKey{}
	rows, err := q.Query(ctx, `SELECT l.id, l.workspace_id, l.channel_id, l.sender FROM lane l
		JOIN channel c ON c.workspace_id = l.workspace_id AND c.id = l.channel_id WHERE c.deleted_at = 0`)
	if err != nil {
		return nil, fmt.Errorf("read the senders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var number int64
		var key laneKey
		if err := rows.Scan(&number, &key.workspace, &key.channel, &key.sender); err != nil {
			return nil, err
		}
		out[number] = key
	}
	return out, rows.Err()
}

func deliveryColumns() []string {
	return []string{"workspace_id", "message_id", "lane", "priority", "ready_at", "state", "state_at", "expires_at", "segments",
		"person_id", "purpose", "kind", "subject", "source", "to_address", "body", "media"}
}

func deliveryRow(d Delivery, lane int64, now clock.Time) []any {
	var media any
	if len(d.Media) > 0 {
		media = db.JSON(d.Media)
	}
	return []any{string(d.Workspace), string(d.Message), lane, int64(d.Priority), int64(d.ReadyAt), string(StateQueued), int64(now),
		int64(d.ExpiresAt), int64(max(d.Segments, 1)), string(d.Person), d.Purpose, d.Kind, d.Subject, d.Source, d.To, d.Text, media}
}

func insertDeliveries(ctx context.Context, tx *db.Tx, rows [][]any) error {
	err := tx.Bulk(ctx, db.Bulk{Table: "delivery", Columns: deliveryColumns(), JSON: []string{"media"},
		Conflict: "ON CONFLICT (workspace_id, message_id) DO NOTHING", Rows: rows})
	if err != nil {
		return fmt.Errorf("queue messages: %w", err)
	}
	return nil
}

// leaseAsk asks for a lane.
type leaseAsk struct {
	lane  int64
	node  string
	fence int64 // that the node had last
	now   clock.Time
	until clock.Time
}

// takeLease takes or renews a lane. The fence grows unless it stayed ours.
func takeLease(ctx context.Context, tx *db.Tx, a leaseAsk) (int64, error) {
	n, err := tx.Exec(ctx, "UPDATE lane SET lease_until = $1 WHERE id = $2 AND node = $3 AND fence = $4", a.until, a.lane, a.node, a.fence)
	if err != nil {
		return 0, fmt.Errorf("renew a lane: %w", err)
	}
	if n == 1 {
		return a.fence, nil
	}
	var fence int64
	err = tx.QueryRow(ctx, `UPDATE lane SET node = $1, fence = fence + 1, lease_until = $2
		WHERE id = $3 AND (lease_until <= $4 OR node = $1) RETURNING fence`, a.node, a.until, a.lane, a.now).Scan(&fence)
	if errors.Is(err, db.ErrNoRows) {
		return 0, errLeaseElsewhere
	}
	if err != nil {
		return 0, fmt.Errorf("take a lane: %w", err)
	}
	return fence, nil
}

// renewLease keeps other nodes off the lane while a claim is made; false when the lane is not ours any more.
func renewLease(ctx context.Context, tx *db.Tx, lane, fence int64, now, until clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE lane SET lease_until = $1 WHERE id = $2 AND fence = $3 AND lease_until > $4", until, lane, fence, now)
	return n == 1, err
}

// endLease gives a lane back, if it is still held under the fence.
func endLease(ctx context.Context, tx *db.Tx, lane, fence int64) {
	tx.Queue(ctx, "UPDATE lane SET lease_until = 0 WHERE id = $1 AND fence = $2", lane, fence)
}

const claimedColumns = `message_id, priority, ready_at, attempt, attempt_at, retries, expires_at, segments, person_id, purpose, kind, subject,
	source, to_address, body, media`

// claimRows takes the first due messages of one priority out of the queue and makes their attempt. They are looked up by
// their keys, and "+ 0" keeps both engines from going through all that is queued instead.
func claimRows(ctx context.Context, tx *db.Tx, l *lane, p Priority, now clock.Time, n int) ([]Claim, error) {
	rows, err := tx.Query(ctx, `SELECT message_id FROM delivery WHERE lane = $1 AND priority = $2 AND ready_at <= $3
		ORDER BY ready_at, message_id LIMIT $4`, l.number, p, now, n)
	due, err := db.Collect(rows, err, func(r *db.Rows) (m MessageID, err error) { return m, r.Scan(&m) })
	if err != nil || len(due) == 0 {
		return nil, err
	}
	rows, err = tx.Query(ctx, `UPDATE delivery SET ready_at = NULL, state = 'sending', attempt = attempt + 1, attempt_at = $1, state_at = $1
		WHERE (workspace_id, message_id) IN `+db.Keys("$2", len(due), 3)+` AND ready_at + 0 IS NOT NULL
		RETURNING `+claimedColumns, db.KeyArgs([]any{now, l.key.workspace}, due)...)
	claims, err := db.Collect(rows, err, func(r *db.Rows) (Claim, error) { return scanClaim(r, l.key) })
	if err != nil {
		return nil, fmt.Errorf("claim messages: %w", err)
	}
	slices.SortFunc(claims, func(a, b Claim) int { return strings.Compare(string(a.Message), string(b.Message)) })
	return claims, nil
}

func scanClaim(r *db.Rows, key laneKey) (Claim, error) {
	c := Claim{Delivery: Delivery{Workspace: key.workspace, Channel: key.channel, From: key.sender}}
	var ready *int64
	err := r.Scan(&c.Message, &c.Priority, &ready, &c.Attempt, &c.AttemptAt, &c.Retries, &c.ExpiresAt, &c.Segments, &c.Person,
		&c.Purpose, &c.Kind, &c.Subject, &c.Source, &c.To, &c.Text, db.ScanJSON(&c.Media))
	return c, err
}

// nextReady is when the next message of a priority is due; 0 when none waits.
func nextReady(ctx context.Context, q db.Queryer, lane int64, p Priority) (clock.Time, error) {
	var at clock.Time
	err := q.QueryRow(ctx, `SELECT ready_at FROM delivery WHERE lane = $1 AND priority = $2 AND ready_at IS NOT NULL
		ORDER BY ready_at, message_id LIMIT 1`, lane, p).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return max(at, 1), err
}

// peekQueue is when each priority of a lane is due next, and whether a claim under another fence is there.
func peekQueue(ctx context.Context, q db.Queryer, lane, fence int64) (w wish, left bool, err error) {
	for p := range w {
		if w[p], err = nextReady(ctx, q, lane, Priority(p)); err != nil {
			return w, false, err
		}
	}
	var n int
	err = q.QueryRow(ctx, "SELECT 1 FROM delivery_claim WHERE lane = $1 AND fence <> $2 LIMIT 1", lane, fence).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		return w, false, nil
	}
	return w, err == nil, err
}

// insertClaim notes which messages this claim holds.
func insertClaim(ctx context.Context, tx *db.Tx, l *lane, b *batch, claims []Claim) error {
	ids := make([]MessageID, len(claims))
	for i, c := range claims {
		ids[i] = c.Message
	}
	tx.Queue(ctx, "INSERT INTO delivery_claim (lane, id, fence, messages) VALUES ($1, $2, $3, $4)", l.number, b.id, l.fence, db.JSON(ids))
	return nil
}

func deleteClaim(ctx context.Context, tx *db.Tx, b *batch) {
	tx.Queue(ctx, "DELETE FROM delivery_claim WHERE lane = $1 AND id = $2", b.lane, b.id)
}

// takeLeftClaims are the messages that an earlier holder of the lane had claimed and not ended. Their claims are removed.
func takeLeftClaims(ctx context.Context, tx *db.Tx, l *lane, _ clock.Time) ([]Claim, error) {
	rows, err := tx.Query(ctx, "DELETE FROM delivery_claim WHERE lane = $1 RETURNING messages", l.number)
	lists, err := db.Collect(rows, err, func(r *db.Rows) ([]MessageID, error) {
		var ids []MessageID
		err := r.Scan(db.ScanJSON(&ids))
		return ids, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was under way: %w", err)
	}
	var out []Claim
	for _, ids := range lists {
		rows, err := tx.Query(ctx, `SELECT `+claimedColumns+` FROM delivery WHERE workspace_id = $1 AND state = 'sending'
			AND message_id IN `+db.In(len(ids), 2), db.InArgs([]any{l.key.workspace}, ids)...)
		claims, err := db.Collect(rows, err, func(r *db.Rows) (Claim, error) { return scanClaim(r, l.key) })
		if err != nil {
			return nil, fmt.Errorf("read what was under way: %w", err)
		}
		out = append(out, claims...)
	}
	return out, nil
}

// parkFirst puts aside the first due message of a lane, which could not be judged.
func parkFirst(ctx context.Context, tx *db.Tx, lane int64, now clock.Time, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE delivery SET lane = -lane, state = 'held', code = 'gate_failed', reason = $1
		WHERE ready_at IS NOT NULL AND (workspace_id, message_id) IN (SELECT workspace_id, message_id FROM delivery
			WHERE lane = $2 AND ready_at <= $3 ORDER BY priority, ready_at, message_id LIMIT 1)`, reason, lane, now)
	return err
}

// rankOf is State.Rank in SQL, for the state in the named column.
func rankOf(column string) string {
	return "(CASE " + column + " WHEN 'read' THEN 5 WHEN 'delivered' THEN 4 WHEN 'failed' THEN 3 WHEN 'sent' THEN 2 ELSE 0 END)"
}

// writeAccepted writes that messages were accepted, or what their providers say of them since. A row whose state is
// higher keeps it; one of another attempt is left alone. A status may be here before the acceptance (I8).
func writeAccepted(ctx context.Context, tx *db.Tx, list []change) error {
	slices.SortFunc(list, func(a, b change) int { return strings.Compare(string(a.claim.Message), string(b.claim.Message)) })
	rows, doubtful := make([][]any, 0, len(list)), []change{}
	for _, c := range list {
		var receipt any
		if c.receipt != "" {
			receipt = c.receipt
		}
		o := c.outcome
		rows = append(rows, []any{string(c.claim.Workspace), string(c.claim.Message), int64(c.claim.Attempt), string(o.State), int64(o.At),
			o.ProviderID, receipt, o.Price.Minor, string(o.Price.Currency), o.Code, o.Provider, o.Reason})
		if c.doubt {
			doubtful = append(doubtful, c)
		}
	}
	err := tx.Bulk(ctx, db.Bulk{Table: "delivery", Rows: rows,
		Columns: []string{"workspace_id", "message_id", "attempt", "state", "state_at", "provider_id", "receipt_id", "price_minor",
			"price_currency", "code", "provider_code", "reason"},
		Conflict: `ON CONFLICT (workspace_id, message_id) DO UPDATE SET ready_at = NULL,
			state = CASE WHEN ` + rankOf("excluded.state") + ` > ` + rankOf("delivery.state") + ` THEN excluded.state ELSE delivery.state END,
			state_at = CASE WHEN ` + rankOf("excluded.state") + ` > ` + rankOf("delivery.state") + ` THEN excluded.state_at ELSE delivery.state_at END,
			code = CASE WHEN ` + rankOf("excluded.state") + ` > ` + rankOf("delivery.state") + ` THEN excluded.code ELSE delivery.code END,
			provider_code = CASE WHEN ` + rankOf("excluded.state") + ` > ` + rankOf("delivery.state") + ` THEN excluded.provider_code ELSE delivery.provider_code END,
			reason = CASE WHEN ` + rankOf("excluded.state") + ` > ` + rankOf("delivery.state") + ` THEN excluded.reason ELSE delivery.reason END,
			provider_id = CASE WHEN excluded.provider_id = '' THEN delivery.provider_id ELSE excluded.provider_id END,
			receipt_id = COALESCE(excluded.receipt_id, delivery.receipt_id),
			price_minor = CASE WHEN excluded.price_currency = '' THEN delivery.price_minor ELSE excluded.price_minor END,
			price_currency = CASE WHEN excluded.price_currency = '' THEN delivery.price_currency ELSE excluded.price_currency END
			WHERE delivery.attempt = excluded.attempt AND delivery.state <> 'dropped'`})
	if err != nil {
		return fmt.Errorf("store outcomes: %w", err)
	}
	for _, c := range doubtful {
		endDoubt(ctx, tx, c.claim.Workspace, c.claim.Message)
	}
	return nil
}

// endedStates are the states of those of the messages that have a final one.
func endedStates(ctx context.Context, tx *db.Tx, ws id.Workspace, messages []MessageID) (map[MessageID]State, error) {
	out := map[MessageID]State{}
	rows, err := tx.Query(ctx, `SELECT v.column1, COALESCE((SELECT d.state FROM delivery d WHERE d.workspace_id = $1 AND d.message_id = v.column1), '')
		FROM (VALUES (`+asRows(db.Marks(len(messages), 2))+`)) AS v`, db.InArgs([]any{ws}, messages)...)
	if err != nil {
		return nil, fmt.Errorf("read final states: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m MessageID
		var s State
		if err := rows.Scan(&m, &s); err != nil {
			return nil, err
		}
		if s.Rank() > StateSent.Rank() {
			out[m] = s
		}
	}
	return out, rows.Err()
}

// writeChange writes any other end of an attempt. It is false when the row has moved on: evidence came first.
func writeChange(ctx context.Context, tx *db.Tx, c change, look clock.Time) (bool, error) {
	o, k := c.outcome, c.claim
	var ready any
	switch o.State {
	case StateQueued:
		ready = o.Until
	case StateHeld:
		ready = o.At
	}
	attempt, retries := k.Attempt, k.Retries
	if c.back {
		attempt--
	}
	if c.retry {
		retries++
	}
	n, err := tx.Exec(ctx, `UPDATE delivery SET ready_at = $1, state = $2, state_at = $3, attempt = $4, retries = $5, code = $6,
		provider_code = $7, reason = $8, provider_id = CASE WHEN $9 = '' THEN provider_id ELSE $9 END,
		lane = CASE WHEN $2 = 'held' THEN -ABS(lane) ELSE lane END
		WHERE workspace_id = $10 AND message_id = $11 AND attempt = $12 AND (state IN ('sending', 'unknown') OR (state = 'sent' AND $13))`,
		ready, string(o.State), o.At, attempt, retries, o.Code, o.Provider, o.Reason, o.ProviderID, k.Workspace, k.Message, k.Attempt,
		c.evidence)
	if err != nil || n == 0 {
		return false, err
	}
	if c.instead != "" {
		tx.Queue(ctx, "UPDATE delivery SET body = $1, segments = $2, media = NULL WHERE workspace_id = $3 AND message_id = $4",
			c.instead, gsm.Measure(c.instead, gsm.Standard()).Segments, k.Workspace, k.Message)
	}
	switch {
	case o.State == StateUnknown:
		tx.Queue(ctx, `INSERT INTO delivery_doubt (workspace_id, message_id, since, looks, look_at) VALUES ($1, $2, $3, 0, $4)
			ON CONFLICT (workspace_id, message_id) DO NOTHING`, k.Workspace, k.Message, o.At, look)
	case c.doubt || c.back:
		endDoubt(ctx, tx, k.Workspace, k.Message)
	}
	if c.retry {
		tx.Queue(ctx, `INSERT INTO delivery_try (workspace_id, message_id, attempt, attempt_at, ended_at, provider_id, code, provider_code, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, message_id, attempt) DO NOTHING`,
			k.Workspace, k.Message, k.Attempt, k.AttemptAt, o.At, o.ProviderID, o.Code, o.Provider, o.Reason)
	}
	return true, nil
}

func endDoubt(ctx context.Context, tx *db.Tx, ws id.Workspace, m MessageID) {
	tx.Queue(ctx, "DELETE FROM delivery_doubt WHERE workspace_id = $1 AND message_id = $2", ws, m)
}

func cancelDelivery(ctx context.Context, tx *db.Tx, ws id.Workspace, m MessageID, code string, now clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE delivery SET ready_at = NULL, lane = ABS(lane), state = 'dropped', code = $1, state_at = $2
		WHERE workspace_id = $3 AND message_id = $4 AND state IN ('queued', 'held')`, code, now, ws, m)
	if err != nil {
		return false, fmt.Errorf("take a message back: %w", err)
	}
	return n == 1, nil
}

// releaseHeld puts held messages of a lane back into the queue; no messages means all. Held messages stay in the queue's
// index, under the negative number of their lane, so that they are found without a search.
func releaseHeld(ctx context.Context, tx *db.Tx, lane int64, messages []MessageID, now clock.Time) (int64, error) {
	const release = `UPDATE delivery SET lane = $1, ready_at = $2, state = 'queued', state_at = $2, code = '', reason = ''
		WHERE lane = $3 AND ready_at IS NOT NULL`
	args := []any{lane, now, -lane}
	if len(messages) == 0 {
		return tx.Exec(ctx, release, args...)
	}
	return tx.Exec(ctx, release+" AND message_id IN "+db.In(len(messages), 4), db.InArgs(args, messages)...)
}

// moved is a message that was taken out of the queue with many others.
type moved struct {
	workspace id.Workspace
	person    id.Person
	message   MessageID
	attempt   int
	segments  int
}

// holdDue takes up to n bulk messages that are due out of the queue of a lane.
func holdDue(ctx context.Context, tx *db.Tx, lane int64, now clock.Time, n int) ([]moved, error) {
	rows, err := tx.Query(ctx, `UPDATE delivery SET lane = -lane, state = 'held', state_at = $1, code = 'held_after_gap'
		WHERE ready_at IS NOT NULL AND (workspace_id, message_id) IN (SELECT workspace_id, message_id FROM delivery
			WHERE lane = $2 AND priority = $3 AND ready_at <= $4 ORDER BY ready_at, message_id LIMIT $5)
		RETURNING workspace_id, person_id, message_id, attempt, segments`, now, lane, PriorityBulk, now, n)
	return db.Collect(rows, err, scanMoved)
}

func scanMoved(r *db.Rows) (moved, error) {
	var m moved
	err := r.Scan(&m.workspace, &m.person, &m.message, &m.attempt, &m.segments)
	return m, err
}

// dropWaiting ends up to n messages that wait on a lane, or are held on it (its negative number).
func dropWaiting(ctx context.Context, tx *db.Tx, lane int64, code string, now clock.Time, n int) ([]moved, error) {
	rows, err := tx.Query(ctx, `UPDATE delivery SET ready_at = NULL, lane = ABS(lane), state = 'dropped', state_at = $1, code = $2
		WHERE ready_at IS NOT NULL AND (workspace_id, message_id) IN (SELECT workspace_id, message_id FROM delivery
			WHERE lane = $3 AND ready_at IS NOT NULL ORDER BY priority, ready_at, message_id LIMIT $4)
		RETURNING workspace_id, person_id, message_id, attempt, segments`, now, code, lane, n)
	return db.Collect(rows, err, scanMoved)
}

// readBeat is when an outbox was last alive; 0 when never.
func readBeat(ctx context.Context, q db.Queryer) (clock.Time, error) {
	var at clock.Time
	err := q.QueryRow(ctx, "SELECT beat_at FROM outbox_beat WHERE id = 1").Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return at, err
}

func writeBeat(ctx context.Context, tx *db.Tx, at clock.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO outbox_beat (id, beat_at) VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at`, at)
	return err
}
