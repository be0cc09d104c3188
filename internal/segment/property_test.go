package segment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/people"
)

// start is the moment around which the random worlds lie: in Rome, on the 28th of February of a year without a 29th.
var start = clock.From(time.Date(2027, 2, 28, 22, 30, 0, 0, time.UTC))

const hour = clock.Time(3_600_000_000)

// kinds are the types of the attributes of testWords.
func testKinds() map[string]Type { return kindsOf(testWords().Attributes) }

// world writes random people and events straight into the tables.
type world struct {
	t    *rapid.T
	ws   id.Workspace
	rows map[string][][]any
	next int
	nums []string // numbers
}

func (w *world) id(prefix string) string {
	w.next++
	return fmt.Sprintf("%s_%s_%04d", prefix, w.ws, w.next)
}

func pickOf[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

func (w *world) amount() map[string]any {
	return map[string]any{"minor": rapid.IntRange(-3, 6).Draw(w.t, "minor"), "currency": pickOf(w.t, "currency", "EUR", "USD")}
}

// anything is a property or attribute of any type, so that tests meet values they do not fit.
func (w *world) anything() any {
	return pickOf[any](w.t, "value", "a", "ab", "", "é%_", 1, 2.5, -3, true, false, nil, w.amount(), []any{"a", "b"}, []any{"ab", 1}, map[string]any{"x": 1},
		json.Number("1e3"))
}

// moments cluster, so that events meet at one moment and at the edges of windows.
func (w *world) moment() clock.Time {
	return start + hour*clock.Time(rapid.IntRange(-60, 4).Draw(w.t, "hour")*12)/12 +
		clock.Time(pickOf(w.t, "off", 0, 0, 0, 1, -1))
}

func (w *world) person() {
	t, person := w.t, w.id("per")
	attributes := map[string]any{}
	for key, values := range map[string][]any{"birthday": {"1990-02-28", "--02-29", "2000-02-29", "--12-31", "1985-03-01", "2027-02-27"}, "vip": {true, false},
		"size": {"S", "XL", "S L"}, "score": {1, 2.5, -4}, "budget": {w.amount()}, "likes": {[]any{}, []any{"tea"}, []any{"tea", "coffee"}}} {
		if rapid.Bool().Draw(t, key) {
			attributes[key] = rapid.SampledFrom(values).Draw(t, "is")
		}
	}
	currency := pickOf(t, "value currency", "", "EUR", "USD")
	merged := ""
	if rapid.IntRange(0, 9).Draw(t, "merged") == 0 {
		merged = "per_other"
	}
	w.rows["person"] = append(w.rows["person"], []any{string(w.ws), person, pickOf(t, "name", "", "Ada", "Bob"), "", "", "", pickOf(t, "language", "", "en", "it"), "", pickOf(t, "country", "", "US", "IT", "DE"),
		"", "", "", db.JSON(attributes), "{}", int64(rapid.IntRange(-2, 5).Draw(t, "worth")), currency, int64(rapid.IntRange(0, 3).Draw(t, "orders")),
		int64(pickOf(t, "last order", 0, w.moment())), merged, int64(w.moment()), int64(0)})
	for _, tag := range []string{"vip", "new"} {
		if rapid.Bool().Draw(t, "tag") {
			w.rows["person_tag"] = append(w.rows["person_tag"], []any{string(w.ws), person, tag, "test", int64(1)})
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "phones") {
		w.phone(person)
	}
	for range rapid.IntRange(0, 6).Draw(t, "events") {
		w.event(person, w.moment())
	}
}

func (w *world) phone(person string) {
	t, number := w.t, fmt.Sprintf("+1212555%04d", 1000+w.next)
	w.next++
	w.nums = append(w.nums, number)
	verified := int64(pickOf(t, "verified", 0, 5))
	w.rows["person_identity"] = append(w.rows["person_identity"], []any{string(w.ws), "phone", number, person, "test", verified, int64(rapid.IntRange(1, 2).Draw(t, "created"))})
	for _, purpose := range []people.Purpose{people.Marketing, people.Cart} {
		status := pickOf(t, "status", "", "none", "pending", "granted", "revoked", "blocked")
		if status == "" {
			continue
		}
		w.rows["consent_state"] = append(w.rows["consent_state"], []any{string(w.ws), "sms", number, string(purpose), status, int64(1), "", "", false, "", "", int64(0), false,
			int64(w.moment()), int64(0), false, int64(pickOf(t, "unreachable", 0, 0, 7))})
	}
}

func (w *world) event(person string, at clock.Time) {
	props := map[string]any{}
	for _, name := range []string{"p", "q"} {
		if v := w.anything(); v != nil || rapid.Bool().Draw(w.t, "null") {
			props[name] = v
		}
	}
	key := w.id("evt")
	w.rows["event"] = append(w.rows["event"], []any{string(w.ws), person, int64(at), key, pickOf(w.t, "type", "order", "click"), int64(at), "test", key, db.JSON(props)})
}

// columns are those of the tables, in the order of the rows above.
func columns() map[string][]string {
	return map[string][]string{
		"person": {"workspace_id", "id", "name", "given_name", "family_name", "search_name", "language", "timezone", "country", "state", "zip", "preferred_channel",
			"attributes", "attribute_sources", "value_minor", "value_currency", "orders", "last_order_at", "merged_into", "created_at", "updated_at"},
		"person_tag":      {"workspace_id", "person_id", "tag", "source", "at"},
		"person_identity": {"workspace_id", "kind", "value", "person_id", "source", "verified_at", "created_at"},
		"consent_state": {"workspace_id", "medium", "address_key", "purpose", "status", "since", "event_id", "source", "given", "given_source", "disclosure_hash", "frequency",
			"double_opt_in", "pending_until", "revoked_at", "doubtful", "unreachable_at"},
		"event": {"workspace_id", "person_id", "at", "id", "type", "received_at", "source", "key", "props"},
	}
}

// write stores what the world has gathered since the last time.
func (w *world) write(d *db.DB) {
	if err := insert(w.t.Context(), d, w.ws, w.rows, w.nums); err != nil {
		w.t.Fatal(err)
	}
	w.rows, w.nums = map[string][][]any{}, nil
}

// insert puts rows into the tables. Rows of consent_state name the number itself: the ledger is asked for the key that it
// knows it by.
func insert(ctx context.Context, d *db.DB, ws id.Workspace, rows map[string][][]any, numbers []string) error {
	c := clock.NewManual(start)
	ledger := people.New(people.Deps{DB: d, Clock: c, IDs: id.NewSource(c)})
	return d.Tx(ctx, func(tx *db.Tx) error {
		said := make([]people.Consent, len(numbers))
		for i, n := range numbers {
			said[i] = people.Consent{Workspace: ws, Address: n, Action: people.Acknowledge, Source: people.ByMember}
		}
		if _, err := ledger.RecordConsentAllTx(ctx, tx, said); err != nil {
			return err
		}
		keys := map[string]string{}
		found, err := tx.Query(ctx, "SELECT address, address_key FROM consent_chain WHERE workspace_id = $1", ws)
		pairs, err := db.Collect(found, err, func(r *db.Rows) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) })
		if err != nil {
			return err
		}
		for _, p := range pairs {
			keys[p[0]] = p[1]
		}
		for _, row := range rows["consent_state"] {
			row[2] = keys[row[2].(string)]
		}
		for table, list := range rows {
			if err := tx.Bulk(ctx, db.Bulk{Table: table, Columns: columns()[table], JSON: []string{"attributes", "attribute_sources", "props"}, Rows: list}); err != nil {
				return err
			}
		}
		return nil
	})
}

// condition is a random node of a definition.
func condition(t *rapid.T, depth int) string {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "group") == 0 {
		var kids []string
		for range rapid.IntRange(1, 3).Draw(t, "kids") {
			kids = append(kids, condition(t, depth-1))
		}
		return fmt.Sprintf(`{%q:[%s]}`, pickOf(t, "kind", "all", "any", "none"), strings.Join(kids, ","))
	}
	switch rapid.IntRange(0, 7).Draw(t, "leaf") {
	case 0, 1:
		return attribute(t)
	case 2:
		return fmt.Sprintf(`{"consent":"sms","purpose":%q,"is":%q}`, pickOf(t, "purpose", "marketing", "cart"), pickOf(t, "is", "granted", "pending", "revoked", "unreachable", "none"))
	case 3:
		return fmt.Sprintf(`{"sequence":{"first":%s,"then":%s%s}%s}`, part0(t), part0(t), pickOf(t, "within", "", `,"within":"1h"`, `,"within":"5h"`), window(t))
	case 4:
		return fmt.Sprintf(`{"sequence":{"first":%s,"not_then":%s%s%s}}`, part0(t), part0(t), pickOf(t, "within", "", `,"within":"30h"`), pickOf(t, "after", "", `,"after":"1h"`))
	}
	return figure(t)
}

func part0(t *rapid.T) string {
	return fmt.Sprintf(`{"event":%q%s}`, pickOf(t, "event", "order", "click"), propFilter(t))
}

func propFilter(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "filter") {
	case 0:
		return `,"filter":` + propTest(t)
	case 1:
		return fmt.Sprintf(`,"filter":{%q:[%s,%s]}`, pickOf(t, "kind", "all", "any", "none"), propTest(t), propTest(t))
	}
	return ""
}

func comparison(t *rapid.T) string {
	return pickOf(t, "comparison", `"op":"eq","value":"a"`, `"op":"in","value":["ab","z"]`, `"op":"contains","value":"a"`, `"op":"contains","value":"%_"`, `"op":"starts_with","value":"é"`, `"op":"is_set"`,
		`"op":"gte","value":1`, `"op":"lt","value":2.5`, `"op":"between","value":[-3,1]`, `"op":"eq","value":true`, `"op":"gt","value":{"minor":1,"currency":"EUR"}`, `"op":"eq","value":{"minor":2,"currency":"USD"}`)
}

func propTest(t *rapid.T) string {
	return fmt.Sprintf(`{"prop":%q,%s}`, pickOf(t, "prop", "p", "q", "none"), comparison(t))
}

func window(t *rapid.T) string {
	w := pickOf(t, "window", "", `{"last":"24h"}`, `{"last":"2h"}`, `{"between":{"from":"30h","to":"5h"}}`, `{"before":"20h"}`, `{"from":"2027-02-27"}`,
		`{"until":"2027-02-28T10:30:00Z"}`, `{"from":"2027-02-26","until":"2027-03-01"}`, `{"calendar":"today"}`, `{"calendar":"yesterday"}`, `{"calendar":"this_month"}`, `{"calendar":"last_week"}`)
	if w == "" {
		return ""
	}
	return `,"window":` + w
}

func figure(t *rapid.T) string {
	head := fmt.Sprintf(`{"event":%q%s%s`, pickOf(t, "event", "order", "click"), propFilter(t), window(t))
	span := pickOf(t, "span", `"op":"gte","value":2`, `"op":"lt","value":2`, `"op":"eq","value":1`, `"op":"between","value":[0,1]`, `"op":"gt","value":0`, `"op":"lte","value":0`, `"op":"gt","value":1.5`)
	prop := pickOf(t, "prop", "p", "q")
	switch rapid.IntRange(0, 4).Draw(t, "agg") {
	case 0:
		return head + "}"
	case 1:
		return head + "," + span + "}"
	case 2:
		return head + fmt.Sprintf(`,"agg":{%q:%q},%s}`, pickOf(t, "edge", "first", "last"), prop, comparison(t))
	case 3:
		return head + fmt.Sprintf(`,"agg":{"distinct":%q},%s}`, prop, span)
	}
	if rapid.Bool().Draw(t, "money") {
		span = pickOf(t, "amount", `"op":"gte","value":{"minor":2,"currency":"EUR"}`, `"op":"lt","value":{"minor":0,"currency":"USD"}`)
	}
	return head + fmt.Sprintf(`,"agg":{%q:%q},%s}`, pickOf(t, "figure", "sum", "avg", "min", "max"), prop, span)
}

func attribute(t *rapid.T) string {
	return pickOf(t, "attribute", `{"attr":"country","op":"in","value":["US","IT"]}`, `{"attr":"name","op":"contains","value":"o"}`, `{"attr":"name","op":"starts_with","value":"A"}`,
		`{"attr":"language","op":"is_set"}`, `{"attr":"orders","op":"gte","value":2}`, `{"attr":"orders","op":"lt","value":1.5}`, `{"attr":"value","op":"between","value":[{"minor":0,"currency":"EUR"},{"minor":3,"currency":"EUR"}]}`,
		`{"attr":"value","op":"is_set"}`, `{"attr":"last_order_at","op":"within","value":{"last":"24h"}}`, `{"attr":"last_order_at","op":"within","value":{"next":"3h"}}`, `{"attr":"last_order_at","op":"is_set"}`,
		`{"attr":"created_at","op":"lt","value":"2027-02-28"}`, `{"attr":"created_at","op":"gte","value":"2027-02-28T10:30:00Z"}`, `{"attr":"tags","op":"contains","value":"vip"}`, `{"attr":"tags","op":"in","value":["new","old"]}`,
		`{"attr":"tags","op":"is_set"}`, `{"attr":"phone","op":"is_set"}`, `{"attr":"birthday","op":"occurs_within","value":{"next":"1d"}}`, `{"attr":"birthday","op":"occurs_within","value":{"last":"70d"}}`,
		`{"attr":"birthday","op":"within","value":{"last":"3d"}}`, `{"attr":"birthday","op":"gt","value":"1990-01-01"}`, `{"attr":"birthday","op":"eq","value":"--02-29"}`, `{"attr":"birthday","op":"is_set"}`,
		`{"attr":"vip","op":"eq","value":true}`, `{"attr":"size","op":"eq","value":"S"}`, `{"attr":"size","op":"contains","value":" "}`, `{"attr":"score","op":"gt","value":1}`, `{"attr":"score","op":"is_set"}`,
		`{"attr":"attributes.budget","op":"lte","value":{"minor":3,"currency":"EUR"}}`, `{"attr":"likes","op":"contains","value":"tea"}`, `{"attr":"likes","op":"in","value":["coffee"]}`, `{"attr":"likes","op":"is_set"}`)
}

// asked is everybody whom SQL finds, in order.
func asked(t *rapid.T, d *db.DB, p *Program, ws id.Workspace, now clock.Time) []id.Person {
	text, args := p.SQL(d.Engine(), ws, now)
	rows, err := d.Query(t.Context(), text, args...)
	out, err := db.Collect(rows, err, func(r *db.Rows) (person id.Person, err error) { return person, r.Scan(&person) })
	if err != nil {
		t.Fatalf("%v\n%s\n%v", err, text, args)
	}
	return out
}

func TestSQLTheIndexAndEvalAgreeAtEveryMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			w := &world{t: t, ws: id.Workspace(fmt.Sprintf("ws%d_%d", time.Now().UnixNano(), run)), rows: map[string][][]any{}}
			for range rapid.IntRange(1, 6).Draw(t, "people") {
				w.person()
			}
			w.write(d)
			var programs []*Program
			var texts []string
			for range 6 {
				text := fmt.Sprintf(`{"v":1,"tz":%q,"where":%s}`, pickOf(t, "zone", "UTC", "Europe/Rome"), condition(t, 2))
				texts = append(texts, text)
				programs = append(programs, mustCompileRapid(t, text))
			}
			x := mustBuild(t, d, w.ws, programs)
			persons := evalPersons(t, d, w.ws)
			for i, p := range programs {
				now := w.moment()
				sql, scan, eval := asked(t, d, p, w.ws, now), x.listed(p.scan(x, now)), evaluated(p, persons, now)
				if !slices.Equal(sql, scan) || !slices.Equal(sql, eval) {
					t.Fatalf("%s at %v\nSQL  %v\nscan %v\neval %v", texts[i], now, sql, scan, eval)
				}
				holdsUntilNext(t, p, persons, now, texts[i])
			}
		})
	})
}

func mustCompileRapid(t *rapid.T, text string) *Program {
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := Compile(d, testWords())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

func evalPersons(t *rapid.T, d *db.DB, ws id.Workspace) []*Person {
	rows, err := d.Query(t.Context(), "SELECT id FROM person WHERE workspace_id = $1 ORDER BY id", ws)
	ids, err := db.Collect(rows, err, func(r *db.Rows) (person id.Person, err error) { return person, r.Scan(&person) })
	if err != nil {
		t.Fatal(err)
	}
	var out []*Person
	for _, person := range ids {
		p, err := loadPerson(t.Context(), source{q: d, people: people.New(people.Deps{DB: d}), ws: ws, kinds: testKinds()}, person)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func evaluated(p *Program, persons []*Person, now clock.Time) []id.Person {
	var out []id.Person
	for _, person := range persons {
		if in, _ := p.Eval(person, now); in {
			out = append(out, person.ID)
		}
	}
	return out
}

// holdsUntilNext checks the promise of Eval: until the moment that it names, nothing changes.
func holdsUntilNext(t *rapid.T, p *Program, persons []*Person, now clock.Time, text string) {
	for _, person := range persons {
		in, next := p.Eval(person, now)
		if next <= now {
			t.Fatalf("%s at %v: the next change %v is not later", text, now, next)
		}
		until := min(next-1, now+80*hour)
		for _, at := range []clock.Time{until, now + (until-now)/2, now + (until-now)/7} {
			if then, _ := p.Eval(person, at); then != in {
				t.Fatalf("%s at %v says %v until %v, but at %v it is %v", text, now, in, next, at, then)
			}
		}
	}
}

func mustBuild(t *rapid.T, d *db.DB, ws id.Workspace, programs []*Program) *Index {
	x, err := build(t.Context(), source{q: d, people: people.New(people.Deps{DB: d}), ws: ws, kinds: testKinds(), events: reads(programs)}, func(told) {})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// listed are the persons of a set, in order.
func (x *Index) listed(b bitset) []id.Person {
	var out []id.Person
	b.each(func(i uint32) bool { out = append(out, x.ids[i]); return true })
	slices.Sort(out)
	return out
}
