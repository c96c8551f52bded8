package messages

import (
	"strconv"
	"time"

	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// templatePage is a template: how it reads, what is still to be put right, its
// versions, and what was written from it.
type templatePage struct {
	Facts    []ui.Fact
	Old      string // that an older version is shown
	Checks   []check
	Edit     string
	Use      string
	Versions []templateVersion
	UsedBy   []ui.Link
	Letter   letter
}

type templateVersion struct {
	Number  string
	URL     string
	Current bool
	At      time.Time
}

const versionsShown = 20

func (r *room) showTemplate(v *web.Visit) error {
	s, err := r.savedOf(v)
	if err != nil {
		return err
	}
	here := templateURL(s.ID)
	p := templatePage{Facts: []ui.Fact{{Term: "For", Text: purposeOf(v, s.Purpose)}, {Term: "Version", Text: strconv.FormatInt(s.Version, 10)}}}
	_, problems := message.Review(v.Who.Charter, s.Draft(), v.Now())
	for _, x := range problems {
		p.Checks = append(p.Checks, check{Name: x.String()})
	}
	err = v.Read(func(tx *db.Tx) error {
		list, err := message.VersionsOf(tx, s.ID, versionsShown)
		if err != nil {
			return err
		}
		p.Versions = nil
		for _, o := range list {
			p.Versions = append(p.Versions, templateVersion{strconv.FormatInt(o.Version, 10), here + "?version=" + strconv.FormatInt(o.Version, 10), o.Version == s.Version, v.Local(o.SavedAt)})
		}
		if len(list) > 0 && list[0].Version != s.Version {
			p.Old = "This is an older version. Changing it makes it the newest."
		}
		used, err := r.Campaigns.From(tx, s.ID, versionsShown)
		p.UsedBy = nil
		for _, c := range used {
			p.UsedBy = append(p.UsedBy, ui.Link{Text: c.Name, URL: oneURL + "/" + c.ID.String()})
		}
		return err
	})
	if err != nil {
		return err
	}
	if v.May(staff.Draft) {
		p.Edit, p.Use = here+"/edit?version="+strconv.FormatInt(s.Version, 10), oneURL+"/new?template="+s.ID.String()
	}
	at := choose(v, s.Content.Texts)
	if at.lang != "" {
		p.Letter = letterOf(v, at, textLangs(v, s.Content), here+"/preview/"+strconv.FormatInt(s.Version, 10), func() (message.Previewed, error) { return savedAs(v, s, at) })
		p.Letter.reader(v, at)
	}
	return web.Show(v, r.template, web.Head{Title: s.Name, Crumb: &ui.Link{Text: "Templates", URL: templatesURL}}, p)
}

func savedAs(v *web.Visit, s message.Saved, at choice) (message.Previewed, error) {
	return message.Preview(v.Who.Charter, s.Draft(), term.Lang(at.lang), message.Persona(v.Who.Charter, s.Purpose, at.reader != "stranger"))
}

func (r *room) previewTemplate(v *web.Visit) error {
	s, err := r.savedOf(v)
	if err != nil {
		return err
	}
	at := choose(v, s.Content.Texts)
	got, err := savedAs(v, s, at)
	return serveFrame(v, at, got, err)
}

// savedOf reads the template that an address names, in the version it names.
func (r *room) savedOf(v *web.Visit) (message.Saved, error) {
	which, err := id.Parse[id.Template](v.R.PathValue("template"))
	if err != nil {
		return message.Saved{}, errs.New(errs.NotFound, "no_such_template", "there is no such template")
	}
	version, _ := strconv.ParseInt(v.R.PathValue("version")+v.Form("version"), 10, 64)
	return readSaved(v, which, version)
}

func readSaved(v *web.Visit, which id.Template, version int64) (s message.Saved, err error) {
	err = v.Read(func(tx *db.Tx) (err error) {
		s, err = message.GetSaved(tx, which, version)
		return err
	})
	return s, err
}

// keep makes a template of a campaign's text.
func (r *room) keep(v *web.Visit) error {
	c, err := r.find(v)
	if err != nil {
		return err
	}
	return r.saveTemplate(v, message.Saved{Name: c.Name, Purpose: c.Purpose, Content: c.Content}, "Kept as a template. What you change here changes no campaign.")
}

// saveTemplate stores a version and shows it.
func (r *room) saveTemplate(v *web.Visit, s message.Saved, said string) error {
	s, err := storeTemplate(v, s)
	if err != nil {
		return err
	}
	return v.Done(templateURL(s.ID), said)
}

func storeTemplate(v *web.Visit, s message.Saved) (message.Saved, error) {
	s.Controller, s.By, s.SavedAt = v.Brand(), v.Actor(), v.Now()
	var out message.Saved
	err := v.Write(func(tx *db.Tx) (err error) {
		out, err = message.Save(tx, s)
		return err
	})
	return out, err
}

// started fills a new campaign with the text it starts from: a template, or one of
// the samples.
func (r *room) started(v *web.Visit, c *campaign.Change) error {
	if text := v.Form("template"); text != "" {
		which, err := id.Parse[id.Template](text)
		if err != nil {
			return errs.New(errs.NotFound, "no_such_template", "there is no such template")
		}
		s, err := readSaved(v, which, 0)
		if err != nil {
			return err
		}
		c.Name, c.Purpose, c.Content, c.Template = s.Name, s.Purpose, s.Content, s.ID
		return nil
	}
	if s, ok := starterOf(v.Form("start")); ok {
		c.Name, c.Content = s.Name, s.content(v.Who.Charter, c.Purpose)
	}
	return nil
}
