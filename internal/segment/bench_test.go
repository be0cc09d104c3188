package segment

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/id"
	"parley/internal/people"
)

// benchSize is how many persons and events the benchmarks have; PARLEY_BENCH_PERSONS makes it larger.
func benchSize() (persons, events int) {
	persons = 20_000
	if n, err := strconv.Atoi(os.Getenv("PARLEY_BENCH_PERSONS")); err == nil {
		persons = n
	}
	return persons, persons * 30
}

// benchConditions are S1 to S7 of the design's measurements.
func benchConditions() map[string]string {
	return map[string]string{
		"S1 country and consent":    `{"all":[{"attr":"country","op":"in","value":["US"]},{"consent":"sms","is":"granted"}]}`,
		"S2 value and recent order": `{"all":[{"attr":"value","op":"gt","value":{"minor":50000,"currency":"EUR"}},{"event":"order_placed","window":{"last":"30d"}}]}`,
		"S3 three views, no order":  `{"all":[{"event":"product_viewed","op":"gte","value":3,"window":{"last":"14d"}},{"none":[{"event":"order_placed","window":{"last":"30d"}}]}]}`,
		"S4 abandoned checkout":     `{"sequence":{"first":{"event":"checkout_started"},"not_then":{"event":"order_placed"},"within":"2h","after":"30m"}}`,
		"S5 spend, birthday or VIP, no click": `{"all":[{"event":"order_placed","agg":{"sum":"total"},"op":"gt","value":{"minor":50000,"currency":"EUR"},"window":{"last":"365d"}},
			{"any":[{"attr":"birthday","op":"occurs_within","value":{"next":"7d"}},{"attr":"tags","op":"contains","value":"vip"}]},{"none":[{"event":"link_clicked","window":{"last":"90d"}}]}]}`,
		"S6 nested, eight conditions": `{"all":[{"attr":"country","op":"in","value":["US","IT"]},{"any":[{"event":"order_placed","op":"gte","value":2,"window":{"last":"180d"}},{"event":"product_viewed","op":"gte","value":5,"window":{"last":"30d"}}]},
			{"none":[{"consent":"sms","is":"revoked"},{"event":"complained","window":{"last":"60d"}}]},{"any":[{"attr":"orders","op":"gte","value":1},{"attr":"language","op":"eq","value":"en"},{"attr":"tags","op":"is_set"}]}]}`,
		"S7 viewed one product, no order since": `{"sequence":{"first":{"event":"product_viewed","filter":{"prop":"product_id","op":"eq","value":"p42"}},"not_then":{"event":"order_placed"},"within":"7d"}}`,
	}
}

// cpu is the time that the process has used, which says more than the clock on a machine that others use too.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// made is a random person of the benchmarks.
type made struct {
	id, phone, country, birthday, language, consent string
	worth, orders                                   int
	vip                                             bool
}

// crowd makes persons and two years of their events, of which few persons have many, in no order of time.
func crowd(persons, events int, person func(made), each func(who int, name string, at clock.Time, product, total int)) {
	r := rand.New(rand.NewPCG(1, 2))
	types := []string{"product_viewed", "product_viewed", "product_viewed", "page_viewed", "link_clicked", "link_clicked", "checkout_started", "order_placed", "complained"}
	for i := range persons {
		person(made{fmt.Sprintf("per_%08d", i), fmt.Sprintf("+1212%07d", 2_000_000+i), []string{"US", "IT", "DE", "FR", "ES"}[r.IntN(5)],
			fmt.Sprintf("19%02d-%02d-%02d", 50+r.IntN(50), 1+r.IntN(12), 1+r.IntN(28)), []string{"en", "it"}[i%2], []string{"granted", "granted", "revoked"}[i%3],
			r.IntN(100_000), r.IntN(5), r.IntN(20) == 0})
	}
	zipf := rand.NewZipf(r, 1.1, 50, uint64(persons-1))
	for range events {
		each(int(zipf.Uint64()), types[r.IntN(len(types))], start-clock.Time(r.Float64()*float64(2*365*24*hour)), r.IntN(2000), 500+r.IntN(20_000))
	}
}

// store puts a crowd into the tables.
func store(b *testing.B, d *db.DB, persons, events int) {
	rows, n := map[string][][]any{}, 0
	var numbers []string
	flush := func() {
		if err := insert(b.Context(), d, "ws", rows, numbers); err != nil {
			b.Fatal(err)
		}
		rows, numbers = map[string][][]any{}, nil
	}
	more := func(table string, row ...any) {
		rows[table] = append(rows[table], row)
		if n++; n%50_000 == 0 {
			flush()
		}
	}
	crowd(persons, events, func(p made) {
		more("person", "ws", p.id, "Ada Rossi", "", "", "", p.language, "", p.country, "", "", "", `{"birthday":"`+p.birthday+`"}`, "{}",
			int64(p.worth), "EUR", int64(p.orders), int64(0), "", int64(start-1000*hour), int64(0))
		more("person_identity", "ws", "phone", p.phone, p.id, "test", int64(0), int64(1))
		numbers = append(numbers, p.phone)
		more("consent_state", "ws", "sms", p.phone, "marketing", p.consent, int64(1), "", "", false, "", "", int64(0), false, int64(0), int64(0), false, int64(0))
		if p.vip {
			more("person_tag", "ws", p.id, "vip", "test", int64(1))
		}
	}, func(who int, name string, at clock.Time, product, total int) {
		key := fmt.Sprintf("evt_%09d", n)
		more("event", "ws", fmt.Sprintf("per_%08d", who), int64(at), key, name, int64(at), "test", key,
			fmt.Sprintf(`{"product_id":"p%d","total":{"minor":%d,"currency":"EUR"}}`, product, total))
	})
	flush()
}

// remember puts a crowd straight into an index, as reading the tables would.
func remember(persons, events int, all []*Program) *Index {
	x, src := emptyIndex(testKinds()), source{events: reads(all)}
	var places []uint32
	crowd(persons, events, func(p made) {
		one := &Person{ID: id.Person(p.id), attrs: map[string]value{"name": {kind: Text, text: "Ada Rossi"}, "language": {kind: Text, text: p.language}, "country": {kind: Text, text: p.country},
			"attributes.birthday": {kind: Date, text: p.birthday}, "value": {kind: Money, num: float64(p.worth), currency: "EUR"}, "orders": {kind: Number, num: float64(p.orders)},
			"created_at": {kind: Time, num: float64(start - 1000*hour)}, "phone": {kind: List, list: []string{p.phone}}},
			consents: map[consentKey]consent{{people.SMS, people.Marketing}: {status: people.Status(p.consent)}}}
		if p.vip {
			one.attrs["tags"] = value{kind: List, list: []string{"vip"}}
		}
		x.put(one)
		places = append(places, x.place(one.ID))
	}, func(who int, name string, at clock.Time, product, total int) {
		props := map[string]any{}
		for _, name := range src.events[name] {
			props[name] = map[string]any{"product_id": "p" + strconv.Itoa(product), "total": map[string]any{"minor": float64(total), "currency": "EUR"}}[name]
		}
		x.stream(name, src).add(places[who], happened{at, props})
	})
	for _, s := range x.streams {
		s.sortFrom(0)
	}
	return x
}

func compiled(b *testing.B) (byName map[string]*Program, all []*Program) {
	byName = map[string]*Program{}
	for name, condition := range benchConditions() {
		byName[name] = mustCompile(b, testWords(), where(condition))
		all = append(all, byName[name])
	}
	return byName, all
}

// BenchmarkIndex counts S1 to S7 in an index, all of 203 segments that share their conditions, and adds events to it.
func BenchmarkIndex(b *testing.B) {
	persons, events := benchSize()
	programs, all := compiled(b)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := remember(persons, events, all)
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := float64(after.HeapAlloc - before.HeapAlloc)
	b.Logf("%d persons, %d events: %.0f MB, %.0f bytes an event and its share of a person", persons, events, used/1e6, used/float64(events))
	for name, p := range programs {
		b.Run(name, func(b *testing.B) {
			n, spent := 0, cpu(b)
			for b.Loop() {
				n = p.scan(x, start).count()
			}
			b.ReportMetric(float64(n), "members")
			b.ReportMetric(float64(cpu(b)-spent)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
	b.Run("203 segments in one tick", func(b *testing.B) {
		spent := cpu(b)
		defer func() { b.ReportMetric(float64(cpu(b)-spent)/float64(b.N)/1e6, "cpu-ms/op") }()
		for b.Loop() {
			run := &scanned{x, start, map[string]bitset{}}
			for range 29 {
				for _, p := range all {
					p.root.scan(run, p.moment(start))
				}
			}
		}
	})
}

// BenchmarkTables builds an index from the tables, and counts S1 to S7 by SQL beside it.
func BenchmarkTables(b *testing.B) {
	persons, events := benchSize()
	engines := map[string]*db.DB{"sqlite": dbtest.SQLite(b)}
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		engines["postgres"] = dbtest.Postgres(b)
	}
	programs, all := compiled(b)
	for engine, d := range engines {
		store(b, d, persons, events)
		// As a database does by itself a minute after so many rows; before, PostgreSQL guesses badly.
		for table := range columns() {
			analyse := func(tx *db.Tx) error { _, err := tx.Exec(b.Context(), "ANALYZE "+table); return err }
			if err := d.Tx(b.Context(), analyse); err != nil {
				b.Fatal(err)
			}
		}
		var x *Index
		b.Run(engine+"/build", func(b *testing.B) {
			for b.Loop() {
				var err error
				if x, err = build(b.Context(), source{q: d, people: people.New(people.Deps{DB: d}), ws: "ws", kinds: testKinds(), events: reads(all)}, func(told) {}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
		for name, p := range programs {
			b.Run(engine+"/SQL "+name, func(b *testing.B) {
				text, args := p.SQL(d.Engine(), "ws", start)
				found := 0
				for b.Loop() {
					if err := d.QueryRow(b.Context(), "SELECT COUNT(*) FROM ("+text+") found", args...).Scan(&found); err != nil {
						b.Fatal(err)
					}
				}
				if n := p.scan(x, start).count(); n != found {
					b.Fatalf("the index counts %d, the database %d", n, found)
				}
			})
		}
	}
}
