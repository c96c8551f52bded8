package messages

import (
	"fmt"
	"math"
	"slices"
	"time"

	"candor/internal/campaign"
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web"
)

// progress is what became of the messages.
type progress struct {
	Done    string // of 100
	Parts   []part // of the bar
	Figures []ui.Fact
	Summary string
	Rows    []outcome
	Said    string // of people who said no while it was sending

	Personal string // of people who found it too personal
}

// part is a piece of the bar: where it begins and how wide it is.
type part struct {
	At, Width string
	Tone      ui.Tone
}

// partsOf lays counts side by side in one bar.
func partsOf(whole int64, counts ...partCount) (out []part) {
	at := int64(0)
	for _, c := range counts {
		if c.n > 0 {
			out = append(out, part{ui.Share(at, whole), ui.Share(c.n, whole), c.tone})
		}
		at += c.n
	}
	return out
}

type partCount struct {
	n    int64
	tone ui.Tone
}

// outcome is a count of messages that ended alike.
type outcome struct {
	Text  string
	Count string
	Width string
	Tone  ui.Tone
}

func progressOf(v *web.Visit, c campaign.Campaign, n campaign.Progress) *progress {
	toSend := n.Planned - n.HeldOut
	ended := toSend - n.Waiting - n.Handed
	failed := n.Refused + n.Returned + n.Uncertain
	out := &progress{Done: fmt.Sprintf("%d %%", percent(ended, toSend))}
	out.Parts = partsOf(toSend, partCount{n.Accepted, ui.Good}, partCount{n.Handed, ui.Info}, partCount{failed, ui.Bad}, partCount{ended - n.Accepted - failed, ui.Warn})
	out.Summary = fmt.Sprintf("%s of %s messages have come to their end.", ui.Number("en", ended), ui.Number("en", toSend))
	said := n.Denied[errs.Withdrawn] + n.Denied[errs.Objected]
	pace, unit := rate(n.Accepted, clockOf(c, v.Now()).Sub(c.LaunchedAt))
	out.Figures = []ui.Fact{{Term: "Sent", Text: ui.Number("en", n.Accepted)}, {Term: "Waiting", Text: ui.Number("en", n.Waiting+n.Handed)},
		{Term: "Rate", Text: pace, Note: unit}, {Term: "Said no meanwhile", Text: ui.Number("en", said)}}
	add := func(text string, count int64, tone ui.Tone) {
		if count > 0 {
			out.Rows = append(out.Rows, outcome{text, ui.Number("en", count), ui.Share(count, n.Planned), tone})
		}
	}
	add("taken by the recipient's server", n.Accepted, ui.Good)
	add("on their way", n.Handed, ui.Info)
	add("waiting", n.Waiting, ui.Plain)
	add("left out, to compare with", n.HeldOut, ui.Plain)
	add("refused by the recipient's server", n.Refused, ui.Bad)
	add("came back: they could not be delivered", n.Returned, ui.Bad)
	add("uncertain: the connection broke, so they are not sent again", n.Uncertain, ui.Warn)
	var codes []errs.Code
	for code := range n.Denied {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		add("not sent: "+deniedWords(code), n.Denied[code], ui.Warn)
	}
	if said > 0 {
		out.Said = fmt.Sprintf("%s said no while it was sending, and got nothing", ui.Number("en", said))
		if n.Left > 0 {
			out.Said += fmt.Sprintf("; %s messages had already left", ui.Number("en", n.Left))
		}
		out.Said += "."
	}
	if n.Too > 0 {
		out.Personal = fmt.Sprintf("%s found it too personal; their level went down by one.", ui.Number("en", n.Too))
	}
	return out
}

// rate says how many left in a second, a minute or an hour, on average.
func rate(n int64, took time.Duration) (pace, unit string) {
	switch {
	case n == 0 || took < time.Second:
		return "–", ""
	case float64(n) < took.Minutes():
		return ui.Number("en", int64(math.Round(float64(n)/took.Hours()))), "an hour"
	case float64(n) < took.Seconds():
		return ui.Number("en", int64(math.Round(float64(n)/took.Minutes()))), "a minute"
	}
	return ui.Number("en", int64(math.Round(float64(n)/took.Seconds()))), "a second"
}

func percent(part, whole int64) int64 {
	if whole == 0 {
		return 100
	}
	return part * 100 / whole
}

// deniedWords says why a message did not leave.
func deniedWords(code errs.Code) string {
	if text := map[errs.Code]string{
		errs.Withdrawn: "they withdrew in the meantime", errs.Objected: "they objected in the meantime", errs.FreqCap: "they had enough messages this week",
		errs.QuietHours: "it is night where they are", errs.Suppressed: "the address is never to be written to", errs.Content: "the content was changed after its approval",
		errs.NoConsent: "there is no agreement any more", errs.ConsentExpired: "their agreement had ended", errs.Restricted: "their data are at rest", "no_address": "no address is on file",
	}[code]; text != "" {
		return text
	}
	return string(code)
}

// results is what a campaign brought and what it cost.
type results struct {
	Verdict  string
	Tone     ui.Tone
	Interval string
	Note     string
	Rows     []compared
	Cost     []ui.Fact
	Picture  *interval
}

// compared is one side of the comparison.
type compared struct{ Who, People, Orders, Each, Stops string }

// interval is the lift as a picture: where 0, the estimate and its bounds lie, in
// percent of the width.
type interval struct{ Zero, Low, High, Width, Mid string }

// resultsOf says what a campaign brought; held tells whether anybody was left out
// to compare with.
func resultsOf(r campaign.Results, held bool) *results {
	out := &results{Note: r.Note, Tone: ui.Plain}
	row := func(who string, g campaign.Group) {
		if g.Small {
			out.Rows = append(out.Rows, compared{who, "<10", "<10", "–", "–"})
			return
		}
		stops := "<10"
		if g.Stops > 0 {
			stops = ui.Number("en", g.Stops)
		}
		line := compared{who, ui.Number("en", g.People), ui.Number("en", g.Orders), fmt.Sprintf("%.3f", g.PerPerson), stops}
		if g.Few {
			line.Orders, line.Each = "<10", "–"
		}
		out.Rows = append(out.Rows, line)
	}
	row("Written to", r.Written)
	if held {
		row("Left out", r.LeftOut)
	}
	if r.Note == "" {
		out.Verdict = fmt.Sprintf("%+.1f orders for every 1,000 people", r.Lift.Per1000)
		out.Interval = fmt.Sprintf("Between %+.1f and %+.1f in 95 of 100 such campaigns.", r.Lift.Low, r.Lift.High)
		out.Tone = ui.Good
		if !r.Lift.Shows {
			out.Tone = ui.Warn
			out.Interval += " That holds zero: it may have brought nothing."
		}
		out.Picture = pictureOf(r.Lift)
	}
	stops := "fewer than 10 people"
	if r.Cost.Stops > 0 {
		stops = fmt.Sprintf("%s people, %.1f for every 1,000 beyond those left out", ui.Number("en", r.Cost.Stops), r.Cost.StopsPer1k)
	}
	out.Cost = []ui.Fact{{Term: "Said no since", Text: stops}, {Term: "Came back", Text: ui.Number("en", r.Cost.Bounced)}, {Term: "Called spam", Text: ui.Number("en", r.Cost.Spam), Note: "each of them gets no more of it"}, {Term: "Not sent", Text: ui.Number("en", r.Cost.Denied), Note: "the last check said no"}}
	return out
}

func pictureOf(l campaign.Lift) *interval {
	from, to := math.Min(l.Low, 0), math.Max(l.High, 0)
	pad := (to - from) * 0.08
	from, to = from-pad, to+pad
	at := func(x float64) float64 { return 100 * (x - from) / (to - from) }
	show := func(x float64) string { return fmt.Sprintf("%.1f%%", x) }
	return &interval{Zero: show(at(0)), Low: show(at(l.Low)), High: show(at(l.High)), Mid: show(at(l.Per1000)), Width: show(at(l.High) - at(l.Low))}
}
