package org

import (
	"errors"
	"fmt"

	"parley/internal/db"
	"parley/internal/errs"
)

// Errors that callers branch on.
var (
	ErrNotSignedIn       = errs.New(errs.Unauthenticated, "not_signed_in", "Nobody is signed in, or the session has ended. Sign in and try again.")
	ErrKeyUnknown        = errs.New(errs.Unauthenticated, "key_unknown", "This API key is not known, has ended or was revoked. Nothing was done.")
	ErrLoginFailed       = errs.New(errs.Unauthenticated, "login_failed", "E-mail and password do not fit together. Try again, or ask an admin for a link that sets a new password.")
	ErrTooManyTries      = errs.New(errs.TooMany, "too_many_tries", "Too many tries. Wait a minute, then try again.")
	ErrLinkUsed          = errs.New(errs.NotFound, "link_used", "This link was used already, has ended or never existed. Ask for a new one.")
	ErrNoWorkspace       = errs.New(errs.NotFound, "workspace_unknown", "There is no such workspace.")
	ErrNoMember          = errs.New(errs.NotFound, "member_unknown", "There is no such member in this workspace.")
	ErrNoKey             = errs.New(errs.NotFound, "key_not_found", "There is no such API key in this workspace.")
	ErrSecretTaken       = errs.New(errs.Conflict, "key_secret_taken", "Another API key has this secret already. Nothing was changed; give each key a secret of its own, or delete the other key first.")
	ErrNoInvite          = errs.New(errs.NotFound, "invite_unknown", "There is no such open invitation in this workspace.")
	ErrLastOwner         = errs.New(errs.Conflict, "last_owner", "A workspace needs an owner who can sign in. Make somebody else owner first.")
	ErrAboveYou          = errs.New(errs.Forbidden, "above_you", "Only an owner can make, change or remove an owner. Nothing was changed.")
	ErrNotAllowed        = errs.New(errs.Forbidden, "not_allowed", "Your role does not include this. Ask an admin of the workspace.")
	ErrSeveralWorkspaces = errs.New(errs.Forbidden, "several_workspaces", "This person belongs to several workspaces, so their password is not yours to reset. Whoever runs the server can.")
	ErrMemberExists      = errs.New(errs.Conflict, "member_exists", "Somebody with this e-mail is in the workspace already.")
	ErrSetUp             = errs.New(errs.Conflict, "already_set_up", "Parley is set up already. Sign in instead.")
	ErrSetupCode         = errs.New(errs.Forbidden, "setup_code_wrong", "This is not the set-up code. It stands in the server's log and in the file setup-code.txt beside the data.")
	ErrKeyRunning        = errs.New(errs.Conflict, "idempotency_running", "A request with this Idempotency-Key is still at work. Wait for its answer.")
	ErrKeyMismatch       = errs.New(errs.Invalid, "idempotency_mismatch", "This Idempotency-Key was used for another request. Nothing was done; use a new key.")
	ErrOutcomeHidden     = errs.New(errs.Conflict, "idempotency_unknown", "The first request with this Idempotency-Key was cut off. Look whether it took effect, then use a new key.")
)

// wrap says what was being done when err happened; nil stays nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// orNone turns "no row" into the error for that kind of thing.
func orNone(err error, none error) error {
	if errors.Is(err, db.ErrNoRows) {
		return none
	}
	return err
}
