package offer

import "parley/internal/errs"

// Errors that callers branch on.
var (
	ErrUnknown   = errs.New(errs.NotFound, "offer_unknown", "There is no such offer here.")
	ErrExhausted = errs.New(errs.Conflict, "offer_exhausted", "This offer has no codes left. Raise its limit, or choose another offer.")
	ErrNameTaken = errs.New(errs.Conflict, "offer_name_taken", "Another offer has this name already. Nothing was saved.")
)
