package commerce

import (
	"context"
	"errors"
	"math"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const cartColumns = "shop_id, token, id, cart_token, person_id, state, lines, total_minor, currency, restore_url, created_at, touched_at, abandoned_at, state_at, message_id, journey_id, run_id, reason, reason_note, reason_by, order_id"

func scanCart(r interface{ Scan(...any) error }) (Cart, error) {
	var c Cart
	err := r.Scan(&c.Shop, &c.Token, &c.ID, &c.CartToken, &c.Person, &c.State, db.ScanJSON(&c.Lines), &c.Total.Minor, &c.Total.Currency, &c.RestoreURL,
		&c.CreatedAt, &c.TouchedAt, &c.AbandonedAt, &c.StateAt, &c.Message, &c.Journey, &c.Run, &c.Reason, &c.ReasonNote, &c.ReasonBy, &c.Order)
	return c, err
}

// findCart gives the zero Cart when the token is new.
func findCart(ctx context.Context, q db.Queryer, ws id.Workspace, shop ShopID, token string) (Cart, error) {
	c, err := scanCart(q.QueryRow(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND shop_id = $2 AND token = $3", ws, shop, token))
	if errors.Is(err, db.ErrNoRows) {
		return Cart{}, nil
	}
	return c, err
}

// findCartOf looks for the cart that an order came from: by its checkout token, else by its cart token, else the
// person's latest cart that is not over.
func findCartOf(ctx context.Context, q db.Queryer, ws id.Workspace, o Order) (Cart, error) {
	c, err := findCart(ctx, q, ws, o.Shop, o.Token)
	if err != nil || c.Token != "" {
		return c, err
	}
	if o.CartToken != "" {
		c, err = scanCart(q.QueryRow(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND cart_token = $2 ORDER BY touched_at DESC LIMIT 1", ws, o.CartToken))
		if !errors.Is(err, db.ErrNoRows) {
			return c, err
		}
	}
	if o.Person == "" || o.Token != "" {
		return Cart{}, nil
	}
	c, err = scanCart(q.QueryRow(ctx, "SELECT "+cartColumns+` FROM cart WHERE workspace_id = $1 AND person_id = $2
		AND state IN ('active', 'abandoned', 'recovering') AND touched_at <= $3 ORDER BY touched_at DESC LIMIT 1`, ws, o.Person, o.PlacedAt))
	if errors.Is(err, db.ErrNoRows) {
		return Cart{}, nil
	}
	return c, err
}

// findCartByToken looks in all shops, for signals that carry only the token.
func findCartByToken(ctx context.Context, q db.Queryer, ws id.Workspace, person id.Person, token string) (Cart, error) {
	c, err := scanCart(q.QueryRow(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND person_id = $2 AND token = $3", ws, person, token))
	if errors.Is(err, db.ErrNoRows) {
		return Cart{}, nil
	}
	return c, err
}

func findCartsByTokens(ctx context.Context, q db.Queryer, ws id.Workspace, tokens []string) ([]Cart, error) {
	rows, err := q.Query(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND token IN "+db.In(len(tokens), 2), db.InArgs([]any{ws}, tokens)...)
	return db.Collect(rows, err, func(r *db.Rows) (Cart, error) { return scanCart(r) })
}

func findCartByID(ctx context.Context, q db.Queryer, ws id.Workspace, cart CartID) (Cart, error) {
	c, err := scanCart(q.QueryRow(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND id = $2", ws, cart))
	if errors.Is(err, db.ErrNoRows) {
		return Cart{}, ErrUnknownCart
	}
	return c, err
}

func saveCart(ctx context.Context, tx *db.Tx, ws id.Workspace, c Cart) {
	tx.Queue(ctx, `INSERT INTO cart (workspace_id, `+cartColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
		ON CONFLICT (workspace_id, shop_id, token) DO UPDATE SET cart_token = excluded.cart_token, person_id = excluded.person_id,
			state = excluded.state, lines = excluded.lines, total_minor = excluded.total_minor, currency = excluded.currency,
			restore_url = excluded.restore_url, touched_at = excluded.touched_at, abandoned_at = excluded.abandoned_at,
			state_at = excluded.state_at, message_id = excluded.message_id, journey_id = excluded.journey_id, run_id = excluded.run_id,
			reason = excluded.reason, reason_note = excluded.reason_note, reason_by = excluded.reason_by, order_id = excluded.order_id`,
		ws, c.Shop, c.Token, c.ID, c.CartToken, c.Person, c.State, db.JSON(linesOf(c.Lines)), c.Total.Minor, c.Total.Currency, c.RestoreURL,
		c.CreatedAt, c.TouchedAt, c.AbandonedAt, c.StateAt, c.Message, c.Journey, c.Run, c.Reason, c.ReasonNote, c.ReasonBy, c.Order)
}

// linesOf keeps an empty list a list.
func linesOf(l []Line) []Line {
	if l == nil {
		return []Line{}
	}
	return l
}

// cartQuery selects carts; empty fields select all.
type cartQuery struct {
	State    CartState
	Person   id.Person
	BeforeAt clock.Time
	BeforeID CartID
	Limit    int
}

func listCarts(ctx context.Context, q db.Queryer, ws id.Workspace, w cartQuery) ([]Cart, error) {
	before := w.BeforeAt
	if before.IsZero() {
		before = math.MaxInt64
	}
	rows, err := q.Query(ctx, "SELECT "+cartColumns+` FROM cart WHERE workspace_id = $1
			AND ($2 = '' OR state = $2) AND ($3 = '' OR person_id = $3) AND person_id <> ''
			AND (state_at, id) < ($4, $5)
		ORDER BY state_at DESC, id DESC LIMIT $6`, ws, string(w.State), string(w.Person), int64(before), string(w.BeforeID), w.Limit)
	return db.Collect(rows, err, func(r *db.Rows) (Cart, error) { return scanCart(r) })
}

// stateTotal is one column of the board.
type stateTotal struct {
	State CartState
	Count int
	Total int64
}

func cartTotals(ctx context.Context, q db.Queryer, ws id.Workspace) ([]stateTotal, error) {
	rows, err := q.Query(ctx, "SELECT state, COUNT(*), CAST(SUM(total_minor) AS BIGINT) FROM cart WHERE workspace_id = $1 AND person_id <> '' GROUP BY state", ws)
	return db.Collect(rows, err, func(r *db.Rows) (stateTotal, error) {
		var t stateTotal
		return t, r.Scan(&t.State, &t.Count, &t.Total)
	})
}

// insertWebhook is false when this delivery was stored before.
func insertWebhook(ctx context.Context, tx *db.Tx, ws id.Workspace, w delivery) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO shop_webhook (workspace_id, shop_id, delivery, topic, body, received_at, problem)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, ws, w.Shop, w.ID, w.Topic, w.Body, w.ReceivedAt, w.Problem)
	return n == 1, err
}

func setWebhookProblem(ctx context.Context, tx *db.Tx, ws id.Workspace, shop ShopID, delivery, problem string) {
	tx.Queue(ctx, "UPDATE shop_webhook SET problem = $1 WHERE workspace_id = $2 AND shop_id = $3 AND delivery = $4", problem, ws, shop, delivery)
}

func listProblems(ctx context.Context, q db.Queryer, ws id.Workspace) ([]delivery, error) {
	rows, err := q.Query(ctx, "SELECT shop_id, delivery, topic, body, received_at, problem FROM shop_webhook WHERE workspace_id = $1 AND problem <> '' ORDER BY received_at LIMIT 200", ws)
	return db.Collect(rows, err, func(r *db.Rows) (delivery, error) {
		var w delivery
		return w, r.Scan(&w.Shop, &w.ID, &w.Topic, &w.Body, &w.ReceivedAt, &w.Problem)
	})
}

func insertPrivacy(ctx context.Context, tx *db.Tx, ws id.Workspace, r PrivacyRequest) {
	tx.Queue(ctx, `INSERT INTO privacy_request (workspace_id, shop_id, delivery, kind, person_id, at, done_at, done_by)
		VALUES ($1, $2, $3, $4, $5, $6, 0, '') ON CONFLICT DO NOTHING`, ws, r.Shop, r.Delivery, r.Kind, r.Person, r.At)
}

func listPrivacy(ctx context.Context, q db.Queryer, ws id.Workspace) ([]PrivacyRequest, error) {
	rows, err := q.Query(ctx, "SELECT shop_id, delivery, kind, person_id, at, done_at, done_by FROM privacy_request WHERE workspace_id = $1 ORDER BY at DESC LIMIT 200", ws)
	return db.Collect(rows, err, func(r *db.Rows) (PrivacyRequest, error) {
		var p PrivacyRequest
		return p, r.Scan(&p.Shop, &p.Delivery, &p.Kind, &p.Person, &p.At, &p.DoneAt, &p.DoneBy)
	})
}

// finishPrivacy is false when there is no such request.
func finishPrivacy(ctx context.Context, tx *db.Tx, ws id.Workspace, delivery, by string, at clock.Time) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE privacy_request SET done_at = $1, done_by = $2 WHERE workspace_id = $3 AND delivery = $4", at, by, ws, delivery)
	return n > 0, err
}

// openCarts are the carts of the persons that are not over, oldest first.
func openCarts(ctx context.Context, q db.Queryer, ws id.Workspace, persons []id.Person) ([]Cart, error) {
	rows, err := q.Query(ctx, "SELECT "+cartColumns+" FROM cart WHERE workspace_id = $1 AND person_id IN "+db.In(len(persons), 2)+
		" AND state IN ('active', 'abandoned', 'recovering') ORDER BY touched_at", db.InArgs([]any{ws}, persons)...)
	return db.Collect(rows, err, func(r *db.Rows) (Cart, error) { return scanCart(r) })
}
