package channel_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"parley/internal/channel"
	"parley/internal/channel/twilio"
	"parley/internal/channel/twilio/twiliotest"
	"parley/internal/db"
	"parley/internal/db/dbtest"
)

// engines runs a benchmark on SQLite, and on PostgreSQL where there is one.
func engines(b *testing.B, run func(b *testing.B, d *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { run(b, dbtest.SQLite(b)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		b.Run("postgres", func(b *testing.B) { run(b, dbtest.Postgres(b)) })
	}
}

// sinkWorld has a channel whose provider takes everything at once.
func sinkWorld(b *testing.B, d *db.DB) (*world, *twiliotest.Sink) {
	b.Helper()
	w := newWorld(b, d, nil)
	sink := &twiliotest.Sink{}
	server := httptest.NewServer(sink)
	b.Cleanup(server.Close)
	settings := w.fake.Settings()
	settings["base_url"], settings["rate"] = server.URL, "0"
	c, err := w.service.Create(b.Context(), w.actor, channel.Draft{Kind: twilio.Kind, Name: "fast", Settings: settings})
	must(b, err)
	w.channel = c
	w.service.SetHooks(channel.Hooks{})
	return w, sink
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report says what one message took of this process; the database of PostgreSQL is beside it.
func report(b *testing.B, n int, started time.Time, before time.Duration) {
	b.ReportMetric(float64(n)/time.Since(started).Seconds(), "msg/s")
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(n), "cpu-us/msg")
	b.ReportMetric(0, "ns/op")
}

func bulk(w *world, n int) []channel.Delivery {
	list := make([]channel.Delivery, n)
	for i := range list {
		list[i] = w.delivery("Hi John, your cart is waiting for you at Fashion Era: https://era.example/c/0123456789 Reply STOP to opt out")
		list[i].To = fmt.Sprintf("+1555%07d", i)
	}
	return list
}

func BenchmarkEnqueue(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w, _ := sinkWorld(b, d)
		started, before := time.Now(), cpu()
		for range b.N {
			w.enqueue(bulk(w, 1000)...)
		}
		report(b, 1000*b.N, started, before)
	})
}

// BenchmarkOutbox hands over what is queued: claim, attempt, request, outcome (PF1).
func BenchmarkOutbox(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w, sink := sinkWorld(b, d)
		n := 20_000 * b.N
		for range n / 1000 {
			w.enqueue(bulk(w, 1000)...)
		}
		last := w.delivery("")
		b.ResetTimer()
		started, before := time.Now(), cpu()
		w.run()
		for sink.Taken() < int64(n) {
			time.Sleep(time.Millisecond)
		}
		w.stop()
		report(b, n, started, before)
		if got := w.sent(channel.MessageID(fmt.Sprintf("msg_%06d", w.messages-1))); got.State != channel.StateSent || last.Message == "" {
			b.Errorf("the last message is %+v", got)
		}
	})
}

// BenchmarkIntake takes signed texts over 64 connections (PF3).
func BenchmarkIntake(b *testing.B) {
	engines(b, func(b *testing.B, d *db.DB) {
		w := newWorld(b, d, nil)
		address := w.hooks.URL + "/hooks/era/sms"
		var next atomic.Int64
		n := int64(5000 * b.N)
		b.ResetTimer()
		started, before := time.Now(), cpu()
		var group sync.WaitGroup
		for range 64 {
			group.Go(func() {
				for i := next.Add(1); i <= n; i = next.Add(1) {
					form := url.Values{"MessageSid": {fmt.Sprintf("SM%032d", i)}, "From": {fmt.Sprintf("+1555010%04d", i%10000)},
						"To": {twiliotest.Number}, "Body": {"Where is my order?"}, "NumMedia": {"0"}}
					if _, err := w.service.Webhook(context.Background(), "era", "sms", signedForm(address, form)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		report(b, int(n), started, before)
	})
}
