package report

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

// deliveryScope is the messages of a workspace that were written in a span of time. Their ids sort by when they were
// made, so the span is one of ids.
type deliveryScope struct {
	workspace  id.Workspace
	from, to   string // ids
	simulated  bool
	metric     DeliveryMetric
	key, below string
	limit      int
}

func (s deliveryScope) args(more ...any) []any {
	return append([]any{string(s.workspace), s.from, s.to, s.simulated, simulatedKind}, more...)
}

const deliveriesFrom = ` FROM delivery d
	LEFT JOIN lane l ON l.id = d.lane
	LEFT JOIN channel h ON h.workspace_id = d.workspace_id AND h.id = l.channel_id`

const deliveriesWhere = ` WHERE d.workspace_id = $1 AND d.message_id >= $2 AND d.message_id < $3 AND ($4 = TRUE OR COALESCE(h.kind, '') <> $5)`

// deliveryKey is the key of a message in the metric; by_code has only those that did not arrive for sure.
const deliveryKey = ` AND CASE $6 WHEN 'messages' THEN '' WHEN 'by_state' THEN d.state
	WHEN 'by_code' THEN CASE WHEN d.state IN ('failed', 'dropped', 'unknown') THEN COALESCE(h.kind, '') || '/' || d.provider_code || '/' || d.code END END = $7`

// deliveryCount is how many messages are alike in what the report sorts them by.
type deliveryCount struct {
	kind, state, code, provider, reason string
	messages, segments                  int
}

func deliveryCounts(ctx context.Context, q db.Queryer, s deliveryScope) ([]deliveryCount, error) {
	rows, err := q.Query(ctx, `SELECT COALESCE(h.kind, ''), d.state, d.code, d.provider_code, MAX(d.reason), COUNT(*), CAST(SUM(d.segments) AS BIGINT)`+
		deliveriesFrom+deliveriesWhere+` GROUP BY 1, 2, 3, 4`, s.args()...)
	return db.Collect(rows, err, func(r *db.Rows) (deliveryCount, error) {
		var c deliveryCount
		return c, r.Scan(&c.kind, &c.state, &c.code, &c.provider, &c.reason, &c.messages, &c.segments)
	})
}

func deliveryRows(ctx context.Context, q db.Queryer, s deliveryScope) ([]DeliveryRow, error) {
	rows, err := q.Query(ctx, `SELECT d.message_id, d.person_id, COALESCE(p.name, ''), d.to_address, d.state, d.state_at, d.code, d.provider_code, d.reason,
			COALESCE(h.id, ''), COALESCE(h.name, ''), COALESCE(h.kind, '')`+deliveriesFrom+`
		LEFT JOIN person p ON p.workspace_id = d.workspace_id AND p.id = d.person_id`+deliveriesWhere+deliveryKey+`
		AND d.message_id < $8 ORDER BY d.message_id DESC LIMIT $9`, s.args(string(s.metric), s.key, s.below, s.limit)...)
	return db.Collect(rows, err, func(r *db.Rows) (DeliveryRow, error) {
		var d DeliveryRow
		return d, r.Scan(&d.MessageID, &d.PersonID, &d.PersonName, &d.Number, &d.State, &d.StateAt, &d.Code, &d.ProviderCode, &d.Reason,
			&d.ChannelID, &d.Channel, &d.ChannelKind)
	})
}

func countDeliveryRows(ctx context.Context, q db.Queryer, s deliveryScope) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*)`+deliveriesFrom+deliveriesWhere+deliveryKey, s.args(string(s.metric), s.key)...).Scan(&n)
	return n, err
}

// floor is the lowest id that a message made at a moment can have.
func floor(at clock.Time) string {
	return id.NewSourceFrom(clock.NewManual(at), zeros{}).New("msg")
}

// zeros is randomness at its lowest.
type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}
