package staff

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// How long a session lasts: SessionIdle without a request, SessionLives in all.
// For what is sensitive a factor must have been shown within Fresh.
const (
	SessionIdle  = time.Hour
	SessionLives = 12 * time.Hour
	Fresh        = 5 * time.Minute
	seenEvery    = time.Minute
)

// Session is an open sign-in on one device.
type Session struct {
	ID       id.Session
	Staff    id.Staff
	Device   string
	Factor   string
	OpenedAt clock.Instant
	SeenAt   clock.Instant // to the minute
	ProvenAt clock.Instant
}

// Who is who makes a request, as of now.
type Who struct {
	Person  Person
	Session Session
	Rights  Rights
	Charter *charter.Charter
	Bound   bool // they have promised confidentiality in the words in force
}

// Fresh tells whether a factor was shown within five minutes.
func (w Who) Fresh(now clock.Instant) bool { return now.Sub(w.Session.ProvenAt) <= Fresh }

// Open opens a session and gives its secret for the cookie. It returns
// UNAUTHORIZED when the sign-in has shown no second factor, and FORBIDDEN when
// confidentiality has not been promised in the words in force.
func (r *Roster) Open(ctx context.Context, s SignIn, device string) (string, error) {
	if s.factor == "" {
		return "", errNoFactor
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	secret := base64.RawURLEncoding.EncodeToString(raw)
	d := r.Ring.Digest(keyring.Secret, "staff-session", secret)
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := r.still(tx, s)
		if err != nil {
			return err
		}
		if bound, err := r.bound(tx, p); err != nil || !bound {
			if err == nil {
				err = errNoCommitment
			}
			return err
		}
		now := r.Clock.Now()
		_, err = tx.Exec(`insert into staff_session (session_id, staff_id, digest, key_id, device, factor, sign_on, opened_at, seen_at, proven_at, ended_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, 0)`, id.New[id.Session](), s.who, d.Sum, d.KeyID, device, s.factor, s.signOn, now)
		if err != nil {
			return err
		}
		return r.note(tx, KindSignIn, act{Staff: s.who, Act: "signed in", Factor: s.factor, By: Actor(s.who)})
	})
	return secret, err
}

const sessionColumns = `session_id, staff_id, device, factor, opened_at, seen_at, proven_at`

func scanSession(scan db.Scan) (Session, error) {
	var s Session
	return s, scan(&s.ID, &s.Staff, &s.Device, &s.Factor, &s.OpenedAt, &s.SeenAt, &s.ProvenAt)
}

var errNoSession = errs.New(errs.Unauthorized, NoSession, "sign in to go on")

// Ask tells who holds a session's secret and what they may do for the charter's
// business, as of now. It returns UNAUTHORIZED when the session is over or the
// person has left.
func (r *Roster) Ask(ctx context.Context, secret string) (Who, error) {
	var w Who
	now := r.Clock.Now()
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		w, err = r.ask(tx, secret, now)
		return err
	})
	if err != nil || now.Sub(w.Session.SeenAt) < seenEvery {
		return w, err
	}
	return w, r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update staff_session set seen_at = $2 where session_id = $1 and seen_at < $2 and ended_at = 0`, w.Session.ID, now)
		return err
	})
}

func (r *Roster) ask(tx *db.Tx, secret string, now clock.Instant) (Who, error) {
	s, err := r.session(tx, secret, now)
	if err != nil {
		return Who{}, err
	}
	p, err := r.get(tx, s.Staff)
	if err != nil {
		return Who{}, err
	}
	if p.LeftAt != 0 || p.CommittedAt == 0 || !p.HasFactor && s.Factor != BySignOn {
		return Who{}, errNoSession
	}
	c, err := r.Charter.Current(tx)
	if err != nil {
		return Who{}, err
	}
	return whoIs(p, s, c, now), nil
}

func whoIs(p stored, s Session, c *charter.Charter, now clock.Instant) Who {
	return Who{p.Person, s, RightsOf(c, p.Grants, c.Business.ID, now), c, p.promised == WordsOf(c).Version}
}

// Absent tells who somebody is and what they may do, as of now, for what is made
// for them while they are not signed in. It returns FORBIDDEN for somebody who
// has left or has not promised confidentiality in the words in force.
func (r *Roster) Absent(tx *db.Tx, who id.Staff) (Who, error) {
	p, err := r.get(tx, who)
	if err != nil {
		return Who{}, err
	}
	c, err := r.Charter.Current(tx)
	if err != nil {
		return Who{}, err
	}
	w := whoIs(p, Session{}, c, r.Clock.Now())
	if !w.Bound || p.LeftAt != 0 {
		return Who{}, errNoCommitment
	}
	return w, nil
}

func (r *Roster) session(tx *db.Tx, secret string, now clock.Instant) (Session, error) {
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-session", secret) {
		s, err := scanSession(tx.QueryRow(`select `+sessionColumns+` from staff_session
			where digest = $1 and ended_at = 0 and seen_at > $2 and opened_at > $3`, d.Sum, now.Add(-SessionIdle), now.Add(-SessionLives)).Scan)
		if !errs.Is(err, errs.NotFound) {
			return s, err
		}
	}
	return Session{}, errNoSession
}

// Sessions lists a person's open sessions, the newest first.
func (r *Roster) Sessions(tx *db.Tx, who id.Staff) ([]Session, error) {
	now := r.Clock.Now()
	rows, err := tx.Query(`select `+sessionColumns+` from staff_session
		where staff_id = $1 and ended_at = 0 and seen_at > $2 and opened_at > $3 order by session_id desc`, who, now.Add(-SessionIdle), now.Add(-SessionLives))
	return db.Collect(rows, err, scanSession)
}

// Prove takes a factor again and makes the session fresh.
func (r *Roster) Prove(ctx context.Context, w Who, given string) error {
	if _, err := r.showFactor(ctx, w.Person.ID, given); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error { return r.proven(tx, w) })
}

func (r *Roster) proven(tx *db.Tx, w Who) error {
	n, err := tx.Exec(`update staff_session set proven_at = $2 where session_id = $1 and ended_at = 0`, w.Session.ID, r.Clock.Now())
	if err == nil && n == 0 {
		err = errNoSession
	}
	return err
}

// End ends one session of a person. It returns NOT_FOUND when it is not theirs.
func (r *Roster) End(tx *db.Tx, who id.Staff, session id.Session, by term.Actor) error {
	n, err := tx.Exec(`update staff_session set ended_at = $3 where session_id = $1 and staff_id = $2 and ended_at = 0`, session, who, r.Clock.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.NotFound, NoSession, "this session has ended already")
	}
	return r.note(tx, KindSignIn, act{Staff: who, Act: "signed out", By: by})
}

// EndAll ends every session of a person.
func (r *Roster) EndAll(tx *db.Tx, who id.Staff, by term.Actor) error {
	if err := endSessions(tx, who, r.Clock.Now()); err != nil {
		return err
	}
	return r.note(tx, KindSignIn, act{Staff: who, Act: "signed out everywhere", By: by})
}

func endSessions(tx *db.Tx, who id.Staff, now clock.Instant) error {
	_, err := tx.Exec(`update staff_session set ended_at = $2 where staff_id = $1 and ended_at = 0`, who, now)
	return err
}

// NewRecoveryCodes replaces a person's recovery codes and gives the new ones, to
// be shown once.
func (r *Roster) NewRecoveryCodes(tx *db.Tx, w Who) ([]string, error) {
	p, err := r.get(tx, w.Person.ID)
	if err != nil {
		return nil, err
	}
	return r.newRecoveryCodes(tx, p)
}
