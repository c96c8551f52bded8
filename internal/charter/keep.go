package charter

import (
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// parseKeep reads "24 months after last order". Words of another form give the
// zero Retention.
func parseKeep(words string) Retention {
	period, from, ok := strings.Cut(words, " after ")
	p, err := rulepack.ParsePeriod(period)
	if !ok || err != nil {
		return Retention{}
	}
	return Retention{Period: p, From: Start(from), Words: words}
}

// IsZero reports whether there is no retention.
func (r Retention) IsZero() bool { return r.Period.IsZero() }

// Until is when data are no longer kept, counted from the start's instant (of
// the order, the contact, ...): 00:00 on the corresponding day in the business's
// zone.
func (r Retention) Until(start clock.Instant, zone *time.Location) clock.Instant {
	if r.IsZero() {
		return start
	}
	day := clock.DateOf(start.In(zone))
	if r.From == FromOrderYear {
		day = clock.On(day.Year+1, time.January, 1)
	}
	return r.Period.ValidUntil(day, zone)
}

// KeepOf is how long a purpose keeps a field or an event: the shorter of what
// the purpose and the event's own declaration say.
func (c *Charter) KeepOf(p term.Purpose, name string) (Retention, bool) {
	purpose, ok := c.Purpose(p)
	if !ok {
		return Retention{}, false
	}
	if _, listed := purpose.uses(name, c.declaresEvent(name)); !listed {
		return Retention{}, false
	}
	keep := purpose.Keep
	if e, ok := c.Event(term.Event(name)); ok && !e.Keep.IsZero() && months(e.Keep.Period) < months(keep.Period) {
		keep = e.Keep
	}
	return keep, true
}

// months compares periods roughly; 30 days are a month.
func months(p rulepack.Period) float64 {
	return float64(p.Months) + float64(p.Days)/30 + float64(p.Hours)/720
}

// Location is the business's time zone, UTC when it has none.
func (b Business) Location() *time.Location {
	if z, err := time.LoadLocation(b.Zone); err == nil {
		return z
	}
	return time.UTC
}
