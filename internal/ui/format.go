package ui

import (
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/term"
)

var germanMonths = []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

// Date writes a day out, such as "23 November 2026".
func Date(lang term.Lang, t time.Time) string {
	if lang == "de" {
		return fmt.Sprintf("%d. %s %d", t.Day(), germanMonths[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

// When writes a day and the time with its zone, such as "23 November 2026,
// 14:05 CET".
func When(lang term.Lang, t time.Time) string {
	return Date(lang, t) + t.Format(", 15:04 MST")
}

// Number groups thousands as the language does.
func Number(lang term.Lang, n int64) string {
	sep := ","
	if lang == "de" {
		sep = "."
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + sep + digits[i:]
	}
	return sign + digits
}

// Money writes an amount in minor units with its currency, such as "€12.50".
func Money(lang term.Lang, minor int64, currency string) string {
	point := "."
	if lang == "de" {
		point = ","
	}
	digits := int64(100)
	places := 2
	if currency == "JPY" || currency == "KRW" {
		digits, places = 1, 0
	}
	sign := ""
	if minor < 0 {
		sign, minor = "−", -minor
	}
	text := Number(lang, minor/digits)
	if places > 0 {
		text += point + fmt.Sprintf("%0*d", places, minor%digits)
	}
	return sign + text + " " + currency
}

// civil turns what templates hold into a time in the zone it brings; an instant
// is shown in UTC.
func civil(v any) (time.Time, bool, error) {
	switch v := v.(type) {
	case clock.Instant:
		return v.Time(), !v.IsZero() && v != clock.Never, nil
	case clock.Date:
		return time.Date(v.Year, v.Month, v.Day, 0, 0, 0, 0, time.UTC), !v.IsZero(), nil
	case time.Time:
		return v, !v.IsZero(), nil
	}
	return time.Time{}, false, fmt.Errorf("%T is no date", v)
}

func dateHTML(lang term.Lang, v any) (template.HTML, error) {
	t, set, err := civil(v)
	if err != nil || !set {
		return "", err
	}
	return timeElement(t.Format(time.DateOnly), Date(lang, t)), nil
}

func whenHTML(lang term.Lang, v any) (template.HTML, error) {
	t, set, err := civil(v)
	if err != nil || !set {
		return "", err
	}
	return timeElement(t.Format(time.RFC3339), When(lang, t)), nil
}

// timeElement puts a text of ours into a <time>.
func timeElement(machine, text string) template.HTML {
	return template.HTML(`<time datetime="` + machine + `">` + template.HTMLEscapeString(text) + `</time>`) //nolint:gosec // both are made here
}

func numberOf(lang term.Lang, n any) (string, error) {
	v := reflect.ValueOf(n)
	if !v.CanInt() {
		return "", fmt.Errorf("%T is no whole number", n)
	}
	return Number(lang, v.Int()), nil
}

// icons are the signs of the interface, drawn on a 20 by 20 grid in the colour
// of the text.
var icons = map[string]string{
	"check":    `<path d="m4.5 10.5 3.8 3.8 7.2-8.3"/>`,
	"cross":    `<path d="m5.5 5.5 9 9m0-9-9 9"/>`,
	"clock":    `<circle cx="10" cy="10" r="7"/><path d="M10 6v4.2l2.7 1.6"/>`,
	"info":     `<circle cx="10" cy="10" r="7"/><path d="M10 9.2v4.3M10 6.4v.2"/>`,
	"warning":  `<path d="M10 3.2 17.4 16H2.6zM10 8v3.6m0 2.1v.2"/>`,
	"minus":    `<path d="M5 10h10"/>`,
	"mail":     `<rect x="2.8" y="4.8" width="14.4" height="10.6" rx="1.6"/><path d="m3.4 6 6.6 5 6.6-5"/>`,
	"shield":   `<path d="M10 2.8 16 5v4.6c0 3.6-2.4 6.3-6 7.6-3.6-1.3-6-4-6-7.6V5z"/>`,
	"download": `<path d="M10 3.5v8.6m-3.6-3.3L10 12.4l3.6-3.6M4 16.2h12"/>`,
	"trash":    `<path d="M4 5.8h12M8 5.6V3.8h4v1.8M5.6 6l.8 10.2h7.2L14.4 6M8.6 8.8v4.8m2.8-4.8v4.8"/>`,
	"pencil":   `<path d="m4 16 .7-3.3L13.3 4l2.7 2.7-8.7 8.6zM11.6 5.8l2.6 2.6"/>`,
	"key":      `<circle cx="6.8" cy="13.2" r="3.3"/><path d="m9.2 10.8 6.6-6.6m-2.6 2.6 2 2m-4.2.2 1.6 1.6"/>`,
	"list":     `<path d="M7.5 5.5H17M7.5 10H17m-9.5 4.5H17M3.4 5.5h.2m-.2 4.5h.2m-.2 4.5h.2"/>`,
	"arrow":    `<path d="M4 10h11.5m-4.3-4.3 4.3 4.3-4.3 4.3"/>`,
	"receipt":  `<path d="M5 2.8h10v14.4l-2.5-1.6-2.5 1.6-2.5-1.6L5 17.2zM7.8 7h4.4m-4.4 3.4h4.4"/>`,
	"globe":    `<circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c2.4 2.2 3 4.4 3 7s-.6 4.800-3 7c-2.400-2.200-3-4.400-3-7s.6-4.800 3-7"/>`,
}

// icon draws a sign that says nothing to a screen reader: the text beside it
// does.
func icon(name string) (template.HTML, error) {
	d, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">` + strings.TrimSpace(d) + `</svg>`), nil //nolint:gosec // drawn here
}
