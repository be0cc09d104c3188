package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/internal/errs"
	"parley/internal/fault"
)

// Engine is the kind of database.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// ErrNoRows is returned by Row.Scan when there was no row.
var ErrNoRows = sql.ErrNoRows

// ErrUnavailable is returned when the database cannot be reached or cannot write; nothing of the unit was kept.
var ErrUnavailable = errs.New(errs.Unavailable, "database_unavailable",
	"The database cannot take this right now. Nothing was changed; try again in a moment.")

// Options say where the database is and how to open it.
type Options struct {
	URL       string // postgres://... ; empty means SQLite in Dir
	Dir       string // data folder: parley.db, its lock and backups
	Log       *slog.Logger
	MaxConns  int           // PostgreSQL connections, default 16
	Readers   int           // SQLite read connections, default 4
	NoMigrate bool          // open as it is
	ReadOnly  bool          // for tools that only read, also beside a running server: no lock, no migration, no writes
	LockWait  time.Duration // how long to wait for another process to let go of the folder
	Faults    *fault.Points // before_commit and after_commit of every transaction; nil in production
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine Engine
	log    *slog.Logger
	dir    string
	unlock func()
	faults *fault.Points

	writer *writer  // SQLite
	reader *sql.DB  // SQLite
	reads  sync.Map // SQLite: text -> *sql.Stmt

	pool    *pgxpool.Pool // PostgreSQL
	grouped *grouper      // PostgreSQL
}

// Open opens the database, takes the folder's lock on SQLite, and brings the schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &DB{log: o.Log, dir: o.Dir, unlock: func() {}, faults: o.Faults}
	var err error
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		err = d.openPostgres(ctx, o)
	} else if o.URL != "" {
		err = errs.New(errs.Invalid, "database_url", "%q is not a database address. Use postgres://user@host/name, or leave it out to keep everything in one folder.", redact(o.URL))
	} else {
		err = d.openSQLite(ctx, o)
	}
	if err == nil && !o.NoMigrate && !o.ReadOnly {
		err = d.migrate(ctx)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Engine says which engine this is.
func (d *DB) Engine() Engine { return d.engine }

// Close waits for the work under way and lets go of the files.
func (d *DB) Close() {
	if d.writer != nil {
		d.writer.close()
	}
	if d.reader != nil {
		_ = d.reader.Close()
	}
	if d.grouped != nil {
		d.grouped.close()
	}
	if d.pool != nil {
		d.pool.Close()
	}
	d.unlock()
}

// Ping says whether the database answers and can be written to.
func (d *DB) Ping(ctx context.Context) error {
	if d.engine == Postgres {
		return wrapErr(d.pool.Ping(ctx))
	}
	return d.Tx(ctx, func(tx *Tx) error { return nil })
}

// ClaimSuffix ends a SELECT that claims rows, so that two nodes claim different ones.
func (d *DB) ClaimSuffix() string {
	if d.engine == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Query runs a read outside any transaction. The caller closes the rows.
func (d *DB) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	if d.engine == Postgres {
		rows, err := d.pool.Query(ctx, text, args...)
		return &Rows{pgx: rows}, wrapErr(err)
	}
	stmt, err := d.readStmt(ctx, text)
	if err != nil {
		return nil, wrapErr(err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, wrapErr(err)
	}
	return &Rows{std: rows}, nil
}

// QueryRow is Query for at most one row.
func (d *DB) QueryRow(ctx context.Context, text string, args ...any) *Row {
	rows, err := d.Query(ctx, text, args...)
	return &Row{rows: rows, err: err}
}

// Tx runs one unit of work and returns nil when it is on disk. See the package comment for what fn may do.
func (d *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	if d.engine == SQLite {
		return d.writer.do(ctx, fn)
	}
	return d.retry(ctx, func() error { return d.pgTx(ctx, []func(*Tx) error{fn}) })
}

// TxGrouped is Tx for hot paths with many callers at once: on PostgreSQL their units share transactions.
func (d *DB) TxGrouped(ctx context.Context, fn func(tx *Tx) error) error {
	if d.engine == SQLite {
		return d.writer.do(ctx, fn)
	}
	return d.grouped.do(ctx, fn)
}

// TxEach runs many units in one physical commit. A unit that fails leaves the others untouched; the errors are in the
// order of the units.
func (d *DB) TxEach(ctx context.Context, fns []func(tx *Tx) error) []error {
	if d.engine == SQLite {
		return d.writer.doAll(ctx, fns)
	}
	out := make([]error, len(fns))
	if len(fns) == 0 {
		return out
	}
	if len(fns) > 1 && d.pgTx(ctx, fns) == nil {
		return out
	}
	for i, fn := range fns {
		out[i] = d.Tx(ctx, fn)
	}
	return out
}

// retry repeats work that lost a race with another transaction.
func (d *DB) retry(ctx context.Context, work func() error) error {
	for attempt := 0; ; attempt++ {
		err := work()
		if err == nil || attempt == 5 || !isRetryable(err) || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Duration(1<<attempt) * time.Millisecond)
	}
}

// manyValues is from how long on an IN list becomes a list of VALUES: PostgreSQL would otherwise compare each of the
// parameters with each row of the workspace instead of using the index (measured: 800 ms for 1,000 of 10,000 rows).
const manyValues = 9

// In is the right side of an IN for n texts beginning with placeholder $from: "($3,$4,$5,$6)". n = 0 gives "(NULL)",
// which matches nothing. The list is padded to a power of two, so that few statements are prepared; InArgs fills it.
func In(n, from int) string {
	if n == 0 {
		return "(NULL)"
	}
	if n >= manyValues {
		return "(VALUES (" + strings.ReplaceAll(Marks(n, from), ",", "),(") + "))"
	}
	return "(" + Marks(n, from) + ")"
}

// Marks are the placeholders of a list of n values, padded like In: "$3,$4,$5,$6".
func Marks(n, from int) string {
	var b strings.Builder
	for i := range padded(n) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// InArgs appends the values of an IN list to args, repeating the last so that In's padding is filled.
func InArgs[T any](args []any, values []T) []any {
	for _, v := range values {
		args = append(args, v)
	}
	for i := len(values); len(values) > 0 && i < padded(len(values)); i++ {
		args = append(args, values[len(values)-1])
	}
	return args
}

func padded(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func redact(url string) string {
	if at := strings.LastIndexByte(url, '@'); at >= 0 {
		return "…" + url[at:]
	}
	return url
}

// errPanic carries a panic of a unit to its caller as an error, so that one bad unit cannot end the process (I6).
type errPanic struct {
	value any
	stack []byte
}

func (e *errPanic) Error() string {
	return fmt.Sprintf("panic in a unit of work: %v\n%s", e.value, e.stack)
}

// IsPanic says whether the error is a panic inside a unit of work.
func IsPanic(err error) bool {
	var p *errPanic
	return errors.As(err, &p)
}
