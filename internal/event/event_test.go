package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/event"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/people"
)

const shop = id.Workspace("ws_shop")

type bench struct {
	*event.Service
	t     testing.TB
	clock *clock.Clock

	mu      sync.Mutex
	signals map[id.Person][]event.Happened // handled, in order
}

func setup(t testing.TB, d *db.DB) *bench {
	t.Helper()
	c := clock.NewManual(1_800_000_000_000_000)
	ids := id.NewSource(c)
	b := &bench{t: t, clock: c, signals: map[id.Person][]event.Happened{}}
	m := mailbox.New(d, c, ids, mailbox.Options{})
	m.Handle(event.Signal, "test", func(_ context.Context, _ *db.Tx, item mailbox.Item) error {
		var h event.Happened
		if err := item.Decode(&h); err != nil {
			return err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.signals[item.Person] = append(b.signals[item.Person], h)
		return nil
	})
	p := people.New(people.Deps{DB: d, Clock: c, IDs: ids})
	b.Service = event.New(event.Deps{DB: d, Clock: c, IDs: ids, People: p, Mailbox: m})
	return b
}

func (b *bench) ingest(batch ...event.Incoming) []event.Result {
	b.t.Helper()
	out, err := b.Ingest(b.t.Context(), shop, "till", batch)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// heard drains the mailbox and is all signals of a person.
func (b *bench) heard(person id.Person) []event.Happened {
	b.t.Helper()
	if err := b.Mailbox.Drain(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.signals[person]
}

func (b *bench) stored(person id.Person) []event.Event {
	b.t.Helper()
	list, err := b.List(b.t.Context(), b.DB, shop, person, event.Query{})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

func order(key, phone string) event.Incoming {
	return event.Incoming{Type: "order_placed", Key: key, Person: event.Who{Phone: phone, Hint: people.Hint{Name: "Ada"}},
		Props: map[string]any{"total": map[string]any{"minor": 12800, "currency": "EUR"}, "gift": true}}
}

func TestAnEventIsStoredWithItsPersonAndSignalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		r := b.ingest(order("o-1", "+393331234567"))[0]
		if r.Status != event.Accepted || r.EventID == "" || r.Person == "" {
			t.Fatalf("got %+v", r)
		}
		want := event.Event{ID: r.EventID, Workspace: shop, Person: r.Person, Type: "order_placed", At: b.clock.Now(), ReceivedAt: b.clock.Now(),
			Source: "till", Key: "o-1", Props: map[string]any{"gift": true, "total": map[string]any{"minor": 12800.0, "currency": "EUR"}}}
		if diff := cmp.Diff([]event.Event{want}, b.stored(r.Person)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		happened := event.Happened{EventID: r.EventID, Type: "order_placed", At: want.At, Props: want.Props, Source: "till", Key: "o-1"}
		if diff := cmp.Diff([]event.Happened{happened}, b.heard(r.Person)); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		got, err := b.ByKey(t.Context(), d, shop, "till", "o-1")
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("by key: %+v, %v", got, err)
		}
		if _, err := b.ByKey(t.Context(), d, "ws_other", "till", "o-1"); !errors.Is(err, event.ErrNotFound) {
			t.Errorf("another workspace reads it: %v", err)
		}
	})
}

func TestFiftySimultaneousTellingsAreOneEvent(t *testing.T) { // I2
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		results := make([]event.Result, 50)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				out, err := b.Ingest(t.Context(), shop, "till", []event.Incoming{order("o-1", "+393331234567"), order("o-2", "+393331234567")})
				if err != nil {
					t.Error(err)
					return
				}
				results[i] = out[0]
			})
		}
		wg.Wait()
		accepted := 0
		for _, r := range results {
			if r.Status == event.Accepted {
				accepted++
			}
			if r.EventID != results[0].EventID || r.Person != results[0].Person {
				t.Errorf("answers differ: %+v and %+v", r, results[0])
			}
		}
		if accepted != 1 || len(b.stored(results[0].Person)) != 2 || len(b.heard(results[0].Person)) != 2 {
			t.Errorf("%d accepted, %d stored, %d signals", accepted, len(b.stored(results[0].Person)), len(b.heard(results[0].Person)))
		}
	})
}

func TestAKeyCountsPerSourceAndPerWorkspace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		for _, c := range []struct {
			ws     id.Workspace
			source string
			want   event.Status
		}{{shop, "till", event.Accepted}, {shop, "api", event.Accepted}, {"ws_other", "till", event.Accepted}, {shop, "till", event.Duplicate}} {
			out, err := b.Ingest(t.Context(), c.ws, c.source, []event.Incoming{order("o-1", "+393331234567")})
			if err != nil || out[0].Status != c.want {
				t.Errorf("%s %s: %+v, %v", c.ws, c.source, out, err)
			}
		}
	})
}

func TestInABatchEachEventStandsForItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		with := func(change func(*event.Incoming)) event.Incoming {
			e := order("o-x", "+393331234567")
			change(&e)
			return e
		}
		out := b.ingest(
			order("o-1", "+393331234567"),
			with(func(e *event.Incoming) { e.Key = "" }),
			with(func(e *event.Incoming) { e.Type = "line\nbreak" }),
			with(func(e *event.Incoming) { e.At = b.clock.Now().Add(48 * time.Hour) }),
			with(func(e *event.Incoming) { e.Person = event.Who{} }),
			with(func(e *event.Incoming) { e.Person = event.Who{Phone: "call me"} }),
			with(func(e *event.Incoming) { e.Person = event.Who{ID: "per_nobody"} }),
			with(func(e *event.Incoming) { e.Props = map[string]any{"long": strings.Repeat("x", event.MaxItem)} }),
			with(func(e *event.Incoming) { e.Props = map[string]any{"zero": "a\x00b"} }),
			with(func(e *event.Incoming) { e.Props = map[string]any{"fn": func() {}} }),
			order("o-1", "+393331234567"),
			order("o-2", "333 nonsense"),
			with(func(e *event.Incoming) { e.Key, e.Person = "o-3", event.Who{Email: "ADA@example.com"} }),
		)
		var got []string
		for _, r := range out {
			got = append(got, strings.TrimSpace(string(r.Status)+" "+r.Code))
		}
		want := []string{"accepted", "rejected key_invalid", "rejected type_invalid", "rejected at_future", "rejected identity_invalid",
			"rejected phone_invalid", "rejected person_unknown", "rejected event_too_large", "rejected props_invalid", "rejected props_invalid",
			"duplicate", "rejected phone_invalid", "accepted"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if out[10].EventID != out[0].EventID {
			t.Error("the repetition does not name the first")
		}
		if _, err := b.Ingest(t.Context(), shop, "till", make([]event.Incoming, event.MaxBatch+1)); errs.CodeOf(err) != "batch_too_large" {
			t.Errorf("a huge batch gave %v", err)
		}
	})
}

func TestEventsOfAPersonAreInTheOrderInWhichTheyHappened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var batch []event.Incoming
		for i, at := range []clock.Time{30, 10, 20, 20} {
			e := order(fmt.Sprint("o-", i), "+393331234567")
			e.At = at
			batch = append(batch, e)
		}
		person := b.ingest(batch...)[0].Person
		var signalled, listed []string
		for _, h := range b.heard(person) {
			signalled = append(signalled, h.Key)
		}
		for _, e := range b.stored(person) {
			listed = append(listed, e.Key)
		}
		want := []string{"o-1", "o-2", "o-3", "o-0"}
		if diff := cmp.Diff(want, signalled); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		slices.Reverse(listed)
		if diff := cmp.Diff(want, listed); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		some, err := b.List(t.Context(), d, shop, person, event.Query{Types: []string{"order_placed", "other"}, Since: 20, Limit: 2})
		if err != nil || len(some) != 2 || some[0].Key != "o-0" || some[1].Key != "o-3" {
			t.Errorf("a part of the list: %+v, %v", some, err)
		}
	})
}

func TestAnUndoneTransactionLeavesNothing(t *testing.T) { // I3
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var r event.Result
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			out, err := b.IngestTx(t.Context(), tx, shop, "till", []event.Incoming{order("o-1", "+393331234567")})
			if err != nil {
				return err
			}
			r = out[0]
			return errors.New("the shop's order could not be read")
		})
		if err == nil || len(b.stored(r.Person)) != 0 || len(b.heard(r.Person)) != 0 {
			t.Errorf("something stayed: %v", err)
		}
		if types, _ := b.Catalogue(t.Context(), d, shop); len(types) != 0 {
			t.Errorf("the catalogue kept %v", types)
		}
		if again := b.ingest(order("o-1", "+393331234567"))[0]; again.Status != event.Accepted {
			t.Errorf("told again: %+v", again)
		}
		if types, _ := b.Catalogue(t.Context(), d, shop); len(types) != 1 {
			t.Errorf("the catalogue has %v", types)
		}
	})
}

func TestTheCatalogueLearnsNamesAndKinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		e := order("o-1", "+393331234567")
		e.Props = map[string]any{"total": map[string]any{"minor": json.Number("5"), "currency": "EUR"}, "items": []any{1}, "note": "2026 or so",
			"day": "2026-11-21", "at": "2026-11-21T09:30:00Z", "n": 5, "gift": false, "meta": map[string]any{}, "none": nil}
		second := e
		second.Key, second.Props = "o-2", map[string]any{"n": "five"}
		b.ingest(e)
		b.ingest(second)
		wide := order("o-3", "+393331234567")
		wide.Type, wide.Props = "wide", map[string]any{}
		for i := range 300 {
			wide.Props[fmt.Sprint("p", i)] = i
		}
		if r := b.ingest(wide)[0]; r.Status != event.Accepted {
			t.Errorf("an event beyond the catalogue: %+v", r)
		}
		got, err := b.Catalogue(t.Context(), d, shop)
		if err != nil || len(got) != 2 {
			t.Fatalf("got %v, %v", got, err)
		}
		want := map[string][]event.Kind{"total": {event.Money}, "items": {event.List}, "note": {event.Text}, "day": {event.Date}, "at": {event.Date},
			"n": {event.Number, event.Text}, "gift": {event.Bool}, "meta": {event.Object}}
		if diff := cmp.Diff(want, got[0].Properties); diff != "" {
			t.Errorf("properties (-want +got):\n%s", diff)
		}
		if len(got[1].Properties) != 200 {
			t.Errorf("the catalogue has %d properties of one event", len(got[1].Properties))
		}
	})
}

func TestTheTimelineMergesItsSources(t *testing.T) { // CP-3
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		var batch []event.Incoming
		for i := range 5 {
			e := order(fmt.Sprint("o-", i), "+393331234567")
			e.At = clock.Time(100 + 10*i)
			batch = append(batch, e)
		}
		person := b.ingest(batch...)[0].Person
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := b.People.RecordConsentTx(t.Context(), tx, people.Consent{Workspace: shop, Person: person, Address: "+393331234567",
				Action: people.Revoke, Source: people.ByKeyword, At: 115, Proof: people.Proof{Text: "STOP"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		ask := people.TimelineQuery{Person: person, Limit: 2}
		for range 5 {
			page, err := b.People.Timeline(t.Context(), d, shop, ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]int64{"event": 5, "consent": 1}, page.Counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			for _, item := range page.Items {
				got = append(got, fmt.Sprint(int64(item.At), " ", item.Title))
			}
			if ask.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		want := []string{"140 Placed an order", "130 Placed an order", "120 Placed an order", "115 Opted out of everything", "110 Placed an order", "100 Placed an order"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
		page, err := b.People.Timeline(t.Context(), d, shop, people.TimelineQuery{Person: person, Kinds: []string{"consent", "unknown"}})
		if err != nil || len(page.Items) != 1 || page.Items[0].Text != "STOP" {
			t.Errorf("filtered: %+v, %v", page.Items, err)
		}
	})
}

func TestAMergedPersonGetsTheEventsOfItsOldId(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		a := b.ingest(order("o-1", "+393331234567"))[0].Person
		z := b.ingest(order("o-2", "+393331234568"))[0].Person
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE person SET merged_into = $1 WHERE id = $2", z, a)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		e := order("o-3", "")
		e.Person = event.Who{ID: a}
		if r := b.ingest(e)[0]; r.Person != z || r.Status != event.Accepted {
			t.Errorf("got %+v", r)
		}
	})
}
