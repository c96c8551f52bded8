package clock

import (
	"fmt"
	"time"
)

// Date is a civil day in no particular zone: what a statute counts. The zero
// Date is not a day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// On makes a date; out-of-range days roll over as time.Date does.
func On(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf cuts a time to its civil day in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("not a date of the form 2006-01-02")
	}
	return DateOf(t), nil
}

// Start is 00:00 of the day in a zone.
func (d Date) Start(zone *time.Location) Instant {
	return At(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone))
}

// End is 24:00 of the day in a zone, the first instant that is no longer in it.
func (d Date) End(zone *time.Location) Instant { return d.AddDays(1).Start(zone) }

// AddDays moves by days.
func (d Date) AddDays(n int) Date { return On(d.Year, d.Month, d.Day+n) }

// AddMonths gives the same-numbered day n months later, or the last day of that
// month when it has no such day (Regulation 1182/71 Art. 3(2)(c)).
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Compare is negative when d is before e, zero when equal.
func (d Date) Compare(e Date) int {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).
		Compare(time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, time.UTC))
}

// IsZero reports whether the date is not set.
func (d Date) IsZero() bool { return d == Date{} }

// String is "2006-01-02".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}
