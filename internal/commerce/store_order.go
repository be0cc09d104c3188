package commerce

import (
	"context"
	"errors"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/id"
	"parley/internal/money"
)

// Order is an order at a shop.
type Order struct {
	Shop      ShopID
	ID        string // the shop's
	Name      string // "#1001"
	Person    id.Person
	Token     string // checkout token
	CartToken string
	Total     money.Amount
	Lines     []Line
	Codes     []string
	Status    string // placed, fulfilled, cancelled
	StatusURL string
	PlacedAt  clock.Time
	UpdatedAt clock.Time
	Test      bool
}

const orderColumns = "shop_id, order_id, name, person_id, token, cart_token, total_minor, currency, lines, codes, status, status_url, placed_at, updated_at, test"

func scanOrder(r interface{ Scan(...any) error }) (Order, error) {
	var o Order
	err := r.Scan(&o.Shop, &o.ID, &o.Name, &o.Person, &o.Token, &o.CartToken, &o.Total.Minor, &o.Total.Currency, db.ScanJSON(&o.Lines), db.ScanJSON(&o.Codes),
		&o.Status, &o.StatusURL, &o.PlacedAt, &o.UpdatedAt, &o.Test)
	return o, err
}

func findOrder(ctx context.Context, q db.Queryer, ws id.Workspace, shop ShopID, order string) (Order, bool, error) {
	o, err := scanOrder(q.QueryRow(ctx, "SELECT "+orderColumns+" FROM shop_order WHERE workspace_id = $1 AND shop_id = $2 AND order_id = $3", ws, shop, order))
	if errors.Is(err, db.ErrNoRows) {
		return Order{}, false, nil
	}
	return o, err == nil, err
}

// findOrderByToken looks for the order of a checkout whose news came late. The shop's test orders buy nothing.
func findOrderByToken(ctx context.Context, q db.Queryer, ws id.Workspace, token string) (Order, bool, error) {
	o, err := scanOrder(q.QueryRow(ctx, "SELECT "+orderColumns+" FROM shop_order WHERE workspace_id = $1 AND token = $2 AND test = FALSE ORDER BY placed_at, order_id LIMIT 1", ws, token))
	if errors.Is(err, db.ErrNoRows) {
		return Order{}, false, nil
	}
	return o, err == nil, err
}

func saveOrder(ctx context.Context, tx *db.Tx, ws id.Workspace, o Order) {
	codes := o.Codes
	if codes == nil {
		codes = []string{}
	}
	tx.Queue(ctx, `INSERT INTO shop_order (workspace_id, `+orderColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (workspace_id, shop_id, order_id) DO UPDATE SET status = excluded.status, status_url = excluded.status_url,
			total_minor = excluded.total_minor, updated_at = excluded.updated_at, lines = excluded.lines`,
		ws, o.Shop, o.ID, o.Name, o.Person, o.Token, o.CartToken, o.Total.Minor, o.Total.Currency, db.JSON(linesOf(o.Lines)), db.JSON(codes),
		o.Status, o.StatusURL, o.PlacedAt, o.UpdatedAt, o.Test)
}

func ordersOf(ctx context.Context, q db.Queryer, ws id.Workspace, p id.Person) ([]Order, error) {
	rows, err := q.Query(ctx, "SELECT "+orderColumns+" FROM shop_order WHERE workspace_id = $1 AND person_id = $2 ORDER BY placed_at DESC LIMIT 200", ws, p)
	return db.Collect(rows, err, func(r *db.Rows) (Order, error) { return scanOrder(r) })
}

// Recovery is money that came back, and what it is owed to.
type Recovery struct {
	Shop    ShopID
	Order   string
	Cart    CartID
	Person  id.Person
	Amount  money.Amount
	At      clock.Time
	Message string
	Journey string
	Run     string
	Member  string
	Code    string
}

func saveRecovery(ctx context.Context, tx *db.Tx, ws id.Workspace, r Recovery) {
	tx.Queue(ctx, `INSERT INTO recovery (workspace_id, shop_id, order_id, cart_id, person_id, amount_minor, currency, at, message_id, journey_id, run_id, member_id, code)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		ws, r.Shop, r.Order, r.Cart, r.Person, r.Amount.Minor, r.Amount.Currency, r.At, r.Message, r.Journey, r.Run, r.Member, r.Code)
}

func saveProduct(ctx context.Context, tx *db.Tx, ws id.Workspace, p Product) {
	tx.Queue(ctx, `INSERT INTO product (workspace_id, shop_id, product_id, title, handle, category, tags, price_minor, currency, stock, image, gone, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (workspace_id, shop_id, product_id) DO UPDATE SET title = excluded.title, handle = excluded.handle, category = excluded.category,
			tags = excluded.tags, price_minor = excluded.price_minor, currency = excluded.currency, stock = excluded.stock,
			image = excluded.image, gone = excluded.gone, updated_at = excluded.updated_at`,
		ws, p.Shop, p.ID, p.Title, p.Handle, p.Category, p.Tags, p.Price.Minor, p.Price.Currency, p.Stock, p.Image, p.Gone, p.UpdatedAt)
}

// Product is something the brand sells.
type Product struct {
	Shop      ShopID
	ID        string
	Title     string
	Handle    string
	Category  string
	Tags      string
	Price     money.Amount
	Stock     int
	Image     string
	Gone      bool
	UpdatedAt clock.Time
}
