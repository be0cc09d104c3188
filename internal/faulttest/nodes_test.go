package faulttest

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"parley/internal/db"
	"parley/internal/db/dbtest"
)

// twin is a second node of the brand: the same database and key, a port and folder of its own.
func (b *brand) twin() *brand {
	b.t.Helper()
	other := *b
	other.place = newPlace(b.t, b.place.database, b.place.flags...)
	raw, err := os.ReadFile(b.place.dir + "/secret.key")
	if err == nil {
		err = os.WriteFile(filepath.Join(other.place.dir, "secret.key"), raw, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return &other
}

// lane is who sends, with its fence.
func (p place) lane(t *testing.T) (node string, fence int64) {
	t.Helper()
	p.read(t, func(d *db.DB) error {
		return d.QueryRow(context.Background(), "SELECT node, fence FROM lane ORDER BY fence DESC LIMIT 1").Scan(&node, &fence)
	})
	return node, fence
}

func (p place) read(t *testing.T, look func(*db.DB) error) {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: p.database, Dir: p.dir, ReadOnly: true, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := look(d); err != nil {
		t.Fatal(err)
	}
}

// states counts the campaign's messages by what became of them.
func (p place) states(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	p.read(t, func(d *db.DB) error {
		rows, err := d.Query(context.Background(), `SELECT COALESCE(d.state, m.state), COUNT(*) FROM message m
			LEFT JOIN delivery d ON d.workspace_id = m.workspace_id AND d.message_id = m.id WHERE m.send_kind = 'journey' GROUP BY 1`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var state string
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			out[state] = n
		}
		return rows.Err()
	})
	return out
}

// finished waits until nothing of the campaign is on its way.
func (b *brand) finished(people int) map[string]int {
	b.t.Helper()
	var s map[string]int
	deadline := time.Now().Add(90 * time.Second)
	for {
		s = b.place.states(b.t)
		total := 0
		for _, n := range s {
			total += n
		}
		if total == people && s["queued"] == 0 && s["sending"] == 0 {
			return s
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the campaign did not finish: %v of %d", s, people)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// eachShared runs the test on a PostgreSQL that two nodes share, when there is one.
func eachShared(t *testing.T, fn func(t *testing.T, database string)) {
	t.Helper()
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, dbtest.PostgresURL(t)) })
	}
}

func TestI9I16ACampaignOnTwoNodesReachesEverybodyOnceThoughNodesDie(t *testing.T) {
	eachShared(t, func(t *testing.T, database string) {
		people, kills := times(2000, 10000), times(6, 30)
		a, first := newBrand(t, database, 300, "--lease", "1s")
		b := a.twin()
		second := b.start()
		a.subscribe(0, people)
		a.campaign()
		a.begin(0, people)
		for i := range kills {
			before := a.twilio.Requests()
			a.underWay(before+people/kills/2, 3*time.Second)
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
			if i%2 == 0 {
				first.kill()
				first = a.start()
			} else {
				second.kill()
				second = b.start()
			}
		}
		s := a.finished(people)
		reached := a.agree(people)
		t.Logf("%d kills, states %v, %d reached", kills, s, reached)
		if reached < people*3/4 {
			t.Errorf("only %d of %d people were reached", reached, people)
		}
		first.stop(t)
		second.stop(t)
		a.place.verify(t)
	})
}

// agree holds what the tables say of every message of the campaign against the provider's journal.
func (b *brand) agree(people int) (reached int) {
	b.t.Helper()
	b.place.read(b.t, func(d *db.DB) error {
		rows, err := d.Query(context.Background(), "SELECT to_address, state, code FROM delivery WHERE purpose = 'marketing' AND kind = 'journey'")
		if err != nil {
			return err
		}
		defer rows.Close()
		n := 0
		for rows.Next() {
			var to, state, code string
			if err := rows.Scan(&to, &state, &code); err != nil {
				return err
			}
			n++
			taken := len(b.sent(to))
			reached += taken
			has := state == "sent" || state == "delivered"
			// An unknown one may be either: that is what unknown means, and marketing is not sent again (I10).
			if taken > 1 || has && taken == 0 || !has && state != "unknown" && taken > 0 {
				b.t.Errorf("%s is %s (%s) and the provider took it %d times", to, state, code, taken)
			}
		}
		if n != people {
			b.t.Errorf("%d messages for %d people", n, people)
		}
		return rows.Err()
	})
	return reached
}

func TestI13AStopAtOneNodeEndsTheOtherWithinASecond(t *testing.T) {
	eachShared(t, func(t *testing.T, database string) {
		people := times(500, 4000)
		sender, n := newBrand(t, database, 100, "--lease", "5s")
		sender.subscribe(0, people)
		sender.campaign()
		sender.begin(0, people)
		listener := sender.twin()
		m := listener.start()
		sender.eventually("the campaign runs", func() bool { return sender.twilio.Requests() > 20 })
		stopped := listener.stops(0, people)
		s := sender.finished(people)
		late, before := sender.late(stopped)
		for _, by := range late {
			if by > time.Second {
				t.Errorf("a text began %v after its STOP was answered at the other node", by)
			}
		}
		if before == people || s["dropped"] == 0 {
			t.Errorf("everybody was texted before their STOP (%v): the test proves nothing", s)
		}
		t.Logf("%d before, %d within the second, %v", before-len(late), len(late), s)
		n.stop(t)
		m.stop(t)
		listener.place.verify(t)
	})
}

func TestI23ANodeThatSleptWritesNothingUnderItsOldLease(t *testing.T) {
	eachShared(t, func(t *testing.T, database string) {
		people := times(600, 2000)
		a, first := newBrand(t, database, 60, "--lease", "1s")
		a.subscribe(0, people)
		a.campaign()
		a.begin(0, people)
		a.eventually("the campaign runs", func() bool { return a.twilio.Requests() > 50 })
		sleeper, fence := a.place.lane(t)
		if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		b := a.twin()
		second := b.start()
		b.eventually("the other node took over", func() bool { node, f := b.place.lane(t); return node != sleeper && f > fence })
		taken := b.twilio.Requests()
		b.eventually("the other node sends", func() bool { return b.twilio.Requests() > taken+20 })
		_, fence = b.place.lane(t)
		if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		s := b.finished(people)
		if node, f := b.place.lane(t); node == sleeper && f == fence {
			t.Errorf("the node that slept works under the lease of the other")
		}
		t.Log(s, b.agree(people))
		second.stop(t)
		first.stop(t)
		b.place.verify(t)
	})
}
