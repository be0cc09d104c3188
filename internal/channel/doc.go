// Package channel carries messages between Parley and the providers of telephone networks and other channels.
//
// It holds the contract that every adapter fulfils (contract.go), the accounts of a workspace, the intake of webhooks
// and connections, and the outbox.
//
// The outbox in short: a message waits in delivery on its lane (one sender of one channel). The node that holds the
// lane's lease claims a few ahead in one commit, in which the gate is asked again and the attempt becomes durable; hands
// them over at the sender's rate, most urgent first; and commits outcomes in groups. What a crash leaves claimed becomes
// unknown, and its provider is asked.
//
// Invariants:
//   - what was answered with success is on disk, with its raw bytes, once (I1, I2, I3);
//   - a forged request leaves no trace (I4);
//   - an attempt is durable before its socket is opened, and its outcome is committed alone (I9);
//   - an outcome that is not known stays "unknown" until there is evidence (I10);
//   - an opt-out is effective before the provider hears 200 (I13).
//
// What follows from a provider's error code is in one table of package compliance: status.go does it to the message,
// trouble.go to its number, its source, its sender and its channel.
//
// Signals out: message.received. For itself: delivery.outcome, inbound.parts (a timer). Tables: channel, inbound, media,
// lane, delivery, delivery_try, delivery_claim, delivery_doubt, receipt_early, outbox_beat, refusal, channel_trouble,
// source_day.
package channel
