package message

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid"

	"candor/internal/errs"
	"candor/internal/term"
)

// Template is a content that was checked and can be rendered. It is safe for
// concurrent use.
type Template struct {
	Class Class
	Hash  []byte
	// Promotes tells that a part of it advertises: then it is marketing, whatever
	// class it was given.
	Promotes bool
	Used     []string // names of variables that appear
	texts    map[term.Lang]parts
}

// parts are the compiled texts of one language.
type parts struct {
	subject, preview, html, text *liquid.Template
}

// Rendered is one message's content for one person.
type Rendered struct {
	Lang    term.Lang
	Subject string
	Preview string
	HTML    string // safe: cleaned when compiled, every value escaped
	Text    string
}

// engines render; the one for HTML escapes every value, since the library does
// not. Compile adds the last filter to each value.
var engine = func() *liquid.Engine {
	e := liquid.NewEngine()
	e.StrictVariables()
	e.RegisterFilter("as_html", func(v any) string { return html.EscapeString(flat(v)) })
	e.RegisterFilter("as_line", func(v any) string { return oneLine(flat(v)) })
	return e
}()

func flat(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		out := make([]string, len(v))
		for i := range v {
			out[i] = flat(v[i])
		}
		return strings.Join(out, ", ")
	case time.Time:
		return v.Format("2006-01-02")
	}
	return fmt.Sprint(v)
}

// Compile checks a content and makes it ready to render. Variables are all that
// it may use. The problems say at which part and line what is wrong; with any
// problem there is no template.
func Compile(c Content, variables []Variable) (*Template, []Problem) {
	vars := map[string]Variable{}
	for _, v := range variables {
		vars[v.Name] = v
	}
	t := &Template{Class: c.Class, Hash: c.Hash(), Promotes: c.Promotes(), texts: map[term.Lang]parts{}}
	k := compiler{vars: vars, used: map[string]bool{}}
	if c.Class != Marketing && c.Class != Service {
		k.fault("content", "the class is marketing or service")
	}
	if len(c.Texts) == 0 {
		k.fault("content", "there is no text")
	}
	for _, lang := range sortedLangs(c.Texts) {
		text := c.Texts[lang]
		t.texts[lang] = k.compile(string(lang), text)
	}
	for _, v := range variables {
		if k.used[v.Name] {
			t.Used = append(t.Used, v.Name)
		}
	}
	if len(k.problems) > 0 {
		return nil, k.problems
	}
	return t, nil
}

// compiler collects the problems of all parts.
type compiler struct {
	vars     map[string]Variable
	used     map[string]bool
	problems []Problem
}

func (k *compiler) fault(part, format string, args ...any) {
	k.problems = append(k.problems, Problem{Part: part, Code: string(errs.Content), Msg: fmt.Sprintf(format, args...)})
}

func (k *compiler) compile(lang string, t Text) parts {
	var out parts
	if strings.TrimSpace(t.Subject) == "" {
		k.fault(lang+" subject", "there is no subject")
	}
	if strings.TrimSpace(t.HTML) == "" {
		k.fault(lang+" html", "there is no text")
		return out
	}
	out.subject = k.line(lang+" subject", t.Subject)
	out.preview = k.line(lang+" preview", t.Preview)
	clean, plain := k.page(lang+" html", t.HTML)
	out.html = clean
	out.text = plain
	if t.Text != "" {
		out.text = k.plain(lang+" text", t.Text)
	}
	return out
}

// line compiles a header's text.
func (k *compiler) line(part, source string) *liquid.Template {
	if strings.ContainsFunc(source, unicode.IsControl) {
		k.fault(part, "a line may not hold a line break or another control character")
		return nil
	}
	return k.build(part, source, "as_line")
}

// plain compiles the plain-text part.
func (k *compiler) plain(part, source string) *liquid.Template {
	return k.build(part, source, "as_line")
}

func (k *compiler) build(part, source, last string) *liquid.Template {
	if !checkText(source) {
		k.fault(part, "characters that cannot be seen, or that are not UTF-8")
		return nil
	}
	pieces, err := k.parser().check(source)
	if err != nil {
		k.fault(part, "%v", err)
		return nil
	}
	return k.assemble(part, pieces, last)
}

func (k *compiler) parser() *parser { return &parser{vars: k.vars, used: k.used} }

// assemble gives the pieces to the library, each value with its last filter.
func (k *compiler) assemble(part string, pieces []piece, last string) *liquid.Template {
	var b strings.Builder
	for _, p := range pieces {
		text := p.text
		if p.out {
			text = strings.TrimSuffix(text, " }}") + " | " + last + " }}"
		}
		b.WriteString(text)
	}
	t, err := engine.ParseString(b.String())
	if err != nil {
		k.fault(part, "cannot be read as a template")
		return nil
	}
	return t
}

// page cleans HTML and compiles it, and makes the plain text that stands in for
// a missing text part.
func (k *compiler) page(part, source string) (clean, plain *liquid.Template) {
	if !checkText(source) || !checkText(html.UnescapeString(source)) {
		k.fault(part, "characters that cannot be seen, or that are not UTF-8")
		return nil, nil
	}
	pieces, err := k.parser().check(source)
	if err != nil {
		k.fault(part, "%v", err)
		return nil, nil
	}
	cleaned, err := cleanHTML(pieces)
	if err != nil {
		k.fault(part, "%v", err)
		return nil, nil
	}
	text, err := plainText(cleaned)
	if err != nil {
		k.fault(part, "%v", err)
		return nil, nil
	}
	return k.assemble(part, cleaned, "as_html"), k.assemble(part, text, "as_line")
}

// checkText refuses what a template cannot hold: text that is not UTF-8, the
// private characters used inside, direction overrides and control characters.
func checkText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r >= 0xE000 && r <= 0xF8FF || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 ||
			r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7F
	})
}

// Langs lists the languages of the content, sorted.
func (t *Template) Langs() []term.Lang { return sortedLangs(t.texts) }

// Render fills in values. A value that is missing is empty; one that is not
// declared was refused by Compile. Rendering fails with INVALID when the result
// is longer than the limit.
func (t *Template) Render(lang term.Lang, values map[string]any) (Rendered, error) {
	p, ok := t.texts[lang]
	if !ok {
		return Rendered{}, errs.New(errs.Invalid, errs.Content, "the message has no text in the language %s", lang)
	}
	bound := bindings(t.Used, values)
	out := Rendered{Lang: lang}
	for _, r := range []struct {
		to   *string
		from *liquid.Template
	}{{&out.Subject, p.subject}, {&out.Preview, p.preview}, {&out.HTML, p.html}, {&out.Text, p.text}} {
		w := limited{left: maxOutput}
		if err := r.from.FRender(&w, bound); err != nil {
			return Rendered{}, errs.New(errs.Invalid, errs.Content, "the message cannot be rendered within its limits")
		}
		*r.to = w.b.String()
	}
	out.Subject, out.Preview, out.Text = oneLine(out.Subject), oneLine(out.Preview), tidy(out.Text)
	return out, nil
}

// bindings gives every declared name a value of bounded size, so that strict
// mode fails on nothing that was declared.
func bindings(used []string, values map[string]any) map[string]any {
	out := make(map[string]any, len(used))
	for _, name := range used {
		switch v := values[name].(type) {
		case string:
			out[name] = cut(strings.ToValidUTF8(v, ""), maxValue)
		case []string:
			list := make([]any, 0, len(v))
			for _, item := range v[:min(len(v), maxList)] {
				list = append(list, cut(strings.ToValidUTF8(item, ""), maxValue))
			}
			out[name] = list
		case int64, float64, bool, time.Time:
			out[name] = v
		default:
			out[name] = nil
		}
	}
	return out
}

// oneLine makes a value fit for a header or one line of plain text: every run
// of white space and control characters becomes one space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF
	}), " ")
}

// limited is a writer that stops a rendering that grows too long.
type limited struct {
	b    bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errs.New(errs.TooLarge, errs.Content, "the message is too long")
	}
	return l.b.Write(p)
}
