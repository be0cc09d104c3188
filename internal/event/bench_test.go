package event_test

import (
	"fmt"
	"os"
	"testing"

	"parley/internal/db"
	"parley/internal/db/dbtest"
	"parley/internal/event"
)

// One operation is a batch of 100 events of 100 among 10,000 known people, told by several callers at once (PF9).
func BenchmarkIngest(b *testing.B) {
	run := func(b *testing.B, d *db.DB) {
		s := setup(b, d)
		batch := func(n int) []event.Incoming {
			out := make([]event.Incoming, 100)
			for i := range out {
				out[i] = event.Incoming{Type: "product_viewed", Key: fmt.Sprint("k-", n, "-", i),
					Person: event.Who{Phone: fmt.Sprintf("+1212%07d", 2_000_000+(n*100+i)%10_000)},
					Props:  map[string]any{"product_id": "42", "price": map[string]any{"minor": 1999, "currency": "EUR"}, "url": "https://shop.example/p/42"}}
			}
			return out
		}
		for n := range 100 {
			s.ingest(batch(n)...)
		}
		next := make(chan int, 64)
		go func() {
			for n := 100; n < 100+b.N; n++ {
				next <- n
			}
			close(next)
		}()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Ingest(b.Context(), shop, "till", batch(<-next)); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("sqlite", func(b *testing.B) { run(b, dbtest.SQLite(b)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		b.Run("postgres", func(b *testing.B) { run(b, dbtest.Postgres(b)) })
	}
}
