package app

import (
	"context"
	"net/http"

	"parley/internal/channel"
	"parley/internal/commerce"
	"parley/internal/errs"
	"parley/internal/money"
	"parley/internal/offer"
)

// shopCodes lets the offer domain make codes known to shops, which the commerce domain speaks to.
type shopCodes struct{ commerce *commerce.Service }

// CreateCode makes a code usable at its shop.
func (b shopCodes) CreateCode(ctx context.Context, c offer.ShopCode) error {
	n := commerce.NewCode{Workspace: c.Workspace, Shop: c.Shop, Code: c.Code, Title: c.Offer.Name, ExpiresAt: c.ExpiresAt}
	switch c.Offer.Kind {
	case offer.Percent:
		n.Percent = c.Offer.Percent
	case offer.Amount:
		n.Amount = money.Amount{Minor: c.Offer.Amount.Minor, Currency: c.Offer.Amount.Currency}
	default:
		n.FreeShipping = true
	}
	return b.commerce.CreateCode(ctx, n)
}

// shopHook takes the webhooks whose name is no channel's.
func (a *App) shopHook(ctx context.Context, slug, name string, req channel.WebhookRequest) (channel.Answer, error) {
	ws, err := a.Org.BySlug(ctx, a.DB, slug)
	if err != nil {
		return channel.Answer{}, channel.ErrUnknown
	}
	err = a.Commerce.Receive(ctx, ws.ID, name, req.Header, req.Body)
	if errs.CodeOf(err) == commerce.ErrUnknownShop.Code {
		return channel.Answer{}, channel.ErrUnknown
	}
	return channel.Answer{Status: http.StatusOK}, err
}

// cartStates are the states of carts as the report writes them.
func cartStates() []string {
	var out []string
	for _, state := range commerce.States() {
		out = append(out, string(state))
	}
	return out
}
