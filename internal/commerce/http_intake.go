package commerce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
	"parley/internal/errs"
	"parley/internal/id"
)

// delivery is a webhook as it came.
type delivery struct {
	Shop       ShopID
	ID         string
	Topic      string
	Body       []byte
	ReceivedAt clock.Time
	Problem    string
}

// Receive takes one webhook of a shop. It returns nil when the delivery is on disk: the shop may forget it then. A forged
// one is ErrForged and leaves nothing; one that cannot be used is kept with its reason.
func (s *Service) Receive(ctx context.Context, ws id.Workspace, name string, h http.Header, body []byte) error {
	row, err := findShopByName(ctx, s.db, ws, name)
	if err != nil {
		return err
	}
	secrets, err := s.secrets(row)
	if err != nil {
		return err
	}
	hook, ok := shopify.Verify(secrets, h, body)
	if !ok || hook.Domain != "" && hook.Domain != row.Domain {
		return ErrForged
	}
	if hook.ID == "" { // some relays drop the id: the same bytes are the same delivery
		sum := sha256.Sum256(append([]byte(hook.Topic+"\n"), body...))
		hook.ID = "sha256:" + hex.EncodeToString(sum[:])
	}
	return s.take(ctx, row, delivery{Shop: row.ID, ID: hook.ID, Topic: hook.Topic, Body: body, ReceivedAt: s.clock.Now()})
}

// Deliver brings in a webhook as the shop would send it, signed with the shop's own secret: the simulated shop speaks so.
func (s *Service) Deliver(ctx context.Context, ws id.Workspace, name, topic string, body []byte) error {
	row, err := findShopByName(ctx, s.db, ws, name)
	if err != nil {
		return err
	}
	secrets, err := s.secrets(row)
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return ErrForged
	}
	h := http.Header{}
	h.Set("X-Shopify-Hmac-Sha256", shopify.Sign(secrets[0], body))
	h.Set("X-Shopify-Topic", topic)
	h.Set("X-Shopify-Shop-Domain", row.Domain)
	h.Set("X-Shopify-Webhook-Id", s.ids.New("sim"))
	return s.Receive(ctx, ws, name, h, body)
}

// take stores a delivery and applies it in one transaction. If it cannot be applied it is stored alone, with the reason.
func (s *Service) take(ctx context.Context, row shopRow, d delivery) error {
	err := s.db.TxGrouped(ctx, func(tx *db.Tx) error {
		fresh, err := insertWebhook(ctx, tx, row.Workspace, d)
		if err != nil || !fresh {
			return err
		}
		markWebhook(ctx, tx, row.Workspace, row.ID, d.ReceivedAt)
		return s.apply(ctx, tx, row, d)
	})
	if err == nil || errs.KindOf(err) == errs.Unavailable || ctx.Err() != nil {
		return err
	}
	s.log.Error("a shop's webhook could not be used; it is kept and can be replayed", "workspace", row.Workspace, "shop", row.ID, "topic", d.Topic, "delivery", d.ID, "error", err)
	d.Problem = fmt.Sprintf("%.500s", err.Error())
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := insertWebhook(ctx, tx, row.Workspace, d)
		return err
	})
}

// Replay applies again what could not be used, after a cause was mended, and says how many it was.
func (s *Service) Replay(ctx context.Context, ws id.Workspace) (int, error) {
	parked, err := listProblems(ctx, s.db, ws)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, d := range parked {
		row, err := findShop(ctx, s.db, ws, d.Shop)
		if err != nil {
			return done, err
		}
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			setWebhookProblem(ctx, tx, ws, d.Shop, d.ID, "")
			return s.apply(ctx, tx, row, d)
		})
		if err != nil {
			return done, fmt.Errorf("replay delivery %s: %w", d.ID, err)
		}
		done++
	}
	return done, nil
}

// apply reads one delivery by its topic. Unknown topics are kept and change nothing.
func (s *Service) apply(ctx context.Context, tx *db.Tx, row shopRow, d delivery) error {
	switch d.Topic {
	case "checkouts/create", "checkouts/update":
		return decoded(d.Body, func(c shopify.Checkout) error { return s.applyCheckout(ctx, tx, row, c) })
	case "checkouts/delete":
		return decoded(d.Body, func(c shopify.Checkout) error { return s.closeCheckout(ctx, tx, row, c.Token) })
	case "orders/create", "orders/updated", "orders/paid", "orders/fulfilled", "orders/cancelled":
		return decoded(d.Body, func(o shopify.Order) error { return s.applyOrder(ctx, tx, row, o) })
	case "customers/create", "customers/update":
		return decoded(d.Body, func(c shopify.Customer) error { return s.applyCustomer(ctx, tx, row, c) })
	case "customers_marketing_consent/update":
		return decoded(d.Body, func(u shopify.ConsentUpdate) error { return s.applyConsent(ctx, tx, row, u) })
	case "products/create", "products/update", "products/delete":
		return decoded(d.Body, func(p shopify.Product) error { return s.applyProduct(ctx, tx, row, p, d.Topic == "products/delete") })
	case "customers/data_request", "customers/redact", "shop/redact":
		return decoded(d.Body, func(r shopify.Redaction) error { return s.applyPrivacy(ctx, tx, row, d, r) })
	}
	return nil
}

func decoded[T any](body []byte, use func(T) error) error {
	var v T
	if err := shopify.Decode(body, &v); err != nil {
		return err
	}
	return use(v)
}
