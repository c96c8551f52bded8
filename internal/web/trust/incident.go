package trust

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

type incidentsPage struct {
	State ui.Field
	Rows  []incidentRow
	Pages ui.Pages
}

type incidentRow struct {
	ID     id.Incident
	At     time.Time
	Text   string
	Kinds  string
	Status ui.Status
}

var stateTones = map[incident.State]ui.Status{
	incident.Reported: {Tone: ui.Warn, Text: "open"},
	incident.Proposed: {Tone: ui.Info, Text: "waits for approval"},
	incident.Closed:   {Tone: ui.Good, Text: "closed"},
}

// incidentTable is the register as a table, without what was reported: that may
// name people.
func (r *room) incidentTable(v *web.Visit, state incident.State) error {
	return v.CSV("incidents", []string{"incident", "detected", "kinds", "state"}, func(after string) (lines [][]string, next string, err error) {
		before, _ := id.Parse[id.Incident](after)
		err = v.Read(func(tx *db.Tx) error {
			list, err := r.Incidents.List(tx, state, before, perPage)
			lines, next = nil, ""
			for _, i := range list {
				lines = append(lines, []string{i.ID.String(), i.DetectedAt.String(), kindList(i.Kinds), stateTones[i.State].Text})
			}
			if len(list) == perPage {
				next = list[perPage-1].ID.String()
			}
			return err
		})
		return lines, next, err
	})
}

// showIncidents lists the register, the newest first.
func (r *room) showIncidents(v *web.Visit) error {
	state := incident.State(v.Form("state"))
	if v.WantsCSV() {
		return r.incidentTable(v, state)
	}
	before, _ := id.Parse[id.Incident](v.Form("after"))
	p := incidentsPage{State: ui.Field{ID: "state", Name: "state", Label: "State", Options: []ui.Option{
		{Value: "", Text: "all", Chosen: state == ""}, {Value: "reported", Text: "open", Chosen: state == incident.Reported},
		{Value: "proposed", Text: "waiting for approval", Chosen: state == incident.Proposed}, {Value: "closed", Text: "closed", Chosen: state == incident.Closed}}}}
	var list []incident.Incident
	err := v.Read(func(tx *db.Tx) (err error) {
		list, err = r.Incidents.List(tx, state, before, perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	if len(list) > perPage {
		list = list[:perPage]
		p.Pages.Next = v.With("after", list[perPage-1].ID.String())
	}
	for _, i := range list {
		p.Rows = append(p.Rows, incidentRow{i.ID, v.Local(i.DetectedAt), shorten(i.Report, 90), kindList(i.Kinds), stateTones[i.State]})
	}
	return web.Show(v, r.pages.incidents, web.Head{Title: "Incidents",
		Intro: "Everything that went wrong with personal data, notified or not. Entries are never deleted.", Actions: []ui.Link{v.CSVLink()}}, p)
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func kindList(kinds []incident.Kind) string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return strings.Join(out, ", ")
}

type incidentPage struct {
	ID       id.Incident
	Report   string
	Facts    []ui.Fact
	Timeline []ui.Moment
	Open     bool // facts may still change
	Kinds    []ui.Choice
	Classes  ui.Field
	People   ui.Field
	Cause    ui.Field
	Effects  ui.Field
	Measures ui.Field
	Note     ui.Field
	Decision []ui.Choice
	Reason   ui.Field
	Approve  *decision
}

// decision is a decision that waits for somebody else.
type decision struct {
	Decision, Reasoning, By string
	Mine                    bool // the reader proposed it, so they cannot
}

func incidentOf(v *web.Visit) (id.Incident, error) {
	i, err := id.Parse[id.Incident](v.R.PathValue("incident"))
	if err != nil {
		return 0, errs.New(errs.NotFound, "no_such_incident", "there is no such incident")
	}
	return i, nil
}

// showIncident shows an incident with what is known and what was done.
func (r *room) showIncident(v *web.Visit) error {
	which, err := incidentOf(v)
	if err != nil {
		return err
	}
	return r.renderIncident(v, which, web.Head{}, nil)
}

func (r *room) renderIncident(v *web.Visit, which id.Incident, h web.Head, wrong error) error {
	var p incidentPage
	err := v.Read(func(tx *db.Tx) error {
		i, err := r.Incidents.Get(tx, which)
		if err != nil {
			return err
		}
		steps, err := r.Incidents.Timeline(tx, which)
		if err != nil {
			return err
		}
		p = r.describe(v, i, r.names(tx))
		names := r.names(tx)
		for _, s := range slices.Backward(steps) {
			p.Timeline = append(p.Timeline, ui.Moment{At: s.At, Tone: ui.Plain, Title: strings.TrimSpace(s.Act + " " + by(names.of(s.Actor))), Text: s.Note})
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Timeline = v.Moments(p.Timeline)
	web.Note(wrong, &p.Reason, &p.Note, &p.People)
	h.Title, h.Crumb = "Incident "+which.String(), &ui.Link{Text: "Incidents", URL: "/admin/trust/incidents"}
	return web.Show(v, r.pages.incident, h, p)
}

func by(name string) string {
	if name == "" {
		return ""
	}
	return "by " + name
}

// describe puts an incident into the page. Only the officer learns who reported.
func (r *room) describe(v *web.Visit, i incident.Incident, names names) incidentPage {
	status := stateTones[i.State]
	p := incidentPage{ID: i.ID, Report: i.Report, Open: i.State != incident.Closed, Facts: []ui.Fact{
		{Term: "State", Text: "", Status: &status},
		{Term: "Detected", Text: ui.When("en", v.Local(i.DetectedAt))},
		{Term: "Reported by", Text: "shown to the data protection officer alone"},
	}}
	if v.May(staff.Oversee) {
		if p.Facts[2].Text = names.of(i.Reporter); i.Reporter == "" {
			p.Facts[2].Text = "somebody who did not want to be named"
		}
	}
	if i.State == incident.Closed {
		p.Facts = append(p.Facts, ui.Fact{Term: "Decision", Text: string(i.Decision), Note: i.Reasoning},
			ui.Fact{Term: "Proposed, approved", Text: names.of(i.ProposedBy) + ", " + names.of(i.ApprovedBy), Note: ui.When("en", v.Local(i.ClosedAt))})
	}
	if i.State == incident.Proposed {
		p.Approve = &decision{string(i.Decision), i.Reasoning, names.of(i.ProposedBy), i.ProposedBy == v.Actor()}
	}
	for _, k := range incident.Kinds {
		p.Kinds = append(p.Kinds, ui.Choice{ID: string(k), Name: "kind", Value: string(k), Label: breachWords[k], Chosen: slices.Contains(i.Kinds, k)})
	}
	p.Classes = ui.Field{ID: "classes", Name: "classes", Label: "Kinds of data", Hint: "Joined by commas, such as names, addresses, orders", Value: strings.Join(i.Classes, ", ")}
	p.People = ui.Field{ID: "people", Name: "people", Label: "People by country", Hint: "A line for each, such as DE 120", Lines: 3, Value: peopleText(i.People)}
	p.Cause = ui.Field{ID: "cause", Name: "cause", Label: "Cause", Lines: 2, Value: i.Cause}
	p.Effects = ui.Field{ID: "effects", Name: "effects", Label: "Effects on people", Lines: 2, Value: i.Effects}
	p.Measures = ui.Field{ID: "measures", Name: "measures", Label: "What was done about it", Lines: 2, Value: i.Measures}
	p.Note = ui.Field{ID: "note", Name: "note", Label: "Add a remark", Lines: 2}
	p.Reason = ui.Field{ID: "reasoning", Name: "reasoning", Label: "Why", Lines: 3, Required: true}
	p.Decision = []ui.Choice{
		{ID: "d-notified", Name: "decision", Value: string(incident.Notified), Label: "Notified", Radio: true, Required: true},
		{ID: "d-not", Name: "decision", Value: string(incident.NotNotified), Label: "Not notified", Radio: true, Required: true},
	}
	return p
}

func peopleText(list []incident.Count) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Residence+" "+strconv.FormatInt(c.People, 10))
	}
	return strings.Join(out, "\n")
}
