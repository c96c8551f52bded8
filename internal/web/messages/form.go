package messages

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// formPage is where a campaign is written.
type formPage struct {
	Action   string
	Problem  string
	Name     ui.Field
	Purpose  ui.Field
	Audience ui.Field
	Sender   ui.Field
	Holdout  ui.Field
	When     ui.Field
	Speaks   ui.Field
	Texts    []textFields
	May      []string // what a text may name
	Template string   // that the text comes from
	Back     string
	Button   string
}

// textFields is the content in one language.
type textFields struct {
	Lang                   string
	Subject, Preview, Body ui.Field
}

func (r *room) showNew(v *web.Visit) error {
	c := campaign.Change{Purpose: term.Purpose(v.Form("purpose")), Channel: term.Email, Audience: v.Form("condition")}
	if c.Purpose == "" {
		c.Purpose = marketing(v.Who.Charter)
	}
	if err := r.started(v, &c); err != nil {
		return err
	}
	return r.write(v, c, formPage{Action: oneURL, Back: listURL, Button: "Save the draft"}, web.Head{Title: "New campaign"})
}

func (r *room) create(v *web.Visit) error {
	change := changeOf(v)
	made, err := r.Campaigns.Create(v.Context(), change, v.Actor())
	if retry, ok := wrong(err); ok {
		return r.write(v, change, formPage{Action: oneURL, Back: listURL, Button: "Save the draft", Problem: retry}, web.Head{Title: "New campaign"}.Wrong())
	}
	if err != nil {
		return err
	}
	return v.Done(oneURL+"/"+made.ID.String(), "The draft is saved.")
}

func (r *room) showEdit(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	return r.write(v, changeFrom(c), editForm(c.ID, ""), web.Head{Title: "Change " + c.Name})
}

func (r *room) edit(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	change := changeOf(v)
	change.Purpose, change.Channel = c.Purpose, c.Channel
	keepContent(&change.Content, c.Content)
	_, err = r.Campaigns.Edit(v.Context(), c.ID, change, v.Actor())
	if retry, ok := wrong(err); ok {
		return r.write(v, change, editForm(c.ID, retry), web.Head{Title: "Change " + c.Name}.Wrong())
	}
	if err != nil {
		return err
	}
	return v.Done(oneURL+"/"+c.ID.String(), "Saved.")
}

// duplicate drafts a campaign like another.
func (r *room) duplicate(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	change := changeFrom(c)
	change.Name = "Copy of " + strings.TrimPrefix(change.Name, "Copy of ")
	made, err := r.Campaigns.Create(v.Context(), change, v.Actor())
	if err != nil {
		return err
	}
	return v.Done(oneURL+"/"+made.ID.String()+"/edit", "Copied. Give it a name and change what is to be different.")
}

func editForm(c id.Campaign, problem string) formPage {
	to := oneURL + "/" + c.String()
	return formPage{Action: to + "/edit", Back: to, Button: "Save", Problem: problem}
}

// wrong gives what is to be put right in a form, for errors that say so.
func wrong(err error) (string, bool) {
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.TooLarge) {
		return web.Sentence(err), true
	}
	return "", false
}

func changeFrom(c campaign.Campaign) campaign.Change {
	out := campaign.Change{Name: c.Name, Purpose: c.Purpose, Channel: c.Channel, Audience: c.Audience, NotBefore: c.NotBefore, Sender: c.Sender, Content: c.Content}
	if c.Holdout >= 0 {
		out.Holdout = &c.Holdout
	}
	return out
}

// changeOf reads the form.
func changeOf(v *web.Visit) campaign.Change {
	c := v.Who.Charter
	from, _ := id.Parse[id.Template](v.Form("template"))
	out := campaign.Change{Template: from, Name: v.Form("name"), Purpose: term.Purpose(v.Form("purpose")), Channel: term.Email, Audience: v.Form("condition"),
		Sender: v.Form("sender"), Content: message.Content{Class: message.Service, Texts: map[term.Lang]message.Text{}}}
	if p, ok := c.Purpose(out.Purpose); ok && p.Marketing {
		out.Content.Class = message.Marketing
	}
	if at, err := time.ParseInLocation(localTime, v.Form("not_before"), zoneOf(v)); err == nil {
		out.NotBefore = clock.At(at)
	}
	if text := v.Form("holdout"); text != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
		if err != nil {
			n = -2 // the book says what may stand here
		}
		out.Holdout = &n
	}
	out.Content.Refers = speaksOf(v)
	for _, l := range c.Business.Languages {
		t := message.Text{Subject: v.Form("subject_" + string(l)), Preview: v.Form("preview_" + string(l)), HTML: htmlOf(v.Form("body_" + string(l)))}
		if t != (message.Text{}) {
			out.Content.Texts[l] = t
		}
	}
	return out
}

// localTime is how browsers write a time without a zone.
const localTime = "2006-01-02T15:04"

func zoneOf(v *web.Visit) *time.Location { return v.Local(v.Now()).Location() }

// htmlOf turns plain paragraphs into HTML; what is HTML already stays.
func htmlOf(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if text == "" || strings.Contains(text, "<p") || strings.Contains(text, "<h") || strings.Contains(text, "<ul") {
		return text
	}
	var out []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, "<p>"+strings.ReplaceAll(p, "\n", "<br>")+"</p>")
		}
	}
	return strings.Join(out, "\n")
}

// write shows the form.
func (r *room) write(v *web.Visit, c campaign.Change, p formPage, head web.Head) error {
	in := v.Who.Charter
	p.Name = ui.Field{ID: "name", Name: "name", Label: "Name", Hint: "For you and your colleagues; customers do not see it.", Value: c.Name, Max: 200, Required: true}
	p.Purpose = purposeField(in, c.Purpose)
	if c.Template != 0 {
		p.Template = c.Template.String()
	}
	p.Audience = ui.Field{ID: "condition", Name: "condition", Label: "Who", Value: c.Audience, Lines: 2, Max: audience.MaxLength, Hint: "A condition, as the audience editor writes it. Empty means everybody who may be written to."}
	p.Sender = ui.Field{ID: "sender", Name: "sender", Label: "From", Required: true}
	p.Holdout = ui.Field{ID: "holdout", Name: "holdout", Label: "Left out, to compare with (percent)", InputMode: "numeric", Max: 3,
		Hint: "By chance. Empty means 10 of 100, or nobody when fewer than 1,000 are reached."}
	p.When = ui.Field{ID: "not_before", Name: "not_before", Label: "Not before", Type: "datetime-local", Hint: "In the time of the business. Empty means as soon as it is sent."}
	p.Speaks = speaksField(in, c)
	if !c.NotBefore.IsZero() {
		p.When.Value = v.Local(c.NotBefore).Format(localTime)
	}
	if c.Holdout != nil {
		p.Holdout.Value = strconv.Itoa(*c.Holdout)
	}
	for _, s := range in.House.Senders {
		if s.Purpose == c.Purpose && s.Channel == term.Email {
			p.Sender.Options = append(p.Sender.Options, ui.Option{Value: s.Address, Text: s.Name + " <" + s.Address + ">", Chosen: s.Address == c.Sender})
		}
	}
	for _, l := range in.Business.Languages {
		p.Texts = append(p.Texts, textsOf(l, c.Content.Texts[l]))
	}
	for _, x := range message.Variables(in, c.Purpose) {
		p.May = append(p.May, "{{ "+x.Name+" }}")
	}
	head.Crumb = &ui.Link{Text: "Campaigns", URL: p.Back}
	return web.Show(v, r.form, head, p)
}

var langNames = map[term.Lang]string{"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese"}

func textsOf(l term.Lang, t message.Text) textFields {
	name := langNames[l]
	if name == "" {
		name = string(l)
	}
	field := func(part, label, hint, value string, lines, limit int, required bool) ui.Field {
		return ui.Field{ID: fmt.Sprintf("%s-%s", part, l), Name: fmt.Sprintf("%s_%s", part, l), Label: label, Hint: hint, Value: value, Lines: lines, Max: limit, Required: required}
	}
	return textFields{Lang: name,
		Subject: field("subject", "Subject", "", t.Subject, 0, 200, true),
		Preview: field("preview", "Line after the subject", "", t.Preview, 0, 200, false),
		Body:    field("body", "Text", "Paragraphs, or simple HTML. Address, reason and the way out are put in by the sender.", t.HTML, 10, 50000, true)}
}

func (r *room) find(v *web.Visit) (campaign.Campaign, error) {
	which, err := id.Parse[id.Campaign](v.R.PathValue("campaign"))
	if err != nil {
		return campaign.Campaign{}, errs.New(errs.NotFound, "no_such_campaign", "there is no such campaign")
	}
	return r.Campaigns.Get(v.Context(), which)
}
