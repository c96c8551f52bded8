package staff

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
)

// WantWeekly has somebody get the weekly mail from the next Monday, or no longer.
func (r *Roster) WantWeekly(tx *db.Tx, who id.Staff, wants bool) error {
	query, args := `delete from staff_weekly where staff_id = $1`, []any{who}
	if wants {
		query, args = `insert into staff_weekly (staff_id, last_at) values ($1, $2) on conflict (staff_id) do nothing`, append(args, r.Clock.Now())
	}
	_, err := tx.Exec(query, args...)
	return err
}

// WantsWeekly tells whether somebody gets the weekly mail.
func (r *Roster) WantsWeekly(tx *db.Tx, who id.Staff) (bool, error) {
	var n int64
	err := tx.QueryRow(`select count(*) from staff_weekly where staff_id = $1`, who).Scan(&n)
	return n > 0, err
}

// WeeklyDue lists who wants the weekly mail and has had none since a time.
func (r *Roster) WeeklyDue(tx *db.Tx, since clock.Instant) ([]id.Staff, error) {
	rows, err := tx.Query(`select staff_id from staff_weekly where last_at < $1 order by staff_id`, since)
	return db.Collect(rows, err, func(scan db.Scan) (who id.Staff, err error) { return who, scan(&who) })
}

// TakeWeekly puts on record that somebody's weekly mail leaves now; it tells
// whether they still want it and have had none since a time.
func (r *Roster) TakeWeekly(tx *db.Tx, who id.Staff, since clock.Instant) (bool, error) {
	n, err := tx.Exec(`update staff_weekly set last_at = $3 where staff_id = $1 and last_at < $2`, who, since, r.Clock.Now())
	return n == 1, err
}

// ReturnWeekly takes that back: the mail did not leave.
func (r *Roster) ReturnWeekly(tx *db.Tx, who id.Staff) error {
	_, err := tx.Exec(`update staff_weekly set last_at = 0 where staff_id = $1`, who)
	return err
}
