// Package shipped holds the journeys that come with the program. They are definitions like any that a brand writes:
// nothing in the engine knows them, and a workspace that takes one over may change it.
//
// Invariants: each is read and published by the journey package without a problem; with usual values each text is in the
// GSM-7 alphabet and takes at most two segments, what the gate adds included. thank-you.json needs the offer "Free shipping".
//
// It owns no table and sends no signal.
package shipped
