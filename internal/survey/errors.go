package survey

import "parley/internal/errs"

// invalid is a definition that cannot be used.
func invalid(format string, args ...any) *errs.Error {
	return errs.New(errs.Invalid, "survey_invalid", format, args...)
}

// Errors that callers branch on.
var (
	ErrUnknown   = errs.New(errs.NotFound, "survey_unknown", "There is no such survey or run here.")
	ErrNameTaken = errs.New(errs.Conflict, "survey_name_taken", "Another survey has this name already. Nothing was saved.")
	ErrEdited    = errs.New(errs.Conflict, "survey_edited", "Somebody else saved this survey while you were editing it. Your change was not saved; load it again and compare.")
	ErrBusy      = errs.New(errs.Conflict, "survey_busy", "This customer is being asked by a survey already. Nothing was sent; try again when it has ended.")
)
