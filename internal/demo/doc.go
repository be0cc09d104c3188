// Package demo is the demo: a brand that sells clothes, with its customers, its conversations and a month behind it.
//
// The month is made by the program itself. A clock that starts a month ago is moved through the days while shops send
// signed webhooks, customers text, members of the team answer over the API, and journeys do their work; nothing is
// written past the doors that real data comes through. Then the program starts anew on the clock of the machine.
//
// Invariants: nobody real is reached, because all numbers are of ranges reserved for fiction and the only channel is
// simulated; the same seed makes the same people, carts and conversations; a second start keeps what is there; what is
// removed by a reset was made by the demo.
//
// It owns no table and sends no signal. It keeps demo.json in its data folder.
package demo
