package app

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"strings"
	"sync/atomic"

	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
)

// DemoSignIn is how the sample administrator gets in.
type DemoSignIn struct {
	URL      string `json:"-"` // signs in once, in one click
	Email    string `json:"email"`
	Password string `json:"password"`
	Secret   string `json:"authenticator_key"`
}

// The sample administrator, who holds several roles so that a newcomer sees every
// room.
const (
	demoName  = "Kim Lindqvist"
	demoEmail = "kim@halm.example"
)

var demoRoles = []string{staff.Administrator, "marketer", "support", "privacy"}

// letIn gives the sample administrator a password and an authenticator, as an
// invitation does, and serves a link that signs in with both. There is no other
// way in, in the demo as anywhere.
func (d *Demo) letIn(ctx context.Context) error {
	a := d.App
	d.SignIn = DemoSignIn{Email: demoEmail, Password: secretWords()}
	invitation := ""
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := d.administrator(tx)
		if err != nil {
			return err
		}
		d.admin = who
		invitation, err = a.Staff.Invite(tx, who, term.ByEngine)
		return err
	})
	if err != nil {
		return err
	}
	in, err := a.Staff.Accept(ctx, invitation, d.SignIn.Password)
	if err != nil {
		return err
	}
	in, e, err := a.Staff.Enrolment(ctx, in, sample.Halm().Business.Name)
	if err != nil {
		return err
	}
	d.SignIn.Secret = e.Secret
	code, err := staff.Code(e.Secret, a.Clock.Now())
	if err != nil {
		return err
	}
	in, recovery, err := a.Staff.Enrol(ctx, in, code)
	if err != nil {
		return err
	}
	if err := a.Staff.Commit(ctx, in, staff.WordsOf(sample.Halm()).Version); err != nil {
		return err
	}
	path := "/demo/sign-in/" + secretWords()
	d.SignIn.URL = a.Config.URL + path
	a.more = map[string]http.HandlerFunc{"GET " + path: d.signInOnce(recovery[0])}
	return nil
}

// administrator finds or adds the person with the roles.
func (d *Demo) administrator(tx *db.Tx) (id.Staff, error) {
	a := d.App
	people, err := a.Staff.List(tx, 0, 1)
	if err != nil || len(people) > 0 {
		return firstOf(people), err
	}
	who, err := a.Staff.Add(tx, staff.NewPerson{Name: personal.Seal(demoName), Email: personal.Seal(demoEmail)}, term.ByEngine)
	for _, role := range demoRoles {
		if err != nil {
			return who, err
		}
		err = a.Staff.Give(tx, who, sample.Halm().Business.ID, role, term.ByEngine)
	}
	return who, err
}

func firstOf(people []staff.Person) id.Staff {
	if len(people) == 0 {
		return 0
	}
	return people[0].ID
}

// signInOnce types the password and a recovery code for the newcomer.
func (d *Demo) signInOnce(recovery string) http.HandlerFunc {
	var used atomic.Bool
	return func(w http.ResponseWriter, r *http.Request) {
		if used.Swap(true) {
			http.Redirect(w, r, "/admin/", http.StatusSeeOther)
			return
		}
		in, err := d.App.Staff.Begin(r.Context(), personal.Seal(d.SignIn.Email), personal.Seal(d.SignIn.Password), "demo")
		if err == nil {
			in, err = d.App.Staff.Show(r.Context(), in, recovery)
		}
		if err != nil {
			d.App.Log.Error("the demo's link failed", "code", errs.CodeOf(err))
			http.Redirect(w, r, "/admin/", http.StatusSeeOther)
			return
		}
		d.App.Web.GoOn(w, r, in)
	}
}

// secretWords makes a password that can be typed.
func secretWords() string {
	raw := make([]byte, 15)
	_, _ = rand.Read(raw)
	s := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
	return s[:6] + "-" + s[6:12] + "-" + s[12:18] + "-" + s[18:]
}
