package offer

import (
	"context"
	"errors"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
)

const offerColumns = "id, name, kind, percent, amount_minor, currency, prefix, expires_after, max_codes, agent_grantable, shop, archived, created_at"

func scanOffer(r interface{ Scan(...any) error }) (Offer, error) {
	var o Offer
	var micros int64
	err := r.Scan(&o.ID, &o.Name, &o.Kind, &o.Percent, &o.Amount.Minor, &o.Amount.Currency, &o.Prefix, &micros, &o.MaxCodes,
		&o.AgentGrantable, &o.Shop, &o.Archived, &o.CreatedAt)
	o.ExpiresAfter = time.Duration(micros) * time.Microsecond
	return o, err
}

func unknown(err error) error {
	if errors.Is(err, db.ErrNoRows) {
		return ErrUnknown
	}
	return err
}

func findOffer(ctx context.Context, q db.Queryer, ws id.Workspace, offer ID) (Offer, error) {
	o, err := scanOffer(q.QueryRow(ctx, "SELECT "+offerColumns+" FROM offer WHERE workspace_id = $1 AND id = $2", ws, offer))
	return o, unknown(err)
}

func findOfferByName(ctx context.Context, q db.Queryer, ws id.Workspace, name string) (Offer, error) {
	o, err := scanOffer(q.QueryRow(ctx, "SELECT "+offerColumns+" FROM offer WHERE workspace_id = $1 AND name = $2", ws, name))
	return o, unknown(err)
}

func listOffers(ctx context.Context, q db.Queryer, ws id.Workspace) ([]Offer, error) {
	rows, err := q.Query(ctx, "SELECT "+offerColumns+" FROM offer WHERE workspace_id = $1 AND archived = FALSE ORDER BY name", ws)
	return db.Collect(rows, err, func(r *db.Rows) (Offer, error) { return scanOffer(r) })
}

func saveOffer(ctx context.Context, tx *db.Tx, ws id.Workspace, o Offer) error {
	_, err := tx.Exec(ctx, `INSERT INTO offer (workspace_id, `+offerColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, percent = excluded.percent,
			amount_minor = excluded.amount_minor, currency = excluded.currency, prefix = excluded.prefix,
			expires_after = excluded.expires_after, max_codes = excluded.max_codes, agent_grantable = excluded.agent_grantable,
			shop = excluded.shop, archived = excluded.archived`,
		ws, o.ID, o.Name, o.Kind, o.Percent, o.Amount.Minor, o.Amount.Currency, o.Prefix, o.ExpiresAfter.Microseconds(),
		o.MaxCodes, o.AgentGrantable, o.Shop, o.Archived, o.CreatedAt)
	if db.IsUnique(err) {
		return ErrNameTaken
	}
	return err
}

// Pool is how many codes of an offer there are in each state.
type Pool struct {
	Issued, Redeemed, Expired int
}

func pools(ctx context.Context, q db.Queryer, ws id.Workspace, now clock.Time) (map[ID]Pool, error) {
	rows, err := q.Query(ctx, `SELECT offer_id, COUNT(*),
			COUNT(*) FILTER (WHERE redeemed_at > 0),
			COUNT(*) FILTER (WHERE redeemed_at = 0 AND expires_at > 0 AND expires_at <= $1)
		FROM offer_code WHERE workspace_id = $2 GROUP BY offer_id`, now, ws)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[ID]Pool{}
	for rows.Next() {
		var offer ID
		var p Pool
		if err := rows.Scan(&offer, &p.Issued, &p.Redeemed, &p.Expired); err != nil {
			return nil, err
		}
		out[offer] = p
	}
	return out, rows.Err()
}

const codeColumns = "code, person_id, offer_id, round, issued_at, expires_at, issued_by, subject, run_id, shop_state, shop_error, redeemed_at, redeemed_by, order_id"

func scanCode(r interface{ Scan(...any) error }) (Code, error) {
	var c Code
	err := r.Scan(&c.Code, &c.Person, &c.Offer, &c.Round, &c.IssuedAt, &c.ExpiresAt, &c.IssuedBy, &c.Subject, &c.Run,
		&c.Shop, &c.ShopError, &c.RedeemedAt, &c.RedeemedBy, &c.Order)
	return c, err
}

// lastCode is the person's newest code of the offer; found is false when there is none.
func lastCode(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person, offer ID) (Code, bool, error) {
	c, err := scanCode(q.QueryRow(ctx, "SELECT "+codeColumns+" FROM offer_code WHERE workspace_id = $1 AND person_id = $2 AND offer_id = $3 ORDER BY round DESC LIMIT 1", ws, p, offer))
	if errors.Is(err, db.ErrNoRows) {
		return Code{}, false, nil
	}
	return c, err == nil, err
}

func findCode(ctx context.Context, q db.Queryer, ws id.Workspace, code string) (Code, error) {
	c, err := scanCode(q.QueryRow(ctx, "SELECT "+codeColumns+" FROM offer_code WHERE workspace_id = $1 AND code = $2", ws, code))
	return c, unknown(err)
}

func codesOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Code, error) {
	rows, err := q.Query(ctx, "SELECT "+codeColumns+" FROM offer_code WHERE workspace_id = $1 AND person_id = $2 ORDER BY issued_at DESC, round DESC", ws, p)
	return db.Collect(rows, err, func(r *db.Rows) (Code, error) { return scanCode(r) })
}

// insertCode is false when the code is taken by chance or another unit issued this round first.
func insertCode(ctx context.Context, tx *db.Tx, ws id.Workspace, c Code) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO offer_code (workspace_id, `+codeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		ws, c.Code, c.Person, c.Offer, c.Round, c.IssuedAt, c.ExpiresAt, c.IssuedBy, c.Subject, c.Run, c.Shop, c.ShopError,
		c.RedeemedAt, c.RedeemedBy, c.Order)
	return n == 1, err
}

func countCodes(ctx context.Context, q db.Queryer, ws id.Workspace, offer ID) (n int, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM offer_code WHERE workspace_id = $1 AND offer_id = $2", ws, offer).Scan(&n)
	return n, err
}

func countGiven(ctx context.Context, q db.Queryer, ws id.Workspace, by string, since clock.Time) (n int, err error) {
	err = q.QueryRow(ctx, "SELECT COUNT(*) FROM offer_code WHERE workspace_id = $1 AND issued_by = $2 AND issued_at >= $3", ws, by, since).Scan(&n)
	return n, err
}

func setShopState(ctx context.Context, tx *db.Tx, ws id.Workspace, code string, state ShopState, problem string) error {
	_, err := tx.Exec(ctx, "UPDATE offer_code SET shop_state = $1, shop_error = $2 WHERE workspace_id = $3 AND code = $4", state, problem, ws, code)
	return err
}

// redeem is false when the code was redeemed before.
func redeem(ctx context.Context, tx *db.Tx, ws id.Workspace, c Code) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE offer_code SET redeemed_at = $1, redeemed_by = $2, order_id = $3
		WHERE workspace_id = $4 AND code = $5 AND redeemed_at = 0`, c.RedeemedAt, c.RedeemedBy, c.Order, ws, c.Code)
	return n == 1, err
}
