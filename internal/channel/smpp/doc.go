// Package smpp is the channel adapter for a direct connection to a telephone carrier: SMPP 3.4, as client (ESME).
//
// The protocol is written here from "Short Message Peer to Peer Protocol Specification v3.4" (12-Oct-1999); section
// numbers in comments are of that document. Texts are coded by package gsm.
//
// How it is built, from the wire up:
//   - pdu.go, tlv.go: octets <-> values, with a limit on everything that the peer chooses;
//   - session.go, reader.go, timers.go: one bound connection. Many submits in flight up to the window, responses matched by sequence
//     number, writes coalesced, one ticker for all time-outs;
//   - link.go: keeps a session alive: dial, TLS, bind, back off with jitter, bind again;
//   - coding.go, concat.go: texts to parts and back; receipt.go, messageid.go: delivery receipts; status.go: refusals;
//   - settings.go, form.go: the account; flight.go (out), arrival.go and doubt.go (in), evidence.go (look-ups and checks)
//     and adapter.go: the contract of package channel on top.
//
// Invariants:
//   - a deliver_sm is answered with 0 only after the sink returned nil, so it is on disk (I1); with a temporary error
//     when it could not be stored (I3). Units of one sender reach the sink in the order they came;
//   - a unit that the carrier repeats because it may not have seen our answer keeps its id (I2);
//   - a submit that was handed to the socket and not answered is unknown (I10); one that surely never left, or was
//     refused as throttled or for a full queue, is known not to be accepted (I11). A late answer is evidence and is
//     passed on as a status;
//   - a refused login stops the channel (I12); no setting appears in an error text (I39);
//   - what the peer sends is bounded: a PDU is at most 70,000 octets, and a half PDU ends the session in time (I40).
//
// The package stores nothing and never sends a message twice. Only parts of a text of which the carrier has
// already taken other parts are offered again when it throttles: nobody else knows which ones.
package smpp
