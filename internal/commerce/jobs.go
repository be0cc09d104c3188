package commerce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/db"
	"parley/internal/job"
)

// reconcileJob fetches from each shop what its webhooks did not bring (I7).
const reconcileJob = "commerce.reconcile"

// overlap is how far a reconciliation looks back beyond the last one, for clocks that differ.
const overlap = 10 * time.Minute

// ReconcileEvery is how often app runs the job.
const ReconcileEvery = 10 * time.Minute

func (s *Service) reconcile(ctx context.Context, _ job.Job) error {
	shops, err := allShops(ctx, s.db)
	if err != nil {
		return err
	}
	var failed error
	for _, row := range shops {
		if err := s.reconcileShop(ctx, row); err != nil {
			s.log.Warn("a shop could not be asked for what was missed", "workspace", row.Workspace, "shop", row.ID, "error", err)
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// reconcileShop asks one shop for what changed since the last time. Each object goes the way of a webhook, so what was
// known already changes nothing.
func (s *Service) reconcileShop(ctx context.Context, row shopRow) error {
	started := s.clock.Now()
	since := row.ReconciledAt
	if since.IsZero() {
		since = row.CreatedAt
	}
	admin, err := s.admin(row)
	if err == nil {
		err = errors.Join(
			s.fetch(ctx, row, "checkouts/update", since.Add(-overlap), admin.Checkouts),
			s.fetch(ctx, row, "orders/updated", since.Add(-overlap), admin.Orders))
	}
	problem, at := "", started
	if err != nil {
		problem, at = err.Error(), row.ReconciledAt
	}
	return errors.Join(err, s.db.Tx(ctx, func(tx *db.Tx) error { markReconciled(ctx, tx, row, at, problem); return nil }))
}

type lister func(ctx context.Context, since clock.Time, next string) (shopify.Page[json.RawMessage], error)

func (s *Service) fetch(ctx context.Context, row shopRow, topic string, since clock.Time, list lister) error {
	next := ""
	for {
		page, err := list(ctx, since, next)
		if err != nil {
			return err
		}
		for _, raw := range page.Items {
			sum := sha256.Sum256(append([]byte(topic+"\n"), raw...))
			d := delivery{Shop: row.ID, ID: "fetched:" + hex.EncodeToString(sum[:]), Topic: topic, Body: raw, ReceivedAt: s.clock.Now()}
			if err := s.take(ctx, row, d); err != nil {
				return err
			}
		}
		if next = page.Next; next == "" {
			return nil
		}
	}
}
