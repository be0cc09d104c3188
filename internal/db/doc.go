// Package db is Parley's storage: one SQL text on two engines.
//
// On SQLite one writer commits for everybody: the units of work of many callers share one physical transaction, each in
// its own savepoint, and all are told after one fsync (group commit, synchronous=FULL). Readers have connections of
// their own. On PostgreSQL each Tx has a connection; writes whose result nobody needs are pipelined (Queue), and
// TxEach and TxGrouped let many units share a commit there too.
//
// Invariants:
//   - when Tx returned nil, the work is on disk (I20);
//   - when it returned an error, nothing of the unit remains (I3);
//   - a second process on the same SQLite folder is refused (I23).
//
// A unit of work runs on one goroutine, does no I/O but SQL, never starts another transaction, and may run again when the
// engine asks for a retry: effects outside the database belong into AfterCommit.
//
// SQL is written once, with $1, $2 ... in order of first appearance; times are BIGINT microseconds, JSON is JSONB holding
// an object or an array. The places that differ between the engines are methods here: ClaimSuffix, Bulk, LockTx.
package db
