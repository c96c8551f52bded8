package web

import (
	"candor/internal/db"
)

// signOut ends this session and clears what the browser keeps of us.
func (s *Shell) signOut(v *Visit) error {
	err := v.Write(func(tx *db.Tx) error {
		return v.Staff.End(tx, v.Who.Person.ID, v.Who.Session.ID, v.Actor())
	})
	if err != nil {
		return err
	}
	return v.leave()
}

// signOutEverywhere ends every session of the visitor.
func (s *Shell) signOutEverywhere(v *Visit) error {
	err := v.Write(func(tx *db.Tx) error { return v.Staff.EndAll(tx, v.Who.Person.ID, v.Actor()) })
	if err != nil {
		return err
	}
	return v.leave()
}

func (v *Visit) leave() error {
	v.setCookie(sessionCookie, "", 0)
	v.W.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	return v.Redirect("/admin/sign-in")
}
