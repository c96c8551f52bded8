package demo

import (
	"sync/atomic"

	"candor/internal/clock"
)

// Clock stands in the past while the sample customers live their years, and
// then tells the machine's time.
type Clock struct{ past atomic.Int64 }

// Set moves the clock to an instant in the past.
func (c *Clock) Set(at clock.Instant) { c.past.Store(int64(at)) }

// Live lets the clock tell the machine's time.
func (c *Clock) Live() { c.past.Store(0) }

// Now is the instant the clock stands at, or the machine's time.
func (c *Clock) Now() clock.Instant {
	if past := c.past.Load(); past != 0 {
		return clock.Instant(past)
	}
	return clock.System{}.Now()
}
