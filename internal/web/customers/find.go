package customers

import (
	"strings"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/guarded"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// byRequest stands for a request among the purposes.
const byRequest = "by request"

type findPage struct {
	Identity ui.Field
	Purpose  ui.Field
	Request  ui.Field
	Several  []found
	Limit    int
}

// found is one of several customers who share an address.
type found struct {
	URL, Number string
	Since       time.Time
}

func (r *room) showFind(v *web.Visit) error { return r.renderFind(v, web.Head{}, "", nil) }

// renderFind shows the form. What was typed is in the page and never in its
// address.
func (r *room) renderFind(v *web.Visit, h web.Head, identity string, wrong error, several ...found) error {
	h.Title = "Find a customer"
	h.Intro = "By an exact address or number, and with the reason why you look. There is no list to browse."
	p := findPage{
		Identity: ui.Field{ID: "identity", Name: "identity", Label: "E-mail, phone or customer number", Required: true, Max: 320, Value: identity, Autocomplete: "off",
			Hint: "Exactly as it is on file: ada@example.org, +49 40 1234567, shop:10001 or cus_…"},
		Purpose: ui.Field{ID: "purpose", Name: "purpose", Label: "What for", Required: true, Options: []ui.Option{{Text: "Choose"}}},
		Request: ui.Field{ID: "request", Name: "request", Label: "Number of the request", Max: 40, Value: v.R.PostFormValue("request"), Hint: "Such as req_…, when it is for a request."},
		Several: several, Limit: staff.LooksAnHour,
	}
	for i := range v.Who.Charter.Purposes {
		one := &v.Who.Charter.Purposes[i]
		p.Purpose.Options = append(p.Purpose.Options, ui.Option{Value: string(one.ID), Text: one.Title.In("en"), Chosen: v.R.PostFormValue("purpose") == string(one.ID)})
	}
	p.Purpose.Options = append(p.Purpose.Options, ui.Option{Value: byRequest, Text: "A request, by its number", Chosen: v.R.PostFormValue("purpose") == byRequest})
	if wrong != nil {
		web.Note(wrong, &p.Identity, &p.Purpose, &p.Request)
	}
	return web.Show(v, r.find, h, p)
}

// search looks for a customer. The search is counted before it is made and
// recorded after, found or not.
func (r *room) search(v *web.Visit) error {
	identity := v.R.PostFormValue("identity")
	list, why, err := r.look(v, identity)
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.NotFound) {
		return r.renderFind(v, web.Head{}.Wrong(), identity, err)
	}
	if err != nil {
		return err
	}
	if err := open(v, list, why); err != nil {
		return err
	}
	if len(list) == 1 {
		return v.Redirect(customerURL(list[0]))
	}
	several, err := r.several(v, list)
	if err != nil {
		return err
	}
	return r.renderFind(v, web.Head{}, identity, nil, several...)
}

func (r *room) look(v *web.Visit, identity string) (list []id.Customer, why string, err error) {
	finder, err := finderOf(identity)
	if err != nil {
		return nil, "", err
	}
	why, of, err := r.reason(v)
	if err != nil {
		return nil, "", err
	}
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return nil, "", err
	}
	var second error
	err = v.Write(func(tx *db.Tx) (err error) {
		if list, err = finder(tx, r); err != nil {
			return err
		}
		if of != 0 {
			list = only(list, of)
		}
		if second = r.guarded(tx, v, list, why); errs.CodeOf(second) == errs.DualControl {
			return v.Staff.LookHeld(tx, v.Who.Person.ID, why)
		}
		if second != nil {
			return second
		}
		return v.Staff.Looked(tx, v.Who.Person.ID, why, len(list) > 0)
	})
	if err == nil && second != nil {
		return nil, "", second
	}
	if err == nil && len(list) == 0 {
		err = errs.New(errs.NotFound, "nobody_found", "nobody is known by this; check the spelling, or ask for another address or number. The search is on record").On("identity")
	}
	return list, why, err
}

// guarded returns E_DUAL_CONTROL when a second person has to open one of the
// records.
func (r *room) guarded(tx *db.Tx, v *web.Visit, list []id.Customer, why string) error {
	for _, c := range list {
		if err := r.Guarded.Open(tx, guarded.Look{Customer: c, By: v.Who.Person.ID, Why: why}); err != nil {
			return err
		}
	}
	return nil
}

// only keeps the customer whom a request is about: with its number, nobody else
// is found.
func only(list []id.Customer, of id.Customer) []id.Customer {
	for _, c := range list {
		if c == of {
			return []id.Customer{c}
		}
	}
	return nil
}

// reason reads why somebody looks: a purpose, or a request and whose it is.
func (r *room) reason(v *web.Visit) (why string, of id.Customer, err error) {
	if name := v.R.PostFormValue("purpose"); name != byRequest && name != "" {
		if _, ok := v.Who.Charter.Purpose(term.Purpose(name)); !ok {
			return "", 0, errs.New(errs.Invalid, errs.NoBasis, "the charter has no such purpose").On("purpose")
		}
		return name, 0, nil
	}
	number, err := id.Parse[id.Request](strings.TrimSpace(v.R.PostFormValue("request")))
	if err != nil {
		return "", 0, errs.New(errs.Invalid, "no_reason", "say what you look for: choose a purpose, or give the number of a request").On("purpose")
	}
	req, err := r.Desk.Get(v.Context(), number)
	if errs.Is(err, errs.NotFound) {
		return "", 0, errs.New(errs.Invalid, "no_request", "there is no request of this number").On("request")
	}
	return number.String(), req.Customer, err
}

// finderOf reads an identity as people write it.
func finderOf(raw string) (func(*db.Tx, *room) ([]id.Customer, error), error) {
	raw = strings.TrimSpace(raw)
	if who, err := id.Parse[id.Customer](raw); err == nil {
		return func(tx *db.Tx, _ *room) ([]id.Customer, error) {
			_, err := customer.Get(tx, who)
			if errs.Is(err, errs.NotFound) {
				return nil, nil
			}
			return []id.Customer{who}, err
		}, nil
	}
	i, err := customer.Written(raw)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, r *room) ([]id.Customer, error) { return r.Gate.Find(tx, i) }, nil
}

// several describes customers who share an address, so that the right one can be
// chosen.
func (r *room) several(v *web.Visit, list []id.Customer) (out []found, err error) {
	err = v.Read(func(tx *db.Tx) error {
		out = nil
		for _, c := range list {
			row, err := customer.Get(tx, c)
			if err != nil {
				return err
			}
			out = append(out, found{customerURL(c), c.String(), v.Local(row.CreatedAt)})
		}
		return nil
	})
	return out, err
}

func customerURL(c id.Customer) string { return findURL + "/" + c.String() }
