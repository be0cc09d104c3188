// Package conversation is the one conversation that a brand has with each person: its thread of messages, the episodes
// of work inside it, who holds the floor, the inbox that shows what waits for whom, and the send gate, the one door
// through which anything leaves.
//
// Invariants:
//   - Decide is the only rules engine: SendTx, SendBulkTx and Recheck all ask it, so the verdict at release equals the
//     verdict of a fresh question with the same facts;
//   - nothing unasked leaves for an address whose consent does not allow it at that moment, whoever asked for it and
//     however long it waited (I13, R-04); a revocation is confirmed exactly once, in time or not at all;
//   - an inbound message is in the thread once, at the provider's time, however often and late it came (I2, I8);
//   - a request with a client key has one effect (I18); a reply written without having seen the newest message is
//     refused with what was missed;
//   - who wrote a message never changes; one holder has the floor, and a message of the bot that lost it never leaves;
//   - every list, count, search and bulk action of the inbox uses one predicate (predicate in store_inbox.go);
//   - a message keeps why it was sent, held or dropped, with the consent event it rests on.
//
// Tables: conversation, episode, message, message_text, draft, seen, undo_step.
//
// Signals in: message.received (channel), conversation.wake (own timer). Signals out, to the person: message.added
// (Added), message.settled (Settled, some seconds after the last part of what a person writes), message.outcome
// (Outcome, for messages of a journey run).
// Feed: conversation.changed, message.added, message.changed, presence.changed.
package conversation
