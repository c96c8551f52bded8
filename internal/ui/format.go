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

// Month writes a month, such as "November 2026".
func Month(lang term.Lang, t time.Time) string {
	if lang == "de" {
		return fmt.Sprintf("%s %d", germanMonths[t.Month()-1], t.Year())
	}
	return t.Format("January 2006")
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
	"home":     `<path d="M3.500 9.300 10 3.600l6.500 5.700M5.200 8.200v8h9.600v-8M8.400 16.200v-4.400h3.200v4.400"/>`,
	"people":   `<circle cx="7.600" cy="7.200" r="2.800"/><path d="M2.600 16c.4-3 2.300-4.600 5-4.600s4.600 1.600 5 4.600M13 4.700a2.800 2.800 0 0 1 0 5m1.800 2.400c1.400.7 2.300 2 2.600 3.900"/>`,
	"target":   `<circle cx="10" cy="10" r="7"/><circle cx="10" cy="10" r="3.600"/><path d="M10 9.900v.2"/>`,
	"chart":    `<path d="M3.500 3.500v13h13M7 13.500v-3m3.500 3v-6m3.500 6V5.500"/>`,
	"scroll":   `<path d="M5 3.200h8.400a1.600 1.600 0 0 1 1.600 1.600v12H6.600A1.600 1.600 0 0 1 5 15.200zM7.800 7h4.400m-4.400 3h4.400m-4.400 3h2.400"/>`,
	"sliders":  `<path d="M3.500 6h7m3.600 0h2.400M3.500 14h2.400m3.600 0h7"/><circle cx="12.300" cy="6" r="1.800"/><circle cx="7.700" cy="14" r="1.800"/>`,
	"search":   `<circle cx="8.800" cy="8.800" r="5"/><path d="m12.600 12.600 4 4"/>`,
	"menu":     `<path d="M3.500 5.500h13M3.500 10h13m-13 4.500h13"/>`,
	"flag":     `<path d="M5 17V3.600m0 .4h9.600l-2 3.300 2 3.300H5"/>`,
	"lock":     `<rect x="4.600" y="9" width="10.800" height="7.600" rx="1.600"/><path d="M7 9V6.600a3 3 0 0 1 6 0V9"/>`,
	"phone":    `<rect x="5.600" y="2.800" width="8.800" height="14.400" rx="1.800"/><path d="M9 14.600h2"/>`,
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
