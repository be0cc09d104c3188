package mailbox_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/mailbox"
)

func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{Poll: 24 * time.Hour, Backoff: time.Minute})
		done := make(chan string, 10)
		tell := func(_ context.Context, tx *db.Tx, item mailbox.Item) error {
			var body string
			if err := item.Decode(&body); err != nil {
				return err
			}
			if body == "fail" && item.Attempts == 0 {
				done <- "failed"
				return context.DeadlineExceeded
			}
			tx.AfterCommit(func() { done <- body })
			return nil
		}
		b.Handle("say", "tell", tell)
		b.Handle("timer", "tell", tell)
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		before := goleak.IgnoreCurrent()
		go func() { stopped <- b.Run(ctx) }()
		expect := func(want string) {
			t.Helper()
			if got := <-done; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		t.Run("a signal wakes a worker at rest", func(t *testing.T) {
			for range 3 {
				b.send("per_1", "say", "signal")
				expect("signal")
			}
		})
		t.Run("a timer fires when its time comes, also if it was set to come before another", func(t *testing.T) {
			b.timer("per_1", "late", 3*time.Hour, "late")
			b.timer("per_2", "soon", time.Hour, "soon")
			b.clock.Skip(time.Hour)
			expect("soon")
			b.clock.Skip(2 * time.Hour)
			expect("late")
		})
		t.Run("what failed is tried again when its time comes", func(t *testing.T) {
			b.send("per_1", "say", "fail")
			expect("failed")
			for got := ""; got != "fail"; {
				select {
				case got = <-done:
				default: // the failure is counted after the handler returned, and held back from then
					b.clock.Skip(time.Minute)
				}
			}
		})
		stop()
		must(t, <-stopped)
		goleak.VerifyNone(t, before, goleak.IgnoreTopFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
	})
}
