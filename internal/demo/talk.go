package demo

import (
	"context"
	"net/http"
	"strings"

	"parley/internal/channel/sim"
	"parley/internal/commerce"
)

// talk is what a customer asks about a cart and what the agent answers. {item} is the first article, {name} the customer;
// where an offer is given, {code} is its code.
type talk struct {
	asks, says string
	reason     commerce.Reason
	offer      string
}

func talks() []talk {
	return []talk{
		{"Shipping is 9 euro? That is a lot for one {item}", "You are right, {name}. This one ships free: use code {code} at checkout.", commerce.UnexpectedCost, freeShipping},
		{"I did not expect the customs fee on top", "I see, {name}. Let me take some of it: 10% off with code {code}, valid for two weeks.", commerce.UnexpectedCost, tenPercent},
		{"Is there any discount on the {item}?", "There is now, {name}: 10% with your personal code {code}.", commerce.UnexpectedCost, tenPercent},
		{"Will it be here before Friday?", "Yes, {name}: ordered by 4 pm today it is with you on Thursday, by courier.", commerce.DeliveryTime, ""},
		{"5 days for delivery is too long for me, the party is on Saturday", "I can send it from our store in Milan, {name}, then you have it in 2 days. Shall I note that on the order?", commerce.DeliveryTime, ""},
		{"It wants me to make an account, I don't want another password", "No account needed, {name}: choose \"Continue as guest\" below the form.", commerce.AccountNeeded, ""},
		{"Your form asked for my address three times and I gave up", "Sorry about that, {name}! The link above keeps what you typed. And this one ships free: code {code}.", commerce.LongCheckout, freeShipping},
		{"Does the {item} run small?", "True to size, {name}. If you are between two sizes take the smaller one; returns are free within 30 days.", commerce.OtherReason, ""},
	}
}

func (s story) fill(text string) string {
	item := strings.ToLower(s.lines[0].title)
	return strings.NewReplacer("{item}", item, "{name}", s.by.given).Replace(text)
}

// text brings in what a customer writes, through the carrier of the simulated channel.
func (t *teller) text(ctx context.Context, c *customer, text string) error {
	return t.app.Phones.Send(ctx, sim.Text{Workspace: t.ws.ID, From: c.number, To: number, Text: text})
}

// write sends a reply of a member, or keeps a note, after a look at the conversation.
func (t *teller) write(ctx context.Context, m member, c *customer, in body) error {
	var now struct {
		Seq int64 `json:"seq"`
	}
	path := "/conversations/" + string(c.person)
	if err := t.api(ctx, m, call{http.MethodGet, path, nil, &now}); err != nil {
		return err
	}
	in["seen_seq"] = now.Seq
	if in["kind"] == nil {
		in["kind"] = "reply"
	}
	return t.api(ctx, m, call{http.MethodPost, path + "/messages", in, nil})
}

// act does something to a conversation.
func (t *teller) act(ctx context.Context, m member, c *customer, action string, in body) error {
	return t.api(ctx, m, call{http.MethodPost, "/conversations/" + string(c.person) + "/" + action, in, nil})
}

// closes ends the work in a conversation, if there is any.
func (t *teller) closes(ctx context.Context, m member, c *customer, result string) error {
	var now struct {
		Status string `json:"status"`
	}
	if err := t.api(ctx, m, call{http.MethodGet, "/conversations/" + string(c.person), nil, &now}); err != nil || now.Status != "open" {
		return err
	}
	return t.act(ctx, m, c, "close", body{"result": result})
}
