package home

import (
	"testing"

	"candor/internal/audience"
	"candor/internal/clock"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	chart := ui.Lines("en", "Letter", "Until", []string{"1 Mar", "8 Mar"}, []ui.Series{{Name: "given", Values: []int64{3, 5}}})
	drawn := drawStages(lifecycle{
		now: []audience.StageCount{{Stage: "new", Shown: "New", Count: audience.Count{Shown: "1,200", N: 1200}}, {Stage: "lapsed", Shown: "Lapsed", Count: audience.Count{Shown: "<10"}}, {Shown: "No stage", Count: audience.Count{Shown: "<10"}}},
		moves: audience.Movement{From: clock.Date{Year: 2026, Month: 3, Day: 1}, Moves: []audience.Move{
			{From: audience.Place{Stage: "new"}, To: audience.Place{Stage: "lapsed"}, People: audience.Count{Shown: "about 40", N: 40}},
			{From: audience.Place{Outside: true}, To: audience.Place{Stage: "new"}, People: audience.Count{Shown: "about 90", N: 90}},
			{From: audience.Place{Stage: "new"}, To: audience.Place{Outside: true}, People: audience.Count{Shown: "<10"}},
		}},
	})
	drawn.Purpose, drawn.At, drawn.Board = "Letter", clock.UTC(2026, 3, 5, 9, 0, 0).Time(), "/admin/audiences/stages"
	if drawn.Came != "about 90" || drawn.Left != "<10" || drawn.Flow.Before != "1 March" {
		t.Errorf("came %q, left %q, since %q", drawn.Came, drawn.Left, drawn.Flow.Before)
	}
	webtest.Pages(t, files, webtest.Page(ui.Find[page](set, "home"), page{
		Tasks:  []task{{Text: "Harvest", Note: "Campaign", URL: "/admin/x", Status: ui.Status{Tone: ui.Warn, Text: "paused"}}, {Text: "Draft", Status: ui.Status{Tone: ui.Plain, Text: "draft"}}},
		Engine: []ui.Fact{{Term: "Ledger", Text: "Signed", Status: &ui.Status{Tone: ui.Good, Text: "well"}}},
		Health: []health{{Title: "Letter", Figures: []ui.Fact{{Term: "Given", Text: "120", Note: "in 13 weeks"}}, Past: chart, Forecast: &chart}},
		Stages: drawn,
	}))
}
