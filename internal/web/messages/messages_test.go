package messages

import (
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/message"
	"candor/internal/ui"
	"candor/internal/web/reach"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	at := clock.UTC(2026, 3, 5, 9, 0, 0).Time()
	field := func(id string) ui.Field { return ui.Field{ID: id, Name: id, Label: id, Error: "wrong"} }
	shown := letter{Switches: []previewLink{{"Language", []ui.Link{{Text: "English", URL: oneURL, Current: true}}}}, Frame: oneURL, Wide: true}
	measured := resultsOf(campaign.Results{Written: campaign.Group{People: 900, Orders: 90, PerPerson: 0.1, Stops: 12}, LeftOut: campaign.Group{People: 100, Orders: 12, PerPerson: 0.12},
		Lift: campaign.Lift{Per1000: -20, Low: -60, High: 20}, Cost: campaign.Cost{Stops: 12, StopsPer1k: 13.3, Bounced: 2}}, true)
	webtest.Pages(t, files,
		webtest.Page(ui.Find[listPage](set, "list"), listPage{Campaigns: []listed{{"March", oneURL + "/1", "Letter", "Everybody", ui.Status{Tone: ui.Good, Text: "done"}, at}},
			States: []ui.Link{{Text: "all", URL: listURL, Current: true}}, Pages: ui.Pages{Next: listURL}}),
		webtest.Page(ui.Find[formPage](set, "form"), formPage{Action: oneURL, Problem: "Give it a name.", Name: field("name"), Purpose: field("purpose"), Audience: field("condition"), Sender: field("sender"), Holdout: field("holdout"), When: field("when"), Speaks: field("speaks"),
			Texts: []textFields{{"English", field("s"), field("p"), field("b")}}, May: []string{"{{ name }}"}, Back: listURL, Button: "Save"}),
		webtest.Page(ui.Find[campaignPage](set, "campaign"), campaignPage{
			Steps: stepsOf(campaign.Campaign{State: campaign.Sending}), Status: ui.Status{Tone: ui.Info, Text: "sending"}, Reason: pauseWords("E_FAIL_CLOSED"), Facts: []ui.Fact{{Term: "For", Text: "Letter"}},
			Checks: []check{{OK: true, Name: "How personal", Note: "1 of at most 5"}, {Name: "Honest wording", Fix: "Say when it ends."}}, Left: 1, Launch: &launch{Action: oneURL, Button: "Send to 900 people", Note: "Checked again.", Editor: listURL, Out: []ui.Slice{{Count: "12", Why: "They said no", Remedy: "Rest."}}, Ending: &reach.Forecast{Purpose: "Letter", Permitted: "900", Ending: "30"}, Reach: ui.Funnel{Caption: "Now", Bars: []ui.Bar{{Label: "Match", Count: "900", Width: "100%"}}}},
			Edit: oneURL, Progress: &progress{Done: "40 %", Parts: partsOf(900, partCount{360, ui.Good}), Figures: []ui.Fact{{Term: "Rate", Text: "6", Note: "a second"}}, Summary: "360 of 900.", Rows: []outcome{{"waiting", "540", "60%", ui.Plain}}, Said: "3 said no.", Personal: "2 found it too personal."},
			Moves: []move{{oneURL, "Pause", ""}}, Results: measured, Copy: oneURL, Log: logURL, TakeOut: oneURL, Trial: oneURL, Sample: oneURL, Keep: oneURL, Letter: shown, Follow: oneURL,
		}),
		webtest.Page(ui.Find[templatesPage](set, "templates"), templatesPage{Templates: []savedTemplate{{"News", oneURL, "Letter", "EN, DE", 2, at}}, Search: field("q"), Samples: starters, Own: []ownMail{{"Your code", "often", ownURL}}, Look: []ui.Fact{{Term: "Colour", Text: "#123456"}}, Pages: ui.Pages{Next: oneURL}}),
		webtest.Page(ui.Find[templatePage](set, "template"), templatePage{Facts: []ui.Fact{{Term: "For", Text: "Letter"}}, Old: "Older.", Checks: []check{{Name: "en: too loud"}}, Edit: oneURL, Use: oneURL,
			Versions: []templateVersion{{"2", oneURL, true, at}, {"1", oneURL, false, at}}, UsedBy: []ui.Link{{Text: "March", URL: oneURL}}, Letter: shown}),
		webtest.Page(ui.Find[templateFormPage](set, "template-form"), templateFormPage{Action: oneURL, Problem: "Give it a name.", Version: "2", Name: field("name"), Purpose: field("purpose"), Texts: []textFields{{"English", field("s"), field("p"), field("b")}}, May: []string{"{{ name }}"}, Back: oneURL}),
		webtest.Page(ui.Find[ownPage](set, "own"), ownPage{"often", letter{Switches: shown.Switches, Text: "Subject: x"}}),
		webtest.Page(ui.Find[samplePage](set, "sample"), samplePage{[]message.Previewed{{From: "Shop <a@shop.example>", Subject: "Beans", Text: "Dear a***a,"}}, oneURL}),
		webtest.Page(ui.Find[logPage](set, "log"), logPage{States: []ui.Link{{Text: "all", URL: logURL, Current: true}}, Campaign: &ui.Link{Text: "March", URL: logURL}, Find: field("message-id"),
			Found: []ui.Fact{{Term: "State", Status: &ui.Status{Tone: ui.Bad, Text: "came back"}, Note: "the mail server said 550"}}, Pages: ui.Pages{Next: logURL},
			Rows: []delivery{{"March", oneURL, "Letter", ui.Status{Tone: ui.Good, Text: "taken"}, "", "abc", at}, {"mail of the engine", "", "Orders", ui.Status{Tone: ui.Warn, Text: "not sent"}, "no address", "def", at}}}),
	)
}

// A result that may be nothing says so.
func TestAnIntervalThatHoldsZeroSaysSo(t *testing.T) {
	r := resultsOf(campaign.Results{Written: campaign.Group{People: 900, Orders: 90}, LeftOut: campaign.Group{People: 100, Orders: 12}, Lift: campaign.Lift{Per1000: -20, Low: -60, High: 20}}, true)
	if r.Tone != ui.Warn || !strings.Contains(r.Interval, "nothing") || r.Picture == nil {
		t.Errorf("%+v", r)
	}
	if r := resultsOf(campaign.Results{Note: "Nobody was left out."}, false); r.Verdict != "" || r.Picture != nil {
		t.Errorf("%+v", r)
	}
}

func TestPlainTextBecomesParagraphs(t *testing.T) {
	if got := htmlOf("One\r\ntwo\r\n\r\nThree"); got != "<p>One<br>two</p>\n<p>Three</p>" {
		t.Error(got)
	}
	if got := htmlOf("<p>as it is</p>"); got != "<p>as it is</p>" {
		t.Error(got)
	}
}

// A pace is told in what it is easy to read in.
func TestPace(t *testing.T) {
	for _, x := range []struct {
		n          int64
		took       time.Duration
		pace, unit string
	}{{0, time.Minute, "–", ""}, {600, time.Minute, "10", "a second"}, {30, time.Minute, "30", "a minute"}, {10, 2 * time.Hour, "5", "an hour"}} {
		if pace, unit := rate(x.n, x.took); pace != x.pace || unit != x.unit {
			t.Errorf("%d in %v: %s %s", x.n, x.took, pace, unit)
		}
	}
}
