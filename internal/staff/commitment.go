package staff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Commitment is the promise of confidentiality that everybody makes (GDPR
// 28(3)(b), 29, 32(4)).
const Commitment = "I use customers' data only on the business's instructions and for the purpose at hand, " +
	"keep them confidential during my work here and after it, and report at once when I think that something went wrong."

// Words are what is promised, with the version by which a promise names them.
type Words struct {
	Text    string
	Own     string // what the business's house.yaml adds, or ""
	Version string
}

// WordsOf gives the words in force under a charter. A change of them asks
// everybody anew.
func WordsOf(c *charter.Charter) Words {
	sum := sha256.Sum256([]byte(Commitment + "\n" + c.House.Promise))
	return Words{Commitment, c.House.Promise, hex.EncodeToString(sum[:8])}
}

// bound tells whether somebody has promised the words in force.
func (r *Roster) bound(tx *db.Tx, p stored) (bool, error) {
	c, err := r.Charter.Current(tx)
	if err != nil {
		return false, err
	}
	return p.promised == WordsOf(c).Version, nil
}

// Bound returns FORBIDDEN with no_commitment for somebody who has left or has not
// promised confidentiality in the words in force.
func (r *Roster) Bound(tx *db.Tx, who id.Staff) error {
	p, err := r.get(tx, who)
	if err != nil {
		return err
	}
	bound, err := r.bound(tx, p)
	if err == nil && (!bound || p.LeftAt != 0) {
		err = errNoCommitment
	}
	return err
}

// Commit records the promise of confidentiality at the end of a sign-in, in the
// words of a version that were shown. The sign-in must have shown a factor. It
// returns CONFLICT when the words have changed since.
func (r *Roster) Commit(ctx context.Context, s SignIn, version string) error {
	if s.factor == "" {
		return errNoFactor
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := r.still(tx, s); err != nil {
			return err
		}
		return r.promise(tx, s.who, version)
	})
}

// CommitAgain is Commit for somebody who is signed in when the words change.
func (r *Roster) CommitAgain(tx *db.Tx, w Who, version string) error {
	return r.promise(tx, w.Person.ID, version)
}

func (r *Roster) promise(tx *db.Tx, who id.Staff, version string) error {
	c, err := r.Charter.Current(tx)
	if err != nil {
		return err
	}
	words := WordsOf(c)
	if version != words.Version {
		return errs.New(errs.Conflict, WordsChanged, "the words have changed since you opened this page; read them again")
	}
	text := words.Text
	if words.Own != "" {
		text += "\n\n" + words.Own
	}
	now := r.Clock.Now()
	w, err := r.Ledger.Append(tx, KindCommitted, now, act{Staff: who, Act: "committed", Version: version, Text: text, By: Actor(who)})
	if err != nil {
		return err
	}
	_, err = tx.Exec(`update staff set committed_at = $2, commitment_id = $3, promised = $4 where staff_id = $1`, who, now, w.Entry, version)
	return err
}

// Promise is who works here since when, and when they promised
// confidentiality. People are ids.
type Promise struct {
	ID        id.Staff      `json:"staff_id"`
	Added     clock.Instant `json:"added_at"`
	Committed clock.Instant `json:"committed_at,omitzero"`
	Entry     id.Entry      `json:"entry,omitzero"` // of the promise, in the ledger
	Version   string        `json:"version,omitempty"`
	Left      clock.Instant `json:"left_at,omitzero"`
	Roles     []string      `json:"roles"`
}

// Promises lists everybody who works here or did.
func Promises(tx *db.Tx) ([]Promise, error) {
	rows, err := tx.Query(`select staff_id, added_at, committed_at, commitment_id, promised, left_at from staff order by staff_id`)
	out, err := db.Collect(rows, err, func(scan db.Scan) (c Promise, err error) {
		return c, scan(&c.ID, &c.Added, &c.Committed, &c.Entry, &c.Version, &c.Left)
	})
	if err != nil || len(out) == 0 {
		return []Promise{}, err
	}
	rows, err = tx.Query(`select staff_id, controller, role from staff_role order by staff_id, controller, role`)
	type given struct {
		who  id.Staff
		role string
	}
	roles, err := db.Collect(rows, err, func(scan db.Scan) (g given, err error) {
		var controller string
		err = scan(&g.who, &controller, &g.role)
		g.role = controller + "/" + g.role
		return g, err
	})
	for i := range out {
		out[i].Roles = []string{}
		for _, g := range roles {
			if g.who == out[i].ID {
				out[i].Roles = append(out[i].Roles, g.role)
			}
		}
	}
	return out, err
}
