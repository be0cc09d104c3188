// Package report says what the work brought: recovered revenue, and what became of the messages.
//
// It reads across all tables and writes none. Figures come from facts that never change (recoveries, the abandonment of
// a cart, the state of a delivery), and each figure opens the rows behind it: the figure, its rows and their CSV are made
// from the same conditions.
//
// Invariants: the rows of a figure are as many as it says (RP-1); a CSV holds what the screen shows (RP-2), with cells that
// a spreadsheet would calculate made harmless (I36); days are those of the workspace's time zone, and the day that is not
// over is marked (RP-5); amounts of different currencies are never added; a share is given as its two numbers, and as a
// percentage only from 30 on (RP-6); simulated channels are left out unless asked for (SM-10).
//
// Tables owned: none. Signals in and out: none.
package report
