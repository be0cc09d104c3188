package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/internal/clock"
	"parley/internal/errs"
	"parley/internal/people"
)

// Action is what a customer does in the simulated shop.
type Action struct {
	Do    string `json:"action" enum:"checkout,order,empty" doc:"checkout: fill a cart; order: buy it; empty: take everything out"`
	Items []Item `json:"items,omitempty" maxItems:"20"`
	Code  string `json:"code,omitempty" maxLength:"40" doc:"discount code entered at checkout"`
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

// Act lets the phone's owner do something in the shop. What the shop tells is signed and goes the way of every webhook.
func (s *Service) Act(ctx context.Context, p Phone, a Action) (Told, error) {
	shops, err := s.Commerce.Shops(ctx, s.DB, p.Workspace)
	if err != nil {
		return Told{}, err
	}
	if len(shops) == 0 {
		return Told{}, errs.New(errs.Conflict, "shop_missing", "This workspace has no shop to play with. Connect one first; nothing was changed.")
	}
	ws, err := s.Org.Workspace(ctx, s.DB, p.Workspace)
	if err != nil {
		return Told{}, err
	}
	if a.Token == "" {
		if a.Token, err = s.openCart(ctx, p); err != nil {
			return Told{}, err
		}
	}
	told := payload(p, a, s.Clock.Now(), string(ws.Currency), s.PublicURL+"/shop/"+a.Token)
	raw, err := json.Marshal(told.Body)
	if err != nil {
		return Told{}, err
	}
	return told, s.Commerce.Deliver(ctx, p.Workspace, shops[0].Name, told.Topic, raw)
}

// openCart is the token of the phone's cart that is not over, or a new one.
func (s *Service) openCart(ctx context.Context, p Phone) (string, error) {
	person, err := s.People.Find(ctx, s.DB, p.Workspace, people.Identity{Kind: people.Phone, Value: string(p.Number)})
	if err != nil {
		return "", err
	}
	if person != "" {
		carts, err := s.Commerce.CartsOf(ctx, s.DB, p.Workspace, person)
		if err != nil {
			return "", err
		}
		if len(carts) > 0 && !carts[0].State.Over() {
			return carts[0].Token, nil
		}
	}
	return s.IDs.Secret(16), nil
}

// payload is a webhook in Shopify's shape.
func payload(p Phone, a Action, now clock.Time, currency, restore string) Told {
	stamp := now.Std().Format(time.RFC3339)
	var total float64
	lines := []any{}
	if a.Do != "empty" {
		for i, item := range a.Items {
			var price float64
			_, _ = fmt.Sscanf(item.Price, "%f", &price)
			total += price * float64(item.Quantity)
			lines = append(lines, map[string]any{"title": item.Title, "quantity": item.Quantity, "price": item.Price, "product_id": 9000 + i})
		}
	}
	given, family := splitName(p.Name)
	body := map[string]any{
		"token": a.Token, "cart_token": "cart-" + a.Token, "phone": string(p.Number), "currency": currency, "customer_locale": "en",
		"total_price": fmt.Sprintf("%.2f", total), "line_items": lines, "created_at": stamp, "updated_at": stamp, "abandoned_checkout_url": restore,
		"customer": map[string]any{"first_name": given, "last_name": family, "phone": string(p.Number)},
	}
	if a.Do != "order" {
		return Told{"checkouts/update", a.Token, body}
	}
	body["id"], body["name"], body["checkout_token"] = int64(now), fmt.Sprintf("#%d", 1000+int64(now)/1e6%9000), a.Token
	delete(body, "token")
	if a.Code != "" {
		body["discount_codes"] = []any{map[string]any{"code": a.Code, "amount": "0.00", "type": "percentage"}}
	}
	return Told{"orders/create", a.Token, body}
}

func splitName(name string) (given, family string) {
	_, _ = fmt.Sscanf(name, "%s %s", &given, &family)
	return given, family
}
