package setup

import (
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/web"
)

// change runs one act on a member of staff and comes back to their page.
func (r *room) change(v *web.Visit, done string, act func(tx *db.Tx, who id.Staff) error) error {
	who, err := r.person(v)
	if err != nil {
		return err
	}
	if err := v.Write(func(tx *db.Tx) error { return act(tx, who) }); err != nil {
		return err
	}
	return v.Done("/admin/setup/staff/"+who.String(), done)
}

// giveRole gives a role; it counts from the next request on.
func (r *room) giveRole(v *web.Visit) error {
	return r.change(v, "The role is given.", func(tx *db.Tx, who id.Staff) error {
		return r.Staff.Give(tx, who, v.Brand(), v.Form("role"), v.Actor())
	})
}

// takeRole takes a role away; it is gone at the next request.
func (r *room) takeRole(v *web.Visit) error {
	return r.change(v, "The role is taken away.", func(tx *db.Tx, who id.Staff) error {
		return r.Staff.Take(tx, who, v.Brand(), v.Form("role"), v.Actor())
	})
}

// confirmRole confirms that a role is still needed.
func (r *room) confirmRole(v *web.Visit) error {
	return r.change(v, "The role is confirmed for a quarter.", func(tx *db.Tx, who id.Staff) error {
		return r.Staff.Confirm(tx, who, v.Brand(), v.Form("role"), v.Actor())
	})
}

// leave ends somebody's work here: sessions, roles and factors end at once.
func (r *room) leave(v *web.Visit) error {
	return r.change(v, "They are out: sessions, roles and factors have ended.", func(tx *db.Tx, who id.Staff) error {
		return r.Staff.Leave(tx, who, v.Actor())
	})
}

// invite makes a new link; what they had before ends.
func (r *room) invite(v *web.Visit) error {
	who, err := r.person(v)
	if err != nil {
		return err
	}
	var s staff.Person
	secret := ""
	err = v.Write(func(tx *db.Tx) (err error) {
		if s, err = r.Staff.Get(tx, who); err != nil {
			return err
		}
		secret, err = r.Staff.Invite(tx, who, v.Actor())
		return err
	})
	if err != nil {
		return err
	}
	return r.showLink(v, who, web.NameOf(s), secret)
}
