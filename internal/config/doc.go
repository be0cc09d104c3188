// Package config is what the operator decides at start-up: one struct, filled from flags and from environment variables
// that begin with PARLEY_ (--data-dir is PARLEY_DATA_DIR), flags first.
//
// Invariants:
//   - without any configuration Parley runs, in one folder;
//   - what cannot work is said before anything starts, in one line that ends with the fix;
//   - an address that is printed for people to open can be opened (never 0.0.0.0).
//
// It owns no table and sends no signal.
package config
