package home

import (
	"time"

	"candor/internal/campaign"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/ui"
	"candor/internal/web"
)

// task is something that waits for the reader.
type task struct {
	Text   string
	URL    string // "" when the room that does it is not the reader's
	Status ui.Status
}

// shown is how many things of one kind the page names.
const shown = 5

// campaigns names drafts, and campaigns that stopped on their own.
func (r *room) campaigns(v *web.Visit, p *page) error {
	list, err := r.Campaigns.List(v.Context(), 0, 50)
	if err != nil {
		return err
	}
	n := 0
	for _, c := range list {
		t := task{Text: c.Name}
		switch {
		case c.State == campaign.Draft:
			t.Status = ui.Status{Tone: ui.Plain, Text: "draft"}
		case c.State == campaign.Paused:
			t.Status = ui.Status{Tone: ui.Warn, Text: "paused"}
		default:
			continue
		}
		if n++; n <= shown {
			p.Tasks = append(p.Tasks, t)
		}
	}
	return nil
}

// soon is when a request's red line is near.
const soon = 7 * 24 * time.Hour

// requests names those that are open, with their red lines.
func (r *room) requests(v *web.Visit, p *page) error {
	open, err := r.Requests.List(v.Context(), request.Working, id.Request(0), shown)
	if err != nil {
		return err
	}
	for _, q := range open {
		tone := ui.Info
		if q.SafeDue.Sub(v.Now()) < soon {
			tone = ui.Bad
		}
		p.Tasks = append(p.Tasks, task{Text: "Request " + q.ID.String() + ": " + string(q.Kind),
			Status: ui.Status{Tone: tone, Text: "due " + ui.Date("en", q.SafeDue.Time())}})
	}
	return nil
}

// engine says whether proof and background work are well.
func (r *room) engine(v *web.Visit, p *page) error {
	well := ui.Status{Tone: ui.Good, Text: "well"}
	proof := ui.Fact{Term: "Ledger", Text: "Checkpoints are signed every second", Status: &well}
	if err := r.Ledger.Health(); err != nil {
		proof.Text, proof.Status = "No new checkpoints: see the log", &ui.Status{Tone: ui.Bad, Text: string(errs.CodeOf(err))}
	}
	dead, err := r.Jobs.Dead(v.Context(), 100)
	if err != nil {
		return err
	}
	work := ui.Fact{Term: "Background work", Text: "Nothing was given up in 30 days", Status: &well}
	if len(dead) > 0 {
		work.Text = "Given up after many tries: " + ui.Number("en", int64(len(dead)))
		work.Status = &ui.Status{Tone: ui.Bad, Text: dead[0].Kind}
	}
	p.Engine = append(p.Engine, proof, work)
	return nil
}
