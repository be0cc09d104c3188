package commerce

import (
	"context"

	"parley/internal/db"
	"parley/internal/id"
)

// ShopHolds says whether the webhook secret and the token of a shop are these already; an empty one asks whether there is
// none. It fails with ErrUnknownShop.
func (s *Service) ShopHolds(ctx context.Context, q db.Queryer, ws id.Workspace, shop, secret, token string) (sameSecret, sameToken bool, err error) {
	row, err := findShopByName(ctx, q, ws, shop)
	if err != nil {
		return false, false, err
	}
	return s.holds(row.secret, bindShop(ws, row.ID, "secret"), secret), s.holds(row.token, bindShop(ws, row.ID, "token"), token), nil
}
