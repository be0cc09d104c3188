package commerce

import "parley/internal/errs"

// Errors that callers branch on.
var (
	ErrUnknownShop = errs.New(errs.NotFound, "shop_unknown", "There is no such shop here.")
	ErrUnknownCart = errs.New(errs.NotFound, "cart_unknown", "There is no such cart here.")
	ErrForged      = errs.New(errs.Forbidden, "signature_invalid", "The signature of this request is missing or wrong. Nothing was stored. Check the shop's secret.")
	errPrivacy     = errs.New(errs.NotFound, "privacy_unknown", "There is no such request here.")
	errReason      = errs.New(errs.Invalid, "cart_reason", "Choose one of the reasons: unexpected_cost, account_needed, delivery_time, long_checkout, other.")
)
