package ui

import (
	"io"
	"net/http"

	"candor/internal/term"
)

// staffData fills the part of the style page that only staff's pages use.
type staffData struct {
	Out      []Slice
	Whole    []wholePart
	Flow     Flow
	Unmoved  Flow
	Forecast Chart
	Signals  []Signal
}

// wholePart is a part of a bar that stands for all messages of a campaign.
type wholePart struct {
	Tone      Tone
	Name      string
	At, Width string
}

func sampleStaff(lang term.Lang) staffData {
	places := func() []FlowPlace {
		return []FlowPlace{{Name: "New", Shown: "420", N: 420, URL: "/style"}, {Name: "Regular", Shown: "1,310", N: 1310, URL: "/style"}, {Name: "Sleeping", Shown: "260", N: 260}, {Name: "Lost", Shown: "<10"}}
	}
	return staffData{
		Out: []Slice{
			{Count: "1,480", Why: "Never agreed", Remedy: "Ask on the order page; the form is ready.", Button: &Link{Text: "See the way back", URL: "/style"}},
			{Count: "312", Why: "Withdrew or objected", Remedy: "Leave them in peace."},
			{Count: "<10", Why: "For several reasons, each of few people", Parts: []Slice{
				{Why: "Address bounces", Remedy: "Ask for a new address at the next order.", Button: &Link{Text: "See the way back", URL: "/style"}}, {Why: "Under age"}}},
		},
		Whole: []wholePart{{Good, "arrived", "0%", "72%"}, {Info, "on the way", "72%", "12%"}, {Warn, "left out by chance", "84%", "10%"}, {Bad, "came back", "94%", "6%"}},
		Flow: Streams(Flow{Caption: "Stages of this week", Before: "A week ago", Now: "Now", Places: places()},
			[]FlowMove{{From: 0, To: 1, Shown: "60", N: 60}, {From: 1, To: 2, Shown: "40", N: 40}, {From: 2, To: 3, Shown: "<10"}, {From: -1, To: 0, Shown: "30", N: 30}}),
		Unmoved: Streams(Flow{Caption: "A week in which nobody moved", Before: "A week ago", Now: "Now", Places: places()}, nil),
		Forecast: Lines(lang, "The coffee letter by e-mail: permissions that end, by week", "Week from", []string{"5 Mar", "12 Mar", "19 Mar", "26 Mar", "2 Apr", "9 Apr"},
			[]Series{{Name: "permissions that end", Values: []int64{0, 20, 10, 0, 40, 30}}}),
		Signals: []Signal{{Text: "Your browser's opt-out is honoured", Toggle: "Sale and sharing", Off: "off"}, {Text: "Your browser's opt-out is honoured", Toggle: "Sale and sharing", Off: "off", Since: "since 5 March 2026"}},
	}
}

// sampleLetter is a mail as the frames of previews show it; ?dark has it as a
// reader sees it whose device is dark.
func sampleLetter(w http.ResponseWriter, r *http.Request) {
	Framed(w.Header())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	colours := "background: white; color: #222"
	if r.URL.Query().Has("dark") {
		colours = "background: #161616; color: #eee"
	}
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><title>The new harvest is here</title><body style="margin: 2rem; font: 1rem/1.5 sans-serif; `+colours+`">`+
		`<h1>The new harvest is here</h1><p>Two coffees of the new harvest are in the roastery.</p></body></html>`)
}
