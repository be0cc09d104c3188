// Package journey moves people through definitions: a trigger, steps, waits, and rules of exit.
//
// A definition is JSON (schema.json says what it may hold) and becomes a version when it is published. A person who
// entered finishes on the version they entered, unless they are moved. A run is one row per (journey, person, entry key),
// so that one cart starts one run however often its event is delivered.
//
// Everything a run does is a reaction: to an event (event.happened), a message of the conversation, or a timer that came
// due. A reaction is one transaction with what it sends, so a crash repeats work and never effects. Nothing here sends by
// itself: a send step asks the gate, and the gate's verdict is kept on the run's trail.
//
// Invariants: a run is entered once per key (I2); a run that ended never acts again; an exit event wins over a wait that
// ends at the same moment; a journey never writes into a conversation that a person holds (the gate refuses it).
//
// Signals in: event.happened, message.added, journey.wake. Tables: journey, journey_version, journey_run, journey_trail.
package journey
