// Package faulttest proves with the real program, as a process of its own, what no test inside one process can: that
// being killed, losing power, a full disk, a database that goes away and a node that slept lose nothing, repeat nothing
// and text nobody against their will (I1, I2, I4, I9, I13, I20-I23).
//
// It holds tests only. A provider's imitation keeps the journal that the program's tables are compared with, and after
// every fault `parley verify` recounts. PARLEY_LONG=1 makes the counts those of the reliability notes.
//
// The package owns no tables and sends no signals.
package faulttest
