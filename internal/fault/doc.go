// Package fault is the set of named kill points: places between two effects at which a test lets the process die, to
// prove that a crash there loses nothing and repeats nothing.
//
// Invariants:
//   - a nil *Points is off and costs one comparison;
//   - only app reads the environment and wires it; in production it is nil;
//   - a point that was never reached is visible (Fired), so that a test whose fault did not fire can fail.
//
// The package owns no tables and sends no signals.
package fault
