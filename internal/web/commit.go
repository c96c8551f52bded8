package web

import (
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
)

type commitPage struct {
	URL    string
	Next   string
	Words  staff.Words
	Choice ui.Choice
}

var (
	commitHead = Head{Title: "Confidentiality", Intro: "Whoever works with customers' data promises this first. It is recorded with your name and today's date."}
	againHead  = Head{Title: "Confidentiality", Intro: "The words of the promise have changed since you made it. Read them and promise anew; then you go on where you were."}
)

const (
	commitURL = "/admin/sign-in/commitment"
	againURL  = "/admin/commitment"
)

func (s *Shell) showCommit(v *Visit) error {
	return s.onStep(v, func(staff.SignIn) error { return s.renderCommit(v, commitHead, commitURL, "") })
}

func (s *Shell) renderCommit(v *Visit, h Head, to, wrong string) error {
	var c *charter.Charter
	err := v.Read(func(tx *db.Tx) (err error) {
		c, err = v.Charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	return Show(v, s.pages.commit, h, commitPage{to, v.Form("next"), staff.WordsOf(c),
		ui.Choice{ID: "promise", Name: "promise", Value: "yes", Label: "I promise", Required: true, Error: wrong}})
}

// commit records the promise and opens the session.
func (s *Shell) commit(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error {
		wrong, err := v.promises(func(version string) error { return v.Staff.Commit(v.Context(), in, version) })
		if wrong != "" {
			return s.renderCommit(v, commitHead.Wrong(), commitURL, wrong)
		}
		if err != nil {
			return err
		}
		return v.goOn(in)
	})
}

// promises records the promise of a form, and says what was wrong with it.
func (v *Visit) promises(record func(version string) error) (wrong string, err error) {
	if v.Form("promise") != "yes" {
		return "Without this promise nobody works with customers' data.", nil
	}
	err = record(v.Form("words"))
	if errs.CodeOf(err) == staff.WordsChanged {
		return Sentence(err), nil
	}
	return "", err
}

// showCommitAgain asks whoever is signed in for the promise in new words.
func (s *Shell) showCommitAgain(v *Visit) error { return s.renderCommit(v, againHead, againURL, "") }

// commitAgain records it and goes back to what was wanted.
func (s *Shell) commitAgain(v *Visit) error {
	wrong, err := v.promises(func(version string) error {
		return v.Write(func(tx *db.Tx) error { return v.Staff.CommitAgain(tx, v.Who, version) })
	})
	if wrong != "" {
		return s.renderCommit(v, againHead.Wrong(), againURL, wrong)
	}
	if err != nil {
		return err
	}
	return v.Redirect(ours(v.Form("next")))
}
