package segment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/errs"
	"parley/internal/event"
	"parley/internal/feed"
	"parley/internal/httpx"
	"parley/internal/id"
	"parley/internal/mailbox"
	"parley/internal/money"
	"parley/internal/org"
	"parley/internal/people"
)

// brand is a workspace with the real services below segments.
type brand struct {
	*Service
	t      testing.TB
	ws     id.Workspace
	events *event.Service
	keys   int

	unplaced int // somebody of whom events do not say where they are
}

func newBrand(t testing.TB, d *db.DB) *brand {
	t.Helper()
	c := clock.NewManual(start)
	ids := id.NewSource(c)
	f := feed.New(d, c, feed.Options{})
	b := &brand{t: t, unplaced: -1}
	persons := people.New(people.Deps{DB: d, Clock: c, IDs: ids,
		Country: func(context.Context, db.Queryer, id.Workspace) (string, error) { return "IT", nil },
		Changed: func(ctx context.Context, tx *db.Tx, ws id.Workspace, person id.Person) error {
			return f.AppendTx(ctx, tx, feed.Event{Workspace: ws, Topic: "person.changed", Person: person})
		}})
	b.events = event.New(event.Deps{DB: d, Clock: c, IDs: ids, People: persons, Mailbox: mailbox.New(d, c, ids, mailbox.Options{})})
	b.Service = New(Deps{DB: d, Clock: c, IDs: ids, People: persons, Feed: f, Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Org: org.New(org.Deps{DB: d, Clock: c, IDs: ids, Log: slog.New(slog.DiscardHandler), Dir: t.TempDir()})})
	b.tx(func(tx *db.Tx) error {
		w, err := b.Org.CreateWorkspaceTx(t.Context(), tx, org.NewWorkspace{Name: "Fashion Era", Country: "IT", Timezone: "Europe/Rome", Currency: "EUR"})
		b.ws = w.ID
		for key, definition := range testWords().Attributes {
			err = errors.Join(err, b.People.DefineTx(t.Context(), tx, w.ID, people.Definition{Key: key, Type: definition.Type}))
		}
		return err
	})
	return b
}

func (b *brand) tx(fn func(tx *db.Tx) error) {
	b.t.Helper()
	if err := b.DB.Tx(b.t.Context(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *brand) actor() org.Actor { return org.Actor{Workspace: b.ws, Key: "key_1", Name: "till"} }

func phoneOf(n int) string { return fmt.Sprintf("+39333000%04d", n) }

// tell takes an event in, as a shop does: it names the person by number, and knows their name.
func (b *brand) tell(who int, name string, at clock.Time, props map[string]any) {
	b.t.Helper()
	b.keys++
	out, err := b.events.Ingest(b.t.Context(), b.ws, "shop", []event.Incoming{{Type: name, At: at, Key: fmt.Sprint("k", b.keys), Props: props,
		Person: event.Who{Phone: phoneOf(who), Hint: people.Hint{Country: map[bool]string{true: "IT"}[who != b.unplaced]}}}})
	if err != nil || out[0].Status != event.Accepted {
		b.t.Fatal(err, out)
	}
}

func (b *brand) person(n int) id.Person {
	b.t.Helper()
	p, err := b.People.Find(b.t.Context(), b.DB, b.ws, people.Identity{Kind: people.Phone, Value: phoneOf(n)})
	if err != nil || p == "" {
		b.t.Fatal("nobody has ", phoneOf(n), err)
	}
	return p
}

func (b *brand) update(n int, u people.Update) {
	b.t.Helper()
	u.Source = "test"
	b.tx(func(tx *db.Tx) error {
		_, err := b.People.UpdateTx(b.t.Context(), tx, b.ws, b.person(n), u)
		return err
	})
}

func (b *brand) consents(n int, action people.Action) {
	b.t.Helper()
	b.tx(func(tx *db.Tx) error {
		_, err := b.People.RecordConsentTx(b.t.Context(), tx, people.Consent{Workspace: b.ws, Person: b.person(n), Medium: people.SMS, Address: phoneOf(n),
			Purpose: people.Marketing, Action: action, Source: people.ByKeyword, At: b.Clock.Now(), Disclosure: "Reply STOP to stop."})
		return err
	})
}

func (b *brand) save(s Save) Segment {
	b.t.Helper()
	var out Segment
	b.tx(func(tx *db.Tx) (err error) {
		out, err = b.SaveTx(b.t.Context(), tx, b.actor(), s)
		return err
	})
	return out
}

func (b *brand) preview(condition string) Preview {
	b.t.Helper()
	d, err := Parse([]byte(where(condition)))
	if err != nil {
		b.t.Fatal(err)
	}
	p, err := b.Preview(b.t.Context(), b.ws, d)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func euro(minor int) map[string]any {
	return map[string]any{"total": map[string]any{"minor": minor, "currency": "EUR"}}
}

func TestAPreviewSaysWhatEachConditionKeeps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBrand(t, d)
		for n := range 8 {
			b.tell(n, "visited", start-hour, nil)
			if n < 6 {
				b.tell(n, "order_placed", start-hour*clock.Time(n), euro(1000*n))
			}
		}
		b.consents(4, people.Grant)
		b.consents(5, people.Grant)
		condition := `{"all":[{"event":"visited"},{"event":"order_placed","agg":{"sum":"total"},"op":"gte","value":{"minor":3000,"currency":"EUR"}},{"attr":"country","op":"eq","value":"IT"}]}`
		p := b.preview(condition)
		if p.Total != 8 || p.Count != 3 || p.Reachable != 2 || len(p.Sample) != 3 || p.Sample[0] != b.person(3) {
			t.Errorf("got %+v", p)
		}
		kept := []string{}
		for _, s := range p.Steps {
			kept = append(kept, fmt.Sprint(s.Path, " ", s.Alone, " ", s.Kept, " ", s.Without))
		}
		if want := []string{"where.all[0] 8 8 3", "where.all[1] 3 3 8", "where.all[2] 8 3 3"}; !slices.Equal(kept, want) {
			t.Errorf("got %q, want %q", kept, want)
		}
		// What is stored afterwards counts at once.
		b.tell(0, "order_placed", start, euro(9000))
		b.consents(4, people.Revoke)
		if p := b.preview(condition); p.Count != 4 || p.Reachable != 1 {
			t.Errorf("after an order and a STOP: %+v", p)
		}
	})
}

func TestWhatATextSaysOfItsSenderCountsAtOnce(t *testing.T) {
	b := newBrand(t, dbtest.SQLite(t))
	b.unplaced = 1
	b.tell(1, "visited", start-hour, nil)
	for _, want := range []int{0, 1} {
		b.Clock.Skip(time.Minute)
		if p := b.preview(`{"attr":"country","op":"eq","value":"IT"}`); p.Count != want {
			t.Errorf("got %d in Italy, want %d", p.Count, want)
		}
		b.hint(1, "IT")
	}
}

func TestAnAnswerSaysWhyAndUntilWhen(t *testing.T) {
	b := newBrand(t, dbtest.SQLite(t))
	b.tell(1, "order_placed", start-hour, euro(5000))
	b.save(Save{Name: "Recent buyers", Definition: []byte(where(`{"all":[{"event":"order_placed","window":{"last":"2h"}},{"none":[{"attr":"vip","op":"eq","value":true}]}]}`))})
	answers, err := b.Of(t.Context(), b.ws, b.person(1))
	if err != nil || len(answers) != 1 {
		t.Fatal(err, answers)
	}
	a := answers[0]
	if !a.In || a.Until != start+hour || !a.Steps[0].Holds || !a.Steps[1].Holds {
		t.Errorf("got %+v", a)
	}
	b.update(1, people.Update{Attributes: map[string]any{"vip": true}})
	b.Clock.Skip(time.Hour)
	answers, err = b.Of(t.Context(), b.ws, b.person(1))
	if err != nil || answers[0].In || answers[0].Steps[0].Holds || answers[0].Steps[1].Holds || answers[0].Until != 0 {
		t.Errorf("an hour later: %+v, %v", answers, err)
	}
	if _, err := b.Of(t.Context(), b.ws, "per_nobody"); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestASegmentIsSavedChangedAndDeletedWithCare(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBrand(t, d)
		vip := b.save(Save{Name: "VIP", Definition: []byte(where(`{"attr":"vip","op":"eq","value":true}`))})
		other := b.save(Save{Name: "Others", Definition: []byte(where(`{"none":[{"segment":"` + string(vip.ID) + `"}]}`))})
		refused := func(in Save, code string) {
			t.Helper()
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := b.SaveTx(t.Context(), tx, b.actor(), in)
				return err
			})
			if errs.CodeOf(err) != code {
				t.Errorf("%+v: got %v, want %s", in, err, code)
			}
		}
		everybody := []byte(where(`{"all":[]}`))
		refused(Save{Name: "VIP", Definition: everybody}, "segment_name_taken")
		refused(Save{ID: other.ID, Name: "VIP", Definition: everybody, Version: other.Version}, "segment_name_taken")
		refused(Save{ID: other.ID, Name: "Others", Definition: everybody, Version: 7}, "segment_edited")
		refused(Save{ID: "seg_none", Name: "x", Definition: everybody}, "segment_unknown")
		refused(Save{Name: " ", Definition: everybody}, "segment_invalid")
		refused(Save{ID: vip.ID, Name: "VIP", Version: vip.Version, Definition: []byte(where(`{"segment":"` + string(other.ID) + `"}`))}, "segment_invalid")
		remove := func(segment ID) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error { return b.DeleteTx(t.Context(), tx, b.actor(), segment) })
		}
		if err := remove(vip.ID); errs.CodeOf(err) != "segment_used" {
			t.Errorf("a segment that is part of another was deleted: %v", err)
		}
		if err := errors.Join(remove(other.ID), remove(vip.ID)); err != nil {
			t.Error(err)
		}
		if err := remove(vip.ID); !errors.Is(err, ErrUnknown) {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

// TestTheIndexFollowsWhatIsStored lets everything happen that changes who is in a segment, in random order, and asks the
// index and the database after each.
func TestTheIndexFollowsWhatIsStored(t *testing.T) {
	conditions := []string{
		`{"event":"order","agg":{"sum":"total"},"op":"gte","value":{"minor":2000,"currency":"EUR"},"window":{"last":"48h"}}`,
		`{"consent":"sms","is":"granted"}`, `{"attr":"vip","op":"eq","value":true}`, `{"attr":"tags","op":"contains","value":"new"}`,
		`{"attr":"value","op":"gt","value":{"minor":0,"currency":"EUR"}}`, `{"attr":"country","op":"eq","value":"IT"}`,
		`{"sequence":{"first":{"event":"visit"},"not_then":{"event":"order"},"within":"30h"}}`,
		`{"event":"visit","agg":{"last":"page"},"op":"eq","value":"a"}`, `{"event":"visit","agg":{"distinct":"page"},"op":"gte","value":2}`,
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		starts := 0
		rapid.Check(t, func(rt *rapid.T) {
			b := newBrand(t, d)
			b.unplaced = 3
			seen := map[int]bool{}
			for range rapid.IntRange(4, 25).Draw(rt, "steps") {
				n := rapid.IntRange(1, 4).Draw(rt, "who")
				do := rapid.IntRange(0, 9).Draw(rt, "what")
				if !seen[n] {
					do = 0
				}
				if do == 9 && rapid.Bool().Draw(rt, "hint") {
					b.hint(n, pickOf(rt, "country", "DE", "IT"))
					do = 10
				}
				switch do {
				case 0, 1: // also late ones
					late := hour * clock.Time(rapid.IntRange(-3, 70).Draw(rt, "late"))
					b.tell(n, pickOf(rt, "event", "order", "visit"), b.Clock.Now()-late, map[string]any{"total": euro(rapid.IntRange(0, 3).Draw(rt, "total") * 1000)["total"], "page": pickOf(rt, "page", "a", "b")})
					seen[n] = true
				case 2:
					b.consents(n, pickOf(rt, "consent", people.Grant, people.Revoke))
				case 3:
					b.update(n, people.Update{Attributes: map[string]any{"vip": pickOf[any](rt, "vip", true, false, nil)}})
				case 4:
					b.update(n, people.Update{AddTags: []string{"new"}})
				case 5:
					b.update(n, people.Update{RemoveTags: []string{"new"}})
				case 6:
					b.tx(func(tx *db.Tx) error {
						return b.People.AddOrderTx(t.Context(), tx, b.ws, b.person(n), people.Order{Total: money.Amount{Minor: 500, Currency: "EUR"}, At: b.Clock.Now()})
					})
				case 7:
					b.Clock.Skip(time.Duration(rapid.IntRange(1, 20).Draw(rt, "skip")) * time.Second)
				case 8:
					starts += b.restart()
				case 9:
					if other := 1 + n%4; seen[other] && b.person(n) != b.person(other) {
						b.merge(b.person(n), b.person(other))
					}
				}
				condition := rapid.SampledFrom(conditions).Draw(rt, "condition")
				p := mustCompile(t, testWords(), where(condition))
				now := b.Clock.Now()
				var got []id.Person
				if err := b.read(t.Context(), b.ws, testKinds(), []*Program{p}, func(x *Index) { got = x.listed(p.scan(x, now)) }); err != nil {
					rt.Fatal(err)
				}
				if want := asked(rt, d, p, b.ws, now); !slices.Equal(got, want) {
					rt.Fatalf("%s\nindex %v\nSQL   %v", condition, got, want)
				}
			}
		})
		if starts == 0 {
			t.Error("no start was made from a snapshot")
		}
	})
}

// hint recognises somebody and says where they are, as a text from them does.
func (b *brand) hint(n int, country string) {
	b.t.Helper()
	b.tx(func(tx *db.Tx) error {
		_, _, err := b.People.ResolveTx(b.t.Context(), tx, b.ws, people.Identity{Kind: people.Phone, Value: phoneOf(n)}, people.Hint{Country: country})
		return err
	})
}

// merge moves all that is one person's to another, and tells the feed of both.
func (b *brand) merge(from, into id.Person) {
	b.t.Helper()
	b.tx(func(tx *db.Tx) error {
		for _, text := range []string{"UPDATE event SET person_id = $1 WHERE workspace_id = $2 AND person_id = $3",
			"UPDATE person_identity SET person_id = $1 WHERE workspace_id = $2 AND person_id = $3",
			"UPDATE person SET merged_into = $1 WHERE workspace_id = $2 AND id = $3"} {
			if _, err := tx.Exec(b.t.Context(), text, into, b.ws, from); err != nil {
				return err
			}
		}
		return errors.Join(b.People.Changed(b.t.Context(), tx, b.ws, from), b.People.Changed(b.t.Context(), tx, b.ws, into))
	})
}

// restart writes a snapshot and forgets the index, as a start of the program does, and says whether the next question
// begins with the snapshot.
func (b *brand) restart() int {
	b.t.Helper()
	l := b.liveOf(b.ws)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.x == nil {
		return 0
	}
	l.kept = time.Time{}
	b.keep(l)
	b.letGo(b.ws, l)
	again := b.liveOf(b.ws)
	fits, err := b.restore(b.t.Context(), again)
	if err != nil {
		b.t.Fatal(err)
	}
	b.letGo(b.ws, again)
	if fits {
		return 1
	}
	return 0
}

func TestASnapshotOfAnotherPastIsNotUsed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		everybody := `{"event":"visited"}`
		for name, spoil := range map[string]func(b *brand, tx *db.Tx) error{
			"the last event is not there": func(b *brand, tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), "DELETE FROM event WHERE workspace_id = $1 AND key = 'k2'", b.ws)
				return err
			},
			"the last change was at another time": func(b *brand, tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE feed_event SET at = at - 1 WHERE workspace_id = $1", b.ws)
				return err
			},
			"the file is cut short": func(b *brand, _ *db.Tx) error {
				return os.Truncate(b.snapshotFile(b.ws), 100)
			},
		} {
			t.Run(name, func(t *testing.T) {
				b := newBrand(t, d)
				b.tell(1, "visited", start-hour, nil)
				b.consents(1, people.Grant)
				b.Clock.Skip(time.Second)
				b.tell(2, "visited", start-hour, nil)
				if p := b.preview(everybody); p.Count != 2 {
					t.Fatal(p)
				}
				if b.restart() != 1 {
					t.Fatal("the snapshot was not used while it fitted")
				}
				b.tx(func(tx *db.Tx) error { return spoil(b, tx) })
				fits, err := b.restore(t.Context(), b.liveOf(b.ws))
				if err != nil || fits {
					t.Errorf("used: %v, %v", fits, err)
				}
				b.tell(3, "visited", start-hour, nil)
				if p, want := b.preview(everybody), map[bool]int{true: 2, false: 3}[strings.Contains(name, "event is")]; p.Count != want {
					t.Errorf("got %d, want %d", p.Count, want)
				}
			})
		}
	})
}

func TestManyMayAskWhileEventsArrive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBrand(t, d)
		p := mustCompile(t, testWords(), where(`{"event":"visited","filter":{"prop":"page","op":"eq","value":"a"}}`))
		const events = 60
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				last := 0
				for last < events {
					count := 0
					if err := b.read(t.Context(), b.ws, testKinds(), []*Program{p}, func(x *Index) { count = p.scan(x, b.Clock.Now()).count() }); err != nil {
						t.Error(err)
						return
					}
					if count < last {
						t.Errorf("counted %d after %d", count, last)
					}
					last = count
				}
			})
		}
		for n := range events {
			b.tell(n, "visited", start-hour, map[string]any{"page": "a"})
		}
		all.Wait()
	})
}

func (b *brand) call(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	api := httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), IDs: b.IDs,
		Guard: func(_ http.ResponseWriter, r *http.Request, _ httpx.Route) (context.Context, error) {
			return org.WithActor(r.Context(), b.actor()), nil
		}})
	b.Routes(api)
	r := httptest.NewRequestWithContext(b.t.Context(), method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	out := map[string]any{}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			b.t.Fatalf("%s: %v", w.Body, err)
		}
	}
	return w.Code, out
}

func TestSegmentsOverHTTP(t *testing.T) {
	b := newBrand(t, dbtest.SQLite(t))
	for n := range 3 {
		b.tell(n, "order_placed", start-hour, euro(1000*n))
	}
	definition := where(`{"event":"order_placed","agg":{"sum":"total"},"op":"gte","value":{"minor":1000,"currency":"EUR"}}`)
	code, made := b.call("POST", "/segments", `{"name":"Buyers","definition":`+definition+`}`)
	if code != 201 || made["count"] != 2.0 || made["text"] != "Customers who have order_placed whose total added up is at least 10.00 EUR." {
		t.Fatal(code, made)
	}
	segment := fmt.Sprint(made["id"])
	if code, list := b.call("GET", "/segments", ""); code != 200 || len(list["items"].([]any)) != 1 {
		t.Error(code, list)
	}
	code, page := b.call("GET", "/segments/"+segment+"/people?limit=1", "")
	if code != 200 || len(page["items"].([]any)) != 1 {
		t.Fatal(code, page)
	}
	code, rest := b.call("GET", "/segments/"+segment+"/people?limit=1&cursor="+fmt.Sprint(page["next"]), "")
	if code != 200 || len(rest["items"].([]any)) != 1 || rest["next"] != nil || fmt.Sprint(rest["items"]) == fmt.Sprint(page["items"]) {
		t.Error(code, rest)
	}
	code, preview := b.call("POST", "/segments/preview", `{"definition":`+where(`{"segment":"`+segment+`"}`)+`,"person_id":"`+string(b.person(0))+`"}`)
	if code != 200 || preview["count"] != 2.0 || preview["person"].(map[string]any)["is_in"] != false {
		t.Error(code, preview)
	}
	code, of := b.call("GET", "/people/"+string(b.person(2))+"/segments", "")
	if code != 200 || of["items"].([]any)[0].(map[string]any)["is_in"] != true {
		t.Error(code, of)
	}
	code, wrong := b.call("POST", "/segments/preview", `{"definition":`+where(`{"attr":"shoe","op":"eq","value":"x"}`)+`}`)
	if code != 422 && code != 400 || !strings.Contains(fmt.Sprint(wrong), "where.attr") {
		t.Error(code, wrong)
	}
	code, saved := b.call("PUT", "/segments/"+segment+"?version=1", `{"name":"Everybody","definition":`+where(`{"all":[]}`)+`}`)
	if code != 200 || saved["count"] != 3.0 || saved["version"] != 2.0 {
		t.Error(code, saved)
	}
	if code, _ := b.call("DELETE", "/segments/"+segment, ""); code != 204 {
		t.Error(code)
	}
	if code, _ := b.call("GET", "/segments/"+segment, ""); code != 404 {
		t.Error(code)
	}
}
