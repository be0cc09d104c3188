// Package mailbox is the durable queue of what Parley reacts to: signals ("this happened") and timers ("this time has
// come") that wait in order per person until a worker takes the person and runs the handlers.
//
// Invariants:
//   - an item is there from the commit that sent it until the commit that handled it; its effects and its removal are
//     one commit, so that a crash repeats work, never effects, and loses nothing;
//   - the items of a person are handled in the order (due, id), one at a time, by one worker on one node (I23);
//   - an item whose handler fails or panics leaves no effect; those before it keep theirs, those behind it wait for the
//     next try; after Options.MaxAttempts it is parked with its reason and those behind it go on (I6);
//   - there is one timer per (person, kind, key): setting it again replaces it, and a timer cancelled before its handler
//     began does not fire;
//   - an item costs one index entry while it waits, and nothing else;
//   - items of one kind of several people, each the next of its person, go to their handlers together, so that a reaction
//     of many people costs few statements; what is wrong with one of them delays only its person.
//
// How a person is taken: on PostgreSQL by an advisory lock that lives as long as the transaction that handles the
// items, tried, never waited for. It needs no row that senders would contend for, no lease to write, to extend and to
// give back, and a worker that dies gives its people back with its connection, at once. A worker that only sleeps
// inside its transaction is ended by the server after Options.Lease, so that what it writes when it wakes is refused:
// the transaction is the fence. On SQLite the one writer of the one process is the lock.
//
// The package owns the tables mailbox_item, mailbox_hold and mailbox_parked. It sends no signals of its own.
package mailbox
