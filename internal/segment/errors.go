package segment

import "parley/internal/errs"

// Errors that callers branch on.
var (
	ErrUnknown   = errs.New(errs.NotFound, "segment_unknown", "There is no such segment here.")
	ErrNameTaken = errs.New(errs.Conflict, "segment_name_taken", "Another segment has this name already. Nothing was saved.")
	ErrEdited    = errs.New(errs.Conflict, "segment_edited", "Somebody else saved this segment while you were editing it. Your change was not saved; load it again and compare.")
	errNotRead   = errs.New(errs.Unavailable, "segment_not_read", "The customers could not be counted right now. Nothing was changed; try again in a moment.")
	errTooMany   = errs.New(errs.TooLarge, "segment_limit", "A workspace has at most %d segments. Nothing was saved; delete one that nobody uses.", maxSegments)
)

// maxSegments is how many segments a workspace may have.
const maxSegments = 500
