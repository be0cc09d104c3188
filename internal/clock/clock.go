// Package clock is the only source of time in Parley. Everything that asks "what time is it" or
// "wake me later" asks a *Clock, so that a test or the demo can move time without waiting.
//
// Times are Time values: microseconds since 1970-01-01 UTC, as stored in every table. Durations
// between two moments of a running program are measured on the monotonic clock by the runtime;
// schedules are kept elsewhere as an IANA zone plus local time and turned into a Time when due.
package clock

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Time is a moment: microseconds since 1970-01-01 UTC. The zero Time means "not set".
type Time int64

// From turns a time.Time into a Time, dropping what is finer than a microsecond.
func From(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Std is the moment as a time.Time in UTC; the zero Time gives the zero time.Time.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// Add is the moment d later; it keeps the zero Time zero.
func (t Time) Add(d time.Duration) Time {
	if t == 0 {
		return 0
	}
	return t + Time(d.Microseconds())
}

// Sub is the duration from u to t, at most what a Duration can hold: some 292 years.
func (t Time) Sub(u Time) time.Duration {
	const most = Time(math.MaxInt64 / int64(time.Microsecond))
	return time.Duration(max(-most, min(t-u, most))) * time.Microsecond
}

// Before says whether t is earlier than u.
func (t Time) Before(u Time) bool { return t < u }

// After says whether t is later than u.
func (t Time) After(u Time) bool { return t > u }

// IsZero says whether the moment is not set.
func (t Time) IsZero() bool { return t == 0 }

// String is the moment in RFC 3339, UTC, for logs and tests.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(time.RFC3339Nano)
}

// MarshalText writes RFC 3339 in UTC; the zero Time is the empty text.
func (t Time) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads RFC 3339 with any offset; the empty text is the zero Time.
func (t *Time) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*t = 0
		return nil
	}
	std, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time such as 2026-11-21T09:30:00Z: %w", text, err)
	}
	*t = From(std)
	return nil
}

// Clock tells the time and wakes sleepers. It is safe for concurrent use. A Clock made by New runs
// with the machine plus whatever was skipped; one made by NewManual stands still until moved.
type Clock struct {
	mu      sync.Mutex
	manual  bool
	now     Time          // when manual
	skipped time.Duration // when running
	moved   chan struct{} // closed and replaced on each jump
}

// New is a clock that runs with the machine.
func New() *Clock { return &Clock{moved: make(chan struct{})} }

// NewManual is a clock that stands at start until Skip or Set moves it.
func NewManual(start Time) *Clock {
	return &Clock{manual: true, now: start, moved: make(chan struct{})}
}

// Now is the present moment.
func (c *Clock) Now() Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *Clock) nowLocked() Time {
	if c.manual {
		return c.now
	}
	return From(time.Now().Add(c.skipped))
}

// Skip moves the clock by d, which may be negative, and wakes every sleeper to look again.
func (c *Clock) Skip(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.manual {
		c.now = c.now.Add(d)
	} else {
		c.skipped += d
	}
	close(c.moved)
	c.moved = make(chan struct{})
}

// Set moves the clock to t.
func (c *Clock) Set(t Time) { c.Skip(t.Sub(c.Now())) }

// Skipped is how far the clock is ahead of the machine; zero for a manual clock.
func (c *Clock) Skipped() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skipped
}

// Wait blocks until at has come, wake fires, or ctx ends. It returns ctx.Err() only in the last case.
// A nil wake never fires.
func (c *Clock) Wait(ctx context.Context, at Time, wake <-chan struct{}) error {
	for {
		c.mu.Lock()
		left, moved, manual := at.Sub(c.nowLocked()), c.moved, c.manual
		c.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		var rang <-chan time.Time
		if !manual {
			timer := time.NewTimer(left)
			defer timer.Stop()
			rang = timer.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			return nil
		case <-moved:
		case <-rang:
		}
	}
}
