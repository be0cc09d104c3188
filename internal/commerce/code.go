package commerce

import (
	"context"

	"parley/internal/clock"
	"parley/internal/commerce/shopify"
	"parley/internal/errs"
	"parley/internal/id"
	"parley/internal/money"
)

// NewCode is a personal discount code to be made known to a shop. One of Percent, Amount and FreeShipping is set.
type NewCode struct {
	Workspace    id.Workspace
	Shop         string // name
	Code         string
	Title        string
	Percent      int
	Amount       money.Amount
	FreeShipping bool
	ExpiresAt    clock.Time // zero: never
}

// CreateCode makes the code usable at the shop, once. Doing it again is harmless. A refusal for good is Invalid, Forbidden
// or NotFound; anything else may pass.
func (s *Service) CreateCode(ctx context.Context, n NewCode) error {
	row, err := findShopByName(ctx, s.db, n.Workspace, n.Shop)
	if err != nil {
		return err
	}
	if row.token == "" {
		return errs.New(errs.Invalid, "shop_token_missing", "The shop %s has no access token, so codes cannot be made there. Add one in the shop's settings.", n.Shop)
	}
	admin, err := s.admin(row)
	if err != nil {
		return err
	}
	d := shopify.NewDiscount{Code: n.Code, Title: n.Title, Percent: n.Percent, FreeShipping: n.FreeShipping, StartsAt: s.clock.Now(), EndsAt: n.ExpiresAt}
	if n.Amount.Minor > 0 {
		d.Amount = n.Amount.Decimal()
	}
	return admin.CreateDiscount(ctx, d)
}
