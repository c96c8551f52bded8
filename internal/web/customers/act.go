package customers

import (
	"fmt"
	"strings"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// viaStaff is the way in which what is done here came in.
const viaStaff = "staff"

// action is something to do for a customer. Its page says what will follow
// before it is done.
type action struct {
	path, title, button string
	danger              bool
	access              web.Access
	follows             []string
	fields              func(*web.Visit) []ui.Field
	do                  func(*room, *web.Visit, id.Customer) (string, error)
	gone                bool // the customer is no more
	words               bool // the question is read out in full
}

// fits reports whether there is anything to choose from.
func (a action) fits(v *web.Visit) bool {
	for _, f := range a.fields(v) {
		if f.Name == "use" && len(f.Options) == 0 {
			return false
		}
	}
	return true
}

type actPage struct {
	Number  string
	Follows []string
	Words   []ui.Fact // the questions to read out
	Fields  []ui.Field
	Button  string
	Danger  bool
	URL     string
	Back    string
}

func actions() []action {
	none := func(*web.Visit) []ui.Field { return nil }
	correct, open := web.May(staff.Correct), web.May(staff.OpenRequest)
	return []action{
		{"consent", "Record an agreement", "Record the agreement", false, correct,
			[]string{"The agreement counts at once and stands in the customer's own list, with your evidence.", "It says that the customer heard the question in full and answered yes aloud. Without that, nothing may rest on it."},
			agreementFields, (*room).agree, false, true},
		{"withdraw", "Record a withdrawal", "Record the withdrawal", false, correct,
			[]string{"The permission ends at once. Messages that wait are cancelled.", "Whoever was given data on this permission is told."}, withdrawalFields, (*room).withdraw, false, false},
		{"correct", "Correct a value", "Correct it", false, correct,
			[]string{"What the customer says stays believed, whatever other sources say later.", "Whoever was given the old value is told."}, correctionFields, (*room).correct, false, false},
		{"stop", "Stop all advertising", "Stop all advertising", true, correct,
			[]string{"Every agreement to advertising ends at once, on every channel.", "Messages that wait are cancelled. What is needed for orders goes on.", "The customer can agree again at any time."}, none, (*room).stop, false, false},
		{"object", "Object to a use", "Record the objection", true, open,
			[]string{"The use stops for this person at once.", "A request is opened. Unless compelling grounds are shown by its deadline, the objection is upheld by itself."}, objectionFields, (*room).object, false, false},
		{"restrict", "Restrict their data", "Restrict their data", true, open,
			[]string{"Their data are kept and not used, except for legal claims or where they agree anew.", "A request is opened, and somebody has to look at it.", "They are told before the restriction ends."}, none, (*room).restrict, false, false},
		{"access", "Open a request for a copy", "Open the request", false, open,
			[]string{"A request is opened with its deadline.", "The copy goes to the customer after they prove who they are; staff never see it."}, none, (*room).copy, false, false},
		{"not-mine", "“This address is not mine”", "Take the address away", true, open,
			[]string{"The e-mail address leaves this customer at once and gets nothing more.", "A request is opened. Nobody guesses another address."}, none, (*room).notMine, false, false},
		{"deceased", "Report that they died", "Record the report", true, open,
			[]string{"Advertising, profiling and personal words end at once; no proof is asked first.", "What is needed for orders, claims and duties goes on.", "A request is opened. A report in error can be taken back there."}, none, (*room).died, false, false},
		{"erase", "Erase", "Erase this customer", true, web.May(staff.DecideRequest).Fresh(),
			[]string{"Everything stops at once: every permission ends and messages that wait are cancelled.", "All their data are deleted within a minute, and the key to them is destroyed. It cannot be undone.", "What the law says must be kept is named in the certificate.", "Their addresses are never written to with advertising again.", "Where nobody says that they asked for it, and after ten people in a day, a second person has to approve."}, askedField, (*room).erase, true, false},
	}
}

// ask shows what will follow.
func (r *room) ask(a action) func(*web.Visit, id.Customer, string) error {
	return func(v *web.Visit, who id.Customer, _ string) error {
		return r.confirm(v, a, who, web.Head{}, nil)
	}
}

func (r *room) confirm(v *web.Visit, a action, who id.Customer, h web.Head, wrong error) error {
	p := actPage{Number: who.String(), Follows: a.follows, Fields: a.fields(v), Button: a.button, Danger: a.danger, Back: customerURL(who)}
	p.URL = p.Back + "/" + a.path
	if a.words {
		p.Words = questions(v.Who.Charter)
	}
	fields := make([]*ui.Field, len(p.Fields))
	for i := range p.Fields {
		f := &p.Fields[i]
		fields[i] = f
		f.Value = v.R.PostFormValue(f.Name)
		for o := range f.Options {
			f.Options[o].Chosen = f.Options[o].Value == f.Value
		}
	}
	if wrong != nil {
		web.Note(wrong, fields...)
	}
	h.Title, h.Crumb = a.title, &ui.Link{Text: "The customer", URL: p.Back}
	return web.Show(v, r.act, h, p)
}

// done does it and goes back to the customer.
func (r *room) done(a action) func(*web.Visit, id.Customer, string) error {
	return func(v *web.Visit, who id.Customer, _ string) error {
		said, err := a.do(r, v, who)
		if errs.Is(err, errs.Invalid) && len(a.fields(v)) > 0 {
			return r.confirm(v, a, who, web.Head{}.Wrong(), err)
		}
		if err != nil {
			return err
		}
		if a.gone {
			return v.Done(findURL, said)
		}
		return v.Done(customerURL(who), said)
	}
}

// useField offers the uses that rest on what the customer says.
func useField(v *web.Visit) ui.Field {
	f := ui.Field{ID: "use", Name: "use", Label: "What for", Required: true}
	for i := range v.Who.Charter.Purposes {
		p := &v.Who.Charter.Purposes[i]
		for _, ch := range p.Channels() {
			if p.Marketing {
				f.Options = append(f.Options, ui.Option{Value: string(p.ID) + "." + string(ch), Text: p.Title.In("en") + " · " + channelWords(ch)})
			}
		}
	}
	return f
}

// questions are the words in which the business asks, in each language: those
// of the first place that asks for a purpose on a channel.
func questions(c *charter.Charter) (out []ui.Fact) {
	seen := map[string]bool{}
	for i := range c.Asks {
		for _, l := range c.Business.Languages {
			words := c.Asks[i].Words.In(l)
			p, ok := c.Purpose(c.Asks[i].Purpose)
			if !ok || words == "" {
				continue
			}
			title := p.Title.In(l) + " · " + channelWords(c.Asks[i].Channel)
			if key := string(l) + " " + title; !seen[key] {
				seen[key] = true
				out = append(out, ui.Fact{Term: title, Text: words})
			}
		}
	}
	return out
}

func evidenceField() ui.Field {
	return ui.Field{ID: "evidence", Name: "evidence", Label: "Evidence", Required: true, Max: 300,
		Hint: "Where the proof is, such as “call recording 4711, 5 March”. Nothing about the person."}
}

func agreementFields(v *web.Visit) []ui.Field {
	lang := ui.Field{ID: "lang", Name: "lang", Label: "Language of the question", Required: true}
	for _, l := range v.Who.Charter.Business.Languages {
		lang.Options = append(lang.Options, ui.Option{Value: string(l), Text: map[term.Lang]string{"en": "English", "de": "German"}[l]})
	}
	for i := range lang.Options {
		if lang.Options[i].Text == "" {
			lang.Options[i].Text = lang.Options[i].Value
		}
	}
	return []ui.Field{useField(v), lang, evidenceField()}
}

func withdrawalFields(v *web.Visit) []ui.Field { return []ui.Field{useField(v), evidenceField()} }

// told reads an act that the customer told a member of staff.
func told(v *web.Visit, who id.Customer, kind consent.Kind) (consent.Act, error) {
	purpose, channel, _ := strings.Cut(v.R.PostFormValue("use"), ".")
	a := consent.Act{Customer: who, Controller: v.Brand(), Purpose: term.Purpose(purpose), Channel: term.Channel(channel), Kind: kind,
		Method: consent.ByStaff, Evidence: v.Form("evidence"), Strength: consent.Documented, Actor: v.Actor(), Source: viaStaff}
	if a.Evidence == "" || len(a.Evidence) > 300 {
		return a, errs.New(errs.Invalid, "no_evidence", "say where the proof is, in up to 300 characters").On("evidence")
	}
	return a, nil
}

func (r *room) agree(v *web.Visit, who id.Customer) (string, error) {
	a, err := told(v, who, consent.Given)
	if err != nil {
		return "", err
	}
	a.ControlDefault, a.Action, a.Lang = consent.Unset, consent.VerbalRecorded, term.Lang(v.R.PostFormValue("lang"))
	_, err = r.record(v, a)
	return "The agreement is on record. The customer can see it.", err
}

func (r *room) withdraw(v *web.Visit, who id.Customer) (string, error) {
	a, err := told(v, who, consent.Withdrawn)
	if err != nil {
		return "", err
	}
	e, err := r.record(v, a)
	if err != nil {
		return "", err
	}
	return r.left(v, who, e, "The withdrawal is on record and counts already.")
}

func (r *room) record(v *web.Visit, a consent.Act) (e gate.Effects, err error) {
	err = v.Write(func(tx *db.Tx) error {
		var made consent.Record
		if made, e, err = r.Gate.Record(tx, a); err != nil {
			return err
		}
		return made.Refusal()
	})
	return e, err
}

// left waits for what was on its way to somebody who withdrew, and says so of what
// had left before.
func (r *room) left(v *web.Visit, who id.Customer, e gate.Effects, done string) (string, error) {
	left, err := r.Mail.Departed(v.Context(), who, e.Left)
	switch len(left) {
	case 0:
		return done, err
	case 1:
		return done + " One message had left before.", err
	}
	return fmt.Sprintf("%s %d messages had left before.", done, len(left)), err
}

// correctionFields offers what can be corrected here: derived values follow by
// themselves, and an address is changed by confirming a new one.
func correctionFields(v *web.Visit) []ui.Field {
	f := ui.Field{ID: "datum", Name: "datum", Label: "What is wrong", Required: true, Hint: "An e-mail address is changed by the customer in the privacy centre, who confirms the new one."}
	for i := range v.Who.Charter.Fields {
		if field := &v.Who.Charter.Fields[i]; correctable(field) {
			f.Options = append(f.Options, ui.Option{Value: string(field.ID), Text: fieldTitle(field)})
		}
	}
	return []ui.Field{f, {ID: "value", Name: "value", Label: "What is right", Required: true, Max: 500, Autocomplete: "off"}}
}

func correctable(f *charter.Field) bool { return f.Derived == "" && f.Kind != charter.KindEmail }

func (r *room) correct(v *web.Visit, who id.Customer) (string, error) {
	f, ok := v.Who.Charter.Field(term.Field(v.R.PostFormValue("datum")))
	if !ok || !correctable(f) {
		return "", errs.New(errs.Invalid, errs.FieldNotAllowed, "choose what is wrong").On("datum")
	}
	err := r.Gate.Correct(v.Context(), who, f.ID, personal.Seal(v.Form("value")), customer.Provenance{Source: customer.Subject, Method: viaStaff, At: v.Now(), Confidence: customer.Certain})
	return "Corrected. What the customer says stays believed.", err
}

func (r *room) stop(v *web.Visit, who id.Customer) (string, error) {
	var e gate.Effects
	err := v.Write(func(tx *db.Tx) (err error) {
		_, e, err = r.Gate.StopAll(tx, who, v.Brand(), v.Actor(), viaStaff)
		return err
	})
	if err != nil {
		return "", err
	}
	return r.left(v, who, e, "All advertising is stopped.")
}

func (r *room) asked(v *web.Visit, who id.Customer) request.NewRequest {
	return request.NewRequest{Customer: who, Via: viaStaff, Actor: v.Actor()}
}

func (r *room) restrict(v *web.Visit, who id.Customer) (string, error) {
	q, err := r.Desk.Restrict(v.Context(), r.asked(v, who))
	return "Their data are at rest. Request " + q.ID.String() + " waits to be looked at.", err
}

// objectionFields offers the uses that can be objected to on grounds of the
// person's own situation.
func objectionFields(v *web.Visit) []ui.Field {
	f := ui.Field{ID: "use", Name: "use", Label: "To which use", Required: true, Hint: "Advertising is stopped, and an agreement withdrawn, without any grounds."}
	for i := range v.Who.Charter.Purposes {
		if p := &v.Who.Charter.Purposes[i]; request.Objectionable(p, v.Who.Charter.Business.Markets) {
			f.Options = append(f.Options, ui.Option{Value: string(p.ID), Text: p.Title.In("en")})
		}
	}
	return []ui.Field{f}
}

func (r *room) object(v *web.Visit, who id.Customer) (string, error) {
	n := r.asked(v, who)
	n.Purpose = term.Purpose(v.R.PostFormValue("use"))
	q, err := r.Desk.Object(v.Context(), n)
	if errs.Is(err, errs.Invalid) {
		err = errs.New(errs.Invalid, "no_objection", "choose a use that rests on a legitimate interest").On("use")
	}
	return "The use has stopped. Request " + q.ID.String() + " waits to be looked at.", err
}

func (r *room) notMine(v *web.Visit, who id.Customer) (string, error) {
	q, err := r.Desk.NotMine(v.Context(), r.asked(v, who), term.Email)
	return "The address is taken away. Request " + q.ID.String() + " waits to be looked at.", err
}

func (r *room) died(v *web.Visit, who id.Customer) (string, error) {
	q, err := r.Desk.ReportDeath(v.Context(), r.asked(v, who))
	return "Recorded, and in effect. Request " + q.ID.String() + " waits to be looked at.", err
}

func (r *room) copy(v *web.Visit, who id.Customer) (string, error) {
	q, err := r.Desk.AskAccess(v.Context(), r.asked(v, who))
	return "Request " + q.ID.String() + " is open.", err
}

func askedField(*web.Visit) []ui.Field {
	return []ui.Field{{ID: "asked", Name: "asked", Label: "Where can their request be seen?", Max: 300,
		Hint: "Such as “letter of 3 March, file 12”. Nothing about the person. Leave it empty when they did not ask."}}
}

func (r *room) erase(v *web.Visit, who id.Customer) (string, error) {
	q, err := r.Desk.Erase(v.Context(), request.NewErasure{Customer: who, Via: viaStaff, Actor: v.Actor(), Asked: v.Form("asked"), Lang: v.Who.Charter.Business.Languages[0]})
	return "Everything has stopped; the data are being deleted. Request " + q.ID.String() + " keeps the certificate.", err
}
