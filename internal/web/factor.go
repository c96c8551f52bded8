package web

import (
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
)

type factorPage struct {
	Next string
	Code ui.Field
}

var factorHead = Head{Title: "Second factor", Intro: "Type the code that your authenticator shows, or one of your recovery codes."}

func (s *Shell) showFactor(v *Visit) error {
	return s.onStep(v, func(staff.SignIn) error { return s.renderFactor(v, factorHead, "") })
}

func (s *Shell) renderFactor(v *Visit, h Head, wrong string) error {
	return Show(v, s.pages.factor, h, factorPage{v.Form("next"), codeField(wrong)})
}

func codeField(wrong string) ui.Field {
	return ui.Field{ID: "code", Name: "code", Label: "Code", Autocomplete: "one-time-code", InputMode: "text", Code: true, Max: 20, Required: true, Error: wrong}
}

// factor takes a code of the authenticator or a recovery code.
func (s *Shell) factor(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error {
		shown, err := v.Staff.Show(v.Context(), in, v.Form("code"))
		if code := errs.CodeOf(err); code == staff.WrongCode || code == staff.TooManyTries {
			return s.renderFactor(v, factorHead.Wrong(), Sentence(err))
		}
		if err != nil {
			return err
		}
		return v.goOn(shown)
	})
}
