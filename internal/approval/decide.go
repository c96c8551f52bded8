package approval

import (
	"encoding/json"
	"math"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/term"
)

// Question is an act that waits for a second person, or was decided.
type Question struct {
	ID        id.Approval
	Kind      Kind
	Hash      []byte
	Says      []Line
	By        term.Actor
	AskedAt   clock.Instant
	DecidedBy term.Actor // "" while it waits
	DecidedAt clock.Instant
	Refused   bool
	UsedAt    clock.Instant

	root   term.Actor
	makers []term.Actor
}

// State is how far a question is.
type State string

// The states.
const (
	Waiting  State = "waits"    // nobody has decided
	Approved State = "approved" // good until it is done, for 24 hours
	Refused  State = "refused"
	Done     State = "done"
	Lapsed   State = "lapsed" // nobody decided, or nobody did it in time
)

// State gives it at a time.
func (q Question) State(now clock.Instant) State {
	switch {
	case q.UsedAt != 0:
		return Done
	case q.Refused:
		return Refused
	case q.DecidedAt == 0 && now.Sub(q.AskedAt) < Waits:
		return Waiting
	case q.DecidedAt != 0 && now.Sub(q.DecidedAt) < Good:
		return Approved
	}
	return Lapsed
}

const columns = `approval_id, kind, hash, says, by_actor, root, makers, asked_at, decided_by, decided_at, refused, used_at`

func (d *Desk) scan(scan db.Scan) (Question, error) {
	var q Question
	var says, makers string
	var refused int64
	if err := scan(&q.ID, &q.Kind, &q.Hash, &says, &q.By, &q.root, &makers, &q.AskedAt, &q.DecidedBy, &q.DecidedAt, &refused, &q.UsedAt); err != nil {
		return q, err
	}
	q.Refused = refused == 1
	b, err := d.Ring.OpenToken("approval", says)
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(b, &q.Says); err != nil {
		return q, err
	}
	return q, json.Unmarshal([]byte(makers), &q.makers)
}

// List gives questions, the newest first, before one of them.
func (d *Desk) List(tx *db.Tx, before id.Approval, limit int) ([]Question, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := tx.Query(`select `+columns+` from approval where approval_id < $1 order by approval_id desc limit $2`, before, limit)
	return db.Collect(rows, err, d.scan)
}

// Waiting gives the questions that wait, and that somebody may decide.
func (d *Desk) Waiting(tx *db.Tx, who staff.Who, limit int) ([]Question, error) {
	rows, err := tx.Query(`select `+columns+` from approval where decided_at = 0 and asked_at > $1 order by approval_id`, d.Clock.Now().Add(-Waits))
	all, err := db.Collect(rows, err, d.scan)
	if err != nil {
		return nil, err
	}
	var out []Question
	for _, q := range all {
		if d.fits(tx, q, who) == nil && len(out) < limit {
			out = append(out, q)
		}
	}
	return out, nil
}

// Get gives one. It returns NOT_FOUND when there is none.
func (d *Desk) Get(tx *db.Tx, which id.Approval) (Question, error) {
	q, err := d.scan(tx.QueryRow(`select `+columns+` from approval where approval_id = $1`, which).Scan)
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.NotFound, "no_such_approval", "nothing with this number waits for approval")
	}
	return q, err
}

// Fits returns E_ROLE when somebody cannot decide a question, with why.
func (d *Desk) Fits(tx *db.Tx, q Question, who staff.Who) error { return d.fits(tx, q, who) }

func (d *Desk) fits(tx *db.Tx, q Question, who staff.Who) error {
	self := staff.Actor(who.Person.ID)
	if q.root == self {
		return errs.New(errs.Forbidden, errs.Role, "nobody approves what they asked for themselves; ask somebody with another role")
	}
	if slices.Contains(q.makers, self) {
		return errs.New(errs.Forbidden, errs.Role, "nobody approves what they made themselves; ask somebody with another role")
	}
	if !who.Rights.Any(q.Kind.may()...) {
		return staff.ErrNotAllowed(q.Kind.may()[0])
	}
	asker, err := d.Staff.RolesOf(tx, q.root, who.Charter)
	if err != nil {
		return err
	}
	for _, r := range staff.Roles(who.Charter) {
		may := slices.ContainsFunc(q.Kind.may(), func(p staff.Permission) bool { return slices.Contains(r.May, p) })
		if may && slices.Contains(who.Rights.Roles, r.ID) && !slices.Contains(asker, r.ID) {
			return nil
		}
	}
	return errs.New(errs.Forbidden, errs.Role, "whoever approves acts in a role that whoever asks does not hold; ask somebody with another role")
}

// Decide approves or refuses a question. It returns E_ROLE for whoever cannot,
// and CONFLICT for what is decided or lapsed.
func (d *Desk) Decide(tx *db.Tx, which id.Approval, who staff.Who, yes bool) error {
	q, err := d.Get(tx, which)
	if err != nil {
		return err
	}
	if err := d.fits(tx, q, who); err != nil {
		return err
	}
	now, by := d.Clock.Now(), staff.Actor(who.Person.ID)
	step, refused := "approved", 0
	if !yes {
		step, refused = "refused", 1
	}
	n, err := tx.Exec(`update approval set decided_by = $2, decided_at = $3, refused = $4 where approval_id = $1 and decided_at = 0 and asked_at > $5`,
		which, by, now, refused, now.Add(-Waits))
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "decided", "this was decided before, or waited too long; let it be asked for again")
	}
	return d.note(tx, which, q.Kind, step, by)
}
