package db

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/internal/errs"
)

// openPostgres connects a pool.
func (d *DB) openPostgres(ctx context.Context, o Options) error {
	d.engine = Postgres
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return errs.New(errs.Invalid, "database_url", "The database address %s cannot be read. It looks like postgres://user@host:5432/name.", redact(o.URL))
	}
	cfg.MaxConns = int32(o.MaxConns)
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 16
	}
	cfg.MaxConnIdleTime = time.Minute
	// Compiling a plan takes longer (50 to 150 ms) than any statement here runs, and a plan that avoids something is
	// priced so high that PostgreSQL would compile it.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	if d.pool, err = pgxpool.NewWithConfig(ctx, cfg); err == nil {
		err = d.pool.Ping(ctx)
	}
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "database_unreachable", "The database at %s does not answer. Check that it runs and that this user may connect.", redact(o.URL))
	}
	d.grouped = newGrouper(d)
	return nil
}

// pgSession is one transaction on one connection. Writes wait in pending and travel with the next statement, so that a
// unit costs as many round trips as it has questions, plus one.
type pgSession struct {
	conn    *pgxpool.Conn
	pending []statement
	begun   bool
}

type statement struct {
	text string
	args []any
}

// pgTx runs the units one after the other in one transaction. Any error undoes all of them.
func (d *DB) pgTx(ctx context.Context, fns []func(*Tx) error) error {
	txs, err := d.pgCommit(ctx, fns)
	for _, tx := range txs {
		tx.returning()
	}
	return err
}

// pgCommit is pgTx up to the commit. It returns the units when they are on disk and the connection is free again.
func (d *DB) pgCommit(ctx context.Context, fns []func(*Tx) error) ([]*Tx, error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, wrapErr(err)
	}
	s := &pgSession{conn: conn}
	defer s.release()
	s.replan()
	txs := make([]*Tx, len(fns))
	for i, fn := range fns {
		txs[i] = &Tx{d: d, pg: s}
		if err := call(fn, txs[i]); err != nil {
			return nil, wrapErr(err)
		}
	}
	d.faults.Hit("before_commit")
	if err := s.commit(ctx); err != nil {
		return nil, err
	}
	d.faults.Hit("after_commit")
	for _, tx := range txs {
		tx.committed()
	}
	return txs, nil
}

// plansFor is how long a connection keeps the plans of its statements. A plan that was made while a table was empty reads
// all of it, and is kept until the server has new statistics: a first campaign would read everybody's thread for each
// batch of its recipients.
const plansFor = 2 * time.Second

// replan has the server forget the connection's plans now and then, so that they follow the size of the tables.
func (s *pgSession) replan() {
	kept := s.conn.Conn().PgConn().CustomData()
	planned, _ := kept["planned"].(time.Time)
	if now := time.Now(); now.Sub(planned) > plansFor {
		kept["planned"] = now
		s.queue("DISCARD PLANS", nil)
	}
}

func (s *pgSession) queue(text string, args []any) {
	s.pending = append(s.pending, statement{text, args})
}

// send puts the pending statements and the last ones on the wire and reads the answers of the pending ones.
func (s *pgSession) send(ctx context.Context, last ...statement) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	extra := len(s.pending)
	if !s.begun {
		batch.Queue("begin")
		extra++
	}
	for _, p := range s.pending {
		batch.Queue(p.text, p.args...)
	}
	for _, l := range last {
		batch.Queue(l.text, l.args...)
	}
	s.begun, s.pending = true, s.pending[:0]
	results := s.conn.SendBatch(ctx, batch)
	for range extra {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			return nil, wrapErr(err)
		}
	}
	return results, nil
}

func (s *pgSession) exec(ctx context.Context, text string, args []any) (int64, error) {
	results, err := s.send(ctx, statement{text, args})
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag.RowsAffected(), wrapErr(err)
}

func (s *pgSession) query(ctx context.Context, text string, args []any) (*Rows, error) {
	results, err := s.send(ctx, statement{text, args})
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, wrapErr(err)
	}
	return &Rows{pgx: rows, end: results.Close}, nil
}

// commit does not listen to the caller's cancellation: once it is sent, its outcome counts.
func (s *pgSession) commit(ctx context.Context) error {
	if !s.begun && len(s.pending) == 0 {
		return nil
	}
	results, err := s.send(context.WithoutCancel(ctx), statement{text: "commit"})
	if err != nil {
		return err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("transaction was undone at commit: %s", tag)
	}
	if err == nil {
		s.begun = false
	}
	return wrapErr(err)
}

// release undoes what was not committed and gives the connection back.
func (s *pgSession) release() {
	if s.begun && !s.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := s.conn.Exec(ctx, "rollback"); err != nil {
			_ = s.conn.Conn().Close(ctx)
		}
	}
	s.conn.Release()
}

// grouper lets units of many callers share transactions. One goroutine runs them, so that grouped units never wait for
// each other's row locks.
type grouper struct {
	d     *DB
	queue chan *unit
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
}

func newGrouper(d *DB) *grouper {
	g := &grouper{d: d, queue: make(chan *unit, 1024), quit: make(chan struct{}), done: make(chan struct{})}
	go g.run()
	return g
}

func (g *grouper) close() {
	g.once.Do(func() { close(g.quit); <-g.done })
}

func (g *grouper) do(ctx context.Context, fn func(*Tx) error) error {
	u := &unit{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case g.queue <- u:
	case <-g.quit:
		return ErrUnavailable
	}
	select {
	case <-u.done:
		return u.err
	case <-g.done:
		select {
		case <-u.done:
			return u.err
		default:
			return ErrUnavailable
		}
	}
}

func (g *grouper) run() {
	defer close(g.done)
	for {
		select {
		case <-g.quit:
			return
		case u := <-g.queue:
			g.runGroup(u)
		}
	}
}

func (g *grouper) runGroup(u *unit) {
	units := []*unit{u}
	for more := true; more && len(units) < maxGroup; {
		select {
		case u := <-g.queue:
			units = append(units, u)
		default:
			more = false
		}
	}
	fns := make([]func(*Tx) error, len(units))
	for i, u := range units {
		fns[i] = func(tx *Tx) error {
			if err := u.ctx.Err(); err != nil {
				return err
			}
			return u.fn(tx)
		}
	}
	for i, err := range g.d.TxEach(context.Background(), fns) {
		units[i].err = err
		close(units[i].done)
	}
}
