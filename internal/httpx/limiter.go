package httpx

import (
	"sync"

	"parley/internal/clock"
)

// maxBuckets bounds the memory of a Limiter.
const maxBuckets = 10_000

// Limiter is a token bucket per key (a client address, an e-mail). It lives in memory, per node, and is safe for
// concurrent use.
type Limiter struct {
	clock *clock.Clock
	rate  Rate

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     clock.Time
}

// NewLimiter is a limiter with full buckets; the rate must not be zero.
func NewLimiter(c *clock.Clock, rate Rate) *Limiter {
	return &Limiter{clock: c, rate: rate, buckets: map[string]bucket{}}
}

// Allow takes a token of the key and says whether there was one.
func (l *Limiter) Allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if len(l.buckets) >= maxBuckets {
		l.sweep(now)
	}
	b := l.filled(key, now)
	if b.tokens < 1 {
		l.buckets[key] = b
		return false
	}
	b.tokens--
	l.buckets[key] = b
	return true
}

// filled is the bucket of the key with what flowed in since it was last looked at.
func (l *Limiter) filled(key string, now clock.Time) bucket {
	b, ok := l.buckets[key]
	if !ok {
		return bucket{tokens: float64(l.rate.Burst), at: now}
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(float64(l.rate.Burst), b.tokens+float64(passed)/float64(l.rate.Every))
	}
	b.at = now
	return b
}

// sweep forgets buckets that are full again, and all of them when an attack keeps them empty: forgetting is safer for
// the server than growing without bound.
func (l *Limiter) sweep(now clock.Time) {
	for key := range l.buckets {
		if l.filled(key, now).tokens >= float64(l.rate.Burst) {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
