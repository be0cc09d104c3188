package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// notifyChannel is the one channel that nodes talk on; the payload says what it is about.
const notifyChannel = "parley"

// Notify tells the other nodes on the same PostgreSQL something short: "look again", or a hint such as who is where,
// never what must not be lost. It is called outside of
// transactions, may be lost, and does nothing on SQLite, where there are no other nodes.
func (d *DB) Notify(ctx context.Context, payload string) error {
	if d.engine != Postgres {
		return nil
	}
	_, err := d.pool.Exec(ctx, "SELECT pg_notify($1, $2)", notifyChannel, payload)
	return wrapErr(err)
}

// Listen calls told with what other nodes (and this one) notify, until ctx ends. It connects again when the connection is
// lost; again is called then, because something may have been missed.
func (d *DB) Listen(ctx context.Context, told func(payload string), again func()) error {
	if d.engine != Postgres {
		<-ctx.Done()
		return nil
	}
	for ctx.Err() == nil {
		if err := d.listen(ctx, told, again); err != nil && ctx.Err() == nil {
			d.log.Warn("lost the line to the other nodes; connecting again", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
	return nil
}

func (d *DB) listen(ctx context.Context, told func(string), again func()) error {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// The connection listens, so it is not given back to the pool.
	own := conn.Hijack()
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	if _, err := own.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	again()
	for {
		var n *pgconn.Notification
		if n, err = own.WaitForNotification(ctx); err != nil {
			return err
		}
		told(n.Payload)
	}
}
