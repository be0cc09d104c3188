package journey

import "parley/internal/errs"

// invalid is a definition that cannot be used.
func invalid(format string, args ...any) *errs.Error {
	return errs.New(errs.Invalid, "journey_invalid", format, args...)
}

// Errors that callers branch on.
var (
	ErrUnknown   = errs.New(errs.NotFound, "journey_unknown", "There is no such journey or run here.")
	ErrNameTaken = errs.New(errs.Conflict, "journey_name_taken", "Another journey has this name already. Nothing was saved.")
	ErrEdited    = errs.New(errs.Conflict, "journey_edited", "Somebody else saved this journey while you were editing it. Your change was not saved; load it again and compare.")
)
