package api

import (
	"context"
	"errors"
	"slices"

	"candor/internal/admission"
	"candor/internal/consent"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/intake"
)

// UpsertRow is one customer of many.
type UpsertRow struct {
	Identities []Identity             `json:"identities" minItems:"1" maxItems:"20"`
	Fields     Object                 `json:"fields,omitempty" doc:"Values by the charter's field names. What is not declared is left out and named in the answer."`
	Consents   []intake.StatedConsent `json:"consents,omitempty" maxItems:"50" doc:"What they agreed to or refused. A yes counts with its evidence only (CON-14)."`
}

// UpsertInput brings what one source knows of many customers.
type UpsertInput struct {
	Provenance Provenance  `json:"provenance"`
	Rows       []UpsertRow `json:"rows" minItems:"1" maxItems:"1000"`
}

// UpsertResult is what became of one row.
type UpsertResult struct {
	Row         int         `json:"row" doc:"From 0, in the order sent."`
	Customer    id.Customer `json:"customer,omitzero"`
	Created     bool        `json:"created,omitempty"`
	Permissions int         `json:"permissions" doc:"What was agreed or refused and counts."`
	Without     []errs.Code `json:"without,omitempty" doc:"Why a yes counts for nothing, one for each."`
	Notes       []Note      `json:"notes" doc:"What was left out or kept apart."`
	Code        errs.Code   `json:"code,omitempty" doc:"Why nothing of the row was taken."`
	Field       string      `json:"field,omitempty"`
	Message     string      `json:"message,omitempty"`
}

// Upserted is one result for each row.
type Upserted struct {
	Taken   int            `json:"taken"`
	Refused int            `json:"refused"`
	Rows    []UpsertResult `json:"rows"`
}

// upsert is the state of one request.
type upsert struct {
	rules    *admission.Rules
	judge    *intake.Judge
	from     gate.Arrival // what all rows have in common
	results  []UpsertResult
	arrivals []gate.Arrival
	rowOf    []int // of each arrival
	left     [][]admission.Left
}

// upsertCustomers takes many customers at once. A row that is wrong touches no
// other; the same rows again change nothing. Rows with a no come first.
func (a *API) upsertCustomers(ctx context.Context, in *struct{ Body UpsertInput }) (*body[Upserted], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	from, err := in.Body.Provenance.read(now)
	if err != nil {
		return nil, err
	}
	judge, err := a.Imports.Judge(ctx, from.Source)
	if err != nil {
		return nil, err
	}
	u := &upsert{rules: rules, judge: judge, from: gate.Arrival{Provenance: from, At: now}, results: make([]UpsertResult, len(in.Body.Rows))}
	lowers := func(r UpsertRow) bool {
		return slices.ContainsFunc(r.Consents, func(s intake.StatedConsent) bool { return !s.Agreed })
	}
	for _, first := range []bool{true, false} {
		for i, row := range in.Body.Rows {
			if lowers(row) == first {
				u.add(i, row)
			}
		}
	}
	taken, err := a.Gate.Take(ctx, u.arrivals)
	if err != nil {
		return nil, err
	}
	for i, t := range taken {
		u.settle(i, t)
	}
	out := Upserted{Rows: u.results}
	for _, r := range out.Rows {
		if r.Code == "" {
			out.Taken++
		} else {
			out.Refused++
		}
	}
	return &body[Upserted]{out}, nil
}

// add reads a row. What is wrong with it is its result.
func (u *upsert) add(i int, row UpsertRow) {
	result := &u.results[i]
	result.Row, result.Notes = i, []Note{}
	who, err := readIdentities(row.Identities)
	if err != nil {
		result.fail(err)
		return
	}
	p, left, err := u.rules.Person(row.Fields, nil)
	if err != nil {
		result.fail(err)
		return
	}
	arrival := u.from
	arrival.Identities, arrival.Values, arrival.Traits = append(who, p.Identities...), p.Values, p.Traits
	for _, s := range row.Consents {
		act, keep, why := u.judge.Act(s)
		if keep {
			arrival.Acts = append(arrival.Acts, act)
		}
		if why != "" {
			result.Without = append(result.Without, why)
		}
	}
	u.arrivals, u.rowOf, u.left = append(u.arrivals, arrival), append(u.rowOf, i), append(u.left, left)
}

// settle says what became of an arrival.
func (u *upsert) settle(n int, t gate.Taken) {
	r := &u.results[u.rowOf[n]]
	if t.Refused != nil {
		r.fail(t.Refused)
		return
	}
	r.Customer, r.Created, r.Notes = t.Customer, t.New, notesOf(t, u.left[n])
	for i, rec := range t.Records {
		switch {
		case i < len(u.arrivals[n].Acts) && u.arrivals[n].Acts[i].Kind == consent.Given && rec.Kind.Lowers():
			r.Without = append(r.Without, intake.Overtaken)
		case rec.Counts():
			r.Permissions++
		}
	}
}

func (r *UpsertResult) fail(err error) {
	r.Code, r.Message = "internal", "this row could not be taken"
	var e *errs.Error
	if errors.As(err, &e) {
		r.Code, r.Field, r.Message = e.Code, e.Field, e.Msg
	}
}
