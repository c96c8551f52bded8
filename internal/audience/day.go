package audience

import (
	"math"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
)

// microsPerDay is a day in UTC, which has no clock changes.
const microsPerDay = int64(24 * time.Hour / time.Microsecond)

// unset stands for "not known" in a whole-number or moment column.
const unset = customer.NotSet

// dayOf numbers the UTC day of an instant, 1970-01-01 being 0.
func dayOf(i clock.Instant) int64 {
	d := int64(i) / microsPerDay
	if int64(i)%microsPerDay < 0 {
		d--
	}
	return d
}

// startOf is the midnight that begins a day.
func startOf(day int64) int64 { return day * microsPerDay }

// dateOf is the civil date of a day.
func dateOf(day int64) clock.Date { return clock.DateOf(clock.Instant(startOf(day)).Time()) }

// dayNumber numbers a civil date.
func dayNumber(d clock.Date) int64 { return dayOf(d.Start(time.UTC)) }

// span is a set of instants: those from lo to hi, or, when outside, the others.
// Both ends belong to it. None is later than cap.
type span struct {
	lo, hi  int64
	outside bool
	cap     int64
}

// spanOf gives the moments whose UTC day compares so with a day.
func spanOf(o op, day int64) span {
	s := span{lo: unset + 1, hi: math.MaxInt64, cap: math.MaxInt64}
	switch o {
	case eq, ne:
		s.lo, s.hi, s.outside = startOf(day), startOf(day+1)-1, o == ne
	case lt:
		s.hi = startOf(day) - 1
	case le:
		s.hi = startOf(day+1) - 1
	case gt:
		s.lo = startOf(day + 1)
	case ge:
		s.lo = startOf(day)
	}
	return s
}

// ageSpan gives the moments, not later than at, since which a number of UTC
// midnights has passed that compares so with n.
func ageSpan(o op, n int64, at clock.Instant) span {
	s := spanOf(o.flip(), dayOf(at)-n)
	s.cap = int64(at)
	return s
}

// has reports whether a known moment is in the span.
func (s span) has(moment int64) bool {
	if moment == unset || moment > s.cap {
		return false
	}
	return (s.lo <= moment && moment <= s.hi) != s.outside
}
