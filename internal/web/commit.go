package web

import (
	"candor/internal/staff"
	"candor/internal/ui"
)

// commitment is the promise, in the words that are recorded (GDPR 28(3)(b), 29,
// 32(4)).
const commitment = "I use customers' data only on the business's instructions and for the purpose at hand, " +
	"keep them confidential during my work here and after it, and report at once when I think that something went wrong."

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
	return Show(v, s.pages.commit, h, commitPage{v.Form("next"), commitment,
		ui.Choice{ID: "promise", Name: "promise", Value: "yes", Label: "I promise", Required: true, Error: wrong}})
}

// commit records the promise and opens the session.
func (s *Shell) commit(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error {
		if v.Form("promise") != "yes" {
			return s.renderCommit(v, commitHead.Wrong(), "Without this promise nobody works with customers' data.")
		}
		if err := v.Staff.Commit(v.Context(), in, commitment); err != nil {
			return err
		}
		return v.goOn(in)
	})
}
