package gate

import (
	"slices"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/term"
)

// Pass is an ALLOW that can be used: it lets its holder read these fields of
// this customer, for this purpose, until it expires. Only the gate makes one;
// the zero Pass opens nothing.
type Pass struct {
	gate    *Gate
	request Request
	fields  []term.Field
	stale   []term.Field // of them, those that read as if nothing were known
	until   clock.Instant
	use     id.Use
	shelf   *shelf // of UseMany, else nil
}

// passLives is how long a pass is good for: the work it was asked for, not
// longer.
const passLives = 5 * time.Minute

// Customer is whose data the pass opens.
func (p Pass) Customer() id.Customer { return p.request.Customer }

// Purpose is what they may be used for.
func (p Pass) Purpose() term.Purpose { return p.request.Purpose }

// Channel is the channel of the message, or "".
func (p Pass) Channel() term.Channel { return p.request.Channel }

// Operation is what was allowed.
func (p Pass) Operation() term.Operation { return p.request.Operation }

// Fields lists what may be read.
func (p Pass) Fields() []term.Field { return slices.Clone(p.fields) }

// Stale lists those of its fields whose value is too old to be acted upon: it
// reads as if nothing were known, and the person is asked to confirm (ACC-02).
func (p Pass) Stale() []term.Field { return slices.Clone(p.stale) }

// Expires is when the pass ends.
func (p Pass) Expires() clock.Instant { return p.until }

// Check returns FORBIDDEN when the pass is not for this field, has expired, or
// is no pass at all.
func (p Pass) Check(f term.Field) error {
	if err := p.live(); err != nil {
		return err
	}
	if !slices.Contains(p.fields, f) {
		return errs.New(errs.Forbidden, errs.FieldNotAllowed, "the pass does not open this field").On(string(f))
	}
	return nil
}

func (p Pass) live() error {
	if p.gate == nil {
		return errs.New(errs.Forbidden, errs.NoBasis, "there is no pass: ask the gate first")
	}
	if p.gate.clock.Now() >= p.until {
		return errs.New(errs.Forbidden, errs.Stale, "the pass has expired: ask the gate again")
	}
	return nil
}

// Use answers a request in the mode "use": the customer is locked, the use is
// written, and the answer comes with the pass that opens the data. With DENY,
// and with an error, the pass opens nothing.
func (g *Gate) Use(tx *db.Tx, r Request) (Pass, Decision, error) {
	if r.Actor == "" {
		return Pass{}, closed([]Request{r}, g.clock.Now())[0], errNoActor
	}
	if _, err := customer.Lock(tx, r.Customer); err != nil {
		return Pass{}, closed([]Request{r}, g.clock.Now())[0], err
	}
	p, d, err := g.useMany(tx, []Request{r}, nil)
	return p[0], d[0], err
}

// UseMany is Use for several customers, who the caller has locked in ascending
// order: one reading of the law and few statements for all of them. The passes
// that allow nothing are zero; on an error all are. What the passes open is read
// at once, for this transaction.
func (g *Gate) UseMany(tx *db.Tx, list []Request) ([]Pass, []Decision, error) {
	return g.useMany(tx, list, &shelf{gate: g, tx: tx})
}

func (g *Gate) useMany(tx *db.Tx, list []Request, shelf *shelf) ([]Pass, []Decision, error) {
	none := make([]Pass, len(list))
	decisions, err := g.DecideMany(tx, list)
	if err != nil {
		return none, decisions, err
	}
	out := make([]Pass, len(list))
	uses := make([]useOf, 0, len(list))
	for i, r := range list {
		d := decisions[i]
		if !d.Allowed() {
			continue
		}
		u := UseRow{ID: id.New[id.Use](), At: d.At, Controller: r.Controller, Purpose: r.Purpose, Operation: r.Operation,
			Channel: r.Channel, Recipient: r.Recipient, Fields: d.Fields, Actor: r.Actor, Basis: d.Basis, CharterVersion: d.CharterVersion}
		uses = append(uses, useOf{r.Customer, u})
		out[i] = Pass{gate: g, request: r, fields: d.Fields, stale: d.Stale, until: min(d.Until, d.At.Add(passLives)), use: u.ID, shelf: shelf}
		if shelf != nil {
			shelf.list = append(shelf.list, r.Customer)
		}
	}
	if err := g.writeUses(tx, uses); err != nil {
		return none, closed(list, g.clock.Now()), err
	}
	return out, decisions, nil
}

type useOf struct {
	customer id.Customer
	use      UseRow
}

// UseRow is a recorded use of a customer's data.
type UseRow struct {
	ID             id.Use          `json:"use"`
	At             clock.Instant   `json:"at"`
	Controller     term.Controller `json:"controller"`
	Purpose        term.Purpose    `json:"purpose"`
	Operation      term.Operation  `json:"operation"`
	Channel        term.Channel    `json:"channel,omitempty"`
	Recipient      term.Recipient  `json:"recipient,omitempty"`
	Fields         []term.Field    `json:"fields"`
	Actor          term.Actor      `json:"actor"`
	Basis          string          `json:"basis"`
	CharterVersion int64           `json:"charter_version"`
}

// disclosed is the content of a KindDisclosure entry. It holds nobody's id.
type disclosed struct {
	Use       id.Use         `json:"use"`
	Purpose   term.Purpose   `json:"purpose"`
	Operation term.Operation `json:"operation"`
	Recipient term.Recipient `json:"recipient,omitempty"`
	Fields    []term.Field   `json:"fields"`
	Actor     term.Actor     `json:"actor"`
}

// writeUses records uses. Data that leave the business, or are produced for the
// person or a court, are an entry of the ledger too.
func (g *Gate) writeUses(tx *db.Tx, list []useOf) error {
	rows := make([][]any, len(list))
	var entries []ledger.Written
	for i, o := range list {
		u := o.use
		names := make([]string, len(u.Fields))
		for i, f := range u.Fields {
			names[i] = string(f)
		}
		rows[i] = []any{o.customer, u.ID, u.Controller, u.Purpose, u.Operation, u.Channel, u.Recipient, strings.Join(names, ","),
			u.Actor, u.Basis, u.CharterVersion, u.At}
		if OpsOf(u.Operation)&(opShare|opRights|opClaims) == 0 {
			continue
		}
		w, err := ledger.Prepare(KindDisclosure, u.At, disclosed{u.ID, u.Purpose, u.Operation, u.Recipient, u.Fields, u.Actor})
		if err != nil {
			return err
		}
		entries = append(entries, w)
	}
	if _, err := tx.InsertMany(`insert into data_use (customer_id, use_id, controller, purpose, operation, channel, recipient, fields,
		actor, basis, charter_version, at) values`, "", rows); err != nil {
		return err
	}
	return g.ledger.Put(tx, entries...)
}

// Uses lists the recorded uses of a customer's data, the newest first.
func (g *Gate) Uses(tx *db.Tx, c id.Customer, limit int) ([]UseRow, error) {
	return usesOf(tx, c, limit)
}

func usesOf(tx *db.Tx, c id.Customer, limit int) ([]UseRow, error) {
	rows, err := tx.Query(`select use_id, at, controller, purpose, operation, channel, recipient, fields, actor, basis, charter_version
		from data_use where customer_id = $1 order by use_id desc limit $2`, c, limit)
	return db.Collect(rows, err, func(scan db.Scan) (UseRow, error) {
		var u UseRow
		var names string
		err := scan(&u.ID, &u.At, &u.Controller, &u.Purpose, &u.Operation, &u.Channel, &u.Recipient, &names, &u.Actor, &u.Basis, &u.CharterVersion)
		for name := range strings.SplitSeq(names, ",") {
			if name != "" {
				u.Fields = append(u.Fields, term.Field(name))
			}
		}
		return u, err
	})
}

// Run is an evaluation over many customers at once: a count, a preview, the
// members of a segment.
type Run struct {
	Controller term.Controller
	Purpose    term.Purpose
	Operation  term.Operation
	Channel    term.Channel
	What       string // preview, members, count
	Expression string // the condition, which holds no personal data
	Customers  int64  // rounded
	Actor      term.Actor
}

// UseRun records an evaluation over many customers: one entry a run.
func (g *Gate) UseRun(tx *db.Tx, r Run) (id.Use, error) {
	n := id.New[id.Use]()
	_, err := tx.Exec(`insert into use_run (run_id, controller, purpose, operation, channel, what, expression, customers, actor, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		n, r.Controller, r.Purpose, r.Operation, r.Channel, r.What, r.Expression, r.Customers, r.Actor, g.clock.Now())
	return n, err
}
