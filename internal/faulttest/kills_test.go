package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/db"
)

// acks is what was answered with success, by provider's id.
type acks struct {
	mu    sync.Mutex
	texts []string
	hooks []string
}

func (a *acks) add(list *[]string, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*list = append(*list, id)
}

// traffic sends texts and webhooks until stopped, each unit three times as providers may, and notes what was acknowledged.
func (b *brand) traffic(ctx context.Context, a *acks) *sync.WaitGroup {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1))
				sid := fmt.Sprintf("SM-kill-%d", i)
				for range 2 {
					if b.text(sid, number(5000+i%500), fmt.Sprint("text ", i))/100 == 2 {
						a.add(&a.texts, sid)
					}
				}
				hook := fmt.Sprintf("hook-%d", i)
				if b.shop("customers/update", hook, map[string]any{"id": 90000 + i%500, "phone": number(5000 + i%500), "first_name": "Maria"})/100 == 2 {
					a.add(&a.hooks, hook)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	return &wg
}

// missing are the acknowledged units that the database does not have.
func (p place) missing(t *testing.T, a *acks) []string {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: p.database, Dir: p.dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for table, want := range map[string][]string{"SELECT provider_id FROM inbound": a.texts, "SELECT delivery FROM shop_webhook": a.hooks} {
		rows, err := d.Query(context.Background(), table)
		have, err := db.Collect(rows, err, func(r *db.Rows) (string, error) {
			var s string
			return s, r.Scan(&s)
		})
		if err != nil {
			t.Fatal(err)
		}
		stored := make(map[string]bool, len(have))
		for _, s := range have {
			stored[s] = true
		}
		for _, id := range want {
			if !stored[id] {
				out = append(out, id)
			}
		}
	}
	return out
}

// underWay waits until the provider has had so many requests; false when the time was over before.
func (b *brand) underWay(requests int, most time.Duration) bool {
	for end := time.Now().Add(most); b.twilio.Requests() < requests; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

func TestI1I2I9KillsWithWebhooksAndSendsUnderWay(t *testing.T) {
	b, n := newBrand(t, "", 500)
	kills, people := times(25, 200), times(1000, 6000)
	b.subscribe(0, people)
	b.campaign()
	ctx, stop := context.WithCancel(context.Background())
	a := &acks{}
	wg := b.traffic(ctx, a)
	busy := 0
	for i := range kills {
		before := b.twilio.Requests()
		b.begin(people*i/kills, people*(i+1)/kills) // a part of the campaign in every life
		if b.underWay(before+1+rand.IntN(people/kills), time.Second) {
			busy++
		}
		n.kill()
		n = b.start()
	}
	stop()
	wg.Wait()
	if busy < kills/4 || len(a.texts) < kills {
		t.Errorf("%d of %d kills hit a busy outbox and %d texts were acknowledged: the test proves little", busy, kills, len(a.texts))
	}
	b.eventually("the queue is empty", func() bool { return b.waiting("queued") == 0 })
	n.stop(t)
	if lost := b.place.missing(t, a); len(lost) > 0 {
		t.Errorf("%d of %d acknowledged units are lost: %.10q", len(lost), len(a.texts)+len(a.hooks), lost)
	}
	reached := b.agree(people)
	b.place.verify(t)
	t.Logf("%d kills, %d busy; %d texts and %d webhooks acknowledged; %d of %d people reached, nobody twice", kills, busy, len(a.texts), len(a.hooks), reached, people)
	if reached < people/2 {
		t.Errorf("only %d of %d people were reached", reached, people)
	}
}
