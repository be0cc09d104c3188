package event

import "testing"

func TestTheTimelineSaysWhatAnEventWasAboutInWords(t *testing.T) {
	for _, c := range []struct {
		event          Event
		title, wording string
	}{
		{Event{Type: "cart_abandoned", Source: "commerce", Props: map[string]any{"first_item": "Linen dress", "item_count": 3.0, "total": "€149.00", "cart_id": "crt_1"}},
			"Left a cart behind", "Linen dress and 2 more, €149.00"},
		{Event{Type: "cart_abandoned", Source: "commerce", Props: map[string]any{"first_item": "Linen dress", "item_count": 1.0, "total": "€49.00"}},
			"Left a cart behind", "Linen dress, €49.00"},
		{Event{Type: "cart_emptied", Source: "commerce", Props: map[string]any{"item_count": 0.0}}, "Emptied the cart", ""},
		{Event{Type: "order_placed", Source: "commerce", Props: map[string]any{"order_name": "#1001", "total": "€149.00", "discount_codes": []any{"CIAO10"}, "order_id": "99"}},
			"Placed an order", "Order #1001, €149.00, code CIAO10"},
		{Event{Type: "offer_issued", Source: "offer", Props: map[string]any{"code": "ERA-7K", "worth": "10% off", "offer": "Ten percent", "by": "jny_1"}},
			"Got a code", "ERA-7K, 10% off, offer “Ten percent”"},
		{Event{Type: "offer_redeemed", Source: "offer", Props: map[string]any{"code": "ERA-7K"}}, "Used a code", "ERA-7K"},
		{Event{Type: "link_clicked", Source: "offer", Props: map[string]any{"target": "https://shop.example/cart", "slug": "x1"}}, "Opened a link", "https://shop.example/cart"},
		{Event{Type: "consent_confirmed", Source: "consent"}, "Confirmed the sign-up", "Answered YES by text."},
		{Event{Type: "loyalty_tier_reached", Source: "api"}, "Loyalty tier reached", "Told by another system through the API."},
	} {
		if title, wording := c.event.heading(), c.event.sentence(); title != c.title || wording != c.wording {
			t.Errorf("%s: %q, %q; want %q, %q", c.event.Type, title, wording, c.title, c.wording)
		}
	}
}
