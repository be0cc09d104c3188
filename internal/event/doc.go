// Package event is what people did: orders, clicks, visits, answers. It takes events in from shops, tills, trackers and the
// API, finds out who did it, keeps them for ever, and tells the rest of Parley.
//
// Invariants:
//   - an event is known by (workspace, source, key): told any number of times, in any order, on any node, it is stored once
//     and its signal is sent once (I2);
//   - in a batch each event stands for itself: one that cannot be read is refused with its reason, the others are kept;
//   - the events of a person are ordered by (at, id), and the signals of one batch are sent in that order;
//   - an event is never changed or removed; the signal is sent in the transaction that stores it (I1);
//   - the catalogue of names and property types grows from the events, up to a limit; an event beyond it is stored all the
//     same.
//
// Tables: event, event_property.
//
// Signals out: "event.happened" (Happened). Signals in: none.
package event
