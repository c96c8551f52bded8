package staff

import (
	"context"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// LooksAnHour is how often one person may look for a customer within any 60
// minutes, found or not: enough for a busy day on the phone, and too few to go
// through a list.
const LooksAnHour = 30

const lookWindow = time.Hour

// TooManyLooks is the code of a look that is one too many.
const TooManyLooks errs.Code = "too_many_looks"

var errLooks = errs.New(errs.Limited, TooManyLooks, "you have looked for %d customers within an hour, which is as many as anybody may; wait a while, or ask a colleague", LooksAnHour)

// Look counts a look at a customer before it is made. It returns LIMITED for one
// too many; that one is not counted.
func (r *Roster) Look(ctx context.Context, who id.Staff) error {
	now := r.Clock.Now()
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		// One after the other, so that many at once cannot slip through.
		if _, err := tx.Exec(`update staff set last_step = last_step where staff_id = $1`, who); err != nil {
			return err
		}
		if _, err := tx.Exec(`delete from staff_look where staff_id = $1 and at <= $2`, who, now.Add(-lookWindow)); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(`select count(*) from staff_look where staff_id = $1`, who).Scan(&n); err != nil {
			return err
		}
		if n >= LooksAnHour {
			return errLooks
		}
		_, err := tx.Exec(`insert into staff_look (staff_id, look_id, at) values ($1, $2, $3)`, who, id.New[id.Use](), now)
		return err
	})
}

// How a look ended, in the ledger. Somebody who is found by number alone is not
// shown before the reason is said.
const (
	lookHit  = "hit"
	lookSeen = "exists"
	lookHeld = "guarded"
)

// Looked records a look: for which purpose or request, and whether anybody was
// found. What was typed and who was found are not in the ledger.
func (r *Roster) Looked(tx *db.Tx, who id.Staff, why string, found bool) error {
	outcome := "miss"
	if found {
		outcome = lookHit
	}
	return r.note(tx, KindLooked, act{Staff: who, Act: outcome, Text: why, By: Actor(who)})
}

// LookHeld records that somebody looked for a customer whose record a second person
// has to open.
func (r *Roster) LookHeld(tx *db.Tx, who id.Staff, why string) error {
	return r.note(tx, KindLooked, act{Staff: who, Act: lookHeld, Text: why, By: Actor(who)})
}

// LookedByNumber records that somebody went to a customer's page without having
// said why: they were told no more than whether there is one.
func (r *Roster) LookedByNumber(tx *db.Tx, who id.Staff, exists bool) error {
	outcome := "miss"
	if exists {
		outcome = lookSeen
	}
	return r.note(tx, KindLooked, act{Staff: who, Act: outcome, Text: "the number alone", By: Actor(who)})
}
