package customers

import (
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate"
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
	Since       clock.Instant
	Why         string
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

// permission is one use with why and until.
type permission struct {
	Title  string
	Status ui.Status
	Why    string
}

// held is a value that is on file, masked.
type held struct {
	Title, Source string
	At            clock.Instant
	Guess         bool     // a model made it
	Needs         []string // purposes, each with how long it needs it
}

func (r *room) show(v *web.Visit, who id.Customer, why string) error {
	p := customerPage{Number: who.String(), URL: customerURL(who), Why: whyWords(v, why), Reveal: revealField(v)}
	for _, a := range actions() {
		if a.access.Allows(v.Who.Rights) {
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
		p.Since = c.CreatedAt
		if p.Address, err = r.Gate.MaskedAddress(v.Context(), tx, who, term.Email); err != nil {
			return err
		}
		standing, err := r.Gate.Standing(tx, who)
		if err != nil {
			return err
		}
		p.Permissions, p.Chips = permissions(v, standing)
		kept, err := r.Gate.Kept(tx, who)
		p.Held = heldOf(v, kept)
		return err
	})
	if err != nil {
		return err
	}
	title := p.Address
	if title == "" {
		title = p.Number
	}
	return web.Show(v, r.customer, web.Head{Title: title, Crumb: &ui.Link{Text: "Find a customer", URL: findURL}}, p)
}

// permissions says of each use whether it is allowed now, until when, and why
// not; the chips are those of advertising.
func permissions(v *web.Visit, all []gate.Standing) (list []permission, chips []ui.Status) {
	for _, s := range all {
		p, ok := v.Who.Charter.Purpose(s.Purpose)
		if !ok || s.Controller != v.Brand() || s.Recipient != "" || s.Scope != "" || s.From > v.Now() || s.Until <= v.Now() {
			continue
		}
		one := permission{Title: p.Title.In("en")}
		if s.Channel != "" {
			one.Title += " · " + channelWords(s.Channel)
		}
		one.Status, one.Why = statusOf(v, s)
		list = append(list, one)
		if p.Marketing && s.Channel != "" {
			chips = append(chips, ui.Status{Tone: one.Status.Tone, Text: one.Title + ": " + one.Status.Text})
		}
	}
	return list, chips
}

func statusOf(v *web.Visit, s gate.Standing) (ui.Status, string) {
	if !s.Ops.Has(term.Serve) {
		var why []string
		for _, reason := range gate.ReasonsFor(s.Because, term.Serve) {
			why = append(why, reason.Text)
		}
		return ui.Status{Tone: ui.Bad, Text: "not allowed"}, strings.Join(why, " · ")
	}
	status := ui.Status{Tone: ui.Good, Text: "allowed"}
	if s.Until != clock.Never {
		status.Text += " until " + ui.Date("en", v.Local(s.Until))
	}
	why := s.Basis
	if why != "" {
		why = "Rests on " + why
	}
	return status, why
}

// heldOf says what is on file, from where, and what still needs it.
func heldOf(v *web.Visit, kept []gate.Held) (out []held) {
	c := v.Who.Charter
	for _, k := range kept {
		f, ok := c.Field(k.Field)
		if !ok {
			continue
		}
		one := held{Title: fieldTitle(f), Source: sourceWords(k.Source), At: k.At, Guess: k.Guessed()}
		for i := range c.Purposes {
			if _, uses := c.Purposes[i].UsesField(k.Field); uses {
				one.Needs = append(one.Needs, c.Purposes[i].Title.In("en")+": "+charter.KeepWords(c.Purposes[i].Keep, "en"))
			}
		}
		out = append(out, one)
	}
	return out
}

func fieldTitle(f *charter.Field) string {
	title := f.Title.In("en")
	if title == "" {
		title = strings.ReplaceAll(string(f.ID), "_", " ")
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

func sourceWords(source string) string {
	switch {
	case source == customer.Subject:
		return "the customer"
	case strings.HasPrefix(source, "form:"):
		return "a form"
	case strings.HasPrefix(source, "src_"):
		return "a source"
	}
	return source
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
