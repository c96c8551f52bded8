package web

import (
	"candor/internal/staff"
	"candor/internal/ui"
)

type commitPage struct {
	Next   string
	Words  string
	Choice ui.Choice
}

var commitHead = Head{Title: "Confidentiality", Intro: "Whoever works with customers' data promises this first. It is recorded with your name and today's date."}

func (s *Shell) showCommit(v *Visit) error {
	return s.onStep(v, func(staff.SignIn) error { return s.renderCommit(v, commitHead, "") })
}

func (s *Shell) renderCommit(v *Visit, h Head, wrong string) error {
	return Show(v, s.pages.commit, h, commitPage{v.Form("next"), staff.Commitment,
		ui.Choice{ID: "promise", Name: "promise", Value: "yes", Label: "I promise", Required: true, Error: wrong}})
}

// commit records the promise and opens the session.
func (s *Shell) commit(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error {
		if v.Form("promise") != "yes" {
			return s.renderCommit(v, commitHead.Wrong(), "Without this promise nobody works with customers' data.")
		}
		if err := v.Staff.Commit(v.Context(), in, staff.Commitment); err != nil {
			return err
		}
		return v.goOn(in)
	})
}
