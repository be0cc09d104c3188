package faulttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parley/internal/db"
)

// timedAck is a unit that was acknowledged, and when its sender knew.
type timedAck struct {
	sid string
	at  time.Time
}

// recorded runs the program under strace with texts coming in, and gives what it did to its disk and what it acknowledged.
func recorded(t *testing.T, b *brand, units int) (string, recording, []timedAck) {
	t.Helper()
	before := filepath.Join(t.TempDir(), "before")
	copyDir(t, b.place.dir, before)
	trace := filepath.Join(t.TempDir(), "trace")
	b.place.wrap = []string{"strace", "-f", "-ttt", "-y", "-xx", "-s", "1000000", "-e", "trace=" + traced, "-e", "signal=none", "-o", trace}
	n := b.start()
	var mu sync.Mutex
	var got []timedAck
	each(units, 6, func(i int) {
		sid := fmt.Sprint("SM-power-", i)
		if b.text(sid, number(3000+i%300), fmt.Sprint("text ", i))/100 == 2 {
			at := time.Now()
			mu.Lock()
			defer mu.Unlock()
			got = append(got, timedAck{sid, at})
		}
	})
	n.kill() // a kill leaves the disk as it is; a clean end would tidy up
	b.place.wrap = nil
	return before, readTrace(t, trace, b.place.dir), got
}

// lost opens an image and counts the acknowledged units that it misses. A database that is not whole fails the test, or
// counts as all lost where that is what is expected.
func lost(t *testing.T, dir string, acked []string, mayBreak bool) int {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{Dir: dir, ReadOnly: true})
	if err == nil {
		defer d.Close()
		var problems []string
		if problems, err = d.Integrity(context.Background()); err == nil && len(problems) > 0 {
			err = fmt.Errorf("%q", problems)
		}
	}
	if err != nil {
		if !mayBreak {
			t.Fatalf("the database is not whole after the power cut: %v", err)
		}
		return len(acked)
	}
	rows, err := d.Query(context.Background(), "SELECT provider_id FROM inbound")
	stored := map[string]bool{}
	have, err := db.Collect(rows, err, func(r *db.Rows) (string, error) {
		var s string
		return s, r.Scan(&s)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range have {
		stored[s] = true
	}
	n := 0
	for _, sid := range acked {
		if !stored[sid] {
			n++
		}
	}
	return n
}

func TestI20APowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	b, n := newBrand(t, "", 500)
	n.stop(t)
	before, r, acks := recorded(t, b, times(200, 2000))
	t.Logf("%s; %d acknowledged", r, len(acks))
	if len(acks) < 100 || len(r) < 100 {
		t.Fatal("the run is too short to prove anything")
	}
	cut := func(i int, ignoreSyncs bool) (missing, promised int) {
		k := 1 + rand.IntN(len(r))
		moment := r[k-1].at
		var acked []string
		for _, a := range acks {
			if a.at.Before(moment) {
				acked = append(acked, a.sid)
			}
		}
		dir := filepath.Join(t.TempDir(), fmt.Sprint("image-", i))
		r.image(t, before, dir, k, ignoreSyncs)
		return lost(t, dir, acked, ignoreSyncs), len(acked)
	}
	promises := 0
	for i := range times(100, 500) {
		missing, promised := cut(i, false)
		promises += promised
		if missing > 0 {
			t.Errorf("image %d lost %d of %d acknowledged texts", i, missing, promised)
		}
	}
	if promises == 0 {
		t.Error("no image had anything to lose")
	}
	broken := 0
	for i := range 20 {
		if missing, _ := cut(1000+i, true); missing > 0 {
			broken++
		}
	}
	if broken == 0 {
		t.Error("on a disk that ignores syncs nothing was lost: the replay proves nothing")
	}
	t.Logf("on a disk that ignores syncs %d of 20 images lost something", broken)
}
