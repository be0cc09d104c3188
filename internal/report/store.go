package report

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/money"
)

// scope is what a report reads: a workspace, a span of time, with simulated channels or without.
type scope struct {
	workspace id.Workspace
	from, to  clock.Time
	simulated bool
}

// args are the scope as the first parameters of every statement.
func (s scope) args(more ...any) []any {
	return append([]any{string(s.workspace), int64(s.from), int64(s.to), s.simulated, simulatedKind}, more...)
}

// simulatedKind is the kind of channel that reaches no real person.
const simulatedKind = "sim"

// ordersFrom are the recovered orders of a scope. A reminder's channel and step stand on the message.
const ordersFrom = ` FROM recovery r
	LEFT JOIN message m ON m.workspace_id = $1 AND m.id = r.message_id
	LEFT JOIN shop_order o ON o.workspace_id = $1 AND o.shop_id = r.shop_id AND o.order_id = r.order_id
	LEFT JOIN cart c ON c.workspace_id = $1 AND c.id = r.cart_id`

const ordersWhere = ` WHERE r.workspace_id = $1 AND r.at >= $2 AND r.at < $3 AND ($4 = TRUE OR COALESCE(m.detail ->> 'channel_kind', '') <> $5)`

// cartsFrom are the carts of a scope that were abandoned in it.
const cartsFrom = ` FROM cart c
	LEFT JOIN recovery r ON r.workspace_id = $1 AND r.shop_id = c.shop_id AND r.order_id = c.order_id AND r.cart_id = c.id
	LEFT JOIN shop_order o ON o.workspace_id = $1 AND o.shop_id = c.shop_id AND o.order_id = c.order_id
	LEFT JOIN message m ON m.workspace_id = $1 AND m.id = c.message_id`

const cartsWhere = ` WHERE c.workspace_id = $1 AND c.abandoned_at >= $2 AND c.abandoned_at < $3 AND ($4 = TRUE OR COALESCE(m.detail ->> 'channel_kind', '') <> $5)`

// fact is one recovered order with what its sums go by.
type fact struct {
	at                          clock.Time
	amount                      money.Amount
	member, journey, step, code string
	cancelled                   bool
}

// eachFact reads the recovered orders of a scope one by one, so that a year of them needs no memory.
func eachFact(ctx context.Context, q db.Queryer, s scope, take func(fact)) error {
	rows, err := q.Query(ctx, `SELECT r.at, r.amount_minor, r.currency, r.member_id, r.journey_id, COALESCE(m.detail ->> 'step', ''), r.code, COALESCE(o.status, '')
		FROM recovery r
		LEFT JOIN message m ON m.workspace_id = $1 AND m.id = r.message_id
		LEFT JOIN shop_order o ON o.workspace_id = $1 AND o.shop_id = r.shop_id AND o.order_id = r.order_id`+ordersWhere, s.args()...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f fact
		var status string
		if err := rows.Scan(&f.at, &f.amount.Minor, &f.amount.Currency, &f.member, &f.journey, &f.step, &f.code, &status); err != nil {
			return err
		}
		f.cancelled = status == "cancelled"
		take(f)
	}
	return rows.Err()
}

// cartCount is how many carts are alike in what the report sorts them by.
type cartCount struct {
	state, reason string
	reminded      bool
	count         int
}

func cartCounts(ctx context.Context, q db.Queryer, s scope) ([]cartCount, error) {
	rows, err := q.Query(ctx, `SELECT c.state, c.reason, c.message_id <> '', COUNT(*) FROM cart c
		LEFT JOIN message m ON m.workspace_id = $1 AND m.id = c.message_id`+cartsWhere+` GROUP BY 1, 2, 3`, s.args()...)
	return db.Collect(rows, err, func(r *db.Rows) (cartCount, error) {
		var c cartCount
		return c, r.Scan(&c.state, &c.reason, &c.reminded, &c.count)
	})
}

// lastNews is when a shop of the workspace last told something, by itself or when asked.
func lastNews(ctx context.Context, q db.Queryer, ws id.Workspace) (clock.Time, error) {
	var pushed, asked clock.Time
	err := q.QueryRow(ctx, `SELECT COALESCE(MAX(last_webhook_at), 0), COALESCE(MAX(reconciled_at), 0) FROM shop WHERE workspace_id = $1`, string(ws)).Scan(&pushed, &asked)
	return max(pushed, asked), err
}

func journeyNames(ctx context.Context, q db.Queryer, ws id.Workspace) (map[string]string, error) {
	rows, err := q.Query(ctx, `SELECT id, name FROM journey WHERE workspace_id = $1`, string(ws))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var key, name string
		if err := rows.Scan(&key, &name); err != nil {
			return nil, err
		}
		out[key] = name
	}
	return out, rows.Err()
}
