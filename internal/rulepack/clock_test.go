package rulepack

import (
	"testing"
	"time"

	"candor/internal/clock"
)

func load(t testing.TB) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func date(t testing.TB, s string) clock.Date {
	t.Helper()
	d, err := clock.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestClockVectors holds the published examples of every way of counting.
func TestClockVectors(t *testing.T) {
	s := load(t)
	cal := func(place string) *Calendar {
		c, ok := s.Calendar(place)
		if !ok {
			t.Fatalf("no calendar of %s", place)
		}
		return c
	}
	months := func(first, more int) func(clock.Date) Days {
		return func(d clock.Date) Days { return EUMonths(d, first, more, 0, cal("DE-HH")) }
	}
	business := func(n int, place string) func(clock.Date) Days {
		return func(d clock.Date) Days { return BusinessDays(d, n, cal(place)) }
	}
	for _, v := range []struct {
		clock              string
		start, safe, legal string
		count              func(clock.Date) Days
	}{
		{"1 month over Easter", "2026-03-05", "2026-04-05", "2026-04-07", months(1, 0)},
		{"1 month, no such day, to a Saturday", "2026-01-31", "2026-02-28", "2026-03-02", months(1, 0)},
		{"1 month, no such day", "2026-08-31", "2026-09-30", "2026-09-30", months(1, 0)},
		{"1 month to a leap day", "2028-01-31", "2028-02-29", "2028-02-29", months(1, 0)},
		{"1 month to Labour Day", "2026-04-01", "2026-05-01", "2026-05-04", months(1, 0)},
		{"3 months in total, counted in two steps", "2026-01-31", "2026-04-28", "2026-04-30", months(1, 2)},
		{"3 months in total to a Sunday", "2026-11-30", "2027-02-28", "2027-03-01", months(1, 2)},
		{"CA 45 days", "2026-03-02", "2026-04-15", "2026-04-16", func(d clock.Date) Days { return CADays(d, 45) }},
		{"CA 90 days", "2026-03-02", "2026-05-30", "2026-05-31", func(d clock.Date) Days { return CADays(d, 90) }},
		{"CA 10 business days", "2026-06-26", "2026-07-10", "2026-07-13", business(10, "US-CA")},
		{"CA 15 business days", "2026-06-26", "2026-07-17", "2026-07-20", business(15, "US-CA")},
		{"CASL 10 business days", "2026-06-26", "2026-07-10", "2026-07-13", business(10, "CA")},
		{"Brazil 3 business days", "2026-04-02", "2026-04-07", "2026-04-08", business(3, "BR")},
		{"UK 1 month, paused 10 to 17 March", "2026-03-02", "2026-04-09", "2026-04-10", func(d clock.Date) Days {
			return UKMonths(d, 1, PausedDays(clock.On(2026, 3, 10), clock.On(2026, 3, 17)), cal("UK"))
		}},
	} {
		t.Run(v.clock+" from "+v.start, func(t *testing.T) {
			got := v.count(date(t, v.start))
			if got.Safe != date(t, v.safe) || got.Legal != date(t, v.legal) {
				t.Errorf("safe %v, legal %v; want %s, %s", got.Safe, got.Legal, v.safe, v.legal)
			}
		})
	}
	berlin := zone(t, "Europe/Berlin")
	for _, v := range []struct{ clock, start, safe, legal string }{
		{"72 h over the clock change", "2026-03-27 10:20", "2026-03-30 11:20", "2026-03-30 12:00"},
		{"72 h over Easter", "2026-04-02 18:00", "2026-04-05 18:00", "2026-04-05 19:00"},
	} {
		t.Run(v.clock+" from "+v.start, func(t *testing.T) {
			got := EUHours(local(t, v.start, berlin), 72, berlin)
			if got.Safe != local(t, v.safe, berlin) || got.Legal != local(t, v.legal, berlin) {
				t.Errorf("safe %v, legal %v; want %s, %s Berlin", got.Safe, got.Legal, v.safe, v.legal)
			}
		})
	}
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func local(t testing.TB, s string, z *time.Location) clock.Instant {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, z)
	if err != nil {
		t.Fatal(err)
	}
	return clock.At(at)
}

// TestPackDeadlines reaches the same numbers through the packs: the rules are
// data, so this is what breaks when a pack is wrong.
func TestPackDeadlines(t *testing.T) {
	s := load(t)
	eu, _ := s.Pack("EU")
	ca, _ := s.Pack("US-CA")
	berlin, pacific := zone(t, "Europe/Berlin"), zone(t, "America/Los_Angeles")
	for _, v := range []struct {
		pack        *Pack
		clock       ClockName
		event       Event
		safe, legal string // the last day, in the event's zone
	}{
		{eu, RequestAnswer, Event{At: local(t, "2026-03-05 23:30", berlin), Zone: berlin, Place: "DE-HH"}, "2026-04-05", "2026-04-07"},
		{eu, RequestAnswer, Event{At: local(t, "2026-03-05 23:30", berlin), Zone: berlin, Place: "DE-HH", Paused: 3}, "2026-04-05", "2026-04-08"},
		{eu, RequestExtended, Event{At: local(t, "2026-01-31 09:00", berlin), Zone: berlin, Place: "DE-HH"}, "2026-04-28", "2026-04-30"},
		{ca, RequestAcknowledge, Event{At: local(t, "2026-06-26 09:00", pacific), Zone: pacific, Place: "DE-HH"}, "2026-07-10", "2026-07-13"},
		{ca, RequestAnswer, Event{At: local(t, "2026-03-02 09:00", pacific), Zone: pacific}, "2026-04-15", "2026-04-16"},
		{ca, RequestExtended, Event{At: local(t, "2026-03-02 09:00", pacific), Zone: pacific}, "2026-05-30", "2026-05-31"},
		{ca, OptOutDone, Event{At: local(t, "2026-06-26 09:00", pacific), Zone: pacific}, "2026-07-17", "2026-07-20"},
		{s.Strict(), RequestAnswer, Event{At: local(t, "2026-03-05 12:00", berlin), Zone: berlin, Place: "DE-HH"}, "2026-03-19", "2026-03-20"},
	} {
		got, err := v.pack.Due(v.clock, v.event)
		if err != nil {
			t.Fatal(err)
		}
		if got.Safe != date(t, v.safe).End(v.event.Zone) || got.Legal != date(t, v.legal).End(v.event.Zone) {
			t.Errorf("%s %s: safe %v, legal %v; want the ends of %s, %s", v.pack.Market, v.clock, got.Safe, got.Legal, v.safe, v.legal)
		}
		if got.Target <= v.event.At || got.Target > got.Safe {
			t.Errorf("%s %s: target %v is not between the event and %v", v.pack.Market, v.clock, got.Target, got.Safe)
		}
	}
	if _, err := ca.Due(RequestAnswer, Event{At: 1, Paused: 1}); err == nil {
		t.Error("California has no pause")
	}
	if _, err := s.Strict().Due(RequestAnswer, Event{At: 1, Paused: 1}); err == nil {
		t.Error("STRICT has no pause where one law has none")
	}
	if _, err := eu.Due("no such clock", Event{At: 1}); err == nil {
		t.Error("an unknown clock gave a deadline")
	}
}

// TestPeriods holds what the catalogue says of validity and minimum periods:
// the first end as the corresponding day begins, the second as it ends.
func TestPeriods(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, v := range []struct{ from, period, valid, barred string }{
		{"2024-10-01", "24 months", "2026-10-01 00:00", "2026-10-02 00:00"},
		{"2025-01-15", "13 months", "2026-02-15 00:00", "2026-02-16 00:00"},
		{"2026-02-10", "12 months", "2027-02-10 00:00", "2027-02-11 00:00"},
		{"2024-02-29", "1 year", "2025-02-28 00:00", "2025-03-01 00:00"},
		{"2026-03-28", "1 day", "2026-03-29 00:00", "2026-03-30 00:00"},
	} {
		p, err := ParsePeriod(v.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.ValidUntil(date(t, v.from), berlin); got != local(t, v.valid, berlin) {
			t.Errorf("%s from %s is valid until %v, want %s", v.period, v.from, got, v.valid)
		}
		if got := p.BarredUntil(date(t, v.from), berlin); got != local(t, v.barred, berlin) {
			t.Errorf("%s from %s bars until %v, want %s", v.period, v.from, got, v.barred)
		}
	}
}

func TestPeriodsReadAsWritten(t *testing.T) {
	for _, s := range []string{"24 months", "14 days", "72 hours", "8 years", "1 day", "1 month", "1 hour"} {
		p, err := ParsePeriod(s)
		if err != nil || p.String() != s {
			t.Errorf("%q reads as %q, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "forever", "0 days", "-1 day", "24", "24 moons", "99999 days", "24 months "} {
		if _, err := ParsePeriod(s); err == nil {
			t.Errorf("%q is no period", s)
		}
	}
}
