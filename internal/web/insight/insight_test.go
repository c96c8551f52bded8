package insight

import (
	"testing"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/insight"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	a := asked{Path: ordersURL, Purpose: "Letter", Purposes: []ui.Link{{Text: "Letter", URL: "?purpose=letter", Current: true}, {Text: "Parcel", URL: "?purpose=parcel"}},
		Answer: insight.Answer{At: clock.UTC(2026, 3, 5, 9, 0, 0), Currency: "EUR", Cohorts: []insight.Cohort{
			{From: clock.On(2025, 4, 1), People: 120, Back: []int64{1000, 410, -1}, Worth: []int64{2000, 3500, 4100}},
			{From: clock.On(2025, 7, 1), People: 90, Back: []int64{1000, 300}, Worth: []int64{1900, 2900}}, {From: clock.On(2026, 1, 1), Few: true}}}}
	a.Answer.Grid[0][0] = insight.Cell{People: 120, Spent: 1999, Share: 400}
	a.Answer.Grid[1][2] = insight.Cell{Few: true}
	rows, periods := cohortRows(a.Answer)
	back, worth := charts(a.Answer)
	if len(periods) != 3 || back == nil || len(back.Rows) != 2 || rows[0].Cells[2].Back != "<10" {
		t.Errorf("periods %v, rows %+v", periods, rows)
	}
	empty := a
	empty.Why = "nothing yet"
	webtest.Pages(t, files,
		webtest.Page(ui.Find[ordersPage](set, "orders"), ordersPage{a, funnel(a.Answer.Grid), insight.Frequency, gridRows(a.Answer)}),
		webtest.Page(ui.Find[ordersPage](set, "orders"), ordersPage{asked: empty}),
		webtest.Page(ui.Find[cohortsPage](set, "cohorts"), cohortsPage{a, periods, rows, back, worth}),
		webtest.Page(ui.Find[liftPage](set, "lift"), liftPage{[]liftRow{
			liftLine(campaign.Campaign{Name: "March"}, campaign.Results{Written: campaign.Group{People: 900}, LeftOut: campaign.Group{People: 100}, Lift: campaign.Lift{Per1000: 12, Low: 3, High: 21, Shows: true}}),
			liftLine(campaign.Campaign{Name: "Few"}, campaign.Results{Written: campaign.Group{Small: true}})}}),
	)
}
