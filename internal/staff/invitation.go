package staff

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// InvitationLives is how long an invitation may be used.
const InvitationLives = 72 * time.Hour

var errInvitation = errs.New(errs.NotFound, BadInvitation, "this link has been used or is too old; ask whoever manages staff for a new one")

// Invite makes a link's secret with which somebody chooses a password and
// enrols a factor. What they had before ends at once: the same link is the way
// back for whoever lost password and factors.
func (r *Roster) Invite(tx *db.Tx, who id.Staff, by term.Actor) (string, error) {
	now := r.Clock.Now()
	n, err := tx.Exec(`update staff set password = '', authenticator = '', last_step = 0 where staff_id = $1 and left_at = 0`, who)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", errNoPerson
	}
	for _, query := range []string{
		`delete from staff_recovery where staff_id = $1`,
		`delete from staff_passkey where staff_id = $1`,
		`delete from staff_subject where staff_id = $1`,
		`delete from staff_invitation where staff_id = $1`,
	} {
		if _, err := tx.Exec(query, who); err != nil {
			return "", err
		}
	}
	if err := endSessions(tx, who, now); err != nil {
		return "", err
	}
	raw := make([]byte, 24)
	_, _ = rand.Read(raw)
	secret := base64.RawURLEncoding.EncodeToString(raw)
	d := r.Ring.Digest(keyring.Secret, "staff-invitation", secret)
	_, err = tx.Exec(`insert into staff_invitation (digest, key_id, staff_id, until_at, used_at) values ($1, $2, $3, $4, 0)`,
		d.Sum, d.KeyID, who, now.Add(InvitationLives))
	if err != nil {
		return "", err
	}
	return secret, r.note(tx, KindPerson, act{Staff: who, Act: "invited", By: by})
}

// Invited tells whom an invitation is for. It returns NOT_FOUND when it is
// spent, old or unknown.
func (r *Roster) Invited(tx *db.Tx, secret string) (Person, error) {
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-invitation", secret) {
		var who id.Staff
		err := tx.QueryRow(`select staff_id from staff_invitation where digest = $1 and used_at = 0 and until_at > $2`, d.Sum, r.Clock.Now()).Scan(&who)
		if err == nil {
			return r.Get(tx, who)
		}
		if !errs.Is(err, errs.NotFound) {
			return Person{}, err
		}
	}
	return Person{}, errInvitation
}

// Accept uses an invitation up and sets the password. The sign-in it gives goes
// on with the second factor.
func (r *Roster) Accept(ctx context.Context, secret, password string) (SignIn, error) {
	var p Person
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, err = r.Invited(tx, secret)
		return err
	})
	if err != nil {
		return SignIn{}, err
	}
	if err := CheckPassword(password, p.Name.Reveal(), p.Email.Reveal()); err != nil {
		return SignIn{}, err
	}
	digest := r.hash(password)
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := r.Invited(tx, secret); err != nil {
			return err
		}
		if _, err := tx.Exec(`update staff_invitation set used_at = $2 where staff_id = $1`, p.ID, r.Clock.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(`update staff set password = $2 where staff_id = $1`, p.ID, digest)
		return err
	})
	return r.begin(p.ID), err
}
