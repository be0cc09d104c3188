// Command bench measures Parley on this machine, on SQLite and PostgreSQL, and prints a Markdown table: `make bench`.
//
// Every measurement runs in a process of its own, so that its CPU, its peak memory and its garbage are its own. Carriers,
// load generators and floors are processes of their own too. Everything is on loopback and bounded in count and time.
// What another product was measured at on a calm machine is scaled by how fast this machine ran the same floor in the
// same run, so that only ratios are compared. The figures and what they mean are in docs/performance.md.
//
// It owns no tables and sends no signals; it reads tables to recount what was done.
package main
