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
