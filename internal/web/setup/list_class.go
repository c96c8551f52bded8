package setup

import (
	"slices"
	"time"

	"candor/internal/audit"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/intake"
	"candor/internal/ui"
	"candor/internal/web"
)

// classPage shows rows of a class, masked, and what can be done about it.
type classPage struct {
	Action  string
	Means   string
	Fix     string
	Rows    []audit.Row
	More    string // how many are not shown
	Decide  []ui.Choice
	By      string
	Proof   ui.Field
	Method  ui.Field
	Form    ui.Field
	At      ui.Field
	AskURL  string
	Waiting bool
}

func (r *room) showClass(v *web.Visit) error {
	a, part, err := r.class(v)
	if err != nil {
		return err
	}
	return r.renderClass(v, a, part, web.Head{}, nil)
}

func (r *room) class(v *web.Visit) (intake.ListAudit, audit.Part, error) {
	a, err := r.audit(v)
	if err != nil {
		return a, audit.Part{}, err
	}
	for _, p := range classesOf(a.Report) {
		if string(p.Class) == v.R.PathValue("class") {
			return a, p, nil
		}
	}
	return a, audit.Part{}, errs.New(errs.NotFound, "no_such_class", "there is no such bar")
}

func (r *room) renderClass(v *web.Visit, a intake.ListAudit, part audit.Part, h web.Head, wrong error) error {
	h.Title, h.Crumb = part.Title+": "+ui.Number("en", part.Count), &ui.Link{Text: "List audit", URL: r.auditURL(a)}
	h.Intro = part.Means
	p := classPage{Action: r.auditURL(a) + "/rows/" + string(part.Class), Means: part.Means, Fix: part.Fix, Rows: part.Rows, By: web.NameOf(v.Who.Person), AskURL: "/admin/promises/asks"}
	if more := part.Count - int64(len(part.Rows)); more > 0 && len(part.Rows) > 0 {
		p.More = ui.Number("en", more) + " more are like these."
	}
	p.Waiting = a.State == intake.AuditRead || a.State == intake.AuditTried
	if p.Waiting && part.Class != audit.Suppressed && part.Class != audit.Gone {
		p.Decide = decisions(a, part.Class, v.Form("do"))
		says := a.Terms.Attest[part.Class]
		p.Proof = ui.Field{ID: "proof", Name: "proof", Label: "Where is the proof?", Hint: "Such as “folder 12, sign-up sheets of the fair 2023”. Name no customer.", Max: 200, Value: orElse(v.Form("proof"), says.Proof)}
		p.Method = ui.Field{ID: "method", Name: "method", Label: "How did they agree?", Options: methodOptions(orElse(v.Form("method"), says.Method))}
		p.Form = ui.Field{ID: "form", Name: "form", Label: "On which form?", Options: askOptions(v.Who.Charter, orElse(v.Form("form"), says.Form))}
		p.At = ui.Field{ID: "at", Name: "at", Label: "By when had all agreed?", Type: "date", Value: v.Form("at")}
		if says.At != 0 && p.At.Value == "" {
			p.At.Value = v.Local(says.At).Format(time.DateOnly)
		}
		web.Note(wrong, &p.Proof, &p.Method, &p.Form, &p.At)
	}
	return web.Show(v, r.pages.class, h, p)
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// decisions are what can be done about a class.
func decisions(a intake.ListAudit, c audit.Class, chosen string) []ui.Choice {
	if chosen == "" {
		_, attested := a.Terms.Attest[c]
		switch {
		case slices.Contains(a.Terms.Leave, c):
			chosen = "leave"
		case attested:
			chosen = "attest"
		default:
			chosen = "load"
		}
	}
	choice := func(value, label, hint string) ui.Choice {
		return ui.Choice{ID: "do-" + value, Name: "do", Value: value, Label: label, Hint: hint, Radio: true, Required: true, Chosen: chosen == value}
	}
	out := []ui.Choice{choice("load", "Load them with their evidence", "What a row lacks is taken from the form that you bind it to.")}
	if c == audit.BySale || c == audit.Unproven {
		out[0] = choice("load", "Load them without a permission, and ask again", "They become customers to whom nothing is sent. A form at the next order, on the website or at the till asks them anew.")
	}
	if c != audit.Provable {
		out = append(out, choice("attest", "Attest what their rows lack", "You say when, how and on which form they agreed, and where that can be seen. Records name you."))
	}
	return append(out, choice("leave", "Leave them where they are", "Nothing of these rows is stored here."))
}

// methodOptions are the ways of agreeing that somebody can attest.
func methodOptions(chosen string) []ui.Option {
	out := []ui.Option{{Value: "form", Text: "ticked a box or filled in a form"}, {Value: "signature", Text: "signed on paper"}, {Value: "recorded_call", Text: "said so in a recorded call"}, {Value: "reply", Text: "answered a message with yes"}}
	for i := range out {
		out[i].Chosen = out[i].Value == chosen
	}
	return out
}

// decideClass notes what becomes of a class.
func (r *room) decideClass(v *web.Visit) error {
	a, part, err := r.class(v)
	if err != nil {
		return err
	}
	if doneWords[v.Form("do")] == "" {
		return errs.New(errs.Invalid, "no_decision", "choose what becomes of these rows")
	}
	var says *intake.Attestation
	if v.Form("do") == "attest" {
		says = &intake.Attestation{By: string(v.Actor()), Proof: v.Form("proof"), Method: v.Form("method"), Form: v.Form("form")}
		if day, err := time.ParseInLocation(time.DateOnly, v.Form("at"), v.Zone()); err == nil {
			says.At = clock.At(day)
		}
	}
	err = r.Imports.DecideClass(v.Context(), a.ID, part.Class, v.Form("do") == "leave", says)
	if errs.Is(err, errs.Invalid) {
		return r.renderClass(v, a, part, web.Head{}.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return v.Done(r.auditURL(a), "Noted: "+part.Title+" "+doneWords[v.Form("do")]+".")
}

// doneWords say what was decided.
var doneWords = map[string]string{"load": "come as they are", "attest": "come with what you attest", "leave": "stay where they are"}
