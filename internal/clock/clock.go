// Package clock holds the engine's notion of time: an Instant in microseconds
// UTC, as stored, and a civil Date, as laws count. Time comes in as an
// argument; only the edges of the process hold a Clock.
package clock

import (
	"fmt"
	"sync"
	"time"
)

// Instant is a moment in microseconds since 1970-01-01T00:00:00Z. It is stored
// as bigint. The zero Instant means "not set"; Never means "no end".
type Instant int64

// Never is later than every instant that can occur.
const Never Instant = 1<<63 - 1

// At converts a time.Time, cutting below a microsecond.
func At(t time.Time) Instant { return Instant(t.UnixMicro()) }

// UTC gives the instant at this civil time in UTC.
func UTC(year int, month time.Month, day, hour, min, sec int) Instant {
	return At(time.Date(year, month, day, hour, min, sec, 0, time.UTC))
}

// Parse reads RFC 3339 with or without a fraction.
func Parse(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("not an RFC 3339 time")
	}
	return At(t), nil
}

// Time converts to a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// In converts to civil time in a zone.
func (i Instant) In(zone *time.Location) time.Time { return i.Time().In(zone) }

// Add moves the instant; Never stays Never.
func (i Instant) Add(d time.Duration) Instant {
	if i == Never {
		return Never
	}
	return i + Instant(d/time.Microsecond)
}

// Sub gives the time elapsed since j.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i-j) * time.Microsecond }

// IsZero reports whether the instant is not set.
func (i Instant) IsZero() bool { return i == 0 }

// String is RFC 3339 with microseconds, "never" or "".
func (i Instant) String() string {
	switch i {
	case 0:
		return ""
	case Never:
		return "never"
	}
	return i.Time().Format("2006-01-02T15:04:05.999999Z07:00")
}

// MarshalText is String, so that JSON carries RFC 3339.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (i *Instant) UnmarshalText(b []byte) error {
	switch s := string(b); s {
	case "":
		*i = 0
	case "never":
		*i = Never
	default:
		at, err := Parse(s)
		if err != nil {
			return err
		}
		*i = at
	}
	return nil
}

// Clock tells the time. Programs use System; tests use a Fake.
type Clock interface{ Now() Instant }

// System is the machine's clock.
type System struct{}

// Now is the current instant.
func (System) Now() Instant { return At(time.Now()) }

// Fake is a clock that stands still until it is set. It is safe for concurrent
// use.
type Fake struct {
	mu sync.Mutex
	at Instant
}

// NewFake makes a clock that stands at this instant.
func NewFake(at Instant) *Fake { return &Fake{at: at} }

// Now is the instant the clock stands at.
func (f *Fake) Now() Instant {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// Set moves the clock to an instant, also backwards.
func (f *Fake) Set(at Instant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = at
}

// Advance moves the clock on.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}
