package home

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	webtest.Pages(t, files, webtest.Page(ui.Find[page](set, "home"), page{
		Tasks:  []task{{Text: "Harvest", URL: "/admin/x", Status: ui.Status{Tone: ui.Warn, Text: "paused"}}, {Text: "Draft", Status: ui.Status{Tone: ui.Plain, Text: "draft"}}},
		Engine: []ui.Fact{{Term: "Ledger", Text: "Signed", Status: &ui.Status{Tone: ui.Good, Text: "well"}}},
		Health: []ui.Chart{ui.Lines("en", "Letter", "Until", []string{"1 Mar", "8 Mar"}, []ui.Series{{Name: "given", Values: []int64{3, 5}}})},
		Stages: &stages{Purpose: "Letter", At: clock.UTC(2026, 3, 5, 9, 0, 0).Time(), Bars: []stageBar{{"New", "1,200", "100%"}, {"Lapsed", "<10", "0%"}}},
	}))
}
