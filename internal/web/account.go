package web

import (
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
)

type accountPage struct {
	Facts         []ui.Fact
	TakesPasskeys bool
	Passkeys      []passkeyRow
	Sessions      []sessionRow
	Recovery      int
	Roles         []staff.Role
	Weekly        bool       // the mail on Mondays
	SignOn        signOnLink // to connect it; zero when it is, or there is none
}

type sessionRow struct {
	ID       id.Session
	Device   string
	Factor   string
	OpenedAt time.Time
	SeenAt   time.Time
	This     bool
}

func (s *Shell) showAccount(v *Visit) error {
	p := v.Who.Person
	page := accountPage{TakesPasskeys: v.Staff.TakesPasskeys(), Facts: []ui.Fact{
		{Term: "Name", Text: p.Name.Reveal()},
		{Term: "E-mail address", Text: p.Email.Reveal()},
		{Term: "Second factor", Text: factorWords(p), Status: &ui.Status{Tone: ui.Good, Text: "in use"}},
		{Term: "Confidentiality", Text: "promised on " + ui.Date("en", v.Local(p.CommittedAt))},
	}}
	for _, r := range staff.Roles(v.Who.Charter) {
		for _, held := range v.Who.Rights.Roles {
			if r.ID == held {
				page.Roles = append(page.Roles, r)
			}
		}
	}
	err := v.Read(func(tx *db.Tx) error {
		open, err := v.Staff.Sessions(tx, p.ID)
		if err != nil {
			return err
		}
		for _, o := range open {
			page.Sessions = append(page.Sessions, sessionRow{o.ID, o.Device, o.Factor, v.Local(o.OpenedAt), v.Local(o.SeenAt), o.ID == v.Who.Session.ID})
		}
		if page.Passkeys, err = passkeyRows(v, tx); err != nil {
			return err
		}
		if err := s.signOnOf(v, tx, &page); err != nil {
			return err
		}
		if page.Weekly, err = v.Staff.WantsWeekly(tx, p.ID); err != nil {
			return err
		}
		page.Recovery, err = staff.RecoveryLeft(tx, p)
		return err
	})
	if err != nil {
		return err
	}
	return Show(v, s.pages.account, Head{Title: "Your account"}, page)
}

func factorWords(p staff.Person) string {
	if p.HasFactor {
		return "Authenticator app"
	}
	return "The one of your single sign-on"
}

// signOnOf says whether the visitor's single sign-on is connected.
func (s *Shell) signOnOf(v *Visit, tx *db.Tx, page *accountPage) error {
	if v.Staff.SignOn == nil {
		return nil
	}
	connected, err := v.Staff.Connected(tx, v.Who.Person.ID)
	if connected {
		page.Facts = append(page.Facts, ui.Fact{Term: "Single sign-on", Text: v.Staff.SignOn.Name, Status: &ui.Status{Tone: ui.Good, Text: "connected"}})
	} else {
		page.SignOn = v.signOnLink("/admin/account/provider", "Connect")
	}
	return err
}

// endSession ends another session of the visitor.
func (s *Shell) endSession(v *Visit) error {
	session, err := id.Parse[id.Session](v.R.PathValue("session"))
	if err != nil {
		return errs.New(errs.NotFound, staff.NoSession, "this session has ended already")
	}
	err = v.Write(func(tx *db.Tx) error { return v.Staff.End(tx, v.Who.Person.ID, session, v.Actor()) })
	if err != nil {
		return err
	}
	if session == v.Who.Session.ID {
		return v.leave()
	}
	return v.Done("/admin/account", "The session has ended.")
}

// newCodes replaces the recovery codes and shows the new ones.
func (s *Shell) newCodes(v *Visit) error {
	var codes []string
	err := v.Write(func(tx *db.Tx) (err error) {
		codes, err = v.Staff.NewRecoveryCodes(tx, v.Who)
		return err
	})
	if err != nil {
		return err
	}
	return Show(v, s.pages.codes, codesHead, codesPage{codes, "/admin/account"})
}

// wantWeekly switches the visitor's mail on Mondays on or off.
func (s *Shell) wantWeekly(v *Visit) error {
	wants := v.Form("wants") == "yes"
	err := v.Write(func(tx *db.Tx) error { return v.Staff.WantWeekly(tx, v.Who.Person.ID, wants) })
	if err != nil {
		return err
	}
	if wants {
		return v.Done("/admin/account", "You get the mail from next Monday.")
	}
	return v.Done("/admin/account", "You get no weekly mail any more.")
}
