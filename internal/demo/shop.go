package demo

import (
	"fmt"

	"parley/internal/clock"
)

// article is something that the shop sells; price is in cents.
type article struct {
	title   string
	variant string
	price   int64
}

// catalogue is what the shop sells: titles in letters that every phone shows, and short enough for a text.
func catalogue() []article {
	return []article{
		{"Linen dress", "Sand / M", 8900}, {"Silk scarf", "Cobalt", 4900}, {"Wool coat", "Camel / S", 24900},
		{"Denim jacket", "Indigo / M", 9900}, {"Leather belt", "Cognac", 3900}, {"Cashmere sweater", "Grey / M", 15900},
		{"Pleated skirt", "Forest / S", 7400}, {"White shirt", "38", 5900}, {"Suede boots", "39", 17900},
		{"Canvas tote", "Natural", 2900}, {"Slim trousers", "Navy / 40", 6900}, {"Trench coat", "Beige / M", 21900},
		{"Knit dress", "Black / M", 10900}, {"Cotton tee", "White / L", 2400}, {"Ankle boots", "Black / 38", 14900},
	}
}

// line is an article of a cart or an order.
type line struct {
	article
	id, quantity int
}

// order is something that a customer bought.
type order struct {
	number int
	by     *customer
	at     clock.Time
	lines  []line
	token  string // of the checkout it came from
	code   string
	off    int64 // cents
}

// invent makes an order of the past.
func (t *teller) invent(c *customer, at clock.Time) order {
	t.orders++
	return order{number: 1000 + t.orders, by: c, at: at, lines: t.basket(0)}
}

// basket fills a basket by chance: its total is at least that many cents, or as it comes when it is zero.
func (t *teller) basket(atLeast int64) []line {
	all := catalogue()
	var out []line
	for total := int64(0); len(out) == 0 || total < atLeast || len(out) < 2 && t.chance.IntN(2) == 0; {
		i := t.chance.IntN(len(all))
		if len(out) > 0 && out[0].id == 9000+i {
			continue
		}
		out = append(out, line{all[i], 9000 + i, 1})
		total += all[i].price
	}
	return out
}

func total(lines []line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.price * int64(l.quantity)
	}
	return sum
}

func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// contact is the part that checkouts and orders have in common.
func contact(c *customer, lines []line, cents int64) map[string]any {
	items := []any{}
	for _, l := range lines {
		items = append(items, map[string]any{"title": l.title, "variant_title": l.variant, "quantity": l.quantity, "price": decimal(l.price), "product_id": l.id})
	}
	return map[string]any{"phone": c.number, "email": c.email, "currency": "EUR", "customer_locale": c.home.language, "line_items": items, "total_price": decimal(cents),
		"customer": map[string]any{"first_name": c.given, "last_name": c.family, "phone": c.number}}
}

// payload is the order as the shop tells it.
func (o order) payload() map[string]any {
	body := contact(o.by, o.lines, total(o.lines)-o.off)
	body["id"], body["name"] = 7000000+o.number, fmt.Sprintf("#%d", o.number)
	body["created_at"], body["updated_at"] = stamp(o.at), stamp(o.at)
	body["checkout_token"] = o.token
	if o.code != "" {
		body["discount_codes"] = []any{map[string]any{"code": o.code, "amount": decimal(o.off), "type": "percentage"}}
	}
	return body
}

// checkout is a cart as the shop tells it.
func (t *teller) checkout(s story, at clock.Time) map[string]any {
	body := contact(s.by, s.lines, total(s.lines))
	body["token"], body["cart_token"] = s.token, "cart-"+s.token
	body["created_at"], body["updated_at"] = stamp(at), stamp(at)
	body["abandoned_checkout_url"] = t.app.LinkURL() + "/shop/" + slug + "/" + s.token
	return body
}
