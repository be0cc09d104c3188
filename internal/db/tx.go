package db

import (
	"context"
	"hash/fnv"
)

// Tx is one unit of work. It is used by one goroutine.
type Tx struct {
	d      *DB
	lite   *writer
	pg     *pgSession
	before []keyed
	after  []func()
	last   []func()
	failed error // first error of a queued write
	locals map[any]any
}

type keyed struct {
	key string
	fn  func() error
}

// Engine says which engine the unit runs on.
func (tx *Tx) Engine() Engine { return tx.d.engine }

// ClaimSuffix is DB.ClaimSuffix.
func (tx *Tx) ClaimSuffix() string { return tx.d.ClaimSuffix() }

// Query reads inside the unit. Close the rows before the next statement.
func (tx *Tx) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if tx.lite != nil {
		return tx.lite.query(text, args)
	}
	return tx.pg.query(ctx, text, args)
}

// QueryRow is Query for at most one row.
func (tx *Tx) QueryRow(ctx context.Context, text string, args ...any) *Row {
	rows, err := tx.Query(ctx, text, args...)
	return &Row{rows: rows, err: err}
}

// Exec writes and says how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if tx.lite != nil {
		return tx.lite.exec(text, args)
	}
	return tx.pg.exec(ctx, text, args)
}

// Queue writes something whose result nobody needs. On PostgreSQL it travels with the next statement or the commit. An
// error fails the unit.
func (tx *Tx) Queue(ctx context.Context, text string, args ...any) {
	if tx.lite != nil {
		if tx.failed == nil {
			_, tx.failed = tx.lite.exec(text, args)
		}
		return
	}
	tx.pg.queue(text, args)
}

// AfterCommit calls fn once the unit is on disk, outside of it, and not at all when the unit fails. fn is quick: it wakes
// somebody or updates memory, and never starts a transaction.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// BeforeReturn calls fn once the unit is on disk, where the unit was asked for and before that call returns: fn may wait,
// for the answer that the caller is about to give must be true. A unit that fails does not call it.
func (tx *Tx) BeforeReturn(fn func()) { tx.last = append(tx.last, fn) }

// BeforeCommit calls fn as the last thing of the unit. Calls with the same key are one: the first wins.
func (tx *Tx) BeforeCommit(key string, fn func() error) {
	for _, k := range tx.before {
		if k.key == key {
			return
		}
	}
	tx.before = append(tx.before, keyed{key, fn})
}

// LockTx keeps other nodes from holding the same name until the unit ends. SQLite has one writer and needs nothing.
func (tx *Tx) LockTx(ctx context.Context, name string) {
	if tx.pg != nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(name))
		tx.pg.queue("SELECT pg_advisory_xact_lock($1)", []any{int64(h.Sum64())})
	}
}

// Local is a value that lives as long as the unit: the one that was made for the key, or a new one. It is how a platform
// package gathers what several callers add to one unit.
func (tx *Tx) Local(key any, fresh func() any) any {
	if v, ok := tx.locals[key]; ok {
		return v
	}
	if tx.locals == nil {
		tx.locals = map[any]any{}
	}
	v := fresh()
	tx.locals[key] = v
	return v
}

// finish runs what was kept for the end of the unit.
func (tx *Tx) finish() error {
	for i := 0; i < len(tx.before); i++ {
		if err := tx.before[i].fn(); err != nil {
			return err
		}
	}
	return tx.failed
}

func (tx *Tx) committed() {
	for _, fn := range tx.after {
		fn()
	}
}

func (tx *Tx) returning() {
	for _, fn := range tx.last {
		fn()
	}
}

var _ Queryer = (*Tx)(nil)
var _ Queryer = (*DB)(nil)
