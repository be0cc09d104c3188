package mailbox_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// onPostgres runs what needs two nodes: a second process on a SQLite folder is refused by db.
func onPostgres(t *testing.T, fn func(*testing.T, *db.DB)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() == db.Postgres {
			fn(t, d)
		}
	})
}

// I23: a node that is paused inside its unit loses its people after the lease, and writes nothing when it wakes.
func TestAPausedNodeWritesNothingWhenItWakes(t *testing.T) {
	onPostgres(t, pausedNode)
}

func pausedNode(t *testing.T, d *db.DB) {
	paused, wake := make(chan struct{}), make(chan struct{})
	first := newBench(t, d, mailbox.Options{Lease: 100 * time.Millisecond})
	var once sync.Once
	first.Handle("say", "pause", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
		if err := write(ctx, tx, item, "paused"); err != nil {
			return err
		}
		once.Do(func() { close(paused); <-wake })
		return write(ctx, tx, item, "woke")
	})
	second := newBench(t, d, mailbox.Options{})
	second.Handle("say", "note", note)
	first.send("per_1", "say", "once")

	done := make(chan struct{})
	go func() { defer close(done); _ = first.Drain(t.Context()) }()
	<-paused
	for second.effects("per_1") == "" { // the drain comes back at once while the first still holds the person
		second.clock.Skip(time.Second)
		second.drain()
	}
	second.want("per_1", "once")
	close(wake)
	<-done
	second.want("per_1", "once")
	if s := first.Stats(); s.Handled != 0 {
		t.Errorf("the paused node counts %+v", s)
	}
}

// I23: two nodes never handle one person at the same time, and together lose and repeat nothing.
func TestTwoNodes(t *testing.T) {
	onPostgres(t, twoNodes)
}

func twoNodes(t *testing.T, d *db.DB) {
	const people, each = 20, 10
	var mu sync.Mutex
	inside := map[id.Person]int{}
	nodes := []*bench{newBench(t, d, mailbox.Options{Batch: 3, Workers: 2}), newBench(t, d, mailbox.Options{Batch: 5, Workers: 2})}
	for _, node := range nodes {
		node.Handle("say", "note", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
			mu.Lock()
			inside[item.Person]++
			n := inside[item.Person]
			mu.Unlock()
			defer func() { mu.Lock(); inside[item.Person]--; mu.Unlock() }()
			if n > 1 {
				t.Errorf("%s is handled %d times at once", item.Person, n)
			}
			var body string
			if err := item.Decode(&body); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO effect (n, person, what) VALUES ($1, $2, $3)`, item.Due, item.Person, body)
			return err
		})
	}
	for n := range people * each {
		nodes[0].clock.Skip(time.Microsecond)
		nodes[1].clock.Skip(time.Microsecond)
		nodes[n%2].send(id.Person(fmt.Sprintf("per_%d", n%people)), "say", fmt.Sprint(n/people))
	}
	var wg sync.WaitGroup
	for _, node := range nodes {
		for range 2 {
			wg.Go(func() { must(t, node.Drain(t.Context())) })
		}
	}
	wg.Wait()
	nodes[0].clock.Skip(time.Second) // what one node left to the other at the very end
	nodes[0].drain()
	for n := range people {
		nodes[0].want(id.Person(fmt.Sprintf("per_%d", n)), "0 1 2 3 4 5 6 7 8 9")
	}
	if got := nodes[0].Stats().Handled + nodes[1].Stats().Handled; got != people*each {
		t.Errorf("handled %d items, want %d", got, people*each)
	}
}
