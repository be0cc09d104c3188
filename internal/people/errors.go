package people

import "parley/internal/errs"

// ErrNotFound is returned for a person that does not exist in the workspace.
var ErrNotFound = errs.New(errs.NotFound, "person_unknown", "There is no such customer.")

// ErrChanged is returned when a person was changed by somebody else since it was read.
var ErrChanged = errs.New(errs.Conflict, "person_changed",
	"Somebody else changed this customer in the meantime. Nothing was saved; load the customer again and repeat the change.")

// ErrIdentityTaken is returned when an identity belongs to another person.
var ErrIdentityTaken = errs.New(errs.Conflict, "identity_taken",
	"This number or address belongs to another customer. Nothing was saved.")

var errIdentity = errs.New(errs.Invalid, "identity_invalid", "This cannot recognise a customer. Nothing was saved.")
