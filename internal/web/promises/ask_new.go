package promises

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// newAskPage is where a form is put together. What it makes is text in the charter:
// a form is a promise like any other.
type newAskPage struct {
	Name    ui.Field
	Purpose ui.Field
	At      ui.Field
	Words   []ui.Field
	Control []ui.Choice
	Fields  []ui.Choice
}

var newAskHead = web.Head{Title: "New form", Crumb: &ui.Link{Text: "Forms", URL: asksURL},
	Intro: "Where people are asked, and in which words. It becomes a part of the charter; you compare and apply it on the next page."}

func (r *room) showNewAsk(v *web.Visit) error { return r.renderNewAsk(v, newAskHead, nil) }

func (r *room) renderNewAsk(v *web.Visit, h web.Head, wrong error) error {
	c := v.Who.Charter
	p := newAskPage{
		Name:    ui.Field{ID: "name", Name: "name", Label: "Short name", Hint: "Stands in its address: /f/name. Small letters, digits and underscores.", Pattern: "[a-z][a-z0-9_]*", Max: 40, Required: true, Value: v.Form("name")},
		Purpose: ui.Field{ID: "purpose", Name: "purpose", Label: "What do they agree to?", Required: true},
		At:      ui.Field{ID: "at", Name: "at", Label: "Where does it stand?", Type: "url", Hint: "The page of yours that shows it; the hosted form works besides.", Max: 200, Required: true, Value: v.Form("at")},
		Control: []ui.Choice{
			{ID: "box", Name: "control", Value: "unticked box", Label: "A box that nobody has ticked", Radio: true, Required: true, Chosen: v.Form("control") != "button"},
			{ID: "button", Name: "control", Value: "button", Label: "A button of its own", Radio: true, Required: true, Chosen: v.Form("control") == "button"},
		},
	}
	for i := range c.Purposes {
		one := &c.Purposes[i]
		if one.Basis("").Kind == charter.Consent {
			p.Purpose.Options = append(p.Purpose.Options, ui.Option{Value: string(one.ID), Text: one.Title.In("en"), Chosen: v.Form("purpose") == string(one.ID)})
		}
	}
	for _, lang := range c.Business.Languages {
		id := "words-" + string(lang)
		p.Words = append(p.Words, ui.Field{ID: id, Name: id, Label: "The words (" + strings.ToUpper(string(lang)) + ")", Hint: "What is sent, how often, and that it can be stopped.", Lines: 2, Max: 400, Required: true, Value: v.Form(id)})
	}
	for _, f := range c.Fields {
		if f.Kind == charter.KindEmail || f.Kind == charter.KindName || f.Kind == charter.KindPhone {
			p.Fields = append(p.Fields, ui.Choice{ID: "field-" + string(f.ID), Name: "field", Value: string(f.ID), Label: string(f.ID), Chosen: f.Kind == charter.KindEmail})
		}
	}
	web.Note(wrong, &p.Name, &p.Purpose, &p.At)
	return web.Show(v, r.newAsk, h, p)
}

var (
	askName   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	askMarker = regexp.MustCompile(`(?m)^asks:.*\n`)
)

// makeAsk writes the form into the charter's text and shows what that changes.
func (r *room) makeAsk(v *web.Visit) error {
	c := v.Who.Charter
	name := v.Form("name")
	_, taken := c.Ask(term.Ask(name))
	switch {
	case !askName.MatchString(name):
		return r.renderNewAsk(v, newAskHead.Wrong(), errs.New(errs.Invalid, "bad_name", "use small letters, digits and underscores, a letter first").On("name"))
	case taken:
		return r.renderNewAsk(v, newAskHead.Wrong(), errs.New(errs.Conflict, "name_taken", "there is a form of this name").On("name"))
	}
	promise, house := c.Documents()
	return r.compareThese(v, withAsk(string(promise), askText(v, c)), string(house))
}

// askText is the form as charter.yaml has it.
func askText(v *web.Visit, c *charter.Charter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n    at: %s\n    for: {purpose: %s, channel: email}\n    fields: %s\n    control: %s\n    confirm: by email\n    words:\n",
		v.Form("name"), quoted(v.Form("at")), quoted(v.Form("purpose")), quoted(v.R.PostForm["field"]), quoted(v.Form("control")))
	for _, lang := range c.Business.Languages {
		fmt.Fprintf(&b, "      %s: %s\n", lang, quoted(strings.Join(strings.Fields(v.Form("words-"+string(lang))), " ")))
	}
	return b.String()
}

// quoted writes a value so that YAML reads it as it is.
func quoted(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// withAsk puts a form first among the charter's.
func withAsk(promise, ask string) string {
	if at := askMarker.FindStringIndex(promise); at != nil {
		return promise[:at[1]] + ask + promise[at[1]:]
	}
	return promise + "\nasks:\n" + ask
}
