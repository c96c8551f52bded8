package trust

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/ui"
	"candor/internal/web"
)

type evidencePage struct {
	AsOf  ui.Field
	Key   string
	Days  []evidence.Day
	Pages ui.Pages
}

const daysPerPage = 31

// showEvidence lists the days whose evidence was kept, and asks for one.
func (r *room) showEvidence(v *web.Visit) error {
	today := clock.DateOf(v.Clock.Now().Time()).String()
	p := evidencePage{Key: r.Ledger.VerifierKey(), AsOf: ui.Field{ID: "as_of", Name: "as_of", Label: "As of", Type: "date", Value: today, Required: true}}
	err := v.Read(func(tx *db.Tx) (err error) {
		p.Days, err = r.Evidence.Days(tx, v.Form("after"), daysPerPage+1)
		return err
	})
	if err != nil {
		return err
	}
	if len(p.Days) > daysPerPage {
		p.Days = p.Days[:daysPerPage]
		p.Pages.Next = v.With("after", p.Days[daysPerPage-1].Day)
	}
	return web.Show(v, r.pages.evidence, web.Head{Title: "Evidence",
		Intro: "What was in force on any day: the law, the promise and its notices, commitments of staff, recipients, decisions, findings and deadlines. Kept once a day, signed, and the same bytes whenever it is asked for.",
	}, p)
}

// evidencePack gives the pack of a day as a file.
func (r *room) evidencePack(v *web.Visit) error {
	day, ok := day(v, "as_of")
	if !ok {
		return errs.New(errs.Invalid, "bad_date", "choose a day, such as 2026-03-01").On("as_of")
	}
	pack, err := r.Evidence.Pack(v.Context(), day)
	if err != nil {
		return err
	}
	return v.File("evidence-"+day.String()+".txt", "text/plain; charset=utf-8", pack)
}
