package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
	"candor/internal/ui"
)

// mePage is everything the engine holds about the person who reads it.
type mePage struct {
	Stage  string // of the customer's life with the business, in words
	Held   []held
	Events []line
}

// held is one datum with where it came from and what it is for.
type held struct {
	Field    term.Field
	Title    string
	Value    string
	Source   string
	At       clock.Instant
	Purposes string
	Keep     string
	Correct  bool
	Guess    bool // nobody said so
	Sure     int  // how sure of it, in percent
}

type line struct {
	At   clock.Instant
	Text string
}

const linesShown = 30

func (p *Portal) showMe(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	f := p.intro(p.frame(r, "me"), "me-lead")
	f.Narrow, f.Nav, f.Message = false, p.nav(f.Lang, "me"), p.saved(r, f.Lang)
	var data mePage
	pass, err := p.pass(r.Context(), v)
	if err != nil {
		return err
	}
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		if data.Held, err = p.held(r.Context(), tx, c, pass, f.Lang); err != nil {
			return err
		}
		if data.Stage, err = p.stage(tx, c, pass, f.Lang); err != nil {
			return err
		}
		data.Events, err = p.events(tx, c, v.customer, f.Lang)
		return err
	})
	if err != nil {
		return err
	}
	return p.pages.me.Render(w, http.StatusOK, f, data)
}

// stage gives the person's stage in the charter's words. It is asked for a
// purpose whose rules may see what the stages look at.
func (p *Portal) stage(tx *db.Tx, c *charter.Charter, pass gate.Pass, lang term.Lang) (string, error) {
	for i := range c.Purposes {
		l, err := audience.LifecycleOf(c, c.Purposes[i].ID)
		if err != nil || len(c.Stages) == 0 {
			continue
		}
		person, err := p.Audience.PersonOf(tx, pass, c.Purposes[i].ID)
		if err != nil {
			return "", err
		}
		if s, ok := l.Of(person, p.Clock.Now()); ok {
			return s.ShownAs.In(lang), nil
		}
		return "", nil
	}
	return "", nil
}

// pass asks the gate for the person's own data, to show them to the person.
func (p *Portal) pass(ctx context.Context, v visitor) (gate.Pass, error) {
	var pass gate.Pass
	err := p.DB.Write(ctx, func(tx *db.Tx) error {
		var d gate.Decision
		var err error
		pass, d, err = p.Gate.Use(tx, gate.Request{Customer: v.customer, Controller: v.controller, Operation: term.Rights, Actor: term.ByCustomer})
		if err == nil && !d.Allowed() {
			err = errs.New(errs.Forbidden, errs.FailClosed, "your data cannot be shown right now")
		}
		return err
	})
	return pass, err
}

func (p *Portal) held(ctx context.Context, tx *db.Tx, c *charter.Charter, pass gate.Pass, lang term.Lang) ([]held, error) {
	all, err := p.Gate.Held(ctx, tx, pass)
	if err != nil {
		return nil, err
	}
	var out []held
	for _, h := range all {
		field, ok := c.Field(h.Field)
		if !ok || h.Superseded {
			continue
		}
		purposes, keep := purposesOf(c, h.Field, lang)
		out = append(out, held{
			Field: h.Field, Title: titleOf(field, lang), Value: shown(h), Source: p.sourceName(h.Source, lang), At: h.At,
			Purposes: purposes, Keep: keep, Correct: field.Derived == "" && field.Kind != charter.KindEmail,
			Guess: h.Guessed(), Sure: h.Confidence,
		})
	}
	return out, nil
}

// sourceName names a source to people: what they said themselves, a form, the
// shop.
func (p *Portal) sourceName(source string, lang term.Lang) string {
	if source == customer.Subject {
		return p.say(lang, "source-subject")
	}
	if strings.HasPrefix(source, "form:") {
		return p.say(lang, "source-form")
	}
	if strings.HasPrefix(source, "src_") || source == "shop" {
		return p.say(lang, "source-shop")
	}
	return source
}

func shown(h gate.Held) string {
	if h.Value.IsZero() {
		return fmt.Sprint(h.Trait)
	}
	return h.Value.Reveal()
}

func titleOf(f *charter.Field, lang term.Lang) string {
	if t := f.Title.In(lang); t != "" {
		return t
	}
	return string(f.ID)
}

// purposesOf names the purposes that need a field and how long they keep it.
func purposesOf(c *charter.Charter, f term.Field, lang term.Lang) (purposes, keep string) {
	var names, words []string
	for i := range c.Purposes {
		if _, ok := c.Purposes[i].UsesField(f); ok {
			names = append(names, c.Purposes[i].Title.In(lang))
			words = append(words, charter.KeepWords(c.Purposes[i].Keep, lang))
		}
	}
	return strings.Join(names, ", "), strings.Join(words, "; ")
}

// records tells the person's decisions, newest first, each with its receipt.
func (p *Portal) records(tx *db.Tx, c *charter.Charter, who id.Customer, lang term.Lang) ([]ui.Moment, error) {
	all, err := consent.Of(tx, who)
	if err != nil {
		return nil, err
	}
	tones := map[consent.Kind]ui.Tone{consent.Given: ui.Good, consent.Reconfirmed: ui.Good, consent.Requested: ui.Warn}
	var out []ui.Moment
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		title := string(r.Purpose)
		if purpose, ok := c.Purpose(r.Purpose); ok {
			title = purpose.Title.In(lang)
		}
		tone, ok := tones[r.Kind]
		if !ok {
			tone = ui.Bad
		}
		out = append(out, ui.Moment{At: r.RecordedAt, Tone: tone, Text: p.overruled(r, lang), Title: p.say(lang, "record-"+string(r.Kind)) + ": " + title,
			Link: &ui.Link{Text: p.say(lang, "receipt"), URL: "/privacy/me/receipt/" + r.ID.String()}})
	}
	return out, nil
}

// overruled says which signals a record passed over, or what it passed over for
// one: "This counted over: TCF (no, 5 October 2026)".
func (p *Portal) overruled(r consent.Record, lang term.Lang) string {
	var list []string
	for _, in := range r.Overruled {
		list = append(list, p.say(lang, "input-"+string(in.From))+" ("+p.say(lang, in.Says)+", "+ui.Date(lang, in.At)+")")
	}
	if len(list) == 0 {
		return ""
	}
	return p.say(lang, "overruled", "list", strings.Join(list, ", "))
}

func (p *Portal) events(tx *db.Tx, c *charter.Charter, who id.Customer, lang term.Lang) ([]line, error) {
	all, err := event.Latest(tx, who, linesShown)
	if err != nil {
		return nil, err
	}
	var out []line
	for _, e := range all {
		title := string(e.Name)
		if declared, ok := c.Event(e.Name); ok && declared.Title.In(lang) != "" {
			title = declared.Title.In(lang)
		}
		out = append(out, line{e.OccurredAt, title})
	}
	return out, nil
}

// download gives the person's copy (GDPR 15(3)). It is announced to the address
// on file.
func (p *Portal) download(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	lang := language(r)
	c, err := p.Desk.Copy(r.Context(), v.customer, lang)
	if err != nil {
		return err
	}
	if err := p.announceCopy(r, v); err != nil {
		return err
	}
	if err := p.Desk.CopyGiven(r.Context(), v.customer); err != nil {
		return err
	}
	return sendJSON(w, "my-data.json", c)
}

// receipt gives one decision of the person with its proof.
func (p *Portal) receipt(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	record, err := id.Parse[id.Record](r.PathValue("record"))
	if err != nil {
		return errs.New(errs.NotFound, "no_receipt", "there is no such receipt")
	}
	receipt, err := p.Gate.Receipt(r.Context(), v.customer, record)
	if err != nil {
		return err
	}
	return sendJSON(w, "receipt.json", receipt)
}

func sendJSON(w http.ResponseWriter, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err = w.Write(append(b, '\n'))
	return err
}

type correctPage struct {
	Field term.Field
	Value ui.Field
}

func (p *Portal) showCorrect(w http.ResponseWriter, r *http.Request) error {
	return p.renderCorrect(w, r, http.StatusOK, term.Field(r.URL.Query().Get("field")), "")
}

func (p *Portal) renderCorrect(w http.ResponseWriter, r *http.Request, status int, name term.Field, wrong string) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	c, err := p.current(r)
	if err != nil {
		return err
	}
	field, err := correctable(c, name)
	if err != nil {
		return err
	}
	pass, err := p.pass(r.Context(), v)
	if err != nil {
		return err
	}
	f := p.intro(p.frame(r, "correct"), "correct-lead")
	f.Title += ": " + titleOf(field, f.Lang)
	f.Nav = p.nav(f.Lang, "me")
	input := ui.Field{ID: "value", Name: "value", Label: p.say(f.Lang, "new-value"), Max: 500, Required: true, Error: wrong}
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		all, err := p.Gate.Held(r.Context(), tx, pass)
		for _, h := range all {
			if h.Field == name && !h.Superseded {
				input.Value = shown(h)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range field.Of {
		input.Options = append(input.Options, ui.Option{Value: o, Text: o, Chosen: o == input.Value})
	}
	return p.pages.correct.Render(w, status, f, correctPage{name, input})
}

// correctable refuses what a form cannot change: derived values follow by
// themselves, and an address is changed by confirming a new one.
func correctable(c *charter.Charter, name term.Field) (*charter.Field, error) {
	f, ok := c.Field(name)
	if !ok || f.Derived != "" || f.Kind == charter.KindEmail {
		return nil, errs.New(errs.NotFound, "no_field", "there is nothing to correct here")
	}
	return f, nil
}

// correct stores what the person says: it counts above every other source.
func (p *Portal) correct(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	c, err := p.current(r)
	if err != nil {
		return err
	}
	name := term.Field(r.PostFormValue("field"))
	if _, err := correctable(c, name); err != nil {
		return err
	}
	lang := language(r)
	err = p.Gate.Correct(r.Context(), v.customer, name, personal.Seal(r.PostFormValue("value")), customer.Provenance{
		Source: customer.Subject, Method: customer.Stated, At: p.Clock.Now(), Confidence: customer.Certain})
	if errs.Is(err, errs.Invalid) {
		return p.renderCorrect(w, r, http.StatusUnprocessableEntity, name, p.say(lang, "value-wrong"))
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/privacy/me?lang="+string(lang)+"&done=corrected")
}
