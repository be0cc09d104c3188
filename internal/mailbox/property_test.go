package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/fault"
	"parley/internal/id"
	"parley/internal/mailbox"
)

// The mailbox as a state machine against a model in memory, on both engines: nothing lost, nothing twice, order kept,
// through failures, crashes before and after the commit, and a clock that jumps forward and back.
func TestTheMailboxIsItsModel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			m := newMachine(t, d, n)
			rt.Repeat(map[string]func(*rapid.T){
				"send": m.send, "set": m.set, "cancel": m.cancel, "poison": m.poison, "process": m.process,
				"crash": m.crash, "jump": m.jump, "": m.check,
			})
			m.end(rt)
		})
	})
}

// waiting is an item as the model keeps it.
type waiting struct {
	due   clock.Time
	order int // of sending: stands for the id
	key   string
	body  string
	left  int // tries that will still fail
	tried int
}

const maxTries = 3

type machine struct {
	t     *testing.T
	d     *db.DB
	ws    id.Workspace // a run's own, because runs share the database
	clock *clock.Clock
	ids   *id.Source
	box   *mailbox.Mailbox

	sent    int
	items   map[id.Person][]waiting
	held    map[id.Person]bool // a try failed: between half and the whole back-off to wait, so the model asks the table
	done    map[id.Person][]string
	parked  []string
	failing map[string]int // body -> tries that will still fail
}

func newMachine(t *testing.T, d *db.DB, n int) *machine {
	b := newBench(t, d, mailbox.Options{})
	m := &machine{t: t, d: d, ws: id.Workspace(fmt.Sprintf("ws_%d", n)), clock: b.clock, ids: b.ids,
		items: map[id.Person][]waiting{}, held: map[id.Person]bool{}, done: map[id.Person][]string{}, failing: map[string]int{}}
	m.open(nil)
	return m
}

// open is a process that starts: a mailbox that knows nothing but the tables.
func (m *machine) open(points *fault.Points) {
	m.box = mailbox.New(m.d, m.clock, m.ids, mailbox.Options{MaxAttempts: maxTries, Backoff: 10 * time.Second, Batch: 2, Faults: points})
	handler := func(ctx context.Context, tx *db.Tx, item mailbox.Item) error {
		var body string
		if err := item.Decode(&body); err != nil {
			return err
		}
		what := string(m.ws) + "/" + string(item.Person)
		item.Person = id.Person(what)
		if err := write(ctx, tx, item, body); err != nil {
			return err
		}
		if item.Attempts < m.failing[body] {
			return errors.New("poison")
		}
		return nil
	}
	m.box.HandleSet("signal", "note", func(ctx context.Context, tx *db.Tx, items []mailbox.Item) error {
		for _, item := range items {
			if err := handler(ctx, tx, item); err != nil {
				return err // and does not say whose
			}
		}
		return nil
	})
	m.box.Handle("timer", "note", handler)
}

func (m *machine) person(t *rapid.T) id.Person {
	return id.Person(fmt.Sprintf("%s-p%d", m.ws, rapid.IntRange(0, 2).Draw(t, "person")))
}

func (m *machine) body() string { m.sent++; return fmt.Sprintf("b%d", m.sent) }

func (m *machine) tx(fn func(tx *db.Tx) error) { must(m.t, m.d.Tx(m.t.Context(), fn)) }

func (m *machine) add(p id.Person, w waiting) {
	w.order = m.sent
	list := append(m.items[p], w)
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].due != list[j].due {
			return list[i].due < list[j].due
		}
		return list[i].order < list[j].order
	})
	m.items[p] = list
}

func (m *machine) remove(p id.Person, key string) {
	var kept []waiting
	for _, w := range m.items[p] {
		if w.key != key || key == "" {
			kept = append(kept, w)
		}
	}
	m.items[p] = kept
}

func (m *machine) send(t *rapid.T)   { m.signal(t, 0) }
func (m *machine) poison(t *rapid.T) { m.signal(t, rapid.IntRange(1, maxTries).Draw(t, "failures")) }

func (m *machine) signal(t *rapid.T, failures int) {
	p, body := m.person(t), m.body()
	m.failing[body] = failures
	m.tx(func(tx *db.Tx) error {
		return m.box.SendTx(m.t.Context(), tx, mailbox.Signal{Workspace: m.ws, Person: p, Kind: "signal", Body: body})
	})
	m.add(p, waiting{due: m.clock.Now(), body: body, left: failures})
}

func (m *machine) set(t *rapid.T) {
	p, body, key := m.person(t), m.body(), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")
	due := m.clock.Now().Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "seconds")) * time.Second)
	m.tx(func(tx *db.Tx) error {
		return m.box.SetTimerTx(m.t.Context(), tx, mailbox.Timer{Workspace: m.ws, Person: p, Kind: "timer", Key: key, Due: due, Body: body})
	})
	m.remove(p, key)
	m.add(p, waiting{due: due, key: key, body: body})
}

func (m *machine) cancel(t *rapid.T) {
	p, key := m.person(t), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key")
	m.tx(func(tx *db.Tx) error { return m.box.CancelTimerTx(m.t.Context(), tx, m.ws, p, "timer", key) })
	m.remove(p, key)
}

func (m *machine) jump(t *rapid.T) {
	m.clock.Skip(time.Duration(rapid.IntRange(-40, 90).Draw(t, "seconds")) * time.Second)
}

func (m *machine) process(*rapid.T) {
	held := m.heldNow()
	must(m.t, m.box.Drain(m.t.Context()))
	m.model(held)
}

// crash lets the process die at a commit, and starts another.
func (m *machine) crash(t *rapid.T) {
	held := m.heldNow()
	point := rapid.SampledFrom([]string{"mailbox_before_commit", "mailbox_after_commit"}).Draw(t, "point")
	ctx, die := context.WithCancel(m.t.Context())
	m.open(fault.New(point, int64(rapid.IntRange(0, 2).Draw(t, "skip")), func() { die(); panic("killed") }))
	func() {
		defer func() { _ = recover() }()
		_ = m.box.Drain(ctx)
	}()
	die()
	m.open(nil)
	must(m.t, m.box.Drain(m.t.Context()))
	m.model(held)
}

// heldNow asks who waits for another try: the jitter of the back-off is not the model's to know.
func (m *machine) heldNow() map[id.Person]bool {
	rows, err := m.d.Query(m.t.Context(), `SELECT person_id FROM mailbox_hold WHERE workspace_id = $1 AND until > $2`, m.ws, m.clock.Now())
	people, err := db.Collect(rows, err, func(r *db.Rows) (p id.Person, err error) { return p, r.Scan(&p) })
	must(m.t, err)
	held := map[id.Person]bool{}
	for _, p := range people {
		held[p] = true
	}
	return held
}

// model handles what is due in memory.
func (m *machine) model(held map[id.Person]bool) {
	now := m.clock.Now()
	for p := range m.items {
		for !held[p] && len(m.items[p]) > 0 && m.items[p][0].due <= now {
			w := &m.items[p][0]
			if w.left > 0 {
				w.left--
				w.tried++
				if w.tried < maxTries {
					break
				}
				m.parked = append(m.parked, w.body)
			} else {
				m.done[p] = append(m.done[p], w.body)
			}
			m.items[p] = m.items[p][1:]
		}
	}
}

func (m *machine) check(t *rapid.T) {
	for n := range 3 {
		p := id.Person(fmt.Sprintf("%s-p%d", m.ws, n))
		rows, err := m.d.Query(m.t.Context(), `SELECT what FROM effect WHERE person = $1 ORDER BY n`, string(m.ws)+"/"+string(p))
		got, err := db.Collect(rows, err, func(r *db.Rows) (s string, err error) { return s, r.Scan(&s) })
		must(m.t, err)
		if want := strings.Join(m.done[p], " "); strings.Join(got, " ") != want {
			t.Fatalf("effects of %s are %q, want %q", p, got, want)
		}
	}
	parked, err := m.box.Parked(m.t.Context(), m.ws)
	must(m.t, err)
	if len(parked) != len(m.parked) {
		t.Fatalf("%d parked, want %d", len(parked), len(m.parked))
	}
}

// end lets all time pass: then every item has had its effect, or was cancelled, replaced or parked.
func (m *machine) end(t *rapid.T) {
	for range 3 * maxTries * (m.sent + 1) {
		m.clock.Skip(3 * time.Minute)
		m.process(t)
		if _, waits, err := m.box.NextDue(m.t.Context(), m.ws); err != nil {
			t.Fatal(err)
		} else if !waits {
			break
		}
	}
	for p, left := range m.items {
		if len(left) > 0 {
			t.Fatalf("%s still waits for %v", p, left)
		}
	}
	m.check(t)
}
