package web

import (
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
)

// passkeyForm asks a browser for a passkey's answer. The zero form is not shown.
type passkeyForm struct {
	Action  string
	Options string
	Sealed  string
	Next    string
	Button  string
}

func formOf(q staff.Question, action, button string) passkeyForm {
	return passkeyForm{Action: action, Options: q.Options, Sealed: q.Sealed, Button: button}
}

// signInForm lets whoever has a passkey in without typing anything.
func (s *Shell) signInForm(v *Visit) (passkeyForm, error) {
	if !v.Staff.TakesPasskeys() {
		return passkeyForm{}, nil
	}
	q, err := v.Staff.AskPasskey()
	f := formOf(q, "/admin/sign-in/passkey", "Sign in with a passkey")
	f.Next = v.Form("next")
	return f, err
}

// signInPasskey takes the answer of a passkey. It is both factors.
func (s *Shell) signInPasskey(v *Visit) error {
	in, err := v.Staff.BeginWithPasskey(v.Context(), v.R.PostFormValue("question"), v.R.PostFormValue("answer"), network(v.R))
	if code := errs.CodeOf(err); code == staff.BadPasskey || code == staff.TooManyTries {
		return s.renderSignIn(v, signInHead.Wrong(), "", Sentence(err))
	}
	if err != nil {
		return err
	}
	return v.goOn(in)
}

// proveForm lets whoever has a passkey prove with it that it is them.
func (s *Shell) proveForm(v *Visit) (passkeyForm, error) {
	var q staff.Question
	err := v.Read(func(tx *db.Tx) (err error) {
		q, err = v.Staff.AskOwnPasskey(tx, v.Who)
		return err
	})
	if errs.CodeOf(err) == staff.BadPasskey {
		return passkeyForm{}, nil
	}
	f := formOf(q, "/admin/prove/passkey", "Use a passkey")
	f.Next = ours(v.Form("next"))
	return f, err
}

// provePasskey makes the session fresh and goes back to what was wanted.
func (s *Shell) provePasskey(v *Visit) error {
	err := v.Staff.ProveWithPasskey(v.Context(), v.Who, v.R.PostFormValue("question"), v.R.PostFormValue("answer"))
	if errs.CodeOf(err) == staff.BadPasskey {
		return s.renderProve(v, proveHead.Wrong(), Sentence(err))
	}
	if err != nil {
		return err
	}
	return v.Redirect(ours(v.Form("next")))
}

type passkeyPage struct {
	Name ui.Field
	Form passkeyForm
}

var passkeyHead = Head{Title: "Add a passkey", Crumb: &ui.Link{Text: "Your account", URL: "/admin/account"},
	Intro: "A passkey signs you in with your device's PIN, your finger or your face: nothing to type, and no page that only looks like ours can use it."}

func (s *Shell) showPasskey(v *Visit) error { return s.renderPasskey(v, passkeyHead, nil) }

func (s *Shell) renderPasskey(v *Visit, h Head, wrong error) error {
	var q staff.Question
	err := v.Read(func(tx *db.Tx) (err error) {
		q, err = v.Staff.AskNewPasskey(tx, v.Who)
		return err
	})
	if err != nil {
		return err
	}
	page := passkeyPage{
		Name: ui.Field{ID: "name", Name: "name", Label: "What do you call it?", Value: v.Form("name"), Max: 60, Required: true,
			Hint: "So that you know it again in your account, such as “work laptop”."},
		Form: formOf(q, "/admin/account/passkeys", "Make the passkey"),
	}
	Note(wrong, &page.Name)
	return Show(v, s.pages.passkey, h, page)
}

// addPasskey keeps the passkey that the device has made.
func (s *Shell) addPasskey(v *Visit) error {
	err := v.Staff.AddPasskey(v.Context(), v.Who, v.Form("name"), v.R.PostFormValue("question"), v.R.PostFormValue("answer"))
	if errs.Is(err, errs.Invalid) {
		return s.renderPasskey(v, passkeyHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return v.Done("/admin/account", "The passkey is ready. Sign in with it next time.")
}

type passkeyRow struct {
	ID      id.Passkey
	Name    ui.Field
	AddedAt time.Time
	UsedAt  time.Time
	Used    bool
}

// passkeyRows lists the visitor's own.
func passkeyRows(v *Visit, tx *db.Tx) ([]passkeyRow, error) {
	keys, err := v.Staff.Passkeys(tx, v.Who.Person.ID)
	var out []passkeyRow
	for _, k := range keys {
		out = append(out, passkeyRow{ID: k.ID, AddedAt: v.Local(k.AddedAt), UsedAt: v.Local(k.UsedAt), Used: k.UsedAt != 0,
			Name: ui.Field{ID: "name-" + k.ID.String(), Name: "name", Label: "Name", Value: k.Name, Max: 60, Required: true}})
	}
	return out, err
}

// ownPasskey runs a change of one of the visitor's passkeys.
func ownPasskey(v *Visit, said string, change func(tx *db.Tx, which id.Passkey) error) error {
	which, err := id.Parse[id.Passkey](v.R.PathValue("passkey"))
	if err != nil {
		return notFound(v)
	}
	if err := v.Write(func(tx *db.Tx) error { return change(tx, which) }); err != nil {
		return err
	}
	return v.Done("/admin/account", said)
}

// renamePasskey gives one another name.
func (s *Shell) renamePasskey(v *Visit) error {
	return ownPasskey(v, "The passkey has its new name.", func(tx *db.Tx, which id.Passkey) error {
		return v.Staff.RenamePasskey(tx, v.Who, which, v.Form("name"))
	})
}

// removePasskey forgets one.
func (s *Shell) removePasskey(v *Visit) error {
	return ownPasskey(v, "The passkey is removed. It signs nobody in any more; you may delete it on the device, too.", func(tx *db.Tx, which id.Passkey) error {
		return v.Staff.RemovePasskey(tx, v.Who, which)
	})
}
