package message

import (
	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
)

// Previewed is a message as somebody would read it.
type Previewed struct {
	From    string
	Subject string
	HTML    string
	Text    string
}

// Preview renders a draft for an invented reader, with the sender's frame and
// links that lead nowhere. It returns INVALID with E_CONTENT when the draft does
// not compile.
func Preview(c *charter.Charter, d Draft, lang term.Lang, values map[string]any) (Previewed, error) {
	t, problems := Compile(d.Content, Variables(c, d.Purpose))
	if len(problems) > 0 {
		return Previewed{}, errs.New(errs.Invalid, errs.Content, "%s", problems[0])
	}
	r, err := t.Render(lang, values)
	if err != nil {
		return Previewed{}, err
	}
	f := Frame{Brand: c.Business.Name, Postal: c.Business.Controller, Contact: c.Business.Contact}
	if p, ok := c.Purpose(d.Purpose); ok {
		f.Why = why(p, lang, d.Content.Class)
	}
	if d.Content.Class == Marketing {
		f.Unsubscribe, f.Choices = "#", "#"
	}
	out := Previewed{Subject: r.Subject}
	if s, err := SenderOf(c, d.Purpose, d.Channel, d.Sender); err == nil {
		out.From = s.Name + " <" + s.Address + ">"
	}
	out.HTML, out.Text, err = framed(r, f, d.Content.Class)
	return out, err
}

// Persona gives values for what a draft may name: of somebody about whom all is
// known, or nothing.
func Persona(c *charter.Charter, p term.Purpose, known bool) map[string]any {
	out := map[string]any{}
	if !known {
		return out
	}
	for _, v := range Variables(c, p) {
		f, ok := c.Field(term.Field(v.Name))
		if !ok {
			continue
		}
		switch f.Kind {
		case charter.KindName:
			out[v.Name] = "Sample Reader"
		case charter.KindEmail:
			out[v.Name] = "reader@mail.example"
		case charter.KindCountry:
			out[v.Name] = "DE"
		case charter.KindChoice:
			out[v.Name] = f.Of[0]
		case charter.KindFlag:
			out[v.Name] = true
		case charter.KindCount:
			out[v.Name] = int64(3)
		}
	}
	return out
}
