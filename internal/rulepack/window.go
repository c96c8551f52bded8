package rulepack

import (
	"time"

	"candor/internal/clock"
	"candor/internal/term"
)

// Span is hours of a day in minutes from midnight: From is in it, To is not.
type Span struct{ From, To int }

func (s Span) intersect(o Span) Span { return Span{max(s.From, o.From), min(s.To, o.To)} }

// Window is when marketing may arrive, in the person's own time.
type Window struct {
	Days   Span `yaml:"days"`   // Monday to Saturday
	Sunday Span `yaml:"sunday"` // Sunday
}

func (w Window) intersect(o Window) Window {
	return Window{w.Days.intersect(o.Days), w.Sunday.intersect(o.Sunday)}
}

func (w Window) on(day time.Weekday) Span {
	if day == time.Sunday {
		return w.Sunday
	}
	return w.Days
}

// Contains reports whether a civil time is in the window.
func (w Window) Contains(t time.Time) bool {
	s, m := w.on(t.Weekday()), t.Hour()*60+t.Minute()
	return s.From <= m && m < s.To
}

// Open gives the first instant from at on that is in the window in every zone
// where the person may be; at itself when it is. It gives clock.Never when the
// zones have no common hour within two weeks.
func (w Window) Open(at clock.Instant, zones []*time.Location) clock.Instant {
	limit := at.Add(14 * 24 * time.Hour)
	for at < limit {
		moved := false
		for _, z := range zones {
			if local := at.In(z); !w.Contains(local) {
				at, moved = w.next(local), true
			}
		}
		if !moved {
			return at
		}
	}
	return clock.Never
}

// next is when the window opens after a time outside of it.
func (w Window) next(t time.Time) clock.Instant {
	for add := 0; add < 14; add++ {
		day := time.Date(t.Year(), t.Month(), t.Day()+add, 0, 0, 0, 0, t.Location())
		s := w.on(day.Weekday())
		opens := time.Date(day.Year(), day.Month(), day.Day(), 0, s.From, 0, 0, t.Location())
		if s.From < s.To && opens.After(t) {
			return clock.At(opens)
		}
	}
	return clock.Never
}

func (r rulesTop) window(ch term.Channel) Window {
	if w, ok := r.SendWindow[ch]; ok {
		return w
	}
	return r.SendWindow[anyChannel]
}
