package customers

import (
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// customerPage is one customer: what happened in the middle, what is allowed and
// what is held beside it.
type customerPage struct {
	Number      string
	Address     string // masked
	Since       time.Time
	Why         string
	Stage       string // with how long, "" when the role or the customer does not let it be seen
	Chips       []ui.Status
	Filters     []ui.Link
	Moments     []ui.Moment
	Hidden      bool // the role sees no events
	Pages       ui.Pages
	Permissions []permission
	Held        []held
	Reveal      *ui.Field // the purposes for which the role may see values
	URL         string
	Actions     []ui.Link
}

func (r *room) show(v *web.Visit, who id.Customer, why string) error {
	p := customerPage{Number: who.String(), URL: customerURL(who), Why: whyWords(v, why), Reveal: revealField(v)}
	for _, a := range actions() {
		if a.access.Allows(v.Who.Rights) && a.fits(v) {
			p.Actions = append(p.Actions, ui.Link{Text: a.title, URL: p.URL + "/" + a.path})
		}
	}
	all, err := r.happened(v, who)
	if err != nil {
		return err
	}
	all.page(v, &p)
	err = v.Read(func(tx *db.Tx) error {
		c, err := customer.Get(tx, who)
		if err != nil {
			return err
		}
		p.Since = v.Local(c.CreatedAt)
		if p.Address, err = r.Gate.MaskedAddress(v.Context(), tx, who, term.Email); err != nil {
			return err
		}
		standing, err := r.Gate.Standing(tx, who)
		if err != nil {
			return err
		}
		records, err := consent.Of(tx, who)
		if err != nil {
			return err
		}
		p.Permissions, p.Chips = permissions(v, standing, records)
		kept, err := r.Gate.Kept(tx, who)
		if err != nil {
			return err
		}
		names, err := r.sources(tx)
		p.Held = heldOf(v, kept, storedUntil(v, standing), names)
		return err
	})
	if err != nil {
		return err
	}
	if p.Stage, err = r.stage(v, who); err != nil {
		return err
	}
	title := p.Address
	if title == "" {
		title = p.Number
	}
	return web.Show(v, r.customer, web.Head{Title: title, Crumb: &ui.Link{Text: "Find a customer", URL: findURL}}, p)
}

func fieldTitle(f *charter.Field) string {
	title := f.Title.In("en")
	if title == "" {
		title = strings.ReplaceAll(string(f.ID), "_", " ")
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

func channelWords(ch term.Channel) string {
	if ch == term.Email {
		return "e-mail"
	}
	return string(ch)
}

func purposeTitle(v *web.Visit, name string) string {
	if p, ok := v.Who.Charter.Purpose(term.Purpose(name)); ok {
		return p.Title.In("en")
	}
	return name
}
