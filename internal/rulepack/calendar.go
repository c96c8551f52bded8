package rulepack

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"candor/internal/clock"
)

// Calendar is the public holidays of a place. It is safe for concurrent use.
type Calendar struct {
	Place string // ISO 3166: "DE", "DE-HH", "US-CA"
	days  []holiday

	mu    sync.Mutex
	years map[int]map[clock.Date]string
}

// holiday is one rule of a calendar file. Exactly one of On, Easter, Nth and
// Before says when it is.
type holiday struct {
	Name    string         `yaml:"name"`
	On      string         `yaml:"on"`      // "12-25"
	Easter  *int           `yaml:"easter"`  // days from Easter Sunday
	Month   int            `yaml:"month"`   // with Weekday and Nth
	Weekday string         `yaml:"weekday"` // "monday"
	Nth     int            `yaml:"nth"`     // 1 is the first, -1 the last
	Before  string         `yaml:"before"`  // the last such weekday before this day
	Plus    int            `yaml:"plus"`    // days later than the rule says
	Moved   map[string]int `yaml:"moved"`   // days later when it falls on this weekday
	Since   int            `yaml:"since"`   // first year
	Until   int            `yaml:"until"`   // last year
}

// Holiday gives the name of the public holiday on a day, or "".
func (c *Calendar) Holiday(d clock.Date) string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	year, ok := c.years[d.Year]
	if !ok {
		year = c.compute(d.Year)
		if c.years == nil {
			c.years = map[int]map[clock.Date]string{}
		}
		c.years[d.Year] = year
	}
	return year[d]
}

// Working reports whether a day is neither Saturday, Sunday nor a holiday. A nil
// Calendar has no holidays.
func (c *Calendar) Working(d clock.Date) bool { return !weekend(d) && c.Holiday(d) == "" }

func weekend(d clock.Date) bool {
	return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
}

// compute lists a year's holidays. A rule of the year before or after may be
// kept in this one.
func (c *Calendar) compute(year int) map[clock.Date]string {
	out := map[clock.Date]string{}
	for y := year - 1; y <= year+1; y++ {
		for _, h := range c.days {
			if d, ok := h.in(y); ok && d.Year == year {
				out[d] = h.Name
			}
		}
	}
	return out
}

// in gives the day on which the holiday is kept in a year.
func (h holiday) in(year int) (clock.Date, bool) {
	if year < h.Since || h.Until != 0 && year > h.Until {
		return clock.Date{}, false
	}
	d := h.rule(year).AddDays(h.Plus)
	return d.AddDays(h.Moved[strings.ToLower(d.Weekday().String())]), true
}

func (h holiday) rule(year int) clock.Date {
	switch {
	case h.On != "":
		return monthDay(year, h.On)
	case h.Easter != nil:
		return Easter(year).AddDays(*h.Easter)
	case h.Before != "":
		d := monthDay(year, h.Before).AddDays(-1)
		for d.Weekday() != weekdays[h.Weekday] {
			d = d.AddDays(-1)
		}
		return d
	}
	return nthWeekday(year, time.Month(h.Month), weekdays[h.Weekday], h.Nth)
}

func nthWeekday(year int, m time.Month, w time.Weekday, nth int) clock.Date {
	d, step := clock.On(year, m, 1), 1
	if nth < 0 {
		d, step, nth = clock.On(year, m+1, 0), -1, -nth
	}
	for d.Weekday() != w {
		d = d.AddDays(step)
	}
	return d.AddDays(7 * step * (nth - 1))
}

var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
	"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
}

// monthDay reads "12-25", which check has found to be a day.
func monthDay(year int, s string) clock.Date {
	var m, d int
	_, _ = fmt.Sscanf(s, "%02d-%02d", &m, &d)
	return clock.On(year, time.Month(m), d)
}

// Easter gives Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
func Easter(year int) clock.Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	n := h + l - 7*m
	month := (n + 90) / 25
	return clock.On(year, time.Month(month), (n+33*month+19)%32)
}

// check says what is wrong with a rule, or "".
func (h holiday) check() string {
	forms := 0
	for _, has := range []bool{h.On != "", h.Easter != nil, h.Nth != 0, h.Before != ""} {
		if has {
			forms++
		}
	}
	switch {
	case h.Name == "":
		return "give the holiday a name"
	case forms != 1:
		return "say when the holiday is in exactly one way: on, easter, nth or before"
	case h.On != "" && !isMonthDay(h.On), h.Before != "" && !isMonthDay(h.Before):
		return "write a day as month-day, such as 12-25"
	case h.Nth != 0 && (h.Month < 1 || h.Month > 12 || h.Nth < -1 || h.Nth > 4):
		return "write month from 1 to 12 and nth from 1 to 4, or -1 for the last"
	case h.Easter != nil && (*h.Easter < -100 || *h.Easter > 100), h.Plus < -31 || h.Plus > 31:
		return "stay within 100 days of Easter and 31 days of the rule"
	case h.Since < 0 || h.Since > 9999 || h.Until < 0 || h.Until > 9999:
		return "write years with four digits"
	}
	if _, ok := weekdays[h.Weekday]; !ok && (h.Nth != 0 || h.Before != "") {
		return "name the weekday in English, in small letters"
	}
	for day, by := range h.Moved {
		if _, ok := weekdays[day]; !ok || by < -6 || by > 6 {
			return "under moved, write a weekday and at most 6 days"
		}
	}
	return ""
}

func isMonthDay(s string) bool {
	t, err := time.Parse("2006-01-02", "2024-"+s)
	return err == nil && t.Format("01-02") == s
}
