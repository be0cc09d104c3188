package people_test

import (
	"fmt"
	"os"
	"testing"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/people"
)

// each runs a benchmark on every engine there is.
func each(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, dbtest.SQLite(b)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		b.Run("postgres", func(b *testing.B) { fn(b, dbtest.Postgres(b)) })
	}
}

func subjects(from, n int) []people.Subject {
	out := make([]people.Subject, n)
	for i := range out {
		out[i].Identities = []people.Identity{{Kind: people.Phone, Value: fmt.Sprintf("+1212%07d", 2_000_000+from+i), Source: "sms"}}
	}
	return out
}

// One operation is a set of 1,000.
func BenchmarkResolveAll(b *testing.B) {
	const set = 1000
	for _, name := range []string{"new", "known"} {
		b.Run(name, func(b *testing.B) {
			each(b, func(b *testing.B, d *db.DB) {
				s, n := setup(b, d), 0
				resolve := func() {
					s.tx(func(tx *db.Tx) error {
						_, err := s.ResolveAllTx(b.Context(), tx, shop, subjects(n, set))
						return err
					})
				}
				resolve()
				for b.Loop() {
					if name == "new" {
						n += set
					}
					resolve()
				}
				b.ReportMetric(float64(set*b.N)/b.Elapsed().Seconds(), "people/s")
			})
		})
	}
}

// One operation is a set of 1,000 among 10,000.
func BenchmarkConsentAll(b *testing.B) {
	each(b, func(b *testing.B, d *db.DB) {
		s := setup(b, d)
		var addresses []string
		for set := range 10 {
			var list []people.Consent
			for i := range 1000 {
				addresses = append(addresses, fmt.Sprintf("+1212%07d", 2_000_000+set*1000+i))
				list = append(list, agreed(addresses[len(addresses)-1], people.Marketing))
			}
			s.record(list...)
		}
		n := 0
		for b.Loop() {
			from := n % 10 * 1000
			n++
			if _, err := s.ConsentAll(b.Context(), d, shop, people.SMS, people.Marketing, addresses[from:from+1000]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(1000*b.N)/b.Elapsed().Seconds(), "addresses/s")
	})
}

// One operation is a set of 1,000 grants.
func BenchmarkRecordConsentAll(b *testing.B) {
	each(b, func(b *testing.B, d *db.DB) {
		s, n := setup(b, d), 0
		for b.Loop() {
			list := make([]people.Consent, 1000)
			for i := range list {
				list[i] = agreed(fmt.Sprintf("+1212%07d", 2_000_000+n), people.Marketing)
				n++
			}
			s.record(list...)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	})
}
