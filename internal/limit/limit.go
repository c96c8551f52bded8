// Package limit bounds how much comes from one place: token buckets by name, in
// memory alone.
package limit

import (
	"math"
	"sync"
	"time"

	"candor/internal/clock"
)

// Rate is how much may come under one name: Events a second on average, with
// bursts up to Burst.
type Rate struct{ Events, Burst float64 }

// Or is the rate, or d when it is not set.
func (r Rate) Or(d Rate) Rate {
	if r.Events <= 0 || r.Burst <= 0 {
		return d
	}
	return r
}

// Limiter holds token buckets by name. Names live in memory only, and only
// while their bucket is not full: an address leaves no trace.
type Limiter struct {
	mu      sync.Mutex
	rate    Rate
	buckets map[string]*bucket
	swept   clock.Instant
}

type bucket struct {
	tokens float64
	at     clock.Instant
}

// New makes a limiter for a rate.
func New(r Rate) *Limiter { return &Limiter{rate: r, buckets: map[string]*bucket{}} }

// Take spends n tokens. When there are too few it spends none and says after
// what time it is worth trying again. More than a whole burst is let through
// when the bucket is full: no one could ever send it otherwise.
func (l *Limiter) Take(name string, n float64, now clock.Instant) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[name]
	if b == nil {
		b = &bucket{tokens: l.rate.Burst, at: now}
		l.buckets[name] = b
	}
	b.fill(l.rate, now)
	n = min(n, l.rate.Burst)
	if b.tokens < n {
		return time.Duration(math.Ceil((n-b.tokens)/l.rate.Events)) * time.Second, false
	}
	b.tokens -= n
	return 0, true
}

func (b *bucket) fill(r Rate, now clock.Instant) {
	if since := now.Sub(b.at).Seconds(); since > 0 {
		b.tokens = min(r.Burst, b.tokens+since*r.Events)
	}
	b.at = now
}

// sweep forgets full buckets, at most every minute.
func (l *Limiter) sweep(now clock.Instant) {
	if since := now.Sub(l.swept); since >= 0 && since < time.Minute {
		return
	}
	l.swept = now
	for name, b := range l.buckets {
		if b.fill(l.rate, now); b.tokens >= l.rate.Burst {
			delete(l.buckets, name)
		}
	}
}
