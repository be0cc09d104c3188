package channel

import (
	"context"
	"errors"
	"fmt"

	"parley/internal/clock"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/id"
)

func insertRefusal(ctx context.Context, tx *db.Tx, c change) error {
	_, err := tx.Exec(ctx, `INSERT INTO refusal (workspace_id, message_id, action, channel_id, sender, source, address, provider_code, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, message_id, action) DO NOTHING`,
		c.claim.Workspace, c.claim.Message, c.outcome.Action, c.claim.Channel, c.claim.From, sourceOf(c.claim.Delivery), c.claim.To,
		c.outcome.Provider, c.outcome.At)
	return err
}

// countRefusals counts the messages to the same number that ended in the same way.
func countRefusals(ctx context.Context, tx *db.Tx, c change, since clock.Time) (int, error) {
	var n int
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM refusal WHERE workspace_id = $1 AND address = $2 AND action = $3 AND at > $4",
		c.claim.Workspace, c.claim.To, c.outcome.Action, since).Scan(&n)
	return n, err
}

// countFiltered counts the filtered messages of a source.
func countFiltered(ctx context.Context, tx *db.Tx, t sighting, since clock.Time) (int, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM refusal WHERE workspace_id = $1 AND channel_id = $2 AND action = $3 AND sender = $4
		AND source = $5 AND at > $6`, t.workspace, t.channel, compliance.Filtered, t.sender, t.source, since).Scan(&n)
	return n, err
}

// knownCapped are those of the addresses of claims whose carrier has said before that its limit for a day is used up.
func knownCapped(ctx context.Context, tx *db.Tx, claims []Claim) (map[string]bool, error) {
	addresses := make([]string, len(claims))
	for i, c := range claims {
		addresses[i] = c.To
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT address FROM refusal WHERE workspace_id = $1 AND action = $2 AND address IN "+db.In(len(addresses), 3),
		db.InArgs([]any{claims[0].Workspace, compliance.CarrierDayCap}, addresses)...)
	list, err := db.Collect(rows, err, func(r *db.Rows) (a string, err error) { return a, r.Scan(&a) })
	if err != nil {
		return nil, fmt.Errorf("read carriers: %w", err)
	}
	out := map[string]bool{}
	for _, a := range list {
		out[a] = true
	}
	return out, nil
}

func upsertTrouble(ctx context.Context, tx *db.Tx, t sighting) error {
	_, err := tx.Exec(ctx, `INSERT INTO channel_trouble (workspace_id, channel_id, code, sender, source, provider_code, first_at, last_at, count,
		until, lifted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1, $8, 0) ON CONFLICT (workspace_id, channel_id, code, sender, source) DO UPDATE SET
		provider_code = excluded.provider_code, last_at = excluded.last_at, count = channel_trouble.count + 1,
		until = CASE WHEN excluded.until > channel_trouble.until THEN excluded.until ELSE channel_trouble.until END`,
		t.workspace, t.channel, t.code, t.sender, t.source, t.provider, t.at, t.until)
	return err
}

// readLifted is when a person last lifted a trouble; 0 when never.
func readLifted(ctx context.Context, tx *db.Tx, t sighting) (clock.Time, error) {
	var at clock.Time
	err := tx.QueryRow(ctx, `SELECT lifted_at FROM channel_trouble WHERE workspace_id = $1 AND channel_id = $2 AND code = $3 AND sender = $4
		AND source = $5`, t.workspace, t.channel, t.code, t.sender, t.source).Scan(&at)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return at, err
}

// readStops is what keeps messages back, of all channels.
func readStops(ctx context.Context, q db.Queryer, now clock.Time) ([]stop, error) {
	rows, err := q.Query(ctx, "SELECT workspace_id, channel_id, code, sender, source, until FROM channel_trouble WHERE until > 0 AND until > $1", now)
	return db.Collect(rows, err, func(r *db.Rows) (s stop, err error) {
		return s, r.Scan(&s.workspace, &s.channel, &s.code, &s.sender, &s.source, &s.until)
	})
}

// readTroubles are the troubles of a channel that stop something now or were seen since.
func readTroubles(ctx context.Context, q db.Queryer, c Channel, now, since clock.Time) ([]Trouble, error) {
	rows, err := q.Query(ctx, `SELECT code, provider_code, sender, source, until, first_at, last_at, count FROM channel_trouble
		WHERE workspace_id = $1 AND channel_id = $2 AND (until > $3 OR (last_at > $4 AND last_at > lifted_at)) ORDER BY last_at DESC, code, sender, source`,
		c.Workspace, c.ID, now, since)
	return db.Collect(rows, err, func(r *db.Rows) (Trouble, error) {
		var t Trouble
		err := r.Scan(&t.Code, &t.Provider, &t.Sender, &t.Source, &t.Until, &t.FirstAt, &t.LastAt, &t.Count)
		t.Stops = t.Until > now || t.Code == troubleSender && c.State == ChannelError
		if t.Until == untilLifted || t.Until <= now {
			t.Until = 0
		}
		return t, err
	})
}

func liftTroubles(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID, now clock.Time) error {
	_, err := tx.Exec(ctx, "UPDATE channel_trouble SET until = 0, lifted_at = $1 WHERE workspace_id = $2 AND channel_id = $3", now, ws, channel)
	return err
}

// reactivate ends the error state of a channel.
func reactivate(ctx context.Context, tx *db.Tx, ws id.Workspace, channel ID) error {
	_, err := tx.Exec(ctx, `UPDATE channel SET state = 'active', reason = '', version = version + 1
		WHERE workspace_id = $1 AND id = $2 AND state = 'error' AND deleted_at = 0`, ws, channel)
	return err
}

// releaseSources puts back into the queue what waited because carriers filtered its source.
func releaseSources(ctx context.Context, tx *db.Tx, lane int64, now clock.Time) error {
	_, err := tx.Exec(ctx, `UPDATE delivery SET lane = $1, ready_at = $2, state = 'queued', state_at = $2, code = '', reason = ''
		WHERE lane = $3 AND ready_at IS NOT NULL AND code = $4`, lane, now, -lane, heldSource)
	return err
}

// countSent is how many messages of a source were handed over since a day.
func countSent(ctx context.Context, tx *db.Tx, t sighting, day int64) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT) FROM source_day WHERE workspace_id = $1 AND channel_id = $2 AND sender = $3
		AND source = $4 AND day >= $5`, t.workspace, t.channel, t.sender, t.source, day).Scan(&n)
	return n, err
}

func addSent(ctx context.Context, tx *db.Tx, k sourceKey, day, n int64) {
	tx.Queue(ctx, `INSERT INTO source_day (workspace_id, channel_id, sender, source, day, sent) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace_id, channel_id, sender, source, day) DO UPDATE SET sent = source_day.sent + excluded.sent`,
		k.workspace, k.channel, k.sender, k.source, day, n)
}
