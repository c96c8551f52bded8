package staff

import (
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// HasAdministrator tells whether somebody who works here holds the role, and it
// has not lapsed.
func (r *Roster) HasAdministrator(tx *db.Tx) (bool, error) {
	var n int64
	err := tx.QueryRow(`select count(*) from staff_role where role = $1 and confirmed_at > $2`, Administrator, r.Clock.Now().Add(-Confirmed)).Scan(&n)
	return n > 0, err
}

// stillAdministered keeps the last administrator.
func (r *Roster) stillAdministered(tx *db.Tx) error {
	has, err := r.HasAdministrator(tx)
	if err == nil && !has {
		err = errs.New(errs.Conflict, "last_administrator", "somebody must be able to administer; give the role to somebody else first").On("role")
	}
	return err
}

// Confirmed is how long a role lasts without being confirmed: a quarter, and two
// weeks to do it. ConfirmFrom is when pages begin to ask for it.
const (
	Confirmed   = 106 * 24 * time.Hour
	ConfirmFrom = 92 * 24 * time.Hour
)

// Lapsed tells whether a role has not been confirmed in time and gives nothing.
func (g Grant) Lapsed(now clock.Instant) bool { return now.Sub(g.ConfirmedAt) >= Confirmed }

// Confirm confirms that somebody still needs a role. Nobody confirms their own,
// unless no other person could.
func (r *Roster) Confirm(tx *db.Tx, who id.Staff, controller term.Controller, role string, by term.Actor) error {
	if by == Actor(who) {
		var others int64
		err := tx.QueryRow(`select count(*) from staff_role where role = $1 and staff_id <> $2 and confirmed_at > $3`,
			Administrator, who, r.Clock.Now().Add(-Confirmed)).Scan(&others)
		if err != nil {
			return err
		}
		if others > 0 {
			return errs.New(errs.Forbidden, errs.Role, "nobody confirms their own roles; ask somebody else who manages staff").On("role")
		}
	}
	n, err := tx.Exec(`update staff_role set confirmed_at = $4 where staff_id = $1 and controller = $2 and role = $3`, who, controller, role, r.Clock.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.NotFound, "no_such_role", "they do not hold this role").On("role")
	}
	return r.note(tx, KindRole, act{Staff: who, Act: "confirmed", Controller: controller, Role: role, By: by})
}

func grants(tx *db.Tx, who id.Staff) ([]Grant, error) {
	rows, err := tx.Query(`select controller, role, given_by, given_at, confirmed_at from staff_role where staff_id = $1 order by controller, role`, who)
	return db.Collect(rows, err, func(scan db.Scan) (Grant, error) {
		var g Grant
		return g, scan(&g.Controller, &g.Role, &g.GivenBy, &g.GivenAt, &g.ConfirmedAt)
	})
}

// Give gives somebody a role for a brand. It returns E_ROLE when they hold one
// that must not be in the same hand, or when they would give it to themselves.
func (r *Roster) Give(tx *db.Tx, who id.Staff, controller term.Controller, role string, by term.Actor) error {
	if by == Actor(who) {
		return errs.New(errs.Forbidden, errs.Role, "nobody gives a role to themselves; ask somebody else who manages staff").On("role")
	}
	c, err := r.Charter.Current(tx)
	if err != nil {
		return err
	}
	p, err := r.get(tx, who)
	if err != nil {
		return err
	}
	if p.LeftAt != 0 {
		return errNoPerson
	}
	var held []string
	for _, g := range p.Grants {
		if g.Controller == controller {
			held = append(held, g.Role)
		}
	}
	if err := Separate(c, held, role); err != nil {
		return err
	}
	now := r.Clock.Now()
	_, err = tx.Exec(`insert into staff_role (staff_id, controller, role, given_by, given_at, confirmed_at) values ($1, $2, $3, $4, $5, $5)
		on conflict (staff_id, controller, role) do nothing`, who, controller, role, by, now)
	if err != nil {
		return err
	}
	return r.note(tx, KindRole, act{Staff: who, Act: "given", Controller: controller, Role: role, By: by})
}

// Take takes a role away, at once. The last administrator keeps it.
func (r *Roster) Take(tx *db.Tx, who id.Staff, controller term.Controller, role string, by term.Actor) error {
	n, err := tx.Exec(`delete from staff_role where staff_id = $1 and controller = $2 and role = $3`, who, controller, role)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.NotFound, "no_such_role", "they do not hold this role").On("role")
	}
	if role == Administrator {
		if err := r.stillAdministered(tx); err != nil {
			return err
		}
	}
	return r.note(tx, KindRole, act{Staff: who, Act: "taken", Controller: controller, Role: role, By: by})
}

// Refused records that somebody asked for what they may not do.
func (r *Roster) Refused(tx *db.Tx, who id.Staff, route string, p Permission) error {
	return r.note(tx, KindRefused, act{Staff: who, Act: route, Role: string(p), By: Actor(who)})
}
