package rulepack

import (
	"time"

	"candor/internal/clock"
)

// Period is a length as laws write it: months and days, or hours.
type Period struct{ Months, Days, Hours int }

// IsZero reports whether there is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Duration is the elapsed time of a period of days and hours; a month counts 30
// days, so it is for links and jobs, never for a deadline.
func (p Period) Duration() time.Duration {
	return time.Duration((p.Months*30+p.Days)*24+p.Hours) * time.Hour
}

// Corresponding is the day the period ends on, counted from a day.
func (p Period) Corresponding(from clock.Date) clock.Date {
	return from.AddMonths(p.Months).AddDays(p.Days)
}

// ValidUntil ends a validity (consent, retention, training, approval): 00:00
// local time on the corresponding day.
func (p Period) ValidUntil(from clock.Date, zone *time.Location) clock.Instant {
	return p.Corresponding(from).Start(zone).Add(time.Duration(p.Hours) * time.Hour)
}

// BarredUntil ends a minimum period (record keeping, re-ask bar, objection
// window): 24:00 local time on the corresponding day.
func (p Period) BarredUntil(from clock.Date, zone *time.Location) clock.Instant {
	return p.Corresponding(from).End(zone).Add(time.Duration(p.Hours) * time.Hour)
}
