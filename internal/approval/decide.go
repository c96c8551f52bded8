package approval

import (
	"encoding/json"
	"math"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
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
	Overrules id.Approval // the officer's refusal of the same that this goes against
	Reason    string      // why
	ToldBy    term.Actor  // who of the management took note of it
	ToldAt    clock.Instant
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

const columns = `approval_id, kind, hash, says, by_actor, root, makers, asked_at, decided_by, decided_at, refused, overrules, reason, told_by, told_at, used_at`

func (d *Desk) scan(scan db.Scan) (Question, error) {
	var q Question
	var says, makers, reason string
	var refused int64
	if err := scan(&q.ID, &q.Kind, &q.Hash, &says, &q.By, &q.root, &makers, &q.AskedAt, &q.DecidedBy, &q.DecidedAt, &refused, &q.Overrules, &reason, &q.ToldBy, &q.ToldAt, &q.UsedAt); err != nil {
		return q, err
	}
	q.Refused = refused == 1
	if reason != "" {
		why, err := d.Ring.OpenToken("approval-reason", reason)
		if err != nil {
			return q, err
		}
		q.Reason = string(why)
	}
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

// Verdict is an answer to a question.
type Verdict struct {
	Yes    bool
	Reason string // needed to approve what the officer refused
}

const maxReason = 1000

// Against gives the refusal of the same by the data protection officer, or 0.
func (d *Desk) Against(tx *db.Tx, q Question) (id.Approval, error) {
	var refusal id.Approval
	err := tx.QueryRow(`select approval_id from approval where hash = $1 and kind = $2 and refused = 1 and officer = 1 and approval_id < $3
		order by approval_id desc limit 1`, q.Hash, q.Kind, q.ID).Scan(&refusal)
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return refusal, err
}

// overruling gives what an approval goes against. The officer is never overruled
// silently: it returns INVALID without a reason.
func (d *Desk) overruling(tx *db.Tx, q Question, v Verdict) (id.Approval, error) {
	if !v.Yes {
		return 0, nil
	}
	refusal, err := d.Against(tx, q)
	if err == nil && refusal != 0 && (v.Reason == "" || len(v.Reason) > maxReason || personal.HoldsAddress(v.Reason)) {
		err = errs.New(errs.Invalid, "no_reason", "the data protection officer refused this; say in at most %d characters why it is done all the same, without anybody's address. The management is told", maxReason).On("reason")
	}
	return refusal, err
}

// Decide approves or refuses a question. It returns E_ROLE for whoever cannot,
// INVALID for going against the officer without a reason, and CONFLICT for what
// is decided or lapsed.
func (d *Desk) Decide(tx *db.Tx, which id.Approval, who staff.Who, v Verdict) error {
	q, err := d.Get(tx, which)
	if err != nil {
		return err
	}
	if err := d.fits(tx, q, who); err != nil {
		return err
	}
	now, by := d.Clock.Now(), staff.Actor(who.Person.ID)
	refusal, err := d.overruling(tx, q, v)
	if err != nil {
		return err
	}
	step, refused, officer, reason := "approved", 0, 0, ""
	if !v.Yes {
		step, refused = "refused", 1
	}
	if who.Rights.May(staff.Oversee) {
		officer = 1
	}
	if refusal != 0 {
		step, reason = "officer overruled", d.Ring.SealToken("approval-reason", []byte(v.Reason))
	}
	n, err := tx.Exec(`update approval set decided_by = $2, decided_at = $3, refused = $4, officer = $6, overrules = $7, reason = $8
		where approval_id = $1 and decided_at = 0 and asked_at > $5`, which, by, now, refused, now.Add(-Waits), officer, refusal, reason)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "decided", "this was decided before, or waited too long; let it be asked for again")
	}
	return d.note(tx, which, q.Kind, step, by)
}

// Untold gives the approvals that went against the officer and of which nobody of
// the management has taken note.
func (d *Desk) Untold(tx *db.Tx) ([]Question, error) {
	rows, err := tx.Query(`select ` + columns + ` from approval where overrules <> 0 and told_at = 0 order by approval_id`)
	return db.Collect(rows, err, d.scan)
}

// Told notes that somebody of the management has read why the officer was
// overruled.
func (d *Desk) Told(tx *db.Tx, which id.Approval, who staff.Who) error {
	if !who.Rights.May(staff.Direct) {
		return staff.ErrNotAllowed(staff.Direct)
	}
	q, err := d.Get(tx, which)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`update approval set told_by = $2, told_at = $3 where approval_id = $1 and overrules <> 0 and told_at = 0`, which, staff.Actor(who.Person.ID), d.Clock.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "told", "somebody has taken note of this before")
	}
	return d.note(tx, which, q.Kind, "management told", staff.Actor(who.Person.ID))
}
