package insight

import (
	"fmt"

	"candor/internal/campaign"
	"candor/internal/ui"
	"candor/internal/web"
)

type liftPage struct{ Rows []liftRow }

type liftRow struct {
	Name, URL, Written, LeftOut string
	Lift                        string
	Interval                    string
	Status                      ui.Status
	Stops                       string
}

// liftsShown is how many campaigns are compared: each is a count of its own.
const liftsShown = 8

// showLift compares what campaigns brought, the newest first.
func (r *room) showLift(v *web.Visit) error {
	list, err := r.Campaigns.List(v.Context(), 0, 50)
	if err != nil {
		return err
	}
	var p liftPage
	for _, c := range list {
		if c.State != campaign.Done && c.State != campaign.Sending || len(p.Rows) == liftsShown {
			continue
		}
		res, err := r.Campaigns.Results(v.Context(), c.ID, v.Actor())
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, liftLine(c, res))
	}
	return web.Show(v, r.lift, web.Head{Title: "What campaigns brought", Crumb: &ui.Link{Text: "Insight", URL: ordersURL},
		Intro: "Orders of those a campaign was for, against those left out by chance, within 30 days. Nobody is followed, and what it cost stands beside it."}, p)
}

func liftLine(c campaign.Campaign, res campaign.Results) liftRow {
	row := liftRow{Name: c.Name, URL: "/admin/messages/campaigns/" + c.ID.String(), Written: people(res.Written), LeftOut: people(res.LeftOut),
		Lift: "–", Status: ui.Status{Tone: ui.Plain, Text: "too few to tell"}, Stops: ui.Number("en", res.Cost.Stops)}
	if res.Cost.Stops == 0 {
		row.Stops = "<10"
	}
	if res.Written.Small || res.Written.Few || res.LeftOut.Small || res.LeftOut.Few || res.LeftOut.People == 0 {
		return row
	}
	row.Lift, row.Interval = fmt.Sprintf("%+.1f", res.Lift.Per1000), fmt.Sprintf("%+.1f to %+.1f", res.Lift.Low, res.Lift.High)
	switch {
	case res.Lift.Shows && res.Lift.Per1000 > 0:
		row.Status = ui.Status{Tone: ui.Good, Text: "brought orders"}
	case res.Lift.Shows:
		row.Status = ui.Status{Tone: ui.Bad, Text: "cost orders"}
	default:
		row.Status.Text = "may be chance"
	}
	return row
}

func people(g campaign.Group) string {
	if g.Small {
		return "<10"
	}
	return ui.Number("en", g.People)
}
