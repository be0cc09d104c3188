// Package simulator is phones that exist only here, and a shop that plays along: they go through the production pipeline
// and differ only in their carrier. A phone shows what its number sent and got, read from the conversation.
//
// Invariants: a phone's number is from a range reserved for fiction; a phone's token opens that phone and nothing else;
// the clock moves only in a demo, where no channel reaches anybody.
//
// Tables: sim_phone.
package simulator
