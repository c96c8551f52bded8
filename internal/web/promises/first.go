package promises

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"

	"candor/internal/charter/template"
	"candor/internal/errs"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// firstPage makes the files of a first charter from a trade's template.
type firstPage struct {
	Trades []ui.Choice
	Langs  []ui.Choice
	Fields []ui.Field
}

var firstHead = web.Head{Title: "A first charter", Crumb: &ui.Link{Text: "Promises", URL: promiseURL},
	Intro: "Complete and commented, for your trade and in your name. You get the files, read every line once, and apply them when they say what you do."}

// tradeWords say what a template is for.
var tradeWords = map[string][2]string{
	"shop": {"A web shop", "Orders, books, a newsletter, reviews and what a shop needs to deliver."}, "charity": {"A membership charity", "Members, donations, receipts and appeals."},
	"software": {"A software service", "Accounts, billing, product news and support."},
}

// langWords name the languages that templates are written in.
var langWords = map[term.Lang]string{"en": "English", "de": "German"}

func (r *room) showFirst(v *web.Visit) error { return r.renderFirst(v, firstHead, nil) }

func (r *room) renderFirst(v *web.Visit, h web.Head, wrong error) error {
	var p firstPage
	for _, name := range template.Names() {
		p.Trades = append(p.Trades, ui.Choice{ID: "trade-" + name, Name: "trade", Value: name, Label: tradeWords[name][0], Hint: tradeWords[name][1], Radio: true, Required: true, Chosen: v.Form("trade") == name})
	}
	for _, lang := range template.Languages() {
		p.Langs = append(p.Langs, ui.Choice{ID: "language-" + string(lang), Name: "language", Value: string(lang), Label: langWords[lang], Radio: true, Required: true,
			Chosen: v.Form("language") == string(lang) || v.Form("language") == "" && lang == "en"})
	}
	field := func(name, label, hint, kind string) {
		p.Fields = append(p.Fields, ui.Field{ID: name, Name: name, Label: label, Hint: hint, Type: kind, Max: 200, Required: true, Value: v.Form(name)})
	}
	field("name", "Name", "As customers know it.", "")
	field("controller", "Company and address", "Stands in the notice and in every mail.", "")
	field("contact", "Address for questions about data", "", "email")
	field("site", "Website", "", "url")
	var into []*ui.Field
	for i := range p.Fields {
		into = append(into, &p.Fields[i])
	}
	web.Note(wrong, into...)
	return web.Show(v, r.first, h, p)
}

// makeFirst gives the files, filled in, as one archive.
func (r *room) makeFirst(v *web.Visit) error {
	files, err := template.For(v.Form("trade"), term.Lang(v.Form("language")), template.Business{Name: v.Form("name"), Controller: v.Form("controller"), Contact: v.Form("contact"), Site: v.Form("site")})
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.NotFound) {
		return r.renderFirst(v, firstHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create("charter/" + name)
		if err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return v.File("charter.zip", "application/zip", out.Bytes())
}
