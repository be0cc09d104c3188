package channel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// deliveries are rows found for statuses.
type deliveries struct {
	byMessage map[MessageID]known
	byReceipt map[string]known
}

// of is the delivery that a status is about.
func (d deliveries) of(u StatusUpdate) (known, bool) {
	if m, _, ok := u.Attempt.Message(); ok {
		k, found := d.byMessage[m]
		return k, found
	}
	k, found := d.byReceipt[u.ProviderID]
	return k, found && u.ProviderID != ""
}

const knownColumns = `d.message_id, d.priority, d.ready_at, d.attempt, d.attempt_at, d.retries, d.expires_at, d.segments, d.person_id,
	d.purpose, d.kind, d.subject, d.source, d.to_address, d.body, d.media, d.state, l.workspace_id, l.channel_id, l.sender`

func scanKnown(r interface{ Scan(...any) error }) (known, error) {
	var k known
	var ready *int64
	err := r.Scan(&k.Message, &k.Priority, &ready, &k.Attempt, &k.AttemptAt, &k.Retries, &k.ExpiresAt, &k.Segments, &k.Person,
		&k.Purpose, &k.Kind, &k.Subject, &k.Source, &k.To, &k.Text, db.ScanJSON(&k.Media), &k.state, &k.Workspace, &k.Channel, &k.From)
	return k, err
}

// findDeliveries reads the rows that statuses of one channel name, by attempt, or by the provider's id.
func findDeliveries(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, list []StatusUpdate) (deliveries, error) {
	found := deliveries{map[MessageID]known{}, map[string]known{}}
	var messages []MessageID
	var receipts []string
	for _, u := range list {
		if m, _, ok := u.Attempt.Message(); ok {
			messages = append(messages, m)
		} else if u.ProviderID != "" {
			receipts = append(receipts, u.ProviderID)
		}
	}
	if len(messages) > 0 {
		rows, err := tx.Query(ctx, `SELECT `+knownColumns+` FROM `+db.Keys("$2", len(messages), 3)+` AS k CROSS JOIN delivery d JOIN lane l ON l.id = ABS(d.lane) AND l.channel_id = $1
			WHERE d.workspace_id = k.column1 AND d.message_id = k.column2`, db.KeyArgs([]any{channel, ws}, messages)...)
		got, err := db.Collect(rows, err, func(r *db.Rows) (known, error) { return scanKnown(r) })
		if err != nil {
			return found, fmt.Errorf("find messages: %w", err)
		}
		for _, k := range got {
			found.byMessage[k.Message] = k
		}
	}
	if len(receipts) > 0 {
		rows, err := tx.Query(ctx, `SELECT d.receipt_id, `+knownColumns+` FROM delivery d JOIN lane l ON l.id = ABS(d.lane) AND l.channel_id = $1
			WHERE d.workspace_id = $2 AND d.receipt_id IN `+db.In(len(receipts), 3), db.InArgs([]any{channel, ws}, receipts)...)
		type pair struct {
			receipt string
			known
		}
		got, err := db.Collect(rows, err, func(r *db.Rows) (pair, error) {
			var p pair
			var err error
			p.known, err = scanKnown(withFirst{r, &p.receipt})
			return p, err
		})
		if err != nil {
			return found, fmt.Errorf("find messages by receipt: %w", err)
		}
		for _, p := range got {
			found.byReceipt[p.receipt] = p.known
		}
	}
	return found, nil
}

// withFirst scans one more column before the others.
type withFirst struct {
	rows  *db.Rows
	first any
}

// Scan reads the row.
func (w withFirst) Scan(dest ...any) error { return w.rows.Scan(append([]any{w.first}, dest...)...) }

func readKnown(ctx context.Context, q db.Queryer, ws id.Workspace, m MessageID) (known, error) {
	return scanKnown(q.QueryRow(ctx, `SELECT `+knownColumns+` FROM delivery d JOIN lane l ON l.id = ABS(d.lane)
		WHERE d.workspace_id = $1 AND d.message_id = $2`, ws, m))
}

// early is a status that came before the outcome that names its id.
type early struct {
	workspace id.Workspace
	channel   ID
	id        string
	update    StatusUpdate
	at        clock.Time
}

func insertEarly(ctx context.Context, tx *db.Tx, e early) error {
	_, err := tx.Exec(ctx, `INSERT INTO receipt_early (workspace_id, channel_id, provider_id, id, received_at, body)
		VALUES ($1, $2, $3, $4, $5, $6)`, e.workspace, e.channel, e.update.ProviderID, e.id, e.at, db.JSON(e.update))
	return err
}

func readEarly(ctx context.Context, q db.Queryer, n int) ([]early, error) {
	rows, err := q.Query(ctx, "SELECT workspace_id, channel_id, id, body, received_at FROM receipt_early ORDER BY id LIMIT $1", n)
	return db.Collect(rows, err, func(r *db.Rows) (early, error) {
		var e early
		err := r.Scan(&e.workspace, &e.channel, &e.id, db.ScanJSON(&e.update), &e.at)
		return e, err
	})
}

func deleteEarly(ctx context.Context, tx *db.Tx, e early) {
	tx.Queue(ctx, "DELETE FROM receipt_early WHERE workspace_id = $1 AND channel_id = $2 AND provider_id = $3 AND id = $4",
		e.workspace, e.channel, e.update.ProviderID, e.id)
}

// takeDoubts are the unknown outcomes to be looked up now; their next look is moved to later. Doubts that evidence has
// ended are removed.
func takeDoubts(ctx context.Context, tx *db.Tx, now, later clock.Time) ([]known, error) {
	type doubt struct {
		ws      id.Workspace
		message MessageID
	}
	rows, err := tx.Query(ctx, `UPDATE delivery_doubt SET look_at = $1 WHERE look_at > 0 AND look_at <= $2
		RETURNING workspace_id, message_id`, later, now)
	list, err := db.Collect(rows, err, func(r *db.Rows) (doubt, error) {
		var d doubt
		err := r.Scan(&d.ws, &d.message)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("read unknown outcomes: %w", err)
	}
	var out []known
	for _, d := range list {
		k, err := readKnown(ctx, tx, d.ws, d.message)
		switch {
		case err != nil && !errors.Is(err, db.ErrNoRows):
			return nil, fmt.Errorf("read unknown outcomes: %w", err)
		case err != nil || k.state != StateUnknown:
			endDoubt(ctx, tx, d.ws, d.message)
		default:
			out = append(out, k)
		}
	}
	return out, nil
}

// nextLook sets the next look after one that decided nothing; look_at 0 is never.
func nextLook(ctx context.Context, tx *db.Tx, k known, now clock.Time, looks []time.Duration, can bool) error {
	var n int
	err := tx.QueryRow(ctx, "SELECT looks FROM delivery_doubt WHERE workspace_id = $1 AND message_id = $2", k.Workspace, k.Message).Scan(&n)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var at clock.Time
	if n++; can && n < len(looks) {
		at = now.Add(looks[n])
	}
	_, err = tx.Exec(ctx, "UPDATE delivery_doubt SET looks = $1, look_at = $2 WHERE workspace_id = $3 AND message_id = $4", n, at, k.Workspace, k.Message)
	return err
}

const sentColumns = `d.message_id, d.person_id, d.attempt, d.state, d.state_at, d.ready_at, d.provider_id, d.code, d.provider_code, d.reason,
	d.price_minor, d.price_currency, d.segments, d.to_address, l.workspace_id, l.channel_id, l.sender`

func scanSent(r *db.Rows) (Sent, error) {
	var s Sent
	var ready *clock.Time
	err := r.Scan(&s.Message, &s.Person, &s.Attempt, &s.State, &s.At, &ready, &s.ProviderID, &s.Code, &s.Provider, &s.Reason,
		&s.Price.Minor, &s.Price.Currency, &s.Segments, &s.To, &s.Workspace, &s.Channel, &s.From)
	if ready != nil {
		s.Until = *ready
	}
	return s, err
}

func readSent(ctx context.Context, q db.Queryer, ws id.Workspace, messages []MessageID) (map[MessageID]Sent, error) {
	out := map[MessageID]Sent{}
	for start := 0; start < len(messages); start += 1000 {
		part := messages[start:min(start+1000, len(messages))]
		rows, err := q.Query(ctx, `SELECT `+sentColumns+` FROM `+db.Keys("$1", len(part), 2)+` AS k CROSS JOIN delivery d JOIN lane l ON l.id = ABS(d.lane)
			WHERE d.workspace_id = k.column1 AND d.message_id = k.column2`, db.KeyArgs([]any{ws}, part)...)
		list, err := db.Collect(rows, err, scanSent)
		if err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		for _, s := range list {
			out[s.Message] = s
		}
	}
	return out, nil
}

// listUnknown is a page of the messages whose outcome is unknown.
func listUnknown(ctx context.Context, q db.Queryer, ws id.Workspace, after MessageID, n int) ([]Sent, error) {
	rows, err := q.Query(ctx, `SELECT `+sentColumns+` FROM delivery_doubt t
		JOIN delivery d ON d.workspace_id = t.workspace_id AND d.message_id = t.message_id AND d.state = 'unknown'
		JOIN lane l ON l.id = ABS(d.lane) WHERE t.workspace_id = $1 AND t.message_id > $2 ORDER BY t.message_id LIMIT $3`, ws, after, n)
	return db.Collect(rows, err, scanSent)
}

// listWaiting is the head of a lane's queue, or of what is held of it (its negative number).
func listWaiting(ctx context.Context, q db.Queryer, lane int64, n int) ([]Sent, error) {
	rows, err := q.Query(ctx, `SELECT `+sentColumns+` FROM delivery d JOIN lane l ON l.id = ABS(d.lane)
		WHERE d.lane = $1 AND d.ready_at IS NOT NULL ORDER BY d.priority, d.ready_at, d.message_id LIMIT $2`, lane, n)
	return db.Collect(rows, err, scanSent)
}

// queueDepth counts what waits of a lane, up to a limit.
func queueDepth(ctx context.Context, q db.Queryer, lane int64, limit int) (int, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE lane = $1 AND ready_at IS NOT NULL LIMIT $2) AS waiting`, lane, limit).Scan(&n)
	return n, err
}

// nextDue is the first moment at which one of the lanes has something to send.
func nextDue(ctx context.Context, q db.Queryer, lanes []*lane) (clock.Time, bool, error) {
	var first clock.Time
	for _, l := range lanes {
		for p := range priorities {
			var at clock.Time
			err := q.QueryRow(ctx, `SELECT ready_at FROM delivery WHERE lane = $1 AND priority = $2 AND ready_at IS NOT NULL
				ORDER BY ready_at LIMIT 1`, l.number, p).Scan(&at)
			if errors.Is(err, db.ErrNoRows) {
				continue
			}
			if err != nil {
				return 0, false, err
			}
			if first.IsZero() || at < first {
				first = at
			}
		}
	}
	return first, !first.IsZero(), nil
}
