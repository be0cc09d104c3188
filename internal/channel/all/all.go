// Package all is the list of adapters that Parley knows. A new adapter is its folder and one line here.
//
// The package owns no tables and sends no signals.
package all

import (
	"parley/internal/channel"
	"parley/internal/channel/sim"
	"parley/internal/channel/smpp"
	"parley/internal/channel/twilio"
)

// Adapters are all adapters, in the order in which the web app offers them.
func Adapters(phones *sim.Carrier) []channel.Adapter {
	return []channel.Adapter{sim.Adapter{Carrier: phones}, twilio.Adapter{}, smpp.Adapter{}}
}
