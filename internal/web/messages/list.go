package messages

import (
	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
	"time"
)

// listPage shows campaigns, the newest first.
type listPage struct {
	Campaigns []listed
	States    []ui.Link
	Pages     ui.Pages
	Filtered  bool
	Samples   []starter // to begin with
}

// listed is a campaign in a line.
type listed struct {
	Name, URL, Purpose, Who string
	Status                  ui.Status
	At                      time.Time
}

const pageSize = 50

// stateNames are the filters.
var stateNames = []campaign.State{campaign.Draft, campaign.Sending, campaign.Paused, campaign.Done, campaign.Cancelled}

func (r *room) showList(v *web.Visit) error {
	var before id.Campaign
	if text := v.Form("after"); text != "" {
		var err error
		if before, err = id.Parse[id.Campaign](text); err != nil {
			return err
		}
	}
	if v.WantsCSV() {
		return r.table(v)
	}
	list, err := r.Campaigns.List(v.Context(), before, pageSize)
	if err != nil {
		return err
	}
	state := v.Form("state")
	p := listPage{Filtered: state != ""}
	if v.May(staff.Draft) {
		p.Samples = starters
	}
	for _, s := range stateNames {
		p.States = append(p.States, ui.Link{Text: string(s), URL: v.With("state", string(s)), Current: state == string(s)})
	}
	p.States = append([]ui.Link{{Text: "all", URL: v.With("state", ""), Current: state == ""}}, p.States...)
	for _, c := range list {
		if state != "" && string(c.State) != state {
			continue
		}
		p.Campaigns = append(p.Campaigns, listed{Name: c.Name, URL: oneURL + "/" + c.ID.String(), Purpose: purposeTitle(v, c), Who: r.who(v, c), Status: statusOf(c), At: v.Local(latest(c))})
	}
	if len(list) == pageSize {
		p.Pages.Next = v.With("after", list[len(list)-1].ID.String())
	}
	if before != 0 {
		p.Pages.Back = v.With("after", "")
	}
	return web.Show(v, r.list, web.Head{Title: "Campaigns", Intro: "One message to one audience. Who may get it is asked again when each message leaves.",
		Actions: []ui.Link{v.CSVLink(), {Text: "New campaign", URL: oneURL + "/new", Current: true}}}, p)
}

// table is the list as a table.
func (r *room) table(v *web.Visit) error {
	head := []string{"campaign", "name", "purpose", "who", "state", "time"}
	return v.CSV("campaigns", head, func(after string) (lines [][]string, next string, err error) {
		var before id.Campaign
		if after != "" {
			if before, err = id.Parse[id.Campaign](after); err != nil {
				return nil, "", err
			}
		}
		list, err := r.Campaigns.List(v.Context(), before, pageSize)
		for _, c := range list {
			if state := v.Form("state"); state == "" || string(c.State) == state {
				lines = append(lines, []string{c.ID.String(), c.Name, purposeTitle(v, c), r.who(v, c), string(c.State), latest(c).String()})
			}
		}
		if len(list) == pageSize {
			next = list[pageSize-1].ID.String()
		}
		return lines, next, err
	})
}

func latest(c campaign.Campaign) clock.Instant { return max(c.CreatedAt, c.LaunchedAt, c.EndedAt) }

func purposeTitle(v *web.Visit, c campaign.Campaign) string { return purposeOf(v, c.Purpose) }

func purposeOf(v *web.Visit, name term.Purpose) string {
	if p, ok := v.Who.Charter.Purpose(name); ok {
		return p.Title.In("en")
	}
	return string(name)
}

// who is the audience in a sentence.
func (r *room) who(v *web.Visit, c campaign.Campaign) string {
	condition, err := r.Audience.Compile(v.Who.Charter, c.Purpose, c.Condition())
	if err != nil {
		return "an audience that the charter no longer allows"
	}
	return condition.Describe("en")
}

func statusOf(c campaign.Campaign) ui.Status {
	switch c.State {
	case campaign.Draft:
		return ui.Status{Tone: ui.Plain, Text: "draft"}
	case campaign.Launched:
		return ui.Status{Tone: ui.Info, Text: "planning"}
	case campaign.Sending:
		return ui.Status{Tone: ui.Info, Text: "sending"}
	case campaign.Paused:
		if c.Reason != "" {
			return ui.Status{Tone: ui.Bad, Text: "stopped by the engine"}
		}
		return ui.Status{Tone: ui.Warn, Text: "paused"}
	case campaign.Done:
		return ui.Status{Tone: ui.Good, Text: "done"}
	}
	return ui.Status{Tone: ui.Bad, Text: "cancelled"}
}
