package staff

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
)

// bySubject finds whoever the provider's subject is connected with. It returns
// NOT_FOUND when nobody is.
func (r *Roster) bySubject(tx *db.Tx, subject string) (id.Staff, error) {
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-subject", r.SignOn.Issuer, subject) {
		var who id.Staff
		err := tx.QueryRow(`select staff_id from staff_subject where digest = $1`, d.Sum).Scan(&who)
		if !errs.Is(err, errs.NotFound) {
			return who, err
		}
	}
	return 0, errNoPerson
}

// invitedBy finds whose address the provider has verified, who works here and has
// an invitation that is open: the first sign-on accepts it.
func (r *Roster) invitedBy(tx *db.Tx, said claims) (id.Staff, error) {
	email, err := address(personal.Seal(said.Email))
	if err != nil || !bool(said.Verified) {
		return 0, errUnknown
	}
	who, err := r.find(tx, email)
	if errs.Is(err, errs.NotFound) {
		return 0, errUnknown
	}
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(`update staff_invitation set used_at = $2 where staff_id = $1 and used_at = 0 and until_at > $2`, who, r.Clock.Now())
	if err == nil && n == 0 {
		err = errUnknown
	}
	return who, err
}

// connect keeps that a subject is somebody here. Each has one.
func (r *Roster) connect(tx *db.Tx, who id.Staff, subject string) error {
	connected, err := r.connected(tx, who)
	if err != nil {
		return err
	}
	if connected {
		return errOtherLink
	}
	d := r.Ring.Digest(keyring.Secret, "staff-subject", r.SignOn.Issuer, subject)
	if _, err := tx.Exec(`insert into staff_subject (digest, key_id, staff_id, since_at) values ($1, $2, $3, $4)`, d.Sum, d.KeyID, who, r.Clock.Now()); err != nil {
		return err
	}
	return r.note(tx, KindSignIn, act{Staff: who, Act: "connected", Factor: BySignOn, By: Actor(who)})
}

func (r *Roster) connected(tx *db.Tx, who id.Staff) (bool, error) {
	var n int64
	err := tx.QueryRow(`select count(*) from staff_subject where staff_id = $1`, who).Scan(&n)
	return n > 0, err
}

// Connected tells whether somebody's single sign-on is connected.
func (r *Roster) Connected(tx *db.Tx, who id.Staff) (bool, error) { return r.connected(tx, who) }

// CountConnected counts whose single sign-on is connected.
func (r *Roster) CountConnected(tx *db.Tx) (n int64, err error) {
	err = tx.QueryRow(`select count(*) from staff_subject`).Scan(&n)
	return n, err
}

// proveBySignOn makes a session fresh when the provider has just asked its holder
// again, with a second factor.
func (r *Roster) proveBySignOn(tx *db.Tx, w Who, who id.Staff, said claims) error {
	age := r.Clock.Now().Time().Sub(time.Unix(said.At, 0))
	if who != w.Person.ID || !said.second(r.SignOn.Factors) || said.At == 0 || age > Fresh {
		return errSignOnOld
	}
	return r.proven(tx, w)
}

// sessionMark is what a session keeps of the provider's session that opened it.
func (r *Roster) sessionMark(session string) string {
	return hex.EncodeToString(r.Ring.Digest(keyring.Secret, "staff-sign-on", session).Sum)
}

// SignedOut takes the provider's word that somebody has signed out there (OpenID
// Connect Back-Channel Logout 1.0) and ends the sessions that it opened here: the
// one of the provider's session, or all. It returns INVALID for a token that is
// not right.
func (r *Roster) SignedOut(ctx context.Context, raw string) error {
	refused := errs.New(errs.Invalid, SignOnFailed, "this is no logout token of the provider for us")
	if r.SignOn == nil {
		return errNoSignOn
	}
	p, err := r.SignOn.found(ctx)
	if err != nil {
		return err
	}
	now := r.Clock.Now()
	token, err := p.Verifier(&oidc.Config{ClientID: r.SignOn.ClientID, Now: now.Time}).VerifyLogout(oidc.ClientContext(ctx, r.SignOn.Door.Client()), raw)
	if err != nil || now.Time().Sub(token.IssuedAt) > errandLives {
		return refused
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		var who id.Staff
		if token.Subject != "" {
			if who, err = r.bySubject(tx, token.Subject); err != nil && !errs.Is(err, errs.NotFound) {
				return err
			}
		}
		if err := r.endSignedOn(tx, who, token.SessionID); err != nil {
			return err
		}
		return r.note(tx, KindSignIn, act{Staff: who, Act: "signed out at the provider", Factor: BySignOn})
	})
}

// endSignedOn ends the session that a session of the provider opened, or all that
// it opened for somebody.
func (r *Roster) endSignedOn(tx *db.Tx, who id.Staff, session string) error {
	now := r.Clock.Now()
	if session == "" {
		_, err := tx.Exec(`update staff_session set ended_at = $2 where staff_id = $1 and ended_at = 0 and sign_on <> ''`, who, now)
		return err
	}
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-sign-on", session) {
		if _, err := tx.Exec(`update staff_session set ended_at = $2 where sign_on = $1 and ended_at = 0`, hex.EncodeToString(d.Sum), now); err != nil {
			return err
		}
	}
	return nil
}
