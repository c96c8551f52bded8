package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) customerRoutes(h huma.API) {
	handle(a, h, endpoint{id: "put-customer", method: http.MethodPost, path: "/customers", scope: Write, summary: "Bring what is known about a customer"}, a.putCustomer)
	handle(a, h, endpoint{id: "upsert-customers", method: http.MethodPost, path: "/customers/upsert", scope: Write,
		summary: "Bring what is known about up to 1,000 customers, with a result for each"}, a.upsertCustomers)
	handle(a, h, endpoint{id: "list-customers", method: http.MethodGet, path: "/customers", scope: Read, summary: "List customers' ids"}, a.listCustomers)
	handle(a, h, endpoint{id: "find-customers", method: http.MethodPost, path: "/customers/lookup", scope: Read, summary: "Find customers by an address or id"}, a.findCustomers)
	handle(a, h, endpoint{id: "read-values", method: http.MethodPost, path: "/customers/{customer}/values", scope: Read, summary: "Read values for a purpose"}, a.readValues)
	handle(a, h, endpoint{id: "read-events", method: http.MethodPost, path: "/customers/{customer}/events", scope: Read, summary: "Read what happened, for a purpose"}, a.readEvents)
	handle(a, h, endpoint{id: "correct", method: http.MethodPost, path: "/customers/{customer}/corrections", scope: Write, summary: "Put a value right, as the customer says (GDPR 16)"}, a.correct)
	handle(a, h, endpoint{id: "standing", method: http.MethodGet, path: "/customers/{customer}/standing", scope: Reasons, summary: "What a customer may be used and contacted for"}, a.standing)
}

// CustomerInput is what a source tells about one customer.
type CustomerInput struct {
	Identities []Identity `json:"identities" minItems:"1" maxItems:"20"`
	Fields     Object     `json:"fields,omitempty" doc:"Values by the charter's field names. What is not declared is left out and named in the answer."`
	Provenance Provenance `json:"provenance"`
}

// CustomerTaken is what became of it.
type CustomerTaken struct {
	Customer id.Customer `json:"customer"`
	Created  bool        `json:"created"`
	Notes    []Note      `json:"notes" doc:"What was left out or kept apart."`
}

// Note says what of the input was not taken, and why.
type Note struct {
	Code  errs.Code `json:"code"`
	Field string    `json:"field,omitempty"`
}

func (a *API) putCustomer(ctx context.Context, in *struct{ Body CustomerInput }) (*body[CustomerTaken], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	from, err := in.Body.Provenance.read(now)
	if err != nil {
		return nil, err
	}
	who, err := readIdentities(in.Body.Identities)
	if err != nil {
		return nil, err
	}
	p, left, err := rules.Person(in.Body.Fields, nil)
	if err != nil {
		return nil, err
	}
	taken, err := a.take(ctx, gate.Arrival{
		Provenance: from, Identities: append(who, p.Identities...), Values: p.Values, Traits: p.Traits, At: now,
	})
	if err != nil {
		return nil, err
	}
	return &body[CustomerTaken]{CustomerTaken{taken.Customer, taken.New, notesOf(taken, left)}}, nil
}

// take hands one arrival to the gate.
func (a *API) take(ctx context.Context, arrival gate.Arrival) (gate.Taken, error) {
	taken, err := a.Gate.Take(ctx, []gate.Arrival{arrival})
	if err != nil {
		return gate.Taken{}, err
	}
	if taken[0].Refused != nil {
		return gate.Taken{}, taken[0].Refused
	}
	return taken[0], nil
}

// notesOf lists what was left out. An undeclared name is the caller's own; it is
// counted and not repeated.
func notesOf(taken gate.Taken, left []admission.Left) []Note {
	out := []Note{}
	for _, n := range taken.Notes {
		out = append(out, Note{n.Code, n.Field})
	}
	for _, l := range left {
		n := Note{Code: errs.Code(l.Why)}
		if l.Why != admission.Undeclared {
			n.Field = l.Name
		}
		out = append(out, n)
	}
	return out
}

// CustomerList is a page of customers' ids.
type CustomerList struct {
	Customers []id.Customer `json:"customers"`
	Next      string        `json:"next_cursor,omitempty"`
}

func (a *API) listCustomers(ctx context.Context, in *struct{ Paging }) (*body[CustomerList], error) {
	var after id.Customer
	if err := openCursor(a.Ring, "customers", in.Cursor, &after); err != nil {
		return nil, err
	}
	var out CustomerList
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.Customers, err = customer.Page(tx, after, in.Limit)
		return err
	})
	if n := len(out.Customers); n == in.Limit {
		out.Next = sealCursor(a.Ring, "customers", out.Customers[n-1])
	}
	out.Customers = orEmpty(out.Customers)
	return answered(out, err)
}

// Lookup asks who holds an address or id.
type Lookup struct {
	Identity Identity `json:"identity"`
}

func (a *API) findCustomers(ctx context.Context, in *struct{ Body Lookup }) (*body[CustomerList], error) {
	who, err := in.Body.Identity.read()
	if err != nil {
		return nil, err
	}
	var out CustomerList
	err = a.DB.Glance(ctx, func(tx *db.Tx) (err error) {
		out.Customers, err = a.Gate.Find(tx, who)
		return err
	})
	out.Customers = orEmpty(out.Customers)
	return answered(out, err)
}

// ValuesQuery names the purpose for which values are read.
type ValuesQuery struct {
	Purpose   term.Purpose   `json:"purpose,omitempty" maxLength:"100" doc:"Required: without a purpose nothing is read."`
	Operation term.Operation `json:"operation,omitempty" enum:"serve,use,claims" default:"serve"`
	Channel   term.Channel   `json:"channel,omitempty" maxLength:"20"`
	Fields    []term.Field   `json:"fields,omitempty" maxItems:"200" doc:"Left out, all that the purpose lists."`
}

// errNoPurpose refuses a read of personal data that says no purpose.
var errNoPurpose = errs.New(errs.Forbidden, "no_purpose", "say for which purpose you read; without one nothing is").On("purpose")

// Values are a customer's values. Reading them is on record.
type Values struct {
	Values map[term.Field]string `json:"values"`
	Until  clock.Instant         `json:"until,omitzero"`
}

func (a *API) readValues(ctx context.Context, in *struct {
	CustomerPath
	Body ValuesQuery
}) (*body[Values], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	if in.Body.Purpose == "" {
		return nil, errNoPurpose
	}
	c, _ := callerOf(ctx)
	brand, err := a.controller(ctx)
	if err != nil {
		return nil, err
	}
	ask := gate.Request{Customer: who, Controller: brand, Purpose: in.Body.Purpose, Operation: in.Body.Operation,
		Channel: in.Body.Channel, Fields: in.Body.Fields, Actor: c.actor()}
	if ask.Operation == "" {
		ask.Operation = term.Serve
	}
	found, d, err := a.Gate.Draw(ctx, ask)
	if err == nil && !d.Allowed() {
		err = c.denied(d)
	}
	if err != nil {
		return nil, err
	}
	out := Values{Values: make(map[term.Field]string, len(found)), Until: until(d.Until)}
	for f, v := range found {
		out.Values[f] = v.Reveal()
	}
	return &body[Values]{out}, nil
}

// Standing is what is allowed from one time to another.
type Standing struct {
	Purpose    term.Purpose     `json:"purpose"`
	Channel    term.Channel     `json:"channel,omitempty"`
	Recipient  term.Recipient   `json:"recipient,omitempty"`
	From       clock.Instant    `json:"from,omitzero"`
	Until      clock.Instant    `json:"until,omitzero"`
	Operations []term.Operation `json:"operations"`
	Basis      string           `json:"basis,omitempty"`
}

// Standings is what a customer may be used and contacted for.
type Standings struct {
	Standings []Standing `json:"standings"`
}

func (a *API) standing(ctx context.Context, in *struct{ CustomerPath }) (*body[Standings], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	out := Standings{Standings: []Standing{}}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := customer.Get(tx, who); err != nil {
			return err
		}
		all, err := a.Gate.Standing(tx, who)
		out.Standings = out.Standings[:0]
		for _, s := range all {
			out.Standings = append(out.Standings, Standing{Purpose: s.Purpose, Channel: s.Channel, Recipient: s.Recipient,
				From: s.From, Until: until(s.Until), Operations: orEmpty(s.Ops.List()), Basis: s.Basis})
		}
		return err
	})
	return answered(out, err)
}
