package trust

import (
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ui"
	"candor/internal/web"
)

const guardedURL = "/admin/trust/guarded"

type guardedPage struct {
	Customer ui.Field
	Why      ui.Field
}

var guardedHead = web.Head{Title: "Guarded records",
	Intro: "Some records nobody opens alone: one's own, a colleague's, and those that you mark here. Whoever looks for one asks a second person, in another role, who approves exactly that look."}

func (r *room) showGuarded(v *web.Visit) error { return r.renderGuarded(v, guardedHead, nil) }

func (r *room) renderGuarded(v *web.Visit, h web.Head, wrong error) error {
	p := guardedPage{
		Customer: ui.Field{ID: "customer", Name: "customer", Label: "Number of the customer", Max: 40, Required: true, Autocomplete: "off", Value: v.R.PostFormValue("customer"), Hint: "cus_… as it stands on their page or in a request."},
		Why:      ui.Field{ID: "why", Name: "why", Label: "Why", Max: 300, Required: true, Value: v.R.PostFormValue("why"), Hint: "Such as “known from the news”. The customer's own copy shows it."},
	}
	web.Note(wrong, &p.Customer, &p.Why)
	return web.Show(v, r.pages.guarded, h, p)
}

// mark marks a record as guarded, or takes the mark away.
func (r *room) mark(v *web.Visit) error {
	none := errs.New(errs.NotFound, "no_customer", "there is no customer of this number").On("customer")
	who, err := id.Parse[id.Customer](v.Form("customer"))
	if err != nil {
		return r.renderGuarded(v, guardedHead.Wrong(), none)
	}
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return err
	}
	on := v.R.PostFormValue("mark") != "off"
	var missing error
	err = v.Write(func(tx *db.Tx) error {
		if _, missing = customer.Get(tx, who); missing != nil && !errs.Is(missing, errs.NotFound) {
			return missing
		}
		if err := v.Staff.LookedByNumber(tx, v.Who.Person.ID, missing == nil); err != nil || missing != nil {
			return err
		}
		return r.Guarded.Mark(tx, who, on, v.Form("why"), v.Actor())
	})
	if missing != nil && err == nil {
		err = none
	}
	if errs.Is(err, errs.Invalid) || errs.CodeOf(err) == none.Code {
		return r.renderGuarded(v, guardedHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	if on {
		return v.Done(guardedURL, "The record is guarded: nobody opens it alone.")
	}
	return v.Done(guardedURL, "The mark is taken away.")
}
