//go:build race

package demo_test

// slow says that the race detector is on, which makes the database many times slower: the demo is a small one then.
const slow = true
