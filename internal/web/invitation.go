package web

import (
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
)

type invitationPage struct {
	Name     string
	Email    ui.Field // so that a password manager files the password under it
	Password ui.Field
}

var invitationHead = Head{Title: "Choose a password"}

func (s *Shell) showInvitation(v *Visit) error { return s.renderInvitation(v, invitationHead, nil) }

func (s *Shell) renderInvitation(v *Visit, h Head, wrong error) error {
	var p staff.Person
	err := v.Read(func(tx *db.Tx) (err error) {
		p, err = v.Staff.Invited(tx, v.R.PathValue("secret"))
		return err
	})
	if err != nil {
		return err
	}
	page := invitationPage{Name: p.Name.Reveal(), Password: newPassword(),
		Email: ui.Field{ID: "email", Name: "email", Label: "Your e-mail address", Type: "email", Autocomplete: "username", Value: p.Email.Reveal(), Required: true}}
	Note(wrong, &page.Password)
	return Show(v, s.pages.invitation, h, page)
}

// accept sets the password and goes on to the second factor.
func (s *Shell) accept(v *Visit) error {
	in, err := v.Staff.Accept(v.Context(), v.R.PathValue("secret"), v.R.PostFormValue("password"))
	if errs.CodeOf(err) == staff.BadPassword {
		return s.renderInvitation(v, invitationHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return v.goOn(in)
}
