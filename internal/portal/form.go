package portal

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/signal"
	"candor/internal/term"
	"candor/internal/ui"
)

// formPage is a hosted form: the question in the exact words of its ask.
type formPage struct {
	Email  ui.Field
	Age    *ui.Field // nil where it is not asked, or was
	Agree  ui.Choice
	Notice template.HTML
	Shown  int64 // the version of the charter whose words are on the page
}

// asked is an ask with what a person is shown beside it.
type asked struct {
	charter *charter.Charter
	ask     *charter.Ask
	notice  charter.Notice
}

// shownIn reports whether a form was filled in under the words in force.
func (a asked) shownIn(r *http.Request) bool {
	return r.PostFormValue("shown") == strconv.FormatInt(a.charter.Version, 10)
}

// ask finds the ask of a form and the notice in force; a button on a page of
// the business's own is no hosted form.
func (p *Portal) ask(r *http.Request, lang term.Lang) (asked, error) {
	var out asked
	err := p.DB.Read(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		a, ok := c.Ask(term.Ask(r.PathValue("ask")))
		if !ok || a.Channel != term.Email {
			return errs.New(errs.NotFound, "no_form", "there is no such form")
		}
		n, err := p.Charter.Notice(tx, c.Version, lang)
		out = asked{c, a, n}
		return err
	})
	return out, err
}

func (p *Portal) showForm(w http.ResponseWriter, r *http.Request) error {
	return p.renderForm(w, r, http.StatusOK, formFaults{})
}

// formFaults says what is wrong with which field, and keeps what was right.
type formFaults struct{ email, age, address string }

func (p *Portal) renderForm(w http.ResponseWriter, r *http.Request, status int, wrong formFaults) error {
	f := p.intro(p.frame(r, "form"), "form-lead")
	a, err := p.ask(r, f.Lang)
	if err != nil {
		return err
	}
	var age *ui.Field
	if asksAge(a.charter) && p.answeredAge(r) == nil {
		age = p.ageField(f.Lang, wrong.age)
	}
	return p.pages.form.Render(w, status, f, formPage{
		Age: age,
		Email: ui.Field{ID: "email", Name: "email", Label: p.say(f.Lang, "email-label"), Type: "email",
			Autocomplete: "email", Max: 254, Required: true, Error: wrong.email, Value: wrong.address},
		Agree:  ui.Choice{ID: "agree", Name: "agree", Value: "yes", Label: a.ask.Words.In(f.Lang)},
		Shown:  a.charter.Version,
		Notice: template.HTML(a.notice.HTML), //nolint:gosec // rendered by the charter from escaped texts
	})
}

// sendForm takes what was entered. The answer and the time it takes are the same
// whether or not the address is known, and whether or not a mail could be sent
// to it.
func (p *Portal) sendForm(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	a, err := p.ask(r, lang)
	if err != nil {
		return err
	}
	address, err := customer.Email(r.PostFormValue("email"))
	if err != nil {
		return p.renderForm(w, r, http.StatusUnprocessableEntity, formFaults{email: p.say(lang, "email-wrong")})
	}
	if r.PostFormValue("agree") != "yes" {
		return p.answer(w, r, "form-unticked", nil)
	}
	if !a.shownIn(r) {
		return p.renderForm(w, r, http.StatusConflict, formFaults{email: p.say(lang, "form-changed")})
	}
	said, err := signalsOf(r)
	if err != nil {
		return err
	}
	var age map[string]string
	if asksAge(a.charter) {
		var answered bool
		if age, answered, err = p.takeAge(w, r, a.charter); err != nil {
			return err
		}
		if !answered {
			return p.renderForm(w, r, http.StatusUnprocessableEntity, formFaults{age: p.say(lang, "age-wrong"), address: r.PostFormValue("email")})
		}
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	if err := evenly(r, func() error { return p.requestConsent(r, a, asking{address, lang, said, age}) }); err != nil {
		return err
	}
	return p.answer(w, r, "form-sent", nil)
}

// asking is what somebody entered who would like to be written to.
type asking struct {
	address customer.Identity
	lang    term.Lang
	said    []signal.Said     // what browser and consent tool say
	age     map[string]string // nil where it is not asked
}

// requestConsent puts on record that consent was asked for and sends the mail
// that confirms it. Nothing may be sent on its strength before that.
func (p *Portal) requestConsent(r *http.Request, a asked, in asking) error {
	c, err := p.customerOf(r, a, in)
	if err != nil {
		return err
	}
	var against []signal.Input
	if purpose, ok := a.charter.Purpose(a.ask.Purpose); ok {
		against = signal.Against(in.said, string(purpose.ID), purpose.Signals, purpose.RestsOnConsent(), p.Clock.Now().Time().UTC())
	}
	return p.askConfirmation(r.Context(), confirmation{
		customer: c, controller: a.charter.Business.ID, purpose: a.ask.Purpose, channel: a.ask.Channel,
		ask: a.ask.ID, lang: in.lang, notice: a.notice.ID, age: in.age,
	}, consent.ByForm, against...)
}

// customerOf finds the customer of an address or makes one.
func (p *Portal) customerOf(r *http.Request, a asked, in asking) (id.Customer, error) {
	if c, ok, err := p.find1(r.Context(), in.address); err != nil || ok {
		return c, err
	}
	now := p.Clock.Now()
	arrival := gate.Arrival{
		Provenance: customer.Provenance{Source: "form:" + string(a.ask.ID), Method: customer.Stated, At: now, Confidence: customer.Certain},
		Identities: []customer.Identity{in.address},
		GPC:        slices.ContainsFunc(in.said, signal.Said.OptsOut), At: now,
	}
	for _, f := range a.charter.Fields {
		if f.Kind == charter.KindEmail {
			arrival.Values = map[term.Field]personal.Value{f.ID: in.address.Value}
			break
		}
	}
	taken, err := p.Gate.Take(r.Context(), []gate.Arrival{arrival})
	if err != nil {
		return 0, err
	}
	return taken[0].Customer, nil
}

// find1 finds the one customer of an address. An address that several share, or
// that belongs to a role, proves nobody.
func (p *Portal) find1(ctx context.Context, address customer.Identity) (id.Customer, bool, error) {
	var found []id.Customer
	err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = p.Gate.Find(tx, address)
		return err
	})
	if err != nil || len(found) != 1 {
		return 0, false, err
	}
	return found[0], true, nil
}
