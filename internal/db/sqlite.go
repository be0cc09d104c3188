package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"parley/internal/errs"
)

// maxGroup is how many units may share one physical commit: enough to spread one fsync thin, few enough that the first
// caller does not wait long for the last.
const maxGroup = 256

// openSQLite opens the folder's database with one writer and several readers.
func (d *DB) openSQLite(ctx context.Context, o Options) error {
	d.engine = SQLite
	if o.ReadOnly {
		return d.openReaders(o, "&mode=rw")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return errs.Wrap(err, errs.Unavailable, "data_dir", "The data folder %s cannot be made. Choose another with --data-dir, or give this user the right to write there.", o.Dir)
	}
	unlock, err := lockFolder(ctx, o.Dir, o.LockWait)
	if err != nil {
		return err
	}
	d.unlock = unlock
	path := databaseFile(o.Dir)
	// FULL: a commit that was told to anybody survives a power cut; NORMAL would not (measured, see reliability notes).
	w, err := sql.Open("sqlite", databaseURI(o.Dir)+pragmas+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	d.writer, err = newWriter(d, w)
	if err != nil {
		_ = w.Close()
		return errs.Wrap(err, errs.Unavailable, "data_dir", "The database %s cannot be opened. Check that the disk is not full or read-only; nothing was changed.", path)
	}
	return d.openReaders(o, "")
}

const pragmas = "?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=temp_store(2)&_pragma=cache_size(-16000)&_pragma=mmap_size(268435456)"

func databaseFile(dir string) string { return filepath.Join(dir, "parley.db") }

// databaseURI names the file so that a folder may be called "a#b?c".
func databaseURI(dir string) string {
	return "file:" + (&url.URL{Path: databaseFile(dir)}).EscapedPath()
}

// openReaders opens the connections that only read.
func (d *DB) openReaders(o Options, mode string) (err error) {
	readers := o.Readers
	if readers == 0 {
		readers = 4
	}
	path := databaseFile(o.Dir)
	if d.reader, err = sql.Open("sqlite", databaseURI(o.Dir)+pragmas+"&_pragma=query_only(1)"+mode); err != nil {
		return fmt.Errorf("open %s for reading: %w", path, err)
	}
	d.reader.SetMaxOpenConns(readers)
	d.reader.SetMaxIdleConns(readers)
	if o.ReadOnly {
		if err := d.reader.PingContext(context.Background()); err != nil {
			return errs.Wrap(err, errs.Unavailable, "data_dir", "There is no database to read in %s. Choose the folder with --data-dir.", o.Dir)
		}
	}
	return nil
}

// readStmt prepares a read once.
func (d *DB) readStmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := d.reads.Load(text); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := d.reader.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if other, loaded := d.reads.LoadOrStore(text, s); loaded {
		_ = s.Close()
		return other.(*sql.Stmt), nil
	}
	return s, nil
}

// writer is the one connection that writes. A goroutine of its own runs the units, so that they need no locks.
type writer struct {
	d     *DB
	pool  *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	queue chan *unit
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
}

type unit struct {
	ctx  context.Context
	fn   func(*Tx) error
	tx   *Tx
	err  error
	done chan struct{}
}

func newWriter(d *DB, pool *sql.DB) (*writer, error) {
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	w := &writer{d: d, pool: pool, conn: conn, stmts: map[string]*sql.Stmt{},
		queue: make(chan *unit, 1024), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w, nil
}

func (w *writer) close() {
	w.once.Do(func() {
		close(w.quit)
		<-w.done
		for _, s := range w.stmts {
			_ = s.Close()
		}
		_ = w.conn.Close()
		_ = w.pool.Close()
	})
}

func (w *writer) do(ctx context.Context, fn func(*Tx) error) error {
	return w.doAll(ctx, []func(*Tx) error{fn})[0]
}

// doAll hands the units over and waits for all.
func (w *writer) doAll(ctx context.Context, fns []func(*Tx) error) []error {
	units := make([]*unit, len(fns))
	out := make([]error, len(fns))
	for i, fn := range fns {
		units[i] = &unit{ctx: ctx, fn: fn, done: make(chan struct{})}
		select {
		case w.queue <- units[i]:
		case <-w.quit:
			units[i].err = ErrUnavailable
			close(units[i].done)
		}
	}
	for i, u := range units {
		out[i] = w.wait(u)
	}
	return out
}

func (w *writer) wait(u *unit) error {
	select {
	case <-u.done:
	case <-w.done: // stopped before this unit's turn, unless it was just told
		select {
		case <-u.done:
		default:
			return ErrUnavailable
		}
	}
	if u.err == nil {
		u.tx.returning()
	}
	return u.err
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.quit:
			return
		case u := <-w.queue:
			w.group(u)
		}
	}
}

// group runs u and all that wait behind it in one physical transaction, then tells them.
func (w *writer) group(u *unit) {
	if _, err := w.exec("BEGIN IMMEDIATE", nil); err != nil {
		u.err = err
		close(u.done)
		return
	}
	var units []*unit
	broken := false
	for more := true; more && !broken; {
		units = append(units, u)
		broken = !w.runUnit(u)
		if len(units) == maxGroup {
			break
		}
		select {
		case u = <-w.queue:
		default:
			more = false
		}
	}
	if broken || !w.commit() {
		_, _ = w.exec("ROLLBACK", nil)
		for _, u := range units {
			if u.err == nil {
				u.err = ErrUnavailable
			}
		}
	}
	for _, u := range units {
		if u.err == nil {
			u.tx.committed()
		}
		close(u.done)
	}
}

func (w *writer) commit() bool {
	w.d.faults.Hit("before_commit")
	_, err := w.exec("COMMIT", nil)
	if err != nil {
		w.d.log.Error("commit refused by the database; nothing of this group was kept", "error", err)
		return false
	}
	w.d.faults.Hit("after_commit")
	return true
}

// runUnit runs one unit in its savepoint. It is false when the physical transaction cannot go on, as after a full disk.
func (w *writer) runUnit(u *unit) bool {
	if u.err = u.ctx.Err(); u.err != nil {
		return true
	}
	if _, err := w.exec("SAVEPOINT unit", nil); err != nil {
		u.err = err
		return false
	}
	u.tx = &Tx{d: w.d, lite: w}
	if u.err = call(u.fn, u.tx); u.err != nil {
		if _, err := w.exec("ROLLBACK TO unit", nil); err != nil {
			return false
		}
	}
	_, err := w.exec("RELEASE unit", nil)
	return err == nil
}

// call runs a unit to its end and turns a panic into an error.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &errPanic{v, debug.Stack()}
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.finish()
}

// stmt prepares a statement once; the writer's goroutine is the only caller.
func (w *writer) stmt(text string) (*sql.Stmt, error) {
	if s, ok := w.stmts[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, wrapErr(fmt.Errorf("%w in %q", err, text))
	}
	w.stmts[text] = s
	return s, nil
}

// exec runs with no cancellation: interrupting one unit would undo the others of its group.
func (w *writer) exec(text string, args []any) (int64, error) {
	s, err := w.stmt(text)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, wrapErr(err)
	}
	return res.RowsAffected()
}

func (w *writer) query(text string, args []any) (*Rows, error) {
	s, err := w.stmt(text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, wrapErr(err)
	}
	return &Rows{std: rows}, nil
}
