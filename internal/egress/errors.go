package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"parley/internal/errs"
)

// Reason says why an exchange failed. It is stable.
type Reason string

// The reasons.
const (
	Blocked     Reason = "egress_blocked"      // the destination is not one that Parley may reach
	Unresolved  Reason = "egress_unresolved"   // the name has no address
	Refused     Reason = "egress_refused"      // nobody listens, or the connection could not be made
	Insecure    Reason = "egress_insecure"     // TLS failed: certificate, name, version
	TimedOut    Reason = "egress_timeout"      // no answer within the limit
	Canceled    Reason = "egress_canceled"     // the caller gave up
	Broken      Reason = "egress_broken"       // the connection ended, or the answer was not HTTP
	TooLarge    Reason = "egress_too_large"    // the answer is longer than the limit
	TooManyHops Reason = "egress_too_many_hop" // more redirects than the limit
)

// Error is a failed exchange. Its text names the host and the reason only: paths, queries, headers and the peer's
// words may hold credentials. The cause behind Unwrap is for errors.Is and errors.As, not for logs.
type Error struct {
	Reason Reason
	Host   string // host and port as asked for
	Detail string // safe words about the cause
	Sent   bool   // a part of the request may have left
	cause  error
}

// Error is the host, the reason and the safe words.
func (e *Error) Error() string {
	text := "request to " + e.Host + ": " + string(e.Reason)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap is the cause where it is known to hold nothing of the request or the answer.
func (e *Error) Unwrap() error { return e.cause }

// NotSent says whether err proves that no byte of the request left, so that it may be sent again (I11). It is false
// for errors that are not from this package.
func NotSent(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Sent
}

// ReasonOf is why the exchange failed; empty for errors that are not from this package.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// errBlocked travels from the dialer's check through the standard library to explain.
var errBlocked = errs.New(errs.Forbidden, string(Blocked),
	"Parley does not connect to addresses inside its own network. If this one is meant, the operator can allow it in the configuration.")

// explain turns an error of the transport into one that is safe to show.
func explain(err error, host string, sent bool) *Error {
	e := &Error{Reason: Broken, Host: host, Sent: sent}
	var own *Error
	var dns *net.DNSError
	var dial *net.OpError
	var errno syscall.Errno
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, errBlocked):
		e.Reason, e.Detail, e.cause, e.Sent = Blocked, "the address is not public", errBlocked, false
	case errors.As(err, &dns):
		e.Reason, e.Detail = Unresolved, "the name has no address"
	case errors.Is(err, context.Canceled):
		e.Reason, e.cause = Canceled, context.Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		e.Reason, e.cause = TimedOut, context.DeadlineExceeded
	case isTLS(err):
		e.Reason, e.Detail = Insecure, tlsWords(err)
	case errors.As(err, &dial) && dial.Op == "dial":
		e.Reason = Refused
	}
	if e.Detail == "" && errors.As(err, &errno) {
		e.Detail, e.cause = errno.Error(), errno
	}
	if e.Detail == "" && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		e.Detail, e.cause = "the connection ended early", io.ErrUnexpectedEOF
	}
	return e
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify)
}

func tlsWords(err error) string {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return "the certificate is for another name"
	case errors.As(err, &unknown):
		return "the certificate is signed by an unknown authority"
	case errors.As(err, &invalid):
		return "the certificate is not valid now or for this use"
	}
	return "the secure connection could not be made"
}
