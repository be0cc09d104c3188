package conversation

import (
	"context"

	"parley/internal/channel"
	"parley/internal/compliance"
	"parley/internal/db"
	"parley/internal/gsm"
	"parley/internal/id"
)

// Outbox is what carries messages away: the channel service, or a memory in tests of the gate.
type Outbox interface {
	EnqueueTx(ctx context.Context, tx *db.Tx, list []channel.Delivery) error
	CancelTx(ctx context.Context, tx *db.Tx, ws id.Workspace, message MessageID, code string) (bool, error)
	DeliveryStatus(ctx context.Context, q db.Queryer, ws id.Workspace, messages []MessageID) (map[MessageID]channel.Sent, error)
}

// Route is a channel that is switched on, as the gate sees it.
type Route struct {
	Channel      channel.ID
	Kind         channel.Kind
	Number       string // sender
	Simulated    bool
	Sender       compliance.SenderKind
	Registration string
	Limits       gsm.Limits
	Prices       channel.Prices // of a segment, by country; empty when the team has not said
}

// Routes are the channels of a workspace that can send, the preferred one first.
type Routes []Route

// Pick is the first of the wanted channels that is switched on, else the preferred one. ok is false without any.
func (r Routes) Pick(wanted ...channel.ID) (route Route, ok bool) {
	for _, want := range wanted {
		for _, route := range r {
			if want != "" && route.Channel == want {
				return route, true
			}
		}
	}
	if len(r) == 0 {
		return Route{}, false
	}
	return r[0], true
}
