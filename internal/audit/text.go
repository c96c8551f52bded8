package audit

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"candor/internal/lists"
	"candor/internal/ui"
)

func number(n int64) string { return ui.Number("en", n) }

// Percent writes a share, never 0 % of what is there and never 100 % of what is
// not all.
func Percent(part, whole int64) string {
	switch {
	case whole == 0 || part == 0:
		return "0 %"
	case part == whole:
		return "100 %"
	}
	n := (200*part + whole) / (2 * whole)
	return fmt.Sprintf("%d %%", min(99, max(1, n)))
}

// Headline is the report in one sentence.
func (r Report) Headline() string {
	if r.Subscribed == 0 {
		return "None of these lists has a subscribed address."
	}
	return fmt.Sprintf("You can prove consent for %s of %s subscribed addresses.", number(r.Count(Provable)), number(r.Subscribed))
}

// Text writes the report for a terminal.
func (r Report) Text(out io.Writer) error {
	w := &lines{to: out}
	w.print("\n%s\n", r.Headline())
	for _, p := range r.Classes {
		w.print("\n%10s  %5s  %s\n", number(p.Count), Percent(p.Count, r.Subscribed), p.Title)
		w.wrap(p.Means)
		if p.Count > 0 {
			w.wrap("Fix: " + p.Fix)
		}
	}
	w.print("\nNot subscribed anywhere: %s of %s addresses\n", number(r.Addresses-r.Subscribed), number(r.Addresses))
	for _, p := range r.Others {
		w.print("\n%10s         %s\n", number(p.Count), p.Title)
		w.wrap(p.Means)
	}
	if len(r.Findings) > 0 {
		w.print("\nTo put right\n")
	}
	for _, f := range r.Findings {
		w.finding(f)
	}
	w.print("\nFiles\n")
	for _, f := range r.Files {
		w.print("\n%10s   rows  %s\n", number(f.Rows), f.Name)
		w.wrap(f.headline())
		w.wrap(f.columns())
		if f.Assumed {
			w.wrap("No column says who is subscribed; everyone in it is taken to be.")
		}
	}
	w.print("\nA wrong guess? Say what a column means: --map \"COLUMN=MEANING\".\nNothing left this computer.\n")
	return w.err
}

// lines writes to a terminal and keeps the first error.
type lines struct {
	to  io.Writer
	err error
}

func (w *lines) print(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, format, args...)
	}
}

func (w *lines) finding(f Finding) {
	sign := "     "
	if f.Urgent {
		sign = "first"
	}
	w.print("\n%10s  %s  %s\n", number(f.Count), sign, f.Title)
	for _, p := range f.Where {
		w.wrap(p.Text + ": " + number(p.Count))
	}
	w.wrap(f.Means)
	w.wrap("Fix: " + f.Fix)
	if s := samples(f.Samples); s != "" {
		w.wrap("Such as " + s)
	}
}

const (
	textIndent = 19
	textWidth  = 100
)

// wrap writes a text under the titles.
func (w *lines) wrap(text string) {
	at := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if at == 0 || at+1+n > textWidth {
			if at > 0 {
				w.print("\n")
			}
			w.print("%*s%s", textIndent, "", word)
			at = textIndent + n
			continue
		}
		w.print(" %s", word)
		at += 1 + n
	}
	w.print("\n")
}

func samples(list []Sample) string {
	var out []string
	for _, s := range list {
		text := fmt.Sprintf("%s line %d", s.File, s.Line)
		if s.Masked != "" {
			text += " (" + s.Masked + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (f File) tool() string {
	if f.Tool == lists.Unknown {
		return "A list of your own"
	}
	return string(f.Tool)
}

func (f File) headline() string {
	text := fmt.Sprintf("%s, %s addresses, %s subscribed, %s suppressed (%s, %s)",
		f.tool(), number(f.Addresses), number(f.Subscribed), number(f.Suppressed), f.Encoding, f.Delimiter)
	if f.AllGone {
		text += "; a list of those not to write to"
	}
	return text
}

func (f File) columns() string {
	var out []string
	for _, c := range f.Columns {
		out = append(out, fmt.Sprintf("%s → %s", c.Name, c.Meaning))
	}
	return fmt.Sprintf("%s; %d more not read", strings.Join(out, ", "), f.LeftOut)
}
