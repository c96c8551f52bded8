package staff

import (
	"context"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// Tries are bounded by account and by network, whether or not the account
// exists.
const (
	tryWindow      = 15 * time.Minute
	triesByAccount = 5
	triesByNetwork = 50
	triesOfCode    = 5
)

// limit is something whose failures are counted.
type limit struct {
	key  string
	most int64
}

func byAccount(email string) limit   { return limit{key: "account/" + email, most: triesByAccount} }
func byNetwork(network string) limit { return limit{key: "network/" + network, most: triesByNetwork} }
func byCode(who string) limit        { return limit{key: "code/" + who, most: triesOfCode} }

var errTries = errs.New(errs.Limited, TooManyTries, "too many tries that failed; wait 15 minutes and try again")

// take counts a try before it is made, in a transaction of its own, so that many
// at once cannot slip through. It returns LIMITED when there were too many.
func (r *Roster) take(ctx context.Context, limits ...limit) error {
	now := r.Clock.Now()
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		for _, l := range limits {
			d := r.Ring.Digest(keyring.Secret, "staff-try", l.key)
			if _, err := tx.Exec(`delete from staff_try where digest = $1 and since_at < $2`, d.Sum, now.Add(-tryWindow)); err != nil {
				return err
			}
			var n int64
			err := tx.QueryRow(`insert into staff_try (digest, since_at, tries) values ($1, $2, 1)
				on conflict (digest) do update set tries = staff_try.tries + 1 returning tries`, d.Sum, now).Scan(&n)
			if err != nil {
				return err
			}
			if n > l.most {
				return errTries
			}
		}
		return nil
	})
}

// forgive forgets the failures once somebody has succeeded.
func (r *Roster) forgive(tx *db.Tx, limits ...limit) error {
	for _, l := range limits {
		d := r.Ring.Digest(keyring.Secret, "staff-try", l.key)
		if _, err := tx.Exec(`delete from staff_try where digest = $1`, d.Sum); err != nil {
			return err
		}
	}
	return nil
}
