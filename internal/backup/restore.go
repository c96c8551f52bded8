package backup

import (
	"context"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dump"
	"candor/internal/errs"
)

// Restore loads a backup into an empty database. Until CatchUp has done its work
// the database says that a restore is under way, so that nothing serves. It
// returns CONFLICT when the database holds anything.
func Restore(ctx context.Context, a *Archive, d *db.DB, now clock.Instant) (dump.Counts, error) {
	var counts dump.Counts
	begun := false
	err := d.Write(ctx, func(tx *db.Tx) error {
		if begun {
			return errs.New(errs.Unavailable, "restore_interrupted", "the database broke the restore off; nothing was loaded, start it again")
		}
		begun = true
		empty, err := dump.Empty(tx)
		if err != nil {
			return err
		}
		if !empty {
			return errs.New(errs.Conflict, "database_not_empty", "the database holds data already; restore into an empty one")
		}
		if counts, err = a.Load(tx); err != nil {
			return err
		}
		return SetBack(tx, now, "restored from a backup of "+a.Manifest.Made.String())
	})
	return counts, err
}
