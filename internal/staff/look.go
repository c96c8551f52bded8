package staff

import (
	"context"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// LooksAnHour is how often one person may look for a customer in an hour, found
// or not: enough for a busy day on the phone, and too few to go through a list.
const LooksAnHour = 30

// TooManyLooks is the code of a look that is one too many.
const TooManyLooks errs.Code = "too_many_looks"

var errLooks = errs.New(errs.Limited, TooManyLooks, "you have looked for %d customers within an hour, which is as many as anybody may; wait until the hour is over, or ask a colleague", LooksAnHour)

// Look counts a search for a customer before it is made. It returns LIMITED for
// one too many.
func (r *Roster) Look(ctx context.Context, who id.Staff) error {
	return r.take(ctx, limit{key: "look/" + who.String(), most: LooksAnHour, hours: 1})
}

// Looked records a search: for which purpose or request, and whether anybody was
// found. What was typed and who was found are not in the ledger.
func (r *Roster) Looked(tx *db.Tx, who id.Staff, why string, found bool) error {
	outcome := "miss"
	if found {
		outcome = "hit"
	}
	return r.note(tx, KindLooked, act{Staff: who, Act: outcome, Text: why, By: Actor(who)})
}
