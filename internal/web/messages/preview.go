package messages

import (
	"net/http"
	"net/url"

	"candor/internal/campaign"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// choice is what the preview shows.
type choice struct{ lang, reader, as, width string }

func choiceOf(v *web.Visit, c campaign.Campaign) choice {
	out := choice{lang: v.Form("lang"), reader: v.Form("reader"), as: v.Form("as"), width: v.Form("width")}
	if _, ok := c.Content.Texts[term.Lang(out.lang)]; !ok {
		out.lang = ""
		for _, l := range v.Who.Charter.Business.Languages {
			if _, ok := c.Content.Texts[l]; ok && out.lang == "" {
				out.lang = string(l)
			}
		}
	}
	return out
}

// addPreview shows the message as a reader would see it.
func (r *room) addPreview(v *web.Visit, c campaign.Campaign, p *campaignPage) {
	at := choiceOf(v, c)
	if at.lang == "" {
		return
	}
	group := func(name, param, chosen string, options ...ui.Link) {
		g := previewLink{Group: name}
		for _, o := range options {
			g.Links = append(g.Links, ui.Link{Text: o.Text, URL: v.With(param, o.URL), Current: o.URL == chosen})
		}
		p.Preview = append(p.Preview, g)
	}
	var langs []ui.Link
	for _, l := range v.Who.Charter.Business.Languages {
		if _, ok := c.Content.Texts[l]; ok {
			langs = append(langs, ui.Link{Text: langNames[l], URL: string(l)})
		}
	}
	group("Language", "lang", at.lang, langs...)
	group("Reader", "reader", at.reader, ui.Link{Text: "all known"}, ui.Link{Text: "nothing known", URL: "stranger"})
	group("Part", "as", at.as, ui.Link{Text: "HTML"}, ui.Link{Text: "plain text", URL: "text"})
	group("Width", "width", at.width, ui.Link{Text: "phone"}, ui.Link{Text: "desktop", URL: "wide"})
	p.Wide = at.width == "wide"
	if at.as == "text" {
		if got, err := r.rendered(v, c, at); err == nil {
			p.Text = "Subject: " + got.Subject + "\nFrom: " + got.From + "\n\n" + got.Text
		}
		return
	}
	p.Frame = oneURL + "/" + c.ID.String() + "/preview?" + url.Values{"lang": {at.lang}, "reader": {at.reader}}.Encode()
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
	got, err := r.rendered(v, c, choiceOf(v, c))
	ui.Framed(v.W.Header())
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err != nil {
		v.W.WriteHeader(http.StatusUnprocessableEntity)
		_, err = v.W.Write([]byte("<!doctype html><html lang=\"en\"><title>Preview</title><p>The text cannot be filled in yet. The checks say why.</p></html>"))
		return err
	}
	_, err = v.W.Write([]byte(got.HTML))
	return err
}
