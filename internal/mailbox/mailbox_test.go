package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/fault"
	"parley/internal/id"
	"parley/internal/mailbox"
)

const ws = id.Workspace("ws_1")

// bench is a mailbox whose handlers write down what they do, in the transaction in which they do it.
type bench struct {
	*mailbox.Mailbox
	t     testing.TB
	d     *db.DB
	clock *clock.Clock
	ids   *id.Source
}

func newBench(t testing.TB, d *db.DB, o mailbox.Options) *bench {
	t.Helper()
	must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS effect (n BIGINT PRIMARY KEY, person TEXT NOT NULL, what TEXT NOT NULL)`)
		return err
	}))
	c := clock.NewManual(clock.From(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
	ids := id.NewSource(c)
	return &bench{Mailbox: mailbox.New(d, c, ids, o), t: t, d: d, clock: c, ids: ids}
}

// write is a handler's effect: one row, numbered in order.
func write(ctx context.Context, tx *db.Tx, item mailbox.Item, what string) error {
	_, err := tx.Exec(ctx, `INSERT INTO effect (n, person, what) SELECT COALESCE(MAX(n), 0) + 1, CAST($1 AS TEXT), CAST($2 AS TEXT) FROM effect`, item.Person, what)
	return err
}

// note is the handler that writes the body down.
func note(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
	var body string
	if err := item.Decode(&body); err != nil {
		return err
	}
	return write(ctx, tx, item, body)
}

func (b *bench) send(person id.Person, kind, body string) {
	b.t.Helper()
	must(b.t, b.d.Tx(b.t.Context(), func(tx *db.Tx) error {
		return b.SendTx(b.t.Context(), tx, mailbox.Signal{Workspace: ws, Person: person, Kind: kind, Body: body})
	}))
}

func (b *bench) timer(person id.Person, key string, in time.Duration, body string) {
	b.t.Helper()
	must(b.t, b.d.Tx(b.t.Context(), func(tx *db.Tx) error {
		return b.SetTimerTx(b.t.Context(), tx, mailbox.Timer{Workspace: ws, Person: person, Kind: "timer", Key: key, Due: b.clock.Now().Add(in), Body: body})
	}))
}

func (b *bench) cancel(person id.Person, key string) {
	b.t.Helper()
	must(b.t, b.d.Tx(b.t.Context(), func(tx *db.Tx) error {
		return b.CancelTimerTx(b.t.Context(), tx, ws, person, "timer", key)
	}))
}

func (b *bench) drain() {
	b.t.Helper()
	must(b.t, b.Drain(b.t.Context()))
}

func (b *bench) effects(person id.Person) string {
	b.t.Helper()
	rows, err := b.d.Query(b.t.Context(), `SELECT what FROM effect WHERE person = $1 ORDER BY n`, person)
	out, err := db.Collect(rows, err, func(r *db.Rows) (s string, err error) { return s, r.Scan(&s) })
	must(b.t, err)
	return strings.Join(out, " ")
}

func (b *bench) want(person id.Person, effects string) {
	b.t.Helper()
	if diff := cmp.Diff(effects, b.effects(person)); diff != "" {
		b.t.Errorf("effects of %s (-want +got):\n%s", person, diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestItemsOfAPersonAreHandledInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{})
		b.Handle("say", "note", note)
		b.Handle("timer", "note", note)
		b.timer("per_1", "later", 10*time.Second, "t10")
		b.timer("per_1", "soon", 5*time.Second, "t5")
		b.send("per_1", "say", "a")
		b.send("per_1", "say", "b")
		b.send("per_2", "say", "x")
		b.drain()
		b.want("per_1", "a b")
		b.clock.Skip(7 * time.Second)
		b.send("per_1", "say", "c")
		b.clock.Skip(7 * time.Second)
		b.drain()
		b.want("per_1", "a b t5 c t10")
		b.want("per_2", "x")
		if s := b.Stats(); s.Handled != 6 || s.Failed != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestATimerIsOnePerKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{})
		b.Handle("timer", "note", note)
		b.timer("per_1", "k", time.Hour, "first")
		b.timer("per_1", "k", time.Second, "second")
		b.timer("per_1", "other", time.Second, "other")
		b.timer("per_1", "gone", time.Second, "gone")
		b.cancel("per_1", "gone")
		b.cancel("per_1", "never set")
		due, found, err := b.NextDue(t.Context(), ws)
		if want := b.clock.Now().Add(time.Second); err != nil || !found || due != want {
			t.Errorf("next due %v %v %v, want %v", due, found, err, want)
		}
		b.clock.Skip(2 * time.Hour)
		b.drain()
		b.want("per_1", "second other")
		if _, found, err := b.NextDue(t.Context(), ws); found || err != nil {
			t.Errorf("something still waits: %v", err)
		}
	})
}

func TestHandlersThatTouchTheirOwnMailbox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{})
		set := func(ctx context.Context, tx *db.Tx, item mailbox.Item, key string, in time.Duration) error {
			return b.SetTimerTx(ctx, tx, mailbox.Timer{Workspace: ws, Person: item.Person, Kind: "timer", Key: key, Due: b.clock.Now().Add(in), Body: "again"})
		}
		b.Handle("timer", "note", note)
		b.Handle("cancel", "cancel", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
			return b.CancelTimerTx(ctx, tx, ws, item.Person, "timer", "k")
		})
		b.Handle("move", "move", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
			return set(ctx, tx, item, "k", time.Hour)
		})
		b.Handle("echo", "echo", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
			return b.SendTx(ctx, tx, mailbox.Signal{Workspace: ws, Person: item.Person, Kind: "say", Body: "echo"})
		})
		b.Handle("say", "note", note)

		t.Run("a due timer that an earlier item cancels does not fire", func(t *testing.T) {
			b.send("per_1", "cancel", "")
			b.timer("per_1", "k", 0, "fired")
			b.drain()
			b.want("per_1", "")
		})
		t.Run("a due timer that an earlier item moves fires then, once", func(t *testing.T) {
			b.send("per_2", "move", "")
			b.timer("per_2", "k", 0, "fired")
			b.drain()
			b.want("per_2", "")
			b.clock.Skip(time.Hour)
			b.drain()
			b.want("per_2", "again")
		})
		t.Run("a signal from a handler comes after what was due", func(t *testing.T) {
			b.send("per_3", "echo", "")
			b.send("per_3", "say", "first")
			b.drain()
			b.want("per_3", "first echo")
		})
		t.Run("a timer that sets itself again keeps ticking", func(t *testing.T) {
			left := 3
			b.Handle("timer", "tick", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
				if item.Key != "tick" || left == 0 {
					return nil
				}
				left--
				return set(ctx, tx, item, "tick", time.Second)
			})
			b.timer("per_4", "tick", 0, "start")
			for range 5 {
				b.drain()
				b.clock.Skip(time.Second)
			}
			b.want("per_4", "start again again again")
		})
	})
}

func TestWhatAHandlerSendsToItsOwnPersonIsHandledInTheSameUnit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{MaxAttempts: 1})
		echo := func(kind, to string) {
			b.Handle(kind, "echo", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
				if err := write(ctx, tx, item, kind); err != nil {
					return err
				}
				return b.SendTx(ctx, tx, mailbox.Signal{Workspace: ws, Person: item.Person, Kind: to, Body: to})
			})
		}
		echo("once", "say")
		echo("badly", "poison")
		echo("ever", "ever")
		b.Handle("say", "note", note)
		b.Handle("poison", "poison", func(context.Context, *db.Tx, mailbox.Item) error { return errors.New("no") })

		b.send("per_1", "once", "")
		b.send("per_2", "once", "")
		b.drain()
		b.want("per_1", "once say")
		b.want("per_2", "once say")
		if s := b.Stats(); s.Units != 1 || s.Handled != 4 {
			t.Errorf("it took %+v", s)
		}
		b.send("per_3", "badly", "")
		b.send("per_4", "once", "")
		b.drain()
		b.want("per_3", "badly") // what was sent fails by itself
		b.want("per_4", "once say")
		if s := b.Stats(); s.Parked != 1 {
			t.Errorf("parked: %+v", s)
		}
		// One who answers himself for ever is not handled for ever in one unit.
		b.send("per_5", "ever", "")
		ctx, stop := context.WithCancel(t.Context())
		b.Handle("say", "stop", func(_ context.Context, tx *db.Tx, item mailbox.Item) error {
			if item.Person == "per_6" {
				tx.AfterCommit(stop)
			}
			return nil
		})
		b.send("per_6", "say", "heard")
		_ = b.Drain(ctx)
		b.want("per_6", "heard")
	})
}

func TestHandlersOfAKindRunInTheOrderRegisteredInOneTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{MaxAttempts: 1})
		fail := true
		for _, name := range []string{"one", "two", "three"} {
			b.Handle("say", name, func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
				if name == "three" && fail {
					return errors.New("no")
				}
				return write(ctx, tx, item, name)
			})
		}
		b.send("per_1", "say", "")
		b.drain()
		b.want("per_1", "")
		fail = false
		parked, err := b.Parked(t.Context(), ws)
		if err != nil || len(parked) != 1 || parked[0].Reason != "three: no" {
			t.Fatalf("parked %+v, %v", parked, err)
		}
		must(t, b.Replay(t.Context(), ws, parked[0].ID))
		b.drain()
		b.want("per_1", "one two three")
	})
}

// I6: an item that cannot be handled is parked after k tries with its reason, those behind it go on in order, those
// before it keep their effect, other people do not notice, and it can be replayed.
func TestPoison(t *testing.T) {
	for name, poison := range map[string]func() error{
		"error": func() error { return errors.New("cannot be\x00 processed \xff") },
		"panic": func() error { panic("cannot be processed") },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := newBench(t, d, mailbox.Options{MaxAttempts: 3, Backoff: 10 * time.Second})
				tries, cured := 0, false
				b.Handle("say", "note", note)
				b.Handle("poison", "poison", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
					if err := write(ctx, tx, item, "half"); err != nil || cured {
						return err
					}
					tries++
					return poison()
				})
				b.send("per_1", "say", "before")
				b.send("per_1", "poison", "")
				b.send("per_1", "say", "behind")
				b.send("per_2", "say", "other")
				b.drain()
				b.want("per_1", "before")
				b.want("per_2", "other")

				before := tries
				b.send("per_1", "say", "new")
				b.drain()
				if tries != before {
					t.Error("a new signal undid the back-off")
				}
				for range 2 {
					b.clock.Skip(20 * time.Second)
					b.drain()
				}
				b.want("per_1", "before behind new")
				parked, err := b.Parked(t.Context(), ws)
				if err != nil || len(parked) != 1 || parked[0].Attempts != 3 || !strings.Contains(parked[0].Reason, "cannot be") {
					t.Fatalf("parked %+v, %v", parked, err)
				}
				if s := b.Stats(); s.Failed != 3 || s.Parked != 1 {
					t.Errorf("stats %+v", s)
				}
				cured = true
				must(t, b.Replay(t.Context(), ws, parked[0].ID))
				if err := b.Replay(t.Context(), ws, parked[0].ID); !errors.Is(err, mailbox.ErrNotParked) {
					t.Errorf("a second replay: %v", err)
				}
				b.drain()
				b.want("per_1", "before behind new half")
			})
		})
	}
}

// I6: many bad ones among good ones.
func TestPoisonAmongMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{MaxAttempts: 1, Batch: 50})
		b.Handle("say", "note", func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
			if strings.HasSuffix(string(item.Person), "3") {
				return errors.New("no")
			}
			return note(ctx, tx, item)
		})
		var signals []mailbox.Signal
		for n := range 200 {
			signals = append(signals, mailbox.Signal{Workspace: ws, Person: id.Person(fmt.Sprintf("per_%03d", n)), Kind: "say", Body: "x"})
		}
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error { return b.SendAllTx(t.Context(), tx, signals) }))
		b.drain()
		if s := b.Stats(); s.Handled != 180 || s.Parked != 20 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestASetHandlerGetsTheNextItemOfEachPersonAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{})
		var calls []string
		b.HandleSet("say", "note", func(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
			var people []string
			for _, item := range items {
				people = append(people, string(item.Workspace)+" "+string(item.Person))
				if err := note(ctx, tx, item); err != nil {
					return err
				}
			}
			calls = append(calls, strings.Join(people, ", "))
			return nil
		})
		b.Handle("shout", "note", note)
		other := mailbox.Signal{Workspace: "ws_2", Person: "per_4", Kind: "say", Body: "x"}
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error { return b.SendTx(t.Context(), tx, other) }))
		for _, body := range []string{"a", "b"} {
			b.send("per_1", "say", body)
			b.send("per_2", "say", body)
			b.send("per_3", "shout", body)
		}
		b.send("per_3", "say", "c")
		b.drain()
		for person, want := range map[id.Person]string{"per_1": "a b", "per_2": "a b", "per_3": "a b c", "per_4": "x"} {
			b.want(person, want)
		}
		want := []string{"ws_1 per_1, ws_1 per_2", "ws_2 per_4", "ws_1 per_1, ws_1 per_2", "ws_1 per_3"}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// I6: what fails for all is done again one by one, whoever was to blame.
func TestPoisonInASet(t *testing.T) {
	for name, fail := range map[string]func(mailbox.Item) error{
		"blamed":   func(item mailbox.Item) error { return mailbox.Blame(item, errors.New("no")) },
		"unblamed": func(mailbox.Item) error { return errors.New("no") },
		"panic":    func(mailbox.Item) error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := newBench(t, d, mailbox.Options{MaxAttempts: 1})
				together := 0
				b.HandleSet("say", "note", func(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
					together = max(together, len(items))
					for _, item := range items {
						if err := note(ctx, tx, item); err != nil {
							return err
						}
					}
					for _, item := range items {
						if item.Person == "per_2" {
							return fail(item)
						}
					}
					return nil
				})
				var signals []mailbox.Signal
				for n := range 8 {
					signals = append(signals, mailbox.Signal{Workspace: ws, Person: id.Person(fmt.Sprintf("per_%d", n)), Kind: "say", Body: "x"})
				}
				must(t, d.Tx(t.Context(), func(tx *db.Tx) error { return b.SendAllTx(t.Context(), tx, signals) }))
				b.drain()
				for n := range 8 {
					want := "x"
					if n == 2 {
						want = ""
					}
					b.want(id.Person(fmt.Sprintf("per_%d", n)), want)
				}
				if s := b.Stats(); s.Handled != 7 || s.Parked != 1 || together != 8 {
					t.Errorf("stats %+v, %d together", s, together)
				}
			})
		})
	}
}

func TestAnUnknownKindIsParkedAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{})
		b.Handle("say", "note", note)
		b.send("per_1", "unheard", "")
		b.send("per_1", "say", "behind")
		b.drain()
		b.want("per_1", "behind")
		parked, err := b.Parked(t.Context(), ws)
		if err != nil || len(parked) != 1 || !strings.Contains(parked[0].Reason, `nothing handles "unheard"`) {
			t.Fatalf("parked %+v, %v", parked, err)
		}
		must(t, b.Discard(t.Context(), ws, parked[0].ID))
		if err := b.Discard(t.Context(), ws, parked[0].ID); !errors.Is(err, mailbox.ErrNotParked) {
			t.Errorf("a second discard: %v", err)
		}
	})
}

func TestReplayYieldsToANewerTimer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, mailbox.Options{MaxAttempts: 1})
		b.Handle("timer", "fail", func(context.Context, *db.Tx, mailbox.Item) error { return errors.New("no") })
		b.timer("per_1", "k", 0, "old")
		b.drain()
		b.timer("per_1", "k", time.Hour, "new")
		parked, err := b.Parked(t.Context(), ws)
		if err != nil || len(parked) != 1 {
			t.Fatalf("parked %+v, %v", parked, err)
		}
		if err := b.Replay(t.Context(), ws, parked[0].ID); !errors.Is(err, mailbox.ErrReplaced) {
			t.Errorf("got %v", err)
		}
		if parked, _ = b.Parked(t.Context(), ws); len(parked) != 1 {
			t.Error("the refused replay lost the parked item")
		}
	})
}

// Effects are exactly once though a worker dies before or after the commit.
func TestAWorkerThatDies(t *testing.T) {
	for _, point := range []string{"mailbox_before_commit", "mailbox_after_commit"} {
		t.Run(point, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				points := fault.New(point, 1, func() { panic("killed") })
				b := newBench(t, d, mailbox.Options{Batch: 2, Faults: points})
				b.Handle("say", "note", note)
				for n := range 10 {
					b.send(id.Person(fmt.Sprintf("per_%d", n%5)), "say", fmt.Sprint(n))
				}
				func() {
					defer func() { _ = recover() }()
					_ = b.Drain(t.Context())
				}()
				if !points.Fired() {
					t.Fatal("the fault did not fire")
				}
				next := newBench(t, d, mailbox.Options{})
				next.Handle("say", "note", note)
				next.drain()
				for n := range 5 {
					next.want(id.Person(fmt.Sprintf("per_%d", n)), fmt.Sprintf("%d %d", n, n+5))
				}
			})
		})
	}
}
