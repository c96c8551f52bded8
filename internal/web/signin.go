package web

import (
	"net/http"
	"net/url"
	"time"

	"candor/internal/errs"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/ui"
)

type signInPage struct {
	Next     string
	Email    ui.Field
	Password ui.Field
	Passkey  passkeyForm
	SignOn   signOnLink
}

var signInHead = Head{Title: "Sign in"}

func (s *Shell) showSignIn(v *Visit) error {
	known, err := s.hasAdministrator(v)
	if err != nil {
		return err
	}
	if !known {
		return v.Redirect("/admin/first")
	}
	return s.renderSignIn(v, signInHead, "", "")
}

func (s *Shell) renderSignIn(v *Visit, h Head, email, wrong string) error {
	passkey, err := s.signInForm(v)
	if err != nil {
		return err
	}
	return Show(v, s.pages.signIn, h, signInPage{
		Passkey:  passkey,
		SignOn:   v.signOnLink(signOnURL, "Sign in with"),
		Next:     v.Form("next"),
		Email:    ui.Field{ID: "email", Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Max: 254, Required: true, Value: email, Error: wrong},
		Password: ui.Field{ID: "password", Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Max: staff.MaxPassword, Required: true},
	})
}

// signIn takes address and password. It opens nothing: the second factor comes
// next.
func (s *Shell) signIn(v *Visit) error {
	email := v.Form("email")
	in, err := v.Staff.Begin(v.Context(), personal.Seal(email), personal.Seal(v.R.PostFormValue("password")), network(v.R))
	if code := errs.CodeOf(err); code == staff.WrongPassword || code == staff.TooManyTries {
		h := signInHead.Wrong()
		return s.renderSignIn(v, h, email, Sentence(err))
	}
	if err != nil {
		return err
	}
	return v.goOn(in)
}

// goOn leads a sign-in to its next step; after the last it opens the session.
func (v *Visit) goOn(in staff.SignIn) error { return v.goOnTo(in, v.Form("next")) }

// goOnTo is goOn for a sign-in that was begun on another page.
func (v *Visit) goOnTo(in staff.SignIn, wanted string) error {
	step, err := v.Staff.Next(v.Context(), in)
	if err != nil {
		return err
	}
	if step == staff.StepOpen {
		return v.openSession(in, wanted)
	}
	if err := v.remember(in); err != nil {
		return err
	}
	to := map[staff.Step]string{staff.StepEnrol: "/admin/sign-in/enrol", staff.StepFactor: "/admin/sign-in/factor", staff.StepCommit: "/admin/sign-in/commitment"}[step]
	return v.Redirect(to + next(wanted))
}

// next carries on where the visitor wanted to go.
func next(wanted string) string {
	if wanted != "" {
		return "?next=" + url.QueryEscape(ours(wanted))
	}
	return ""
}

// remember keeps a sign-in on its way in the browser, sealed.
func (v *Visit) remember(in staff.SignIn) error {
	sealed, err := v.Staff.Seal(in)
	v.setCookie(signInCookie, sealed, 15*time.Minute)
	return err
}

// onItsWay gives the sign-in that this browser is in the middle of.
func (v *Visit) onItsWay() (staff.SignIn, error) { return v.Staff.Unseal(v.cookie(signInCookie)) }

// openSession ends the sign-in with a session.
func (v *Visit) openSession(in staff.SignIn, wanted string) error {
	secret, err := v.Staff.Open(v.Context(), in, device(v.R))
	if err != nil {
		return err
	}
	v.setCookie(signInCookie, "", 0)
	v.setCookie(sessionCookie, secret, staff.SessionLives)
	return v.Redirect(ours(wanted))
}

// GoOn leads a sign-in that began elsewhere, such as the demo's link, through
// the steps that it still needs.
func (s *Shell) GoOn(w http.ResponseWriter, r *http.Request, in staff.SignIn) {
	v := &Visit{Shell: s, W: w, R: r}
	if err := v.goOn(in); err != nil {
		s.fail(v, err)
	}
}

// onStep runs a step of a sign-in, or starts it over when it took too long.
func (s *Shell) onStep(v *Visit, do func(in staff.SignIn) error) error {
	in, err := v.onItsWay()
	if err == nil {
		err = do(in)
	}
	if errs.CodeOf(err) == staff.NoSession {
		return v.Redirect("/admin/sign-in")
	}
	return err
}
