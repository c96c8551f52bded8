package web

import (
	"errors"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
)

type firstPage struct {
	Code     ui.Field
	Name     ui.Field
	Email    ui.Field
	Password ui.Field
}

var firstHead = Head{Title: "Set up Candor", Intro: "You will be the first administrator. The code was printed when the server started; it works once and for an hour."}

// bySetup is who acts when nobody is there yet.
const bySetup term.Actor = "setup"

func (s *Shell) showFirst(v *Visit) error {
	known, err := s.hasAdministrator(v)
	if err != nil || known {
		if err == nil {
			err = v.Redirect("/admin/sign-in")
		}
		return err
	}
	return s.renderFirst(v, firstHead, nil)
}

func (s *Shell) hasAdministrator(v *Visit) (known bool, err error) {
	err = v.Read(func(tx *db.Tx) error {
		known, err = v.Staff.HasAdministrator(tx)
		return err
	})
	return known, err
}

func (s *Shell) renderFirst(v *Visit, h Head, wrong error) error {
	page := firstPage{
		Code:     ui.Field{ID: "code", Name: "code", Label: "Set-up code", Autocomplete: "off", Max: 100, Required: true, Value: v.Form("code")},
		Name:     ui.Field{ID: "name", Name: "name", Label: "Your name", Autocomplete: "name", Max: 100, Required: true, Value: v.Form("name")},
		Email:    ui.Field{ID: "email", Name: "email", Label: "Your e-mail address", Type: "email", Autocomplete: "username", Max: 254, Required: true, Value: v.Form("email")},
		Password: newPassword(),
	}
	Note(wrong, &page.Code, &page.Name, &page.Email, &page.Password)
	return Show(v, s.pages.first, h, page)
}

func newPassword() ui.Field {
	return ui.Field{ID: "password", Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Max: staff.MaxPassword, Required: true,
		Hint: "At least 15 characters. Four or five words that do not belong together are easy to remember and hard to guess."}
}

// Note puts what is wrong under the field it concerns, or under the first.
func Note(wrong error, fields ...*ui.Field) {
	e, ok := errors.AsType[*errs.Error](wrong)
	if !ok {
		return
	}
	for _, f := range fields {
		if f.Name == e.Field {
			f.Error = e.Msg
			return
		}
	}
	fields[0].Error = e.Msg
}

// first makes the first administrator and goes on to the second factor.
func (s *Shell) first(v *Visit) error {
	if known, err := s.hasAdministrator(v); err != nil || known {
		if err == nil {
			err = v.Redirect("/admin/sign-in")
		}
		return err
	}
	password, name, email := v.R.PostFormValue("password"), v.Form("name"), v.Form("email")
	secret := ""
	err := staff.CheckPassword(password, name, email)
	if err == nil {
		err = v.Write(func(tx *db.Tx) error {
			if err := v.UseSetupCode(tx, v.Form("code")); err != nil {
				return err
			}
			secret, err = v.addFirst(tx, name, email)
			return err
		})
	}
	if kind := errs.KindOf(err); err != nil && kind != errs.Internal && kind != errs.Unavailable {
		return s.renderFirst(v, firstHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	in, err := v.Staff.Accept(v.Context(), secret, password)
	if err != nil {
		return err
	}
	return v.goOn(in)
}

func (v *Visit) addFirst(tx *db.Tx, name, email string) (string, error) {
	c, err := v.Charter.Current(tx)
	if err != nil {
		return "", err
	}
	who, err := v.Staff.Add(tx, staff.NewPerson{Name: personal.Seal(name), Email: personal.Seal(email)}, bySetup)
	if err != nil {
		return "", err
	}
	if err := v.Staff.Give(tx, who, c.Business.ID, staff.Administrator, bySetup); err != nil {
		return "", err
	}
	return v.Staff.Invite(tx, who, bySetup)
}
