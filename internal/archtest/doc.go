// Package archtest holds the tests that keep the house in order: which package may import which, where HTTP and SQL may
// stand, who owns a table, how long a file and a function may grow, and what must be documented. Each failure prints the
// reason for its rule, so that nobody has to look it up.
package archtest
