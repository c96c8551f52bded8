// Package approval is where two people are needed (OWASP ASVS 2.3.5; GDPR 32(4)):
// to send to many, to take many rows out, to keep data longer, to change the law
// that is applied, to let a recipient in or change where its data go, to erase without the
// person's own request, and to open a guarded record.
//
// The act is done by whoever wants it, and refused with E_DUAL_CONTROL until
// somebody else has approved exactly this: another person, in a role that the
// first does not hold, who did not make what is to be done. The approval is bound
// to a hash of all that matters; one filter more, and it is void. It is good for
// 24 hours and for once. A program's act is that of the person who made its
// token.
//
// The gate stands in the acts themselves, so that no door leads around it. A
// refusal is also the question: the edges hand it to Settle, which puts it before
// those who may approve.
package approval

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
)

// Kind is a kind of act that needs two people.
type Kind string

// The kinds.
const (
	Send      Kind = "send"      // a message to more people than the house lets one person write to
	Export    Kind = "export"    // more rows than the house lets one person take out
	Keep      Kind = "keep"      // data are kept longer than was promised
	Rules     Kind = "rules"     // another choice of law
	Recipient Kind = "recipient" // a recipient is let in, or reached elsewhere
	Open      Kind = "open"      // the record of oneself, a colleague or somebody whom the officer has marked
	Erase     Kind = "erase"     // an erasure that the person did not ask for, or one of many
)

// Kinds lists them with a word for people and with who may approve.
var Kinds = []struct {
	Kind Kind
	Says string
	May  []staff.Permission
}{
	{Send, "Send to many people", []staff.Permission{staff.Approve}},
	{Export, "Take many rows out", []staff.Permission{staff.Approve, staff.DecideRequest, staff.Oversee}},
	{Keep, "Keep data longer", []staff.Permission{staff.Approve, staff.Oversee}},
	{Rules, "Change the law that is applied", []staff.Permission{staff.Approve, staff.Oversee}},
	{Recipient, "Let a recipient in or change where it is reached", []staff.Permission{staff.Approve, staff.DecideRequest, staff.Oversee}},
	{Open, "Open a guarded record", []staff.Permission{staff.DecideRequest, staff.Oversee}},
	{Erase, "Erase without the person's request", []staff.Permission{staff.Approve, staff.DecideRequest, staff.Oversee}},
}

// Approvers are the permissions of which one lets somebody approve anything.
var Approvers = []staff.Permission{staff.Approve, staff.DecideRequest, staff.Oversee}

func (k Kind) may() []staff.Permission {
	for _, one := range Kinds {
		if one.Kind == k {
			return one.May
		}
	}
	return nil
}

// Says names the kind for people.
func (k Kind) Says() string {
	for _, one := range Kinds {
		if one.Kind == k {
			return one.Says
		}
	}
	return string(k)
}

// How long a question waits, how long its answer is good for, and how long both
// are shown.
const (
	Waits  = 7 * 24 * time.Hour
	Good   = 24 * time.Hour
	shown  = 30 * 24 * time.Hour
	tidied = 24 * time.Hour
)

// KindApproval is the ledger's kind of entry.
const KindApproval ledger.Kind = "approval.step"

// Line is a part of what is approved, in words.
type Line struct {
	Term string `json:"term"`
	Text string `json:"text"`
}

// Act is what needs two people.
type Act struct {
	Kind   Kind
	By     term.Actor   // who wants to do it
	Makers []term.Actor // who made what is to be done
	Exact  any          // all that an approval is bound to
	Says   []Line       // the same in words
}

func (a Act) hash() ([]byte, error) {
	b, err := json.Marshal(a.Exact)
	sum := sha256.Sum256(append([]byte(string(a.Kind)+"\n"), b...))
	return sum[:], err
}

// Config is what a desk works with.
type Config struct {
	DB     *db.DB
	Ring   *keyring.Ring
	Ledger *ledger.Log
	Jobs   *job.Queue
	Clock  clock.Clock
	Tokens *token.Book
	Staff  *staff.Roster
}

// Desk keeps what was asked and approved. It is safe for concurrent use.
type Desk struct{ Config }

const jobTidy = "approval.tidy"

// NewDesk makes a desk and registers its background work.
func NewDesk(c Config) *Desk {
	d := &Desk{c}
	c.Jobs.Handle(jobTidy, func(ctx context.Context, _ job.Job) error { return d.tidy(ctx) })
	c.Jobs.Every(jobTidy, tidied)
	return d
}

// tidy deletes what nobody can act on any more; the ledger keeps the steps.
func (d *Desk) tidy(ctx context.Context) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from approval where asked_at < $1 and (overrules = 0 or told_at <> 0)`, d.Clock.Now().Add(-shown))
		return err
	})
}

// needed is an act that was refused; Settle finds it below an error.
type needed struct{ act Act }

// Error is for the log.
func (n *needed) Error() string { return "approval: " + string(n.act.Kind) + " needs two people" }

// Need lets an act pass that somebody else has approved exactly as it is, and
// uses the approval up in the caller's transaction. Otherwise it returns
// FORBIDDEN with E_DUAL_CONTROL. A nil desk lets nothing pass.
func (d *Desk) Need(tx *db.Tx, a Act) error {
	void := errs.Wrap(&needed{a}, errs.Forbidden, errs.DualControl, "this needs a second person, who approves exactly this; nobody has, or what was approved has changed since")
	if d == nil {
		return void
	}
	hash, err := a.hash()
	if err != nil {
		return err
	}
	root, err := d.Tokens.Root(tx, a.By)
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	var which id.Approval
	err = tx.QueryRow(`select approval_id from approval where hash = $1 and root = $2 and kind = $3
		and decided_at > $4 and refused = 0 and used_at = 0 order by approval_id limit 1`, hash, root, a.Kind, now.Add(-Good)).Scan(&which)
	if errs.Is(err, errs.NotFound) {
		return void
	}
	if err != nil {
		return err
	}
	n, err := tx.Exec(`update approval set used_at = $2 where approval_id = $1 and used_at = 0`, which, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return void
	}
	return d.note(tx, which, a.Kind, "done", a.By)
}

func (d *Desk) note(tx *db.Tx, which id.Approval, k Kind, step string, by term.Actor) error {
	_, err := d.Ledger.Append(tx, KindApproval, d.Clock.Now(), map[string]any{"approval": which, "kind": k, "step": step, "by": by})
	return err
}

// Settle puts an act that was refused for want of a second person before those
// who may approve it, once, and says so in the error. Any other error it gives
// back as it is. The edges call it outside the transaction that failed.
func (d *Desk) Settle(ctx context.Context, err error) error {
	n, ok := errors.AsType[*needed](err)
	if !ok || d == nil {
		return err
	}
	var which id.Approval
	if failed := d.DB.Write(ctx, func(tx *db.Tx) (err error) {
		which, err = d.ask(tx, n.act)
		return err
	}); failed != nil {
		return failed
	}
	return errs.New(errs.Forbidden, errs.DualControl,
		"this needs a second person: it waits for approval as %s; do it again, unchanged, within 24 hours after somebody has approved it", which)
}

// ask stores a question, or finds the same one that still waits.
func (d *Desk) ask(tx *db.Tx, a Act) (id.Approval, error) {
	hash, err := a.hash()
	if err != nil {
		return 0, err
	}
	root, err := d.Tokens.Root(tx, a.By)
	if err != nil {
		return 0, err
	}
	now := d.Clock.Now()
	var which id.Approval
	err = tx.QueryRow(`select approval_id from approval where hash = $1 and root = $2 and kind = $3
		and decided_at = 0 and asked_at > $4 order by approval_id limit 1`, hash, root, a.Kind, now.Add(-Waits)).Scan(&which)
	if !errs.Is(err, errs.NotFound) {
		return which, err
	}
	makers := []term.Actor{}
	for _, m := range a.Makers {
		if m, err = d.Tokens.Root(tx, m); err != nil {
			return 0, err
		}
		if !slices.Contains(makers, m) {
			makers = append(makers, m)
		}
	}
	made, err := json.Marshal(makers)
	if err != nil {
		return 0, err
	}
	says, err := json.Marshal(a.Says)
	if err != nil {
		return 0, err
	}
	which = id.New[id.Approval]()
	_, err = tx.Exec(`insert into approval (approval_id, kind, hash, says, by_actor, root, makers, asked_at, decided_by, decided_at, refused, officer, overrules, reason, told_by, told_at, used_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, 0, 0, 0, '', '', 0, 0)`,
		which, a.Kind, hash, d.Ring.SealToken("approval", says), a.By, root, string(made), now)
	if err != nil {
		return 0, err
	}
	return which, d.note(tx, which, a.Kind, "asked", a.By)
}
