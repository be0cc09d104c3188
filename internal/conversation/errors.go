package conversation

import (
	"errors"

	"parley/internal/errs"
)

var (
	errNoMessage  = errs.New(errs.NotFound, "message_unknown", "There is no such message.")
	errKeyReused  = errs.New(errs.Conflict, "client_key_reused", "This request was made before with another content. Nothing was sent; make a new request.")
	errTooLate    = errs.New(errs.Conflict, "undo_too_late", "The message has left already and cannot be taken back.")
	errUndoGone   = errs.New(errs.NotFound, "undo_expired", "This can no longer be undone. The conversation was left as it is.")
	errDraftStale = errs.New(errs.Conflict, "draft_stale", "This draft was changed on another device. Nothing was saved; load it again.")
	errBadMember  = errs.New(errs.Invalid, "member_cannot_reply", "This member cannot answer conversations, so they cannot own one. Nothing was changed.")
	errClaimed    = errs.New(errs.Conflict, "already_claimed", "Somebody else has taken this conversation. Nothing was changed.")
	errNoFloor    = errs.New(errs.Conflict, "no_open_work", "There is no open work in this conversation. Nothing was changed.")
	errSnoozePast = errs.New(errs.Invalid, "snooze_past", "Choose a time in the future, at most a year ahead. Nothing was changed.")
)

// plain is the message of an error for people, without what only the log may see.
func plain(err error) string {
	var e *errs.Error
	if errors.As(err, &e) && e.Kind != errs.Internal {
		return e.Message
	}
	return "something went wrong on our side."
}
