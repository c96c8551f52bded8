package request

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/approval"
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
	"candor/internal/moment"
	"candor/internal/outbox"
	"candor/internal/personal"
	"candor/internal/rights"
	"candor/internal/rulepack"
	"candor/internal/sharing"
	"candor/internal/term"
)

// The kinds of the ledger's entries.
const (
	KindAsked  ledger.Kind = "erasure.asked" // by staff or a program, not by the person
	KindErased ledger.Kind = "erasure.certified"
)

// LeftStep is the step of an erasure that looks for what is left.
const LeftStep = "what is left"

const (
	eraseJob = "request.erase"
	keyStep  = "key" // the customer's data key is destroyed
)

// NewErasure asks for the erasure of one customer.
type NewErasure struct {
	Customer id.Customer
	Via      string // the way it came in: "portal", "api", "staff", "unconfirmed"
	Actor    term.Actor
	// Quiet leaves the endpoints unsuppressed: the person never asked for peace,
	// the data were merely not confirmed.
	Quiet bool
	Lang  term.Lang // of the mail that announces it
	// Asked says where the person's own request can be seen, when staff or a program
	// of theirs pass it on; "" when nobody asked.
	Asked string

	replay bool // told by the protection journal
}

// Erase accepts an erasure. When it returns, every permission has ended, queued
// messages are cancelled, the endpoints are suppressed and the act is in the
// protection journal; the deletion itself follows in the background, within a
// minute. It returns NOT_FOUND for a customer that is unknown or erased, the
// open request when one is already being worked on, and FORBIDDEN with
// E_DUAL_CONTROL when staff erase somebody who did not ask, or more than ten
// people a day, and nobody else has approved it.
func (d *Desk) Erase(ctx context.Context, n NewErasure) (Request, error) {
	now := d.Clock.Now()
	due, err := d.due(ctx, now)
	if err != nil {
		return Request{}, err
	}
	r := Request{
		ID: id.New[id.Request](), Customer: n.Customer, Kind: Erasure, State: Working,
		Via: n.Via, Actor: n.Actor, Market: rulepack.Strict, ReceivedAt: now,
		SafeDue: due.Safe, LegalDue: due.Legal, TargetDue: due.Target,
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		open, err := openErasure(tx, n.Customer)
		if err == nil {
			r = open
			return nil
		}
		if !errs.Is(err, errs.NotFound) {
			return err
		}
		if err := d.second(tx, r, n); err != nil {
			return err
		}
		return d.accept(tx, r, n)
	})
	return r, err
}

// erasuresADay is how many people staff and their programs erase in 24 hours
// before a second person has to look.
const erasuresADay = 10

const (
	viaStaff       = "staff"
	viaAPI         = "api"
	viaUnconfirmed = "unconfirmed" // the engine: nobody confirmed the address
	viaJournal     = "journal"     // the engine: a restored database had forgotten it
	maxAsked       = 300
)

// second holds back what staff and their programs erase: each person who did not
// ask, and everybody after the tenth of a day.
func (d *Desk) second(tx *db.Tx, r Request, n NewErasure) error {
	if n.Via != viaStaff && n.Via != viaAPI {
		return nil
	}
	if len(n.Asked) > maxAsked || personal.HoldsAddress(n.Asked) {
		return errs.New(errs.Invalid, "bad_evidence", "say in at most %d characters where the request can be seen, without anybody's address", maxAsked).On("asked")
	}
	var today int
	err := tx.QueryRow(`select count(*) from request where kind = $1 and received_at > $2 and via in ($3, $4)`,
		Erasure, r.ReceivedAt.Add(-24*time.Hour), viaStaff, viaAPI).Scan(&today)
	if err != nil {
		return err
	}
	if n.Asked != "" && today < erasuresADay {
		_, err := d.Ledger.Append(tx, KindAsked, r.ReceivedAt, map[string]any{"request": r.ID, "asked": n.Asked, "by": n.Actor})
		return err
	}
	why := "nobody says that the customer asked for it"
	if n.Asked != "" {
		why = "more than " + strconv.Itoa(erasuresADay) + " people were erased in 24 hours; the request: " + n.Asked
	}
	return d.Approvals.Need(tx, approval.Act{Kind: approval.Erase, By: n.Actor, Exact: map[string]string{"customer": n.Customer.String(), "asked": n.Asked},
		Says: []approval.Line{{Term: "Customer", Text: n.Customer.String()}, {Term: "Why it needs you", Text: why}}})
}

// due gives the shortest clock of all markets: the engine does the work itself,
// within a minute, and needs none of the longer ones.
func (d *Desk) due(ctx context.Context, received clock.Instant) (out rulepack.Due, err error) {
	err = d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = d.dueIn(tx, received)
		return err
	})
	return out, err
}

func (d *Desk) dueIn(tx *db.Tx, received clock.Instant) (rulepack.Due, error) {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return rulepack.Due{}, err
	}
	zone, err := time.LoadLocation(c.Business.Zone)
	if err != nil {
		return rulepack.Due{}, err
	}
	return d.Packs.Strict().Due(rulepack.RequestAnswer, rulepack.Event{At: received, Place: c.Business.Complaints, Zone: zone})
}

func openErasure(tx *db.Tx, c id.Customer) (Request, error) {
	rows, err := tx.Query("select "+requestColumns+` from request
		where customer_id = $1 and kind = $2 and state = $3 order by request_id`, c, Erasure, Working)
	found, err := db.Collect(rows, err, scanRequest)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "not_found", "there is no open erasure")
	}
	if err != nil {
		return Request{}, err
	}
	return found[0], nil
}

// accept is the transaction after which nothing is done with the person's data
// any more but deleting them.
func (d *Desk) accept(tx *db.Tx, r Request, n NewErasure) error {
	if _, err := d.Gate.BeginErasure(tx, gate.Erasure{Customer: r.Customer, Actor: r.Actor, Quiet: n.Quiet, Request: r.ID, Replay: n.replay}); err != nil {
		return err
	}
	if err := insert(tx, r); err != nil {
		return err
	}
	var rows [][]any
	for i, store := range d.steps() {
		rows = append(rows, []any{r.Customer, r.ID, i, store, 0, 0})
	}
	_, err := tx.InsertMany("insert into erasure_step (customer_id, request_id, step, store, removed, done_at) values", "", rows)
	if err != nil {
		return err
	}
	if _, err := d.Sharing.Erased(tx, r.Customer, r.ID); err != nil {
		return err
	}
	if err := d.Exports.Erased(tx, r.Customer, r.ID); err != nil {
		return err
	}
	if err := d.announce(tx, r, n); err != nil {
		return err
	}
	return d.Jobs.Enqueue(tx, job.New{Kind: eraseJob, Args: eraseArgs{r.ID}, Unique: r.ID.String(), RunAt: r.ReceivedAt.Add(announceFirst)})
}

// announceFirst leaves the mail that announces an erasure time to leave before
// the address is gone.
const announceFirst = 5 * time.Second

// announce tells the address on file that an erasure was asked for, in case it
// was not the person who asked.
func (d *Desk) announce(tx *db.Tx, r Request, n NewErasure) error {
	if n.Quiet || n.replay {
		return nil
	}
	c, err := d.Charter.Current(tx)
	if err != nil {
		return err
	}
	lang := n.Lang
	if lang == "" {
		lang = c.Business.Languages[0]
	}
	return d.Mail.SendService(tx, message.ServiceMail{
		Kind: message.ErasureMail, Customer: r.Customer, Controller: c.Business.ID, Lang: lang, Entry: r.ID.String(),
	})
}

// steps lists the stores in the order they are erased: the key goes last, and
// the scan comes after everything.
func (d *Desk) steps() []string {
	var out []string
	for _, s := range d.Sources {
		out = append(out, s.Store())
	}
	return append(out, keyStep, LeftStep)
}

type eraseArgs struct {
	Request id.Request `json:"request"`
}

// Step is one store's part of an erasure.
type Step struct {
	Number  int64         `json:"-"`
	Store   string        `json:"store"`
	Removed int64         `json:"removed"`
	DoneAt  clock.Instant `json:"done_at,omitempty"`
}

// Steps gives how far an erasure is.
func (d *Desk) Steps(ctx context.Context, r id.Request) ([]Step, error) {
	var out []Step
	err := d.DB.Read(ctx, func(tx *db.Tx) error {
		req, err := get(tx, r)
		if err != nil {
			return err
		}
		out, err = steps(tx, req)
		return err
	})
	return out, err
}

func steps(tx *db.Tx, r Request) ([]Step, error) {
	rows, err := tx.Query(`select step, store, removed, done_at from erasure_step
		where customer_id = $1 and request_id = $2 order by step`, r.Customer, r.ID)
	return db.Collect(rows, err, func(scan db.Scan) (s Step, err error) {
		err = scan(&s.Number, &s.Store, &s.Removed, &s.DoneAt)
		return s, err
	})
}

// runErase goes through the steps that are not done. Each is one transaction
// with its receipt, so that a run that was cut off goes on where it was.
func (d *Desk) runErase(ctx context.Context, j job.Job) error {
	var args eraseArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("erasure: %w", err)
	}
	r, err := d.Get(ctx, args.Request)
	if err != nil {
		return err
	}
	return d.finish(ctx, r)
}

// finish goes through the steps of an erasure that are not done.
func (d *Desk) finish(ctx context.Context, r Request) error {
	if r.State == Done {
		return nil
	}
	todo, err := d.Steps(ctx, r.ID)
	if err != nil {
		return err
	}
	addresses, err := d.addressesOf(ctx, r.Customer)
	if err != nil {
		return err
	}
	for _, s := range todo {
		if !s.DoneAt.IsZero() {
			continue
		}
		if s.Store == LeftStep {
			if err := d.strays(ctx, addresses); err != nil {
				return err
			}
		}
		if err := d.runStep(ctx, r, s); err != nil {
			return fmt.Errorf("erasure, step %s: %w", s.Store, err)
		}
	}
	waiting, err := d.waiting(ctx, r)
	if err != nil || waiting {
		return err
	}
	return d.certify(ctx, r)
}

// waiting reports whether a recipient, or who holds a file, has yet to confirm, and
// says so in the request.
func (d *Desk) waiting(ctx context.Context, r Request) (bool, error) {
	waits := false
	err := d.DB.Write(ctx, func(tx *db.Tx) error {
		told, err := d.Sharing.ErasureNotices(tx, r.Customer, r.ID)
		waits = slices.ContainsFunc(told, func(n sharing.Delivery) bool { return n.State != sharing.Acknowledged })
		if err != nil {
			return err
		}
		held, err := d.Exports.Erasures(tx, r.Customer, r.ID)
		waits = waits || slices.ContainsFunc(held, func(x export.Erasure) bool { return x.ConfirmedAt.IsZero() })
		if err != nil || !waits {
			return err
		}
		_, err = tx.Exec("update request set state = $3 where customer_id = $1 and request_id = $2", r.Customer, r.ID, Partial)
		return err
	})
	return waits, err
}

// answered goes on with an erasure when its last recipient, or the last who held a
// file, has confirmed.
func (d *Desk) answered(tx *db.Tx, m outbox.Message) error {
	var a sharing.Answered
	if err := json.Unmarshal(m.Payload, &a); err != nil {
		return err
	}
	return d.Jobs.Enqueue(tx, job.New{Kind: eraseJob, Args: eraseArgs(a), Unique: a.Request.String()})
}

func (d *Desk) runStep(ctx context.Context, r Request, s Step) error {
	switch s.Store {
	case claim.StoreName:
		return d.DB.Write(ctx, func(tx *db.Tx) error {
			if err := d.keep(tx, r); err != nil {
				return err
			}
			return d.receipt(tx, r, s, 0)
		})
	case keyStep:
		if err := d.Gate.DestroyKey(ctx, r.Customer); err != nil {
			return err
		}
		moment.Reached(moment.KeyGone)
		return d.DB.Write(ctx, func(tx *db.Tx) error { return d.receipt(tx, r, s, 1) })
	case LeftStep:
		return d.DB.Write(ctx, func(tx *db.Tx) error {
			if err := d.scan(tx, r.Customer); err != nil {
				return err
			}
			return d.receipt(tx, r, s, 0)
		})
	}
	source, err := d.source(s.Store)
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := source.Erase(tx.Context(), tx, r.Customer)
		if err != nil {
			return err
		}
		return d.receipt(tx, r, s, n)
	})
}

func (d *Desk) source(store string) (rights.Source, error) {
	for _, s := range d.Sources {
		if s.Store() == store {
			return s, nil
		}
	}
	return nil, errs.New(errs.Unavailable, errs.FailClosed, "the store %s of this erasure is not known to this version of the program", store)
}

func (d *Desk) receipt(tx *db.Tx, r Request, s Step, removed int64) error {
	_, err := tx.Exec(`update erasure_step set removed = $4, done_at = $5
		where customer_id = $1 and request_id = $2 and step = $3`, r.Customer, r.ID, s.Number, removed, d.Clock.Now())
	return err
}

// scan looks for rows that still carry the customer's id, in every table of
// every source. Finding one fails the step: the store that left it is named.
func (d *Desk) scan(tx *db.Tx, c id.Customer) error {
	left, err := d.Holding(tx, c)
	if err == nil && len(left) > 0 {
		err = errs.New(errs.Internal, "residue", "rows are left in the stores: %s", strings.Join(left, ", "))
	}
	return err
}

// Holding names the stores that hold rows of a customer.
func (d *Desk) Holding(tx *db.Tx, c id.Customer) ([]string, error) {
	var out []string
	for _, s := range d.Sources {
		for _, table := range s.Tables() {
			var one int64
			err := tx.QueryRow("select 1 from "+table+" where customer_id = $1 limit 1", c).Scan(&one)
			if err == nil {
				out = append(out, s.Store())
				break
			}
			if !errs.Is(err, errs.NotFound) {
				return nil, err
			}
		}
	}
	return out, nil
}
