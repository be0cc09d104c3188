package feed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/feed"
	"parley/internal/id"
)

const ws = id.Workspace("ws_1")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func appendBodies(t testing.TB, d *db.DB, f *feed.Feed, w id.Workspace, bodies ...any) {
	t.Helper()
	must(t, d.Tx(context.Background(), func(tx *db.Tx) error {
		for _, b := range bodies {
			if err := f.AppendTx(context.Background(), tx, feed.Event{Workspace: w, Topic: "message.added", Person: "per_1", Body: b}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// since reads all after seq as "seq:body seq:body".
func since(t testing.TB, f *feed.Feed, w id.Workspace, seq int64) string {
	t.Helper()
	events, resync, err := f.Since(context.Background(), w, seq, 10_000)
	must(t, err)
	if resync {
		return "resync"
	}
	var words []string
	for _, e := range events {
		words = append(words, fmt.Sprintf("%d:%s", e.Seq, e.Body))
	}
	return strings.Join(words, " ")
}

func run(t *testing.T, f *feed.Feed) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() { stop(); must(t, <-done) })
}

func TestAppendAndSince(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := feed.New(d, clock.NewManual(1e15), feed.Options{})
		appendBodies(t, d, f, ws, "a", "b")
		appendBodies(t, d, f, "ws_2", "other")
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			must(t, f.AppendTx(t.Context(), tx, feed.Event{Workspace: ws, Topic: "message.added", Body: "undone"}))
			return errors.New("no")
		})
		appendBodies(t, d, f, ws, "c")
		for seq, want := range map[int64]string{0: `1:"a" 2:"b" 3:"c"`, 2: `3:"c"`, 3: "", 4: "resync", -1: "resync"} {
			if got := since(t, f, ws, seq); got != want {
				t.Errorf("since %d: %s, want %s", seq, got, want)
			}
		}
		if got := since(t, f, "ws_2", 0); got != `1:"other"` {
			t.Errorf("the other workspace: %s", got)
		}
		if got := since(t, f, "ws_3", 0); got != "" {
			t.Errorf("a workspace without events: %s", got)
		}
		many := make([]any, 100)
		for i := range many {
			many[i] = i
		}
		appendBodies(t, d, f, ws, many...)
		if head, err := f.Head(t.Context(), ws); err != nil || head != 103 {
			t.Errorf("head %d, %v", head, err)
		}
		events, _, err := f.Since(t.Context(), ws, 3, 1)
		if err != nil || len(events) != 1 || events[0].Seq != 4 || events[0].Person != "per_1" || events[0].Topic != "message.added" || string(events[0].Body.(json.RawMessage)) != "0" {
			t.Errorf("got %+v, %v", events, err)
		}
	})
}

func TestWhatAHookOfTheTransactionAppendsIsNotLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := feed.New(d, clock.NewManual(1e15), feed.Options{})
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
			must(t, f.AppendTx(t.Context(), tx, feed.Event{Workspace: ws, Topic: "x", Body: 1}))
			tx.BeforeCommit("other", func() error { return f.AppendTx(t.Context(), tx, feed.Event{Workspace: ws, Topic: "x", Body: 2}) })
			return nil
		}))
		if got := since(t, f, ws, 0); got != "1:1 2:2" {
			t.Error(got)
		}
	})
}

// A subscriber sees every number once and in order while many append, some undo, and on PostgreSQL two nodes share the
// work and only one is told.
func TestNumbersHaveNoGapUnderConcurrency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.New()
		const writers, each = 8, 25
		other := feed.New(d, c, feed.Options{Buffer: 10_000, Poll: 20 * time.Millisecond})
		one := feed.New(d, c, feed.Options{Buffer: 10_000, Poll: 20 * time.Millisecond, OnAppend: other.Notify})
		run(t, one)
		run(t, other)
		early, err := one.Subscribe(t.Context(), ws)
		must(t, err)
		late, err := other.Subscribe(t.Context(), ws)
		must(t, err)
		var wg sync.WaitGroup
		for w := range writers {
			f := []*feed.Feed{one, other}[w%2]
			wg.Go(func() {
				for n := range each {
					err := d.Tx(context.Background(), func(tx *db.Tx) error {
						for range 1 + n%3 {
							if err := f.AppendTx(context.Background(), tx, feed.Event{Workspace: ws, Topic: "x", Body: n}); err != nil {
								return err
							}
						}
						if n%5 == 4 {
							return errors.New("undo")
						}
						return nil
					})
					if err != nil && err.Error() != "undo" {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		head, err := one.Head(t.Context(), ws)
		must(t, err)
		if head < writers*each {
			t.Fatalf("only %d events", head)
		}
		for name, s := range map[string]*feed.Subscription{"told": early, "told by another node, or polling": late} {
			for want := int64(1); want <= head; want++ {
				e, open := <-s.Events()
				if !open || e.Seq != want {
					t.Fatalf("%s: got %+v (open %v), want number %d", name, e, open, want)
				}
			}
			s.Close()
			s.Close()
			if _, open := <-s.Events(); open || s.Err() != nil {
				t.Errorf("%s: after closing: %v", name, s.Err())
			}
		}
		if n := one.Subscribers() + other.Subscribers(); n != 0 {
			t.Errorf("%d subscribers are left", n)
		}
	})
}

// Subscribe, then Since, then the subscription: nothing is missed, whenever it happens.
func TestJoiningWhileOthersAppend(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := feed.New(d, clock.New(), feed.Options{Buffer: 10_000})
		run(t, f)
		const total = 300
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := range total {
				appendBodies(t, d, f, ws, n)
			}
		}()
		for range 5 {
			s, err := f.Subscribe(t.Context(), ws)
			must(t, err)
			events, resync, err := f.Since(t.Context(), ws, 0, total)
			if must(t, err); resync {
				t.Fatal("resync")
			}
			next := int64(1)
			for _, e := range events {
				if e.Seq != next {
					t.Fatalf("since: number %d, want %d", e.Seq, next)
				}
				next++
			}
			for next <= total {
				if e := <-s.Events(); e.Seq == next {
					next++
				} else if e.Seq > next {
					t.Fatalf("subscription: number %d, want %d", e.Seq, next)
				}
			}
			s.Close()
		}
		<-done
	})
}

// I25: who does not read is cut off, others do not notice, and it resumes by number without a gap.
func TestASlowConsumerIsCutOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := feed.New(d, clock.New(), feed.Options{Buffer: 4})
		run(t, f)
		slow, err := f.Subscribe(t.Context(), ws)
		must(t, err)
		quick, err := f.Subscribe(t.Context(), ws)
		must(t, err)
		for n := range 10 {
			appendBodies(t, d, f, ws, n)
			if e := <-quick.Events(); e.Seq != int64(n+1) {
				t.Fatalf("the quick one got %d", e.Seq)
			}
		}
		last := int64(0)
		for e := range slow.Events() {
			last = e.Seq
		}
		if !errors.Is(slow.Err(), feed.ErrSlow) {
			t.Errorf("cut off because %v", slow.Err())
		}
		if got := since(t, f, ws, last); !strings.HasPrefix(got, fmt.Sprintf("%d:", last+1)) || !strings.HasSuffix(got, "10:9") {
			t.Errorf("it resumes with %s", got)
		}
		if n := f.Subscribers(); n != 1 {
			t.Errorf("%d subscribers", n)
		}
	})
}

// I25: memory stays bounded under 1,000 stalled clients and a flood.
func TestAThousandStalledClients(t *testing.T) {
	d := dbtest.SQLite(t)
	f := feed.New(d, clock.New(), feed.Options{})
	run(t, f)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	stalled := make([]*feed.Subscription, 1000)
	for i := range stalled {
		s, err := f.Subscribe(t.Context(), ws)
		must(t, err)
		stalled[i] = s
	}
	body := strings.Repeat("x", 1000)
	bodies := make([]any, 500)
	for i := range bodies {
		bodies[i] = body
	}
	for range 8 {
		appendBodies(t, d, f, ws, bodies...)
	}
	for _, s := range stalled {
		for range s.Events() {
		}
		if !errors.Is(s.Err(), feed.ErrSlow) {
			t.Fatalf("cut off because %v", s.Err())
		}
	}
	if grown := int64(heap()) - int64(before); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	runtime.KeepAlive(stalled)
}

func TestTrim(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(1e15)
		f := feed.New(d, c, feed.Options{KeepCount: 5, KeepAge: time.Hour})
		for n := range 8 {
			appendBodies(t, d, f, ws, n)
		}
		must(t, f.Trim(t.Context()))
		if got := since(t, f, ws, 3); got != "4:3 5:4 6:5 7:6 8:7" {
			t.Errorf("by count: %s", got)
		}
		if got := since(t, f, ws, 2); got != "resync" {
			t.Errorf("what is gone: %s", got)
		}
		c.Skip(2 * time.Hour)
		appendBodies(t, d, f, ws, "new")
		must(t, f.Trim(t.Context()))
		if got := since(t, f, ws, 8); got != `9:"new"` {
			t.Errorf("by age: %s", got)
		}
		c.Skip(2 * time.Hour)
		must(t, f.Trim(t.Context()))
		if got := since(t, f, ws, 9); got != "" {
			t.Errorf("all gone, and nothing new: %s", got)
		}
		if got := since(t, f, ws, 8); got != "resync" {
			t.Errorf("all gone, and one was missed: %s", got)
		}
		appendBodies(t, d, f, ws, "again")
		if got := since(t, f, ws, 9); got != `10:"again"` {
			t.Errorf("numbers go on: %s", got)
		}
	})
}
