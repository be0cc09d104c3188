// Package feed is the change stream that browsers follow: what changed, numbered per workspace without a gap.
//
// Invariants:
//   - an event is in the stream exactly if the transaction that appended it committed;
//   - numbers of a workspace start at 1, have no gap, and become visible in order, on any number of nodes: they are given
//     out as the last thing before the commit, under a row lock that lasts until the commit;
//   - a subscriber gets the events in that order without a gap, or is cut off; it then resumes with Since (I25);
//   - memory is bounded: a subscriber holds a fixed number of references to events that all share, and one that does not
//     read is cut off;
//   - a reader that asks for what was trimmed is told to load everything anew, never given a gap.
//
// The package owns the tables feed_head and feed_event. It sends no signals.
package feed
