package httpx_test

import (
	"fmt"
	"testing"
	"time"

	"parley/internal/clock"
	"parley/internal/httpx"
)

func TestALimiterGivesABurstAndThenATrickle(t *testing.T) {
	c := clock.NewManual(1)
	l := httpx.NewLimiter(c, httpx.Rate{Burst: 3, Every: time.Second})
	take := func(key string) (n int) {
		for range 10 {
			if l.Allow(key) {
				n++
			}
		}
		return n
	}
	if got := take("a"); got != 3 {
		t.Errorf("burst of %d, want 3", got)
	}
	if got := take("b"); got != 3 {
		t.Errorf("another key got %d, want 3", got)
	}
	c.Skip(2 * time.Second)
	if got := take("a"); got != 2 {
		t.Errorf("after 2 s got %d, want 2", got)
	}
	c.Skip(-time.Hour)
	if got := take("a"); got != 0 {
		t.Errorf("a clock that went back gave %d", got)
	}
	c.Skip(2 * time.Hour)
	if got := take("a"); got != 3 {
		t.Errorf("a full bucket gave %d, want 3", got)
	}
}

func TestALimiterForgetsFullBucketsBeforeEmptyOnes(t *testing.T) {
	c := clock.NewManual(1)
	l := httpx.NewLimiter(c, httpx.Rate{Burst: 1, Every: time.Minute})
	for i := range 9_999 {
		l.Allow(fmt.Sprint("old", i))
	}
	c.Skip(time.Hour)
	l.Allow("busy")
	l.Allow("one more")
	if l.Allow("busy") {
		t.Error("making room let a busy key through")
	}
}
