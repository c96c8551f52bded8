package messages

import (
	"strconv"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// templateFormPage is where a template is written.
type templateFormPage struct {
	Action  string
	Problem string
	Version string // that the change is made to
	Name    ui.Field
	Purpose ui.Field
	Texts   []textFields
	May     []string
	Back    string
}

func (r *room) showNewTemplate(v *web.Visit) error {
	s := message.Saved{Purpose: marketing(v.Who.Charter)}
	return r.writeTemplate(v, s, templateFormPage{Action: templatesURL, Back: templatesURL}, web.Head{Title: "New template"})
}

// marketing is the purpose that a new text is for until another is chosen.
func marketing(c *charter.Charter) term.Purpose {
	for _, p := range c.Purposes {
		if p.Marketing {
			return p.ID
		}
	}
	return ""
}

func (r *room) createTemplate(v *web.Visit) error {
	return r.storeOr(v, savedFrom(v), templateFormPage{Action: templatesURL, Back: templatesURL}, web.Head{Title: "New template"}, "Saved. Campaigns can start from it.")
}

func (r *room) showEditTemplate(v *web.Visit) error {
	s, err := r.savedOf(v)
	if err != nil {
		return err
	}
	newest, err := readSaved(v, s.ID, 0)
	if err != nil {
		return err
	}
	to := templateURL(s.ID)
	return r.writeTemplate(v, s, templateFormPage{Action: to + "/edit", Back: to, Version: strconv.FormatInt(newest.Version, 10)}, web.Head{Title: "Change " + s.Name})
}

func (r *room) editTemplate(v *web.Visit) error {
	was, err := r.savedOf(v)
	if err != nil {
		return err
	}
	s := savedFrom(v)
	s.ID, s.Version = was.ID, was.Version
	to := templateURL(was.ID)
	return r.storeOr(v, s, templateFormPage{Action: to + "/edit", Back: to, Version: v.Form("version")}, web.Head{Title: "Change " + was.Name}, "Saved as a new version. Campaigns keep the text they were drafted with.")
}

// storeOr saves what was written, or shows the form again with what is wrong.
func (r *room) storeOr(v *web.Visit, s message.Saved, p templateFormPage, head web.Head, said string) error {
	out, err := storeTemplate(v, s)
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		p.Problem = web.Sentence(err)
		return r.writeTemplate(v, s, p, head.Wrong())
	}
	if err != nil {
		return err
	}
	return v.Done(templateURL(out.ID), said)
}

// savedFrom reads the form.
func savedFrom(v *web.Visit) message.Saved {
	c := changeOf(v)
	return message.Saved{Name: c.Name, Purpose: c.Purpose, Content: c.Content}
}

func (r *room) writeTemplate(v *web.Visit, s message.Saved, p templateFormPage, head web.Head) error {
	in := v.Who.Charter
	p.Name = ui.Field{ID: "name", Name: "name", Label: "Name", Hint: "For you and your colleagues; customers do not see it.", Value: s.Name, Max: 200, Required: true}
	p.Purpose = purposeField(in, s.Purpose)
	for _, l := range in.Business.Languages {
		p.Texts = append(p.Texts, textsOf(l, s.Content.Texts[l]))
	}
	for _, x := range message.Variables(in, s.Purpose) {
		p.May = append(p.May, "{{ "+x.Name+" }}")
	}
	head.Crumb = &ui.Link{Text: "Templates", URL: p.Back}
	return web.Show(v, r.templateForm, head, p)
}

// purposeField lists the purposes that write by e-mail.
func purposeField(in *charter.Charter, chosen term.Purpose) ui.Field {
	f := ui.Field{ID: "purpose", Name: "purpose", Label: "For the purpose", Required: true}
	for _, x := range in.Purposes {
		for _, ch := range x.Channels() {
			if ch == term.Email {
				f.Options = append(f.Options, ui.Option{Value: string(x.ID), Text: x.Title.In("en"), Chosen: x.ID == chosen})
			}
		}
	}
	return f
}
