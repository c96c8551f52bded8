// Package request is the desk for the rights of the person: it takes requests,
// counts their clocks, and does the work itself where the engine holds the data
// (GDPR 12, 15, 17).
//
// An erasure is a saga. Accepting it is one transaction: every permission ends,
// queued messages are cancelled, the endpoints are suppressed, and the act is in
// the protection journal. Then each store deletes what it holds and leaves a
// receipt, the customer's key is destroyed last and a scan looks for what is
// left. Recipients that were given data are told at once; until each has
// confirmed, the erasure is partial. Then a certificate is written to the ledger.
// A process that is killed half-way goes on where it was.
//
// First of all an erasure moves what must outlive it to the sealed store for claims;
// the certificate says what that is, why, and until when.
package request

import (
	"context"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/outbox"
	"candor/internal/rights"
	"candor/internal/rulepack"
	"candor/internal/sharing"
	"candor/internal/term"
)

// Kind is the right that a request exercises.
type Kind string

// The kinds of requests the desk does by itself.
const (
	Erasure Kind = "erasure" // GDPR 17
	Access  Kind = "access"  // GDPR 15

	Objection   Kind = "objection"   // GDPR 21(1): stops at once, upheld unless grounds are shown in time
	Restriction Kind = "restriction" // GDPR 18: kept, not used
	Deceased    Kind = "deceased"    // a report that the person died
	Ownership   Kind = "ownership"   // whoever reads the mail says that they are somebody else
)

// Words says what is asked for, to staff.
func (k Kind) Words() string {
	switch k {
	case Erasure:
		return "Erase everything"
	case Access:
		return "A copy of their data"
	case Objection:
		return "Objection to a use"
	case Restriction:
		return "Restrict the data"
	case Deceased:
		return "Report of a death"
	case Ownership:
		return "“This address is not theirs”"
	}
	return string(k)
}

// State is how far a request is.
type State string

// The states.
const (
	Working State = "working" // accepted; the work goes on in the background
	Waiting State = "waiting" // in effect; a human of the business has to look
	Partial State = "partial" // done here; recipients have yet to confirm
	Done    State = "done"    // answered
)

// Outcome is how a request ended.
type Outcome string

// The outcomes.
const (
	Upheld    Outcome = "upheld"    // what was asked for stays
	Refused   Outcome = "refused"   // with reasons, that the person was told
	Ended     Outcome = "ended"     // it is over, and the person was told before
	Corrected Outcome = "corrected" // the report was wrong
)

// Request is one person's request with its clock.
type Request struct {
	ID         id.Request    `json:"request_id"`
	Customer   id.Customer   `json:"customer_id"`
	Kind       Kind          `json:"kind"`
	State      State         `json:"state"`
	Purpose    term.Purpose  `json:"purpose,omitempty"`
	Outcome    Outcome       `json:"outcome,omitempty"`
	Via        string        `json:"via"`
	Actor      term.Actor    `json:"actor"`
	Market     term.Market   `json:"market"`
	ReceivedAt clock.Instant `json:"received_at"`
	SafeDue    clock.Instant `json:"safe_due"`
	LegalDue   clock.Instant `json:"legal_due"`
	TargetDue  clock.Instant `json:"target_due"`
	ClosedAt   clock.Instant `json:"closed_at,omitempty"`
}

// Config is what a desk works with.
type Config struct {
	DB       *db.DB
	Gate     *gate.Gate
	Charter  *charter.Store
	Packs    *rulepack.Set
	Ledger   *ledger.Log
	Jobs     *job.Queue
	Mail     *message.Sender
	Audience *audience.Service
	Clock    clock.Clock
	Outbox   *outbox.Box
	Sharing  *sharing.Service
	Claims   *claim.Store
	Sources  []rights.Source // every store of personal data, in the order they are erased
	// Exports is told of each erasure, which waits for those who hold files with the
	// person.
	Exports *export.Book
	// Approvals is asked when somebody erases a person who did not ask for it, and
	// when there are many erasures in a day.
	Approvals *approval.Desk
}

// Desk takes requests and does them.
type Desk struct{ Config }

// NewDesk makes a desk and registers its background work.
func NewDesk(c Config) *Desk {
	d := &Desk{c}
	c.Jobs.Handle(eraseJob, d.runErase)
	c.Jobs.Handle(dueJob, d.runDue)
	c.Jobs.Every(dueJob, dueEvery)
	c.Jobs.Handle(liftJob, d.runLift)
	c.Outbox.Follow(sharing.TopicAnswered, "request.answered", d.answered)
	c.Outbox.Follow(export.TopicConfirmed, "request.confirmed", d.answered)
	return d
}

// Get gives a request by its number.
func (d *Desk) Get(ctx context.Context, r id.Request) (Request, error) {
	var out Request
	err := d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = get(tx, r)
		return err
	})
	return out, err
}

const requestColumns = `request_id, customer_id, kind, state, purpose, outcome, via, actor, market,
	received_at, safe_due, legal_due, target_due, closed_at`

func scanRequest(scan db.Scan) (r Request, err error) {
	err = scan(&r.ID, &r.Customer, &r.Kind, &r.State, &r.Purpose, &r.Outcome, &r.Via, &r.Actor, &r.Market,
		&r.ReceivedAt, &r.SafeDue, &r.LegalDue, &r.TargetDue, &r.ClosedAt)
	return r, err
}

func get(tx *db.Tx, r id.Request) (Request, error) {
	rows, err := tx.Query("select "+requestColumns+" from request where request_id = $1", r)
	found, err := db.Collect(rows, err, scanRequest)
	if err != nil {
		return Request{}, err
	}
	if len(found) == 0 {
		return Request{}, errs.New(errs.NotFound, "not_found", "there is no such request")
	}
	return found[0], nil
}

// List gives requests in the order of their red lines, open ones first, after
// the cursor.
func (d *Desk) List(ctx context.Context, state State, after id.Request, limit int) ([]Request, error) {
	var out []Request
	err := d.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select "+requestColumns+` from request
			where state = $1 and request_id > $2 order by request_id limit $3`, state, after, limit)
		out, err = db.Collect(rows, err, scanRequest)
		return err
	})
	return out, err
}

// Open lists requests that are not done, those with the nearest red line first,
// after one of them; the zero Request begins.
func (d *Desk) Open(ctx context.Context, after Request, limit int) ([]Request, error) {
	var out []Request
	err := d.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select "+requestColumns+` from request
			where state in ($1, $2, $3) and (safe_due > $4 or safe_due = $4 and request_id > $5)
			order by safe_due, request_id limit $6`, Working, Waiting, Partial, after.SafeDue, after.ID, limit)
		out, err = db.Collect(rows, err, scanRequest)
		return err
	})
	return out, err
}

// OfCustomer lists a customer's requests, newest first.
func (d *Desk) OfCustomer(ctx context.Context, c id.Customer) ([]Request, error) {
	var out []Request
	err := d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = ofCustomer(tx, c)
		return err
	})
	return out, err
}

func ofCustomer(tx *db.Tx, c id.Customer) ([]Request, error) {
	rows, err := tx.Query("select "+requestColumns+` from request
		where customer_id = $1 order by request_id desc limit 100`, c)
	return db.Collect(rows, err, scanRequest)
}

func insert(tx *db.Tx, r Request) error {
	_, err := tx.Exec(`insert into request (`+requestColumns+`, entry_id, content)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, '')`,
		r.ID, r.Customer, r.Kind, r.State, r.Purpose, r.Outcome, r.Via, r.Actor, r.Market,
		r.ReceivedAt, r.SafeDue, r.LegalDue, r.TargetDue, r.ClosedAt)
	return err
}

// Open counts the requests that are not done, and those of them whose red line
// has passed.
func Open(tx *db.Tx, now clock.Instant) (open, late int64, err error) {
	err = tx.QueryRow(`select count(*), coalesce(sum(case when safe_due > 0 and safe_due < $1 then 1 else 0 end), 0)
		from request where state in ('working', 'waiting', 'partial')`, now).Scan(&open, &late)
	return open, late, err
}

// Kept is how the deadlines of a kind of request were kept.
type Kept struct {
	Kind   Kind  `json:"kind"`
	Open   int64 `json:"open"`
	Late   int64 `json:"late"`    // open past the law's day
	InTime int64 `json:"in_time"` // done by the law's day
	Missed int64 `json:"missed"`  // done after it
}

// Deadlines counts how deadlines were kept, by kind, for requests that are on
// record.
func Deadlines(tx *db.Tx, now clock.Instant) ([]Kept, error) {
	rows, err := tx.Query(`select kind,
		sum(case when closed_at = 0 then 1 else 0 end),
		sum(case when closed_at = 0 and legal_due > 0 and legal_due < $1 then 1 else 0 end),
		sum(case when closed_at > 0 and (legal_due = 0 or closed_at <= legal_due) then 1 else 0 end),
		sum(case when closed_at > 0 and legal_due > 0 and closed_at > legal_due then 1 else 0 end)
		from request group by kind order by kind`, now)
	return db.Collect(rows, err, func(scan db.Scan) (k Kept, err error) {
		return k, scan(&k.Kind, &k.Open, &k.Late, &k.InTime, &k.Missed)
	})
}
