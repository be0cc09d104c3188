package channel_test

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/db"
	"parley/internal/db/dbtest"
)

// The end of a service lets go of its senders while others may still queue messages. Neither may wait for the other.
func TestAServiceEndsThoughSomebodyIsQueueingMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.service.Run(ctx) }()
		first := w.delivery("before the end")
		w.enqueue(first)
		w.untilState(first.Message, channel.StateSent) // the sender is ours now, so it is let go of
		queued := make(chan error, 1)
		go func() {
			queued <- d.Tx(context.WithoutCancel(ctx), func(tx *db.Tx) error {
				end()
				time.Sleep(200 * time.Millisecond) // the service comes to its end and waits for this unit
				return w.service.EnqueueTx(context.WithoutCancel(ctx), tx, []channel.Delivery{w.delivery("at the end")})
			})
		}()
		for _, wait := range []chan error{queued, ended} {
			select {
			case err := <-wait:
				must(t, err)
			case <-time.After(20 * time.Second):
				_, _ = fmt.Fprintln(os.Stderr, "the service and what is being queued wait for each other:")
				_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
				os.Exit(1) // the test cannot end either: its database waits for both
			}
		}
	})
}
