package clock_test

import (
	"math"
	"testing"
	"time"

	"parley/internal/clock"
)

func TestATimeThatNeverComesIsFarAhead(t *testing.T) {
	now := clock.From(time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC))
	never := clock.Time(math.MaxInt64)
	if d := never.Sub(now); d < 290*365*24*time.Hour {
		t.Errorf("never is %v ahead", d)
	}
	if d := now.Sub(never); d > -290*365*24*time.Hour {
		t.Errorf("now is %v after never", d)
	}
	if d := now.Add(time.Second).Sub(now); d != time.Second {
		t.Errorf("a second later is %v later", d)
	}
}
