package mailbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// BenchmarkMailbox is what a journey step costs in the mailbox: a signal of a person is handled, one row is written and
// a timer is set. b.N reactions over 20,000 people; the rate is in reactions/s.
func BenchmarkMailbox(b *testing.B) {
	engines := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) { benchReactions(b, engines[engine](b)) })
	}
}

func benchReactions(b *testing.B, d *db.DB) {
	ctx := b.Context()
	c := clock.New()
	box := mailbox.New(d, c, id.NewSource(c), mailbox.Options{})
	must(b, d.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE effect (person TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (person, item))`)
		return err
	}))
	done := make(chan struct{}, b.N)
	box.Handle("event", "step", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
		tx.Queue(ctx, `INSERT INTO effect (person, item) VALUES ($1, $2)`, item.Person, item.ID)
		tx.AfterCommit(func() { done <- struct{}{} })
		return box.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: ws, Person: item.Person, Kind: "wait", Key: "run_1",
			Due: c.Now().Add(24 * time.Hour), Body: map[string]string{"step": "two"}})
	})
	signals := make([]mailbox.Signal, b.N)
	for n := range signals {
		signals[n] = mailbox.Signal{Workspace: ws, Person: id.Person(fmt.Sprintf("per_%05d", n*7919%20000)), Kind: "event", Body: map[string]string{"event_id": "evt_1"}}
	}
	for start := 0; start < b.N; start += 10000 {
		must(b, d.Tx(ctx, func(tx *db.Tx) error { return box.SendAllTx(ctx, tx, signals[start:min(start+10000, b.N)]) }))
	}
	ctx, stop := context.WithCancel(ctx)
	stopped := make(chan error)
	b.ResetTimer()
	go func() { stopped <- box.Run(ctx) }()
	for range b.N {
		<-done
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reactions/s")
	stop()
	must(b, <-stopped)
}

// BenchmarkOneAmongManyWaiting is one signal from its commit to its effect while 200,000 timers wait: what waits must not
// cost (PF13).
func BenchmarkOneAmongManyWaiting(b *testing.B) {
	engines := map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres}
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, waiting := range []int{0, 200_000} {
			b.Run(fmt.Sprintf("%s/%d", engine, waiting), func(b *testing.B) { benchOne(b, engines[engine](b), waiting) })
		}
	}
}

func benchOne(b *testing.B, d *db.DB, waiting int) {
	box := newBench(b, d, mailbox.Options{})
	box.Handle("say", "note", func(context.Context, *db.Tx, mailbox.Item) error { return nil })
	far := int64(box.clock.Now().Add(24 * time.Hour))
	rows := make([][]any, waiting)
	for n := range rows {
		rows[n] = []any{string(ws), fmt.Sprintf("per_w%06d", n*7919%200_003), far, box.ids.New("itm"), "timer", "k", "null"}
	}
	must(b, d.Tx(b.Context(), func(tx *db.Tx) error {
		return tx.Bulk(b.Context(), db.Bulk{Table: "mailbox_item", Columns: []string{"workspace_id", "person_id", "due_at", "id", "kind", "key", "body"}, Rows: rows})
	}))
	b.ResetTimer()
	for b.Loop() {
		box.send("per_1", "say", "x")
		box.drain()
	}
}
