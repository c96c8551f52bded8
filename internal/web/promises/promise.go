package promises

import (
	"fmt"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// promisePage is the charter in force.
type promisePage struct {
	Facts     []ui.Fact
	Review    *ui.Status // of the yearly renewal; nil where no law asks for it
	Notices   []ui.Link
	Purposes  []purpose
	Tell      *tell            // nil for who may not
	Forecasts []reach.Forecast // how permission goes on if nothing more happens
	Versions  []version
}

// purpose is a purpose as staff read it.
type purpose struct {
	Title, About, Basis, Contact, Keep string
	Uses                               []string
	Gives                              []string
}

// version is one version of the charter.
type version struct {
	Number string
	Status ui.Status
	From   time.Time
	Notice []ui.Link
}

func (r *room) showPromise(v *web.Visit) error {
	c := v.Who.Charter
	p := promisePage{Facts: []ui.Fact{
		{Term: "Version", Text: fmt.Sprint(c.Version), Note: "in force from " + c.Effective.String()},
		{Term: "Controller", Text: c.Business.Controller},
		{Term: "Markets", Text: markets(c), Note: "everybody else gets the strictest rule of all"},
	}}
	p.Facts = append(p.Facts, flagsOf(c)...)
	for _, l := range c.Business.Languages {
		p.Notices = append(p.Notices, ui.Link{Text: strings.ToUpper(string(l)), URL: "/notice?lang=" + string(l)})
	}
	for i := range c.Purposes {
		p.Purposes = append(p.Purposes, purposeOf(c, &c.Purposes[i]))
	}
	list, err := r.Audience.Forecast(v.Context())
	if err != nil {
		return err
	}
	if p.Tell, err = r.telling(v); err != nil {
		return err
	}
	for _, f := range list {
		name := title(c, f.Purpose) + ", by " + string(f.Channel)
		p.Forecasts = append(p.Forecasts, reach.Forecast{Purpose: name, Permitted: f.Permitted.Shown, Ending: f.Ending.Shown, Chart: reach.Ending(name, f)})
	}
	err = v.Read(func(tx *db.Tx) error {
		history, err := r.Charter.History(tx)
		if err != nil {
			return err
		}
		due, err := r.Charter.Renewal(tx)
		p.Review = reviewOf(v, due)
		p.Versions = nil
		for _, e := range history {
			p.Versions = append(p.Versions, versionOf(v, c, e))
		}
		return err
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.promise, web.Head{Title: "Promises", Intro: "What customers were told, and what the engine therefore does. The notice is rendered from the same text.",
		Actions: []ui.Link{{Text: "Forms", URL: asksURL}, {Text: "Change the charter", URL: changeURL, Current: true}}}, p)
}

func markets(c *charter.Charter) string {
	var out []string
	for _, m := range c.Business.Markets {
		out = append(out, string(m))
	}
	return strings.Join(out, ", ")
}

func purposeOf(c *charter.Charter, p *charter.Purpose) purpose {
	out := purpose{Title: p.Title.In("en"), About: p.About.In("en"), Keep: p.Keep.Words, Basis: string(p.Basis("").Kind), Contact: "writes to nobody"}
	if law := p.Basis("").Law; law != "" {
		out.Basis += " (" + law + ")"
	}
	var contact []string
	for _, ch := range p.Channels() {
		contact = append(contact, string(ch))
	}
	if len(contact) > 0 {
		out.Contact = "writes by " + strings.Join(contact, ", ")
	}
	for _, u := range p.Uses {
		out.Uses = append(out.Uses, fmt.Sprintf("%s: %s", u.Name, u.Reason))
	}
	for i := range c.Recipients {
		if gets := c.Recipients[i].Gets[p.ID]; len(gets) > 0 {
			out.Gives = append(out.Gives, fmt.Sprintf("%s (%s): %s", c.Recipients[i].Name, c.Recipients[i].Country, strings.Join(gets, ", ")))
		}
	}
	return out
}

func title(c *charter.Charter, p term.Purpose) string {
	if x, ok := c.Purpose(p); ok {
		return x.Title.In("en")
	}
	return string(p)
}

func versionOf(v *web.Visit, c *charter.Charter, e charter.Entry) version {
	out := version{Number: fmt.Sprint(e.Version), From: v.Local(e.InForce), Status: ui.Status{Tone: ui.Plain, Text: "replaced"}}
	for _, l := range c.Business.Languages {
		out.Notice = append(out.Notice, ui.Link{Text: strings.ToUpper(string(l)), URL: fmt.Sprintf("/notice/%d?lang=%s", e.Version, l)})
	}
	switch {
	case e.Version == c.Version:
		out.Status = ui.Status{Tone: ui.Good, Text: "in force"}
	case e.InForce.IsZero():
		out.Status, out.From, out.Notice = ui.Status{Tone: ui.Warn, Text: "waits for its day"}, v.Local(e.Effective), nil
	}
	return out
}
