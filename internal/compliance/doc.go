// Package compliance is the texting law and the carriers' rules, as pure functions over dated tables: what an
// inbound text means for consent, when a person may be texted, how often, with which words, from which sender, and
// what a provider's error means. It stores nothing and sends nothing; the people ledger and the send gate ask it.
//
// The rules are numbered and named where they are kept. Rules, dates and words are data: data/*.json,
// each with its source, the day it was compiled (as_of) and a version. Load reads them once; a *Rules never changes
// and may be used by any number of goroutines. Nothing here is legal advice.
//
// Invariants:
//   - A per-se opt-out word is a revocation whatever its case, spacing, punctuation or emoji.
//   - Where an answer is uncertain the stricter one is given: an ambiguous text is Review, not None; a text may leave
//     only when it is allowed at every place where the person may be; of two sources the narrower window wins.
//   - More evidence about a person's place never widens the hours in which they may be texted.
//   - The same input gives the same answer: no clock, no randomness, no I/O after Load.
//
// Tables owned: none. Signals out and in: none.
package compliance
