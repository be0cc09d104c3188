package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/commerce"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/money"
	"parley/internal/people"
)

// Action is what a customer does in the simulated shop.
type Action struct {
	Do    string `json:"action" enum:"checkout,order,empty" doc:"checkout: fill a cart; order: buy it; empty: take everything out"`
	Items []Item `json:"items,omitempty" maxItems:"20" doc:"what is put into the cart; an order buys what lies in the open cart, and these when there is none"`
	Code  string `json:"code,omitempty" maxLength:"40" doc:"discount code entered at checkout; empty: the one that the phone was texted, if it has one that is valid"`
	Token string `json:"token,omitempty" maxLength:"80" doc:"of an earlier cart; empty: the phone's open one, or a new one"`
}

// Item is one article in the simulated shop.
type Item struct {
	Title    string `json:"title" maxLength:"120"`
	Price    string `json:"price" maxLength:"20" example:"64.00"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"99"`
}

// Told is what the simulated shop sent: a signed webhook of the brand's own shop.
type Told struct {
	Topic string         `json:"topic"`
	Token string         `json:"token"`
	Body  map[string]any `json:"body"`
}

var errNothing = errs.New(errs.Conflict, "cart_empty", "There is nothing in this phone's cart, so nothing was bought. Fill a cart first.")

// basket is what the customer has before them in the shop.
type basket struct {
	token    string
	url      string // where it can be seen again
	currency money.Currency
	lines    []commerce.Line
	code     discount
}

// Act lets the phone's owner do something in the shop. What the shop tells is signed and goes the way of every webhook.
func (s *Service) Act(ctx context.Context, p Phone, a Action) (Told, error) {
	shops, err := s.Commerce.Shops(ctx, s.DB, p.Workspace)
	if err != nil {
		return Told{}, err
	}
	if len(shops) == 0 {
		return Told{}, errs.New(errs.Conflict, "shop_missing", "This workspace has no shop to play with. Connect one first; nothing was changed.")
	}
	person, err := s.People.Find(ctx, s.DB, p.Workspace, people.Identity{Kind: people.Phone, Value: string(p.Number)})
	if err != nil {
		return Told{}, err
	}
	b, err := s.basket(ctx, p, person, a)
	if err != nil {
		return Told{}, err
	}
	if a.Do == "order" {
		if len(b.lines) == 0 {
			return Told{}, errNothing
		}
		if b.code, err = s.discount(ctx, p, person, a.Code, b); err != nil {
			return Told{}, err
		}
	}
	told := s.told(p, a, b)
	raw, err := json.Marshal(told.Body)
	if err != nil {
		return Told{}, err
	}
	return told, s.Commerce.Deliver(ctx, p.Workspace, shops[0].Name, told.Topic, raw)
}

// basket is the cart as it is after the action: the open one bought as it lies there, or filled anew.
func (s *Service) basket(ctx context.Context, p Phone, person id.Person, a Action) (basket, error) {
	ws, err := s.Org.Workspace(ctx, s.DB, p.Workspace)
	if err != nil {
		return basket{}, err
	}
	open, err := s.openCart(ctx, p, person, a.Token)
	if err != nil {
		return basket{}, err
	}
	b := basket{token: open.Token, currency: ws.Currency}
	switch {
	case b.token == "" && a.Token != "":
		b.token = a.Token
	case b.token == "":
		b.token = s.IDs.Secret(16)
	}
	b.url = s.cartURL(ws, b.token)
	if a.Do == "order" && len(open.Lines) > 0 {
		b.lines, b.currency = open.Lines, open.Total.Currency
		return b, nil
	}
	if a.Do != "empty" {
		b.lines, err = linesOf(a.Items, b.currency)
	}
	return b, err
}

// openCart is the phone's cart that is not over, of the token if one is given; without a token when there is none.
func (s *Service) openCart(ctx context.Context, p Phone, person id.Person, token string) (commerce.Cart, error) {
	if person == "" {
		return commerce.Cart{}, nil
	}
	carts, err := s.Commerce.CartsOf(ctx, s.DB, p.Workspace, person)
	if err != nil {
		return commerce.Cart{}, err
	}
	for i, c := range carts {
		if !c.State.Over() && (c.Token == token || token == "" && i == 0) {
			return c, nil
		}
	}
	return commerce.Cart{}, nil
}

func linesOf(items []Item, currency money.Currency) ([]commerce.Line, error) {
	var out []commerce.Line
	for i, item := range items {
		price, err := money.Parse(item.Price, currency)
		if err != nil {
			return nil, err
		}
		out = append(out, commerce.Line{Title: item.Title, Quantity: item.Quantity, Price: price, ProductID: fmt.Sprint(9000 + i)})
	}
	return out, nil
}

// worth is what the lines cost before any discount.
func (b basket) worth() money.Amount {
	sum := money.Amount{Currency: b.currency}
	for _, l := range b.lines {
		sum.Minor += l.Price.Minor * int64(l.Quantity)
	}
	return sum
}

// told is a webhook in Shopify's shape.
func (s *Service) told(p Phone, a Action, b basket) Told {
	now := s.Clock.Now()
	lines := []any{}
	for _, l := range b.lines {
		lines = append(lines, map[string]any{"title": l.Title, "variant_title": l.Variant, "quantity": l.Quantity, "price": l.Price.Decimal(), "product_id": l.ProductID})
	}
	total, stamp := b.worth(), now.Std().Format(time.RFC3339Nano)
	total.Minor -= b.code.off
	given, family := splitName(p.Name)
	body := map[string]any{
		"token": b.token, "cart_token": "cart-" + b.token, "phone": string(p.Number), "currency": b.currency, "customer_locale": "en",
		"total_price": total.Decimal(), "line_items": lines, "created_at": stamp, "updated_at": stamp, "abandoned_checkout_url": b.url,
		"customer": map[string]any{"first_name": given, "last_name": family, "phone": string(p.Number)},
	}
	if a.Do != "order" {
		return Told{"checkouts/update", b.token, body}
	}
	return Told{"orders/create", b.token, ordered(body, b, now)}
}

// ordered turns the body of a checkout into that of its order.
func ordered(body map[string]any, b basket, now clock.Time) map[string]any {
	delete(body, "token")
	delete(body, "abandoned_checkout_url")
	body["id"], body["name"], body["checkout_token"] = int64(now), fmt.Sprintf("#%d", 1000+int64(now)/1e6%9000), b.token
	if b.code.code != "" {
		off := money.Amount{Minor: b.code.off, Currency: b.currency}.Decimal()
		body["total_discounts"] = off
		body["discount_codes"] = []any{map[string]any{"code": b.code.code, "amount": off, "type": b.code.kind}}
	}
	return body
}

func splitName(name string) (given, family string) {
	_, _ = fmt.Sscanf(name, "%s %s", &given, &family)
	return given, family
}
