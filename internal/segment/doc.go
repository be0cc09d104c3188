// Package segment answers "which customers": a language of conditions on attributes, consent and what people did, with
// three ways to ask it that say the same.
//
//   - Eval asks one person, and says when the answer may change though nothing happens;
//   - the index asks everybody, from columns in memory, fast enough to count while somebody types;
//   - SQL asks the database itself, and is what the other two are tested against.
//
// Each kind of leaf (attribute, consent, event, sequence) has these three, names what it reads, and says itself in words.
// A segment inside a segment is put in its place when the definition is compiled.
//
// Semantics, fixed once:
//   - a rolling window holds what happened after now - d and not after now; a day of a rolling window has 24 hours;
//   - what is dated ahead of the clock has not happened yet;
//   - a value that is not there matches no comparison, and none is plain NOT;
//   - amounts are in minor units and are compared and added within one currency only;
//   - texts are compared letter by letter;
//   - of events at the same moment none is the earlier; one event never follows itself;
//   - consent is that of the address that Parley would write to: the first verified one, else the first;
//   - somebody who was merged into another is in no segment.
//
// The index of a workspace is built at its first question, follows what is stored whenever somebody asks, and is let go
// after a while without questions. It hears of persons by the feed (person.*: whoever changes, merges or erases a person
// says so there) and of events by when they were received.
//
// Invariants:
//   - a number includes what was committed before the question, if its transaction took less than ten seconds;
//   - Eval, the index and SQL agree for every definition, person and moment;
//   - before the moment that Eval names, its answer stays the same unless something happens;
//   - a definition that is stored compiled when it was stored.
//
// Tables: segment. It reads, and never writes, person, person_tag, person_identity, consent_chain, consent_state and event:
// a question over everybody cannot be put to their services one person at a time.
//
// Signals: none.
package segment
