package rulepack

import (
	"time"

	"candor/internal/clock"
)

// Days are a deadline in whole days, each ending at 24:00 local time.
type Days struct{ Safe, Legal, Target clock.Date }

// Due is a deadline in instants: what it is about must be done before.
type Due struct{ Safe, Legal, Target clock.Instant }

// In converts days to instants at 24:00 in a zone.
func (d Days) In(zone *time.Location) Due {
	return Due{d.Safe.End(zone), d.Legal.End(zone), d.Target.End(zone)}
}

// EUMonths counts months as Regulation 1182/71 Art. 3 does: the day of receipt
// is not counted, and the period ends on the same-numbered day, or the last day
// of a month without one. Legal rolls to the next working day of the
// controller's place and waits for paused days; Safe does neither. An extension
// of more months is counted for Safe from the end of the first period, which can
// only be earlier.
func EUMonths(received clock.Date, first, more, paused int, cal *Calendar) Days {
	safe := received.AddMonths(first).AddMonths(more)
	legal := received.AddMonths(first + more).AddDays(paused)
	return days(received, safe, cal.nextWorking(legal))
}

// EUHours counts elapsed hours as Art. 3(1) does. Safe is exact; Legal starts
// with the end of the clock hour in which awareness fell. Nothing rolls.
func EUHours(aware clock.Instant, hours int, zone *time.Location) Due {
	length := time.Duration(hours) * time.Hour
	local := aware.In(zone)
	_, offset := local.Zone()
	shift := time.Duration(offset) * time.Second
	hour := clock.At(local.Add(shift).Truncate(time.Hour).Add(time.Hour - shift))
	return Due{aware.Add(length), hour.Add(length), aware.Add(length / 2)}
}

// CADays counts calendar days from receipt (11 CCR §7021). Safe counts the day
// of receipt, because the text says that the period begins on it.
func CADays(received clock.Date, n int) Days {
	return days(received, received.AddDays(n-1), received.AddDays(n))
}

// BusinessDays counts from the day after the event. Legal leaves out weekends
// and the calendar's holidays, Safe only weekends.
func BusinessDays(event clock.Date, n int, cal *Calendar) Days {
	var none *Calendar
	return days(event, none.workingDays(event, n), cal.workingDays(event, n))
}

// UKMonths counts to the corresponding date, later by the paused days, and rolls
// Legal to the next working day. Safe is the day before the corresponding date:
// the statute says "one month beginning with" the relevant time.
func UKMonths(relevant clock.Date, months, paused int, cal *Calendar) Days {
	end := relevant.AddMonths(months).AddDays(paused)
	return days(relevant, end.AddDays(-1), cal.nextWorking(end))
}

// PausedDays counts the days on which the clock stands still between a question
// and its answer, both included (UK GDPR 12A).
func PausedDays(asked, answered clock.Date) int {
	if answered.Compare(asked) < 0 {
		return 0
	}
	return between(asked, answered) + 1
}

// days adds the target, half of the period to Safe.
func days(start, safe, legal clock.Date) Days {
	return Days{safe, legal, start.AddDays(between(start, safe) / 2)}
}

func between(a, b clock.Date) int {
	return int(b.Start(time.UTC).Sub(a.Start(time.UTC)) / (24 * time.Hour))
}

func (c *Calendar) nextWorking(d clock.Date) clock.Date {
	for !c.Working(d) {
		d = d.AddDays(1)
	}
	return d
}

func (c *Calendar) workingDays(d clock.Date, n int) clock.Date {
	for n > 0 {
		if d = d.AddDays(1); c.Working(d) {
			n--
		}
	}
	return d
}
