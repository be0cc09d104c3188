package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// titles are what the program's own events are called where people read of them.
var titles = map[string]string{
	"checkout_started": "Started a checkout", "cart_abandoned": "Left a cart behind", "cart_emptied": "Emptied the cart",
	"cart_recovered": "Came back and bought the cart", "order_placed": "Placed an order", "order_cancelled": "Cancelled an order",
	"consent_confirmed": "Confirmed the sign-up", "offer_issued": "Got a code", "offer_redeemed": "Used a code", "link_clicked": "Opened a link",
}

// Title is what an event of the program itself is called; known is false for the types that other systems made up.
func Title(kind string) (title string, known bool) {
	title, known = titles[kind]
	return title, known
}

// heading is any event's title: "loyalty_tier_reached" is "Loyalty tier reached".
func (e Event) heading() string {
	if title, known := Title(e.Type); known {
		return title
	}
	words := strings.ReplaceAll(e.Type, "_", " ")
	for i, r := range words {
		return string(unicode.ToUpper(r)) + words[i+len(string(r)):]
	}
	return words
}

// sentence says what the event was about, in the words of the shop, or else who told of it.
func (e Event) sentence() string {
	switch e.Type {
	case "checkout_started", "cart_abandoned", "cart_emptied", "cart_recovered":
		return e.cart()
	case "order_placed", "order_cancelled":
		return e.order()
	case "offer_issued":
		return joined(e.text("code"), e.text("worth"), quoted("offer", e.text("offer")))
	case "offer_redeemed":
		return joined(e.text("code"))
	case "link_clicked":
		return joined(e.text("target"))
	case "consent_confirmed":
		return "Answered YES by text."
	}
	if e.Source == apiSource {
		return "Told by another system through the API."
	}
	return "Told by " + strings.ReplaceAll(e.Source, "_", " ") + "."
}

// cart reads "Linen dress and 2 more, €149.00".
func (e Event) cart() string {
	what := e.text("first_item")
	if n, ok := e.number("item_count"); ok && n > 1 && what != "" {
		what += fmt.Sprintf(" and %d more", n-1)
	}
	return joined(what, e.text("total"))
}

// order reads "Order #1001, €149.00, code CIAO10".
func (e Event) order() string {
	name := e.text("order_name")
	if name != "" {
		name = "Order " + name
	}
	codes, _ := e.Props["discount_codes"].([]any)
	var used []string
	for _, code := range codes {
		if text, ok := code.(string); ok {
			used = append(used, text)
		}
	}
	with := ""
	if len(used) > 0 {
		with = "code " + strings.Join(used, " and ")
	}
	return joined(name, e.text("total"), with)
}

func (e Event) text(property string) string {
	text, _ := e.Props[property].(string)
	return strings.TrimSpace(text)
}

// number is a whole number of the properties, which is a float64 or a json.Number once it was stored.
func (e Event) number(property string) (int, bool) {
	switch v := e.Props[property].(type) {
	case int:
		return v, true
	case float64:
		return int(v), v == float64(int(v))
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}

func quoted(before, name string) string {
	if name == "" {
		return ""
	}
	return before + " “" + name + "”"
}

// joined is those of the parts that are known, as one line.
func joined(parts ...string) string {
	var known []string
	for _, part := range parts {
		if part != "" {
			known = append(known, part)
		}
	}
	return strings.Join(known, ", ")
}
