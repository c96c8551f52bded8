package audiences

import (
	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/guarded"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// personPage says of one customer, clause by clause, whether they are in.
type personPage struct {
	Customer string
	Verdict  ui.Status
	Clauses  []audience.Clause
	Reasons  []string
	Back     string
}

// showPerson explains an audience for one customer. The look is a use of their
// data, on record and visible to them.
func (r *room) showPerson(v *web.Visit) error {
	q, err := read(v)
	if err != nil {
		return err
	}
	who, err := id.Parse[id.Customer](v.Form("customer"))
	if err != nil {
		return errs.New(errs.Invalid, "no_such_customer", "write the customer's id as it is shown on their page: cus_ and 13 letters or digits").On("customer")
	}
	condition, err := r.Audience.Compile(v.Who.Charter, q.purpose.ID, q.expression())
	if err != nil {
		return err
	}
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return err
	}
	p := personPage{Customer: who.String(), Back: q.url(q.condition)}
	err = v.Write(func(tx *db.Tx) error {
		if err := r.Guarded.Open(tx, guarded.Look{Customer: who, By: v.Who.Person.ID, Why: string(q.purpose.ID)}); err != nil {
			return err
		}
		if err := v.Staff.Looked(tx, v.Who.Person.ID, string(q.purpose.ID), true); err != nil {
			return err
		}
		p.Clauses, p.Reasons, p.Verdict = nil, nil, ui.Status{Tone: ui.Bad, Text: "may not be chosen by these data"}
		req := gate.Request{Customer: who, Controller: v.Brand(), Purpose: q.purpose.ID, Operation: term.Use, Channel: q.channel, Actor: v.Actor()}
		pass, d, err := r.Gate.Use(tx, req)
		if err != nil {
			return err
		}
		for _, reason := range d.Reasons {
			p.Reasons = append(p.Reasons, reason.Text)
		}
		if !d.Allowed() {
			return nil
		}
		person, err := r.Audience.PersonOf(tx, pass, q.purpose.ID)
		if err != nil {
			return err
		}
		root := condition.Explain(person, v.Now(), "en")
		p.Clauses = []audience.Clause{root}
		if len(root.Parts) > 0 {
			p.Clauses = root.Parts
		}
		req.Operation = term.Serve
		d, err = r.Gate.Decide(tx, req)
		p.Verdict = verdict(root.True, d.Allowed())
		for _, reason := range d.Reasons {
			p.Reasons = append(p.Reasons, reason.Text)
		}
		return err
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.person, web.Head{Title: "Is this person in?", Crumb: &ui.Link{Text: "Whom it reaches", URL: p.Back}}, p)
}

func verdict(in, allowed bool) ui.Status {
	switch {
	case !in:
		return ui.Status{Tone: ui.Plain, Text: "not in"}
	case !allowed:
		return ui.Status{Tone: ui.Warn, Text: "matches, and may not be written to"}
	}
	return ui.Status{Tone: ui.Good, Text: "in"}
}
