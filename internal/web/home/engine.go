package home

import (
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web"
)

// engine says whether proof, background work and counting are well.
func (r *room) engine(v *web.Visit, p *page) error {
	well := ui.Status{Tone: ui.Good, Text: "well"}
	proof := ui.Fact{Term: "Ledger", Text: "Checkpoints are signed every second", Status: &well}
	if err := r.Ledger.Health(); err != nil {
		proof.Text, proof.Status = "No new checkpoints: see the log", &ui.Status{Tone: ui.Bad, Text: string(errs.CodeOf(err))}
	}
	if err := r.Ledger.Refused(); err != nil {
		proof.Text, proof.Status = "A witness has seen another history: run candor ledger verify and tell the officer", &ui.Status{Tone: ui.Bad, Text: string(errs.CodeOf(err))}
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
	counting := ui.Fact{Term: "Audiences", Text: "Counted from memory, up to date", Status: &well}
	if !r.Audience.Indexed(v.Who.Charter) {
		counting.Text, counting.Status = "Counted in the database while the index catches up", &ui.Status{Tone: ui.Warn, Text: "slower"}
	}
	p.Engine = append(p.Engine, proof, work, counting)
	return nil
}
