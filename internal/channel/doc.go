// Package channel carries messages between Parley and the providers of telephone networks and other channels.
//
// It holds the contract that every adapter fulfils (contract.go), the accounts of a workspace, the intake of webhooks
// and connections, and the outbox.
//
// Invariants:
//   - what was answered with success is on disk, with its raw bytes, once (I1, I2, I3);
//   - a forged request leaves no trace (I4);
//   - an attempt is durable before its socket is opened, and its outcome is committed alone (I9);
//   - an outcome that is not known stays "unknown" until there is evidence (I10);
//   - an opt-out is effective before the provider hears 200 (I13).
//
// Signals out: message.received. Tables: channel, inbound, delivery, delivery_try, media.
package channel
