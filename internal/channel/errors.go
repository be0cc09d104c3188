package channel

import (
	"net"

	"parley/internal/errs"
)

// Socket is a connection as adapters see it.
type Socket = net.Conn

// ErrForged is returned by Receive for a bad or missing signature. It leaves no trace (I4).
var ErrForged = errs.New(errs.Forbidden, "signature_invalid",
	"The signature of this request is missing or wrong. Nothing was stored. Check the channel's secret and its public URL.")

// ErrNotUnknown is returned when the outcome to be resolved is known.
var ErrNotUnknown = errs.New(errs.Conflict, "outcome_known", "The outcome of this message is known already. Nothing was changed.")

// ErrNameTaken is returned when another channel of the workspace has the name.
var ErrNameTaken = errs.New(errs.Conflict, "channel_name_taken", "Another channel has this name. Choose another; nothing was saved.")

// ErrChanged is returned when somebody else changed the channel meanwhile.
var ErrChanged = errs.New(errs.Conflict, "channel_changed", "Somebody else changed this channel meanwhile. Nothing was saved; load it again.")

// errNotOpen is returned for a while after a channel could not be opened: its provider is asked to send again.
var errNotOpen = errs.New(errs.Unavailable, "channel_not_open", "This channel cannot be opened at the moment. Nothing was stored; send it again.")
