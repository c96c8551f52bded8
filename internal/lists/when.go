package lists

import (
	"strconv"
	"strings"
	"time"
)

// timeForm reads the times of one column. Whether 03-04-2026 is in March or in
// April is decided once for the column, from days above the twelfth; where none
// shows it, dashes and points are read with the day first and strokes with the
// month first, as the tools write them.
type timeForm struct {
	dayFirst, monthFirst bool
	last                 string // the layout that fitted last
}

// learn looks at a value before any is read.
func (f *timeForm) learn(text string) {
	day, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	parts := strings.FieldsFunc(day, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) != 3 || len(parts[0]) > 2 {
		return
	}
	first, err := strconv.Atoi(parts[0])
	second, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil {
		return
	}
	f.dayFirst = f.dayFirst || first > 12
	f.monthFirst = f.monthFirst || second > 12
}

var plainLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04",
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02 15:04", "2006/01/02",
	"January 2, 2006 15:04", "January 2, 2006", "Jan 2, 2006 15:04", "Jan 2, 2006 3:04 PM", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "Jan 2, 2006, 3:04 PM", "January 2, 2006 3:04 pm", "Mon, 02 Jan 2006 15:04:05 -0700",
	"20060102",
}

// turned are the layouts in which the order of day and month is a question;
// they are written with dashes and the day first.
var turned = []string{"02-01-2006 15:04:05", "02-01-2006 15:04", "02-01-2006", "2-1-2006 15:04:05", "2-1-2006 15:04", "2-1-2006", "2-1-2006 3:04:05 PM", "2-1-2006 3:04 PM", "2-1-06 15:04:05", "2-1-06 15:04", "2-1-06 3:04 PM", "2-1-06"}

// read gives the time, in UTC unless the text says otherwise, or false.
func (f *timeForm) read(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= 10 && len(text) <= 13 {
		if len(text) == 13 {
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), true
	}
	if len(text) < 6 || len(text) > 40 {
		return time.Time{}, false
	}
	if f.last != "" {
		if t, err := time.Parse(f.last, text); err == nil {
			return t.UTC(), true
		}
	}
	for _, layout := range plainLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			f.last = layout
			return t.UTC(), true
		}
	}
	stroke := strings.Contains(text, "/")
	day := f.dayFirst || !f.monthFirst && !stroke
	dashed := strings.ToUpper(strings.NewReplacer("/", "-", ".", "-").Replace(text))
	for _, layout := range turned {
		if !day {
			layout = monthFirst.Replace(layout)
		}
		if t, err := time.Parse(layout, dashed); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

var monthFirst = strings.NewReplacer("02-01-", "01-02-", "2-1-", "1-2-")
