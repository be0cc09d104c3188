package offer

import (
	"context"
	"errors"
	"strings"

	"parley/internal/db"
	"parley/internal/event"
	"parley/internal/mailbox"
)

// eventSource names this package as the one that tells of an event.
const eventSource = "offer"

// Signals to the person's mailbox when the shop knows a code, or refuses it for good. The body is CodeSettled.
const (
	SignalReady  = "offer.ready"
	SignalFailed = "offer.failed"
)

// CodeSettled is the body of offer.ready and offer.failed.
type CodeSettled struct {
	Offer ID     `json:"offer_id"`
	Code  string `json:"code"`
	Run   string `json:"run_id"`
	Text  string `json:"text,omitempty"` // the shop's reason
}

// OnEvent redeems the codes that an order used. It handles event.happened.
func (s *Service) OnEvent(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var e event.Happened
	if err := item.Decode(&e); err != nil {
		return err
	}
	if e.Type != "order_placed" {
		return nil
	}
	order, _ := e.Props["order_id"].(string)
	used, _ := e.Props["discount_codes"].([]any)
	for _, v := range used {
		text, _ := v.(string)
		c, err := findCode(ctx, tx, item.Workspace, strings.ToUpper(strings.TrimSpace(text)))
		if errors.Is(err, ErrUnknown) {
			continue // a code of the shop's own
		}
		if err != nil {
			return err
		}
		c.RedeemedAt, c.RedeemedBy, c.Order = e.At, item.Person, order
		if err := s.redeemed(ctx, tx, item, c); err != nil {
			return err
		}
	}
	return nil
}

// redeemed marks the code once and puts it on the timeline of the person it was made for.
func (s *Service) redeemed(ctx context.Context, tx *db.Tx, item mailbox.Item, c Code) error {
	first, err := redeem(ctx, tx, item.Workspace, c)
	if err != nil || !first {
		return err
	}
	_, err = s.events.IngestTx(ctx, tx, item.Workspace, eventSource, []event.Incoming{{
		Type: "offer_redeemed", Person: event.Who{ID: c.Person}, At: c.RedeemedAt, Key: "redeemed:" + c.Code,
		Props: map[string]any{"code": c.Code, "order_id": c.Order, "by_owner": c.RedeemedBy == c.Person, "issued_by": c.IssuedBy},
	}})
	return err
}
