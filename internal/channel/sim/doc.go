// Package sim is a carrier of phones that exist only here. Messages go through the same intake and outbox as real ones,
// so that what is tried on a simulated phone is what happens on a real one.
//
// The carrier keeps in memory how each phone behaves (Dials) and whom the carrier itself has blocked after STOP; what a
// phone shows is read from the conversation's messages. A restart resets the dials.
//
// The package owns no tables and sends no signals.
package sim
