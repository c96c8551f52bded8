package message

import (
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/personal"
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
	return previewed(c, d, lang, values, "#")
}

func previewed(c *charter.Charter, d Draft, lang term.Lang, values map[string]any, link string) (Previewed, error) {
	t, problems := Compile(d.Content, Variables(c, d.Purpose))
	if len(problems) > 0 {
		return Previewed{}, errs.New(errs.Invalid, errs.Content, "%s", problems[0])
	}
	r, err := t.Render(lang, values)
	if err != nil {
		return Previewed{}, err
	}
	f := frameOf(c, lang)
	if p, ok := c.Purpose(d.Purpose); ok {
		f.Why = why(p, lang, d.Content.Class)
	}
	if d.Content.Class == Marketing {
		f.Unsubscribe, f.Choices = link, link
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

// Masked reads what a message may show of a person through a pass, for a preview:
// what identifies is masked.
func Masked(tx *db.Tx, in *charter.Charter, pass gate.Pass) (map[string]any, error) {
	out := map[string]any{}
	for _, name := range pass.Fields() {
		f, ok := in.Field(name)
		if !ok {
			continue
		}
		var text personal.Value
		var err error
		if f.KeepIn == charter.Vault {
			text, err = pass.Masked(tx.Context(), tx, name)
		} else {
			text, err = pass.Value(tx.Context(), tx, name)
		}
		if err != nil {
			return nil, err
		}
		if !text.IsZero() {
			out[string(name)] = text.Reveal()
		}
	}
	return out, nil
}
