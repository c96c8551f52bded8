package message

import (
	"net/mail"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/lint"
	"candor/internal/term"
)

// exitFontPx is how large the frame's way out is; a test reads it from the page.
const exitFontPx = 13

// Variables are the fields that a message for a purpose may show: those the
// purpose lists, but never special categories.
func Variables(c *charter.Charter, p term.Purpose) []Variable {
	purpose, ok := c.Purpose(p)
	if !ok {
		return nil
	}
	var out []Variable
	for _, u := range purpose.Uses {
		f, ok := c.Field(term.Field(u.Name))
		if u.Event || !ok || f.Sensitivity == charter.Special {
			continue
		}
		out = append(out, Variable{Name: string(f.ID), Personal: true})
	}
	return out
}

// SenderOf finds the registered sender of a purpose by its address; "" finds the
// first. It returns INVALID with LNT-11 when the address is not registered for
// the controller: sender identity is never disguised.
func SenderOf(c *charter.Charter, p term.Purpose, ch term.Channel, address string) (charter.Sender, error) {
	for _, s := range c.House.Senders {
		if s.Purpose == p && s.Channel == ch && (address == "" || strings.EqualFold(s.Address, address)) {
			return s, nil
		}
	}
	return charter.Sender{}, errs.New(errs.Invalid, "LNT-11", "no sender with this address is registered for the purpose in house.yaml")
}

// Review checks a draft against the charter and gives the template. It reports
// every problem: faults of the template, missing languages, a sender that is not
// registered, what the law asks of the footer, deceptive patterns.
func Review(c *charter.Charter, d Draft, now clock.Instant) (*Template, []Problem) {
	p, ok := c.Purpose(d.Purpose)
	if !ok {
		return nil, []Problem{{Part: "purpose", Code: string(errs.NoBasis), Msg: "the charter has no such purpose"}}
	}
	t, problems := Compile(d.Content, Variables(c, d.Purpose))
	if d.Content.Class == Service && p.Marketing {
		problems = append(problems, Problem{Part: "content", Code: "LNT-27", Msg: "the purpose promotes, so its messages are marketing"})
	}
	if !slices.ContainsFunc(p.Topics, func(t charter.Topic) bool { return t.ID == d.Content.Topic }) && d.Content.Topic != "" {
		problems = append(problems, Problem{Part: "topic", Code: string(errs.PurposeMismatch), Msg: "the purpose has no such topic"})
	}
	for _, lang := range c.Business.Languages {
		if _, ok := d.Content.Texts[lang]; !ok {
			problems = append(problems, Problem{Part: string(lang), Code: "LNT-20", Msg: "there is no text in this language, which the charter speaks"})
		}
	}
	sender, err := SenderOf(c, d.Purpose, d.Channel, d.Sender)
	if err != nil {
		problems = append(problems, Problem{Part: "sender", Code: string(errs.CodeOf(err)), Msg: err.(*errs.Error).Msg})
	} else if _, err := mail.ParseAddress(sender.Address); err != nil {
		problems = append(problems, Problem{Part: "sender", Code: "LNT-11", Msg: "the registered sender is not an e-mail address"})
	}
	problems = append(problems, reviewPersonal(c, p, d, t)...)
	if t == nil {
		return nil, problems
	}
	for _, lang := range t.Langs() {
		problems = append(problems, lintText(c, d, t, lang, sender, now)...)
	}
	hidden := func(p Problem) bool { return p.Code == "LNT-27" }
	if d.Content.Class == Service && d.Content.Promotes() && !slices.ContainsFunc(problems, hidden) {
		problems = append(problems, Problem{Part: "content", Code: "LNT-27", Msg: "a part of it promotes, so the message is marketing; take it out of the service message"})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return t, nil
}

func lintText(c *charter.Charter, d Draft, t *Template, lang term.Lang, sender charter.Sender, now clock.Instant) []Problem {
	r, err := t.Render(lang, nil)
	if err != nil {
		return []Problem{{Part: string(lang), Code: string(errs.Content), Msg: err.Error()}}
	}
	m := lint.Message{
		Lang: string(lang), Marketing: d.Content.Class == Marketing, Subject: r.Subject, Text: r.Preview + "\n" + r.Text, HTML: r.HTML,
		Sender: sender.Name, Brands: brands(c), PostalAddress: c.Business.Controller,
		Unsubscribe: true, ExitFontPx: exitFontPx, ExitContrast: charter.Contrast(charter.ExitInk, c.House.Look.Filled().Ground), Now: now.Time(),
	}
	if !d.Content.OfferEnds.IsZero() {
		m.OfferEnds = d.Content.OfferEnds.Time()
	}
	for l := range ourWords {
		m.FooterLangs = append(m.FooterLangs, string(l))
	}
	var out []Problem
	for _, f := range lint.CheckMessage(m) {
		out = append(out, Problem{Part: string(lang) + " " + f.Path, Code: f.ID, Msg: f.Message})
	}
	return out
}

// brands are the names a sender may write under: the brand, the legal name
// before its address, and the names that house.yaml registers.
func brands(c *charter.Charter) []string {
	legal, _, _ := strings.Cut(c.Business.Controller, ",")
	out := []string{c.Business.Name, legal}
	for _, s := range c.House.Senders {
		out = append(out, s.Name)
	}
	return out
}
