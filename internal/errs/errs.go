// Package errs is the one error type that crosses a domain's border. Its Kind says what sort of failure it is
// (httpx maps it to a status in one table), its Code is stable and public, and its Message tells a person what
// happened, what is safe and what to do.
//
// Anything that is not an *Error is a fault of the program: it is logged whole and shown only as a reference.
package errs

import (
	"errors"
	"fmt"
)

// Kind is the sort of failure. Do not reorder.
type Kind int

// The kinds of failure.
const (
	Internal        Kind = iota // a fault of ours
	Invalid                     // the input is not acceptable as it is
	Unauthenticated             // nobody is signed in
	Forbidden                   // signed in, but not allowed
	NotFound                    // no such thing, or not yours to know
	Conflict                    // it clashes with the present state
	TooMany                     // slow down
	Unavailable                 // try again later; nothing was done
	TooLarge                    // more than the limit
)

// Error is a failure that somebody outside can understand.
type Error struct {
	Kind    Kind
	Code    string            // stable, public, snake_case: "consent_missing"
	Message string            // what happened, what is safe, what to do
	Fields  map[string]string // field -> what is wrong with it
	Err     error             // cause, for the log only
}

// Error is the code and message, and the cause when there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return e.Code + ": " + e.Message
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is compare by code.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Code == e.Code
}

// New is an error of the kind with a stable code and a message for a person.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause that only the log sees.
func Wrap(err error, kind Kind, code, format string, args ...any) *Error {
	e := New(kind, code, format, args...)
	e.Err = err
	return e
}

// WithField returns a copy that also says what is wrong with one field.
func (e *Error) WithField(field, problem string) *Error {
	c := *e
	c.Fields = map[string]string{field: problem}
	for k, v := range e.Fields {
		c.Fields[k] = v
	}
	return &c
}

// KindOf is the kind of the first *Error in the chain, else Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf is the code of the first *Error in the chain, else "internal".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}
