package report

import (
	"context"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/money"
)

// rowQuery asks for the rows behind one figure, from the newest on, below a place.
type rowQuery struct {
	scope
	metric Metric
	key    string
	at     clock.Time
	place  string
	limit  int
}

// orderKey is the key of a recovered order in the metric; an order that a metric without keys leaves out has none.
const orderKey = ` AND CASE $6 WHEN 'orders' THEN '' WHEN 'daily' THEN ''
	WHEN 'cancelled' THEN CASE WHEN o.status = 'cancelled' THEN '' END
	WHEN 'by_agent' THEN r.member_id WHEN 'by_journey' THEN r.journey_id WHEN 'by_code' THEN r.code
	WHEN 'by_message' THEN r.journey_id || '/' || COALESCE(m.detail ->> 'step', '') END = $7`

// cartKey is the same for an abandoned cart.
const cartKey = ` AND CASE $6 WHEN 'carts' THEN '' WHEN 'by_state' THEN c.state WHEN 'reasons' THEN c.reason
	WHEN 'reminded' THEN CASE WHEN c.message_id <> '' THEN '' END
	WHEN 'reminded_recovered' THEN CASE WHEN c.message_id <> '' AND c.state = 'recovered' THEN '' END END = $7`

// What a row shows is the same for orders and carts; what it is joined by is not.
const (
	rowCart   = `COALESCE(c.id, ''), COALESCE(c.state, ''), COALESCE(c.total_minor, 0), COALESCE(c.currency, ''), COALESCE(c.abandoned_at, 0), COALESCE(c.reason, ''), `
	rowPerson = `COALESCE(p.name, ''), COALESCE((SELECT MIN(i.value) FROM person_identity i WHERE i.workspace_id = $1 AND i.person_id = p.id AND i.kind = 'phone'), ''), `
	rowOrder  = `COALESCE(o.name, ''), COALESCE(o.status, ''), COALESCE(r.amount_minor, 0), COALESCE(r.currency, ''), `
	rowSource = `COALESCE(j.name, ''), COALESCE(m.detail ->> 'step', ''), COALESCE(r.code, ''), COALESCE(r.member_id, ''), COALESCE(a.name, '')`

	rowTeam = ` LEFT JOIN member b ON b.workspace_id = $1 AND b.id = r.member_id LEFT JOIN account a ON a.id = b.account_id`
)

func orderRows(ctx context.Context, q db.Queryer, w rowQuery) ([]Row, error) {
	rows, err := q.Query(ctx, `SELECT r.at, r.shop_id || '/' || r.order_id, `+rowCart+`r.person_id, `+rowPerson+`r.order_id, `+rowOrder+`r.message_id, r.journey_id, `+rowSource+ordersFrom+`
		LEFT JOIN person p ON p.workspace_id = $1 AND p.id = r.person_id
		LEFT JOIN journey j ON j.workspace_id = $1 AND j.id = r.journey_id`+rowTeam+ordersWhere+orderKey+`
		AND (r.at, r.shop_id || '/' || r.order_id) < ($8, $9) ORDER BY r.at DESC, r.shop_id || '/' || r.order_id DESC LIMIT $10`,
		w.args(string(w.metric), w.key, int64(w.at), w.place, w.limit)...)
	return db.Collect(rows, err, scanRow)
}

func cartRows(ctx context.Context, q db.Queryer, w rowQuery) ([]Row, error) {
	rows, err := q.Query(ctx, `SELECT c.abandoned_at, c.id, `+rowCart+`c.person_id, `+rowPerson+`c.order_id, `+rowOrder+`c.message_id, c.journey_id, `+rowSource+cartsFrom+`
		LEFT JOIN person p ON p.workspace_id = $1 AND p.id = c.person_id
		LEFT JOIN journey j ON j.workspace_id = $1 AND j.id = c.journey_id`+rowTeam+cartsWhere+cartKey+`
		AND (c.abandoned_at, c.id) < ($8, $9) ORDER BY c.abandoned_at DESC, c.id DESC LIMIT $10`,
		w.args(string(w.metric), w.key, int64(w.at), w.place, w.limit)...)
	return db.Collect(rows, err, scanRow)
}

func countOrderRows(ctx context.Context, q db.Queryer, w rowQuery) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*)`+ordersFrom+ordersWhere+orderKey, w.args(string(w.metric), w.key)...).Scan(&n)
	return n, err
}

func countCartRows(ctx context.Context, q db.Queryer, w rowQuery) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT COUNT(*)`+cartsFrom+cartsWhere+cartKey, w.args(string(w.metric), w.key)...).Scan(&n)
	return n, err
}

func scanRow(r *db.Rows) (Row, error) {
	var row Row
	err := r.Scan(&row.At, &row.place, &row.CartID, &row.CartState, &row.CartTotal.Minor, &row.CartTotal.Currency, &row.AbandonedAt, &row.Reason,
		&row.PersonID, &row.PersonName, &row.Number, &row.OrderID, &row.OrderName, &row.OrderStatus, &row.Recovered.Minor, &row.Recovered.Currency,
		&row.MessageID, &row.JourneyID, &row.Journey, &row.Step, &row.Code, &row.MemberID, &row.Member)
	if row.Recovered.Currency == "" {
		row.Recovered = money.Amount{Currency: row.CartTotal.Currency}
	}
	return row, err
}
