//go:build !race

package demo_test

// slow is false without the race detector: the demo is as large as a visitor's.
const slow = false
