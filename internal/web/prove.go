package web

import (
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
)

type provePage struct {
	Next    string
	Code    ui.Field
	Passkey passkeyForm
	SignOn  signOnLink
}

var proveHead = Head{Title: "Is it you?", Intro: "What you are about to do is sensitive. Type a code of your authenticator; it counts for five minutes."}

func (s *Shell) showProve(v *Visit) error { return s.renderProve(v, proveHead, "") }

func (s *Shell) renderProve(v *Visit, h Head, wrong string) error {
	passkey, err := s.proveForm(v)
	if err != nil {
		return err
	}
	return Show(v, s.pages.prove, h, provePage{ours(v.Form("next")), codeField(wrong), passkey, v.signOnLink(signOnProve, "Confirm with")})
}

// prove makes the session fresh and goes back to what was wanted.
func (s *Shell) prove(v *Visit) error {
	err := v.Staff.Prove(v.Context(), v.Who, v.Form("code"))
	if code := errs.CodeOf(err); code == staff.WrongCode || code == staff.TooManyTries {
		return s.renderProve(v, proveHead.Wrong(), Sentence(err))
	}
	if err != nil {
		return err
	}
	return v.Redirect(ours(v.Form("next")))
}
