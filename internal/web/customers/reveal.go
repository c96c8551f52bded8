package customers

import (
	"strconv"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// shownFor is how many seconds values stay on the screen.
const shownFor = 60

type valuesPage struct {
	Purpose string
	Facts   []ui.Fact
	Seconds int
	Back    string
}

// revealField offers the purposes for which the role sees values; nil when there
// is none.
func revealField(v *web.Visit) *ui.Field {
	f := ui.Field{ID: "purpose", Name: "purpose", Label: "Show for", Required: true}
	for _, p := range v.Who.Rights.Purposes(v.Who.Charter) {
		f.Options = append(f.Options, ui.Option{Value: string(p), Text: purposeTitle(v, string(p))})
	}
	if len(f.Options) == 0 {
		return nil
	}
	return &f
}

// reveal shows what the role sees for a purpose, for a minute. It is a use of the
// data, on record and visible to the customer.
func (r *room) reveal(v *web.Visit, who id.Customer, _ string) error {
	purpose := term.Purpose(v.R.PostFormValue("purpose"))
	fields := v.Who.Rights.Sees(purpose)
	if len(fields) == 0 {
		return errs.New(errs.Forbidden, errs.Role, "your roles show nothing for this purpose")
	}
	if err := r.Gate.Warm(v.Context(), []id.Customer{who}); err != nil {
		return err
	}
	p := valuesPage{Purpose: purposeTitle(v, string(purpose)), Seconds: shownFor, Back: customerURL(who)}
	var d gate.Decision
	err := v.Write(func(tx *db.Tx) (err error) {
		p.Facts = nil
		var pass gate.Pass
		pass, d, err = r.Gate.Use(tx, gate.Request{Customer: who, Controller: v.Brand(), Purpose: purpose, Operation: term.Serve, Fields: fields, Actor: v.Actor()})
		if err != nil || !d.Allowed() {
			return err
		}
		for _, name := range pass.Fields() {
			value, err := pass.Value(v.Context(), tx, name)
			if err != nil {
				return err
			}
			fact := ui.Fact{Term: string(name), Text: "nothing on file"}
			if f, ok := v.Who.Charter.Field(name); ok {
				fact.Term = fieldTitle(f)
			}
			if !value.IsZero() {
				fact.Text = value.Reveal()
			}
			p.Facts = append(p.Facts, fact)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !d.Allowed() {
		return errs.New(errs.Forbidden, d.Reasons[0].Code, "their data may not be used for this purpose now: %s", d.Reasons[0].Text)
	}
	v.W.Header().Set("Refresh", strconv.Itoa(shownFor)+"; url="+p.Back)
	return web.Show(v, r.values, web.Head{Title: "Shown for “" + p.Purpose + "”", Crumb: &ui.Link{Text: "The customer", URL: p.Back}}, p)
}
