package messages

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"candor/internal/campaign"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// choice is what a preview shows.
type choice struct{ lang, reader, as, width, shade string }

// choose reads it; the language is one of those that there is a text in, in the
// charter's order.
func choose(v *web.Visit, texts map[term.Lang]message.Text) choice {
	out := choice{lang: v.Form("lang"), reader: v.Form("reader"), as: v.Form("as"), width: v.Form("width"), shade: v.Form("shade")}
	if _, ok := texts[term.Lang(out.lang)]; !ok {
		out.lang = ""
		for _, l := range v.Who.Charter.Business.Languages {
			if _, ok := texts[l]; ok && out.lang == "" {
				out.lang = string(l)
			}
		}
	}
	return out
}

func choiceOf(v *web.Visit, c campaign.Campaign) choice { return choose(v, c.Content.Texts) }

func (c choice) query() string {
	return url.Values{"lang": {c.lang}, "reader": {c.reader}, "shade": {c.shade}}.Encode()
}

// letter is a mail as it reads, with what switches how it is shown.
type letter struct {
	Switches []previewLink
	Frame    string // address of the HTML part, when it is shown
	Text     string // the plain part, when it is shown
	Wide     bool
}

// letterOf lays out a preview whose HTML part is served at an address.
func letterOf(v *web.Visit, at choice, langs []term.Lang, frame string, render func() (message.Previewed, error)) letter {
	var out letter
	group := func(name, param, chosen string, options ...ui.Link) {
		g := previewLink{Group: name}
		for _, o := range options {
			g.Links = append(g.Links, ui.Link{Text: o.Text, URL: v.With(param, o.URL), Current: o.URL == chosen})
		}
		out.Switches = append(out.Switches, g)
	}
	var named []ui.Link
	for _, l := range langs {
		named = append(named, ui.Link{Text: cmp.Or(langNames[l], string(l)), URL: string(l)})
	}
	group("Language", "lang", at.lang, named...)
	group("Part", "as", at.as, ui.Link{Text: "HTML"}, ui.Link{Text: "plain text", URL: "text"})
	if at.as != "text" {
		group("Width", "width", at.width, ui.Link{Text: "phone"}, ui.Link{Text: "desktop", URL: "wide"})
		group("Colours", "shade", at.shade, ui.Link{Text: "light"}, ui.Link{Text: "dark", URL: "dark"})
		out.Wide, out.Frame = at.width == "wide", frame+"?"+at.query()
		return out
	}
	got, err := render()
	if err != nil {
		out.Text = "The text cannot be filled in yet. The checks say why."
		return out
	}
	out.Text = "Subject: " + got.Subject + "\nFrom: " + got.From + "\n\n" + got.Text
	return out
}

// addPreview shows the message as a reader would see it.
func (r *room) addPreview(v *web.Visit, c campaign.Campaign, p *campaignPage) {
	at := choiceOf(v, c)
	if at.lang == "" {
		return
	}
	p.Letter = letterOf(v, at, textLangs(v, c.Content), oneURL+"/"+c.ID.String()+"/preview", func() (message.Previewed, error) { return r.rendered(v, c, at) })
	p.Letter.reader(v, at)
}

// reader adds the switch between a reader about whom all is known, and nothing.
func (l *letter) reader(v *web.Visit, at choice) {
	l.Switches = append(l.Switches, previewLink{"Reader", []ui.Link{{Text: "all known", URL: v.With("reader", ""), Current: at.reader == ""},
		{Text: "nothing known", URL: v.With("reader", "stranger"), Current: at.reader == "stranger"}}})
}

// textLangs are the charter's languages in which a content has a text.
func textLangs(v *web.Visit, c message.Content) (out []term.Lang) {
	for _, l := range v.Who.Charter.Business.Languages {
		if _, ok := c.Texts[l]; ok {
			out = append(out, l)
		}
	}
	return out
}

func (r *room) rendered(v *web.Visit, c campaign.Campaign, at choice) (message.Previewed, error) {
	d := message.Draft{Controller: c.Controller, Purpose: c.Purpose, Channel: c.Channel, Sender: c.Sender, Content: c.Content}
	return message.Preview(v.Who.Charter, d, term.Lang(at.lang), message.Persona(v.Who.Charter, c.Purpose, at.reader != "stranger"))
}

// preview serves the HTML part for the frame.
func (r *room) preview(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	at := choiceOf(v, c)
	got, err := r.rendered(v, c, at)
	return serveFrame(v, at, got, err)
}

// byDark is where a mail's page says what it looks like in the dark. A preview
// shows one or the other, whatever the device of who looks.
const byDark = "@media (prefers-color-scheme: dark)"

func serveFrame(v *web.Visit, at choice, got message.Previewed, err error) error {
	ui.Framed(v.W.Header())
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err != nil {
		v.W.WriteHeader(http.StatusUnprocessableEntity)
		_, err = v.W.Write([]byte("<!doctype html><html lang=\"en\"><title>Preview</title><p>The text cannot be filled in yet. The checks say why.</p></html>"))
		return err
	}
	when := "@media not all"
	if at.shade == "dark" {
		when = "@media all"
	}
	_, err = v.W.Write([]byte(strings.Replace(got.HTML, byDark, when, 1)))
	return err
}
