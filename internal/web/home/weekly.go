package home

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

// jobWeekly mails the page on Mondays to those who asked for it.
const jobWeekly = "home.weekly"

// mailFrom is the hour of the business's Monday from which the mail leaves.
const mailFrom = 6

// mail is what the weekly mail says: the page without its pictures. Its addresses
// are whole.
type mail struct {
	page
	Waits string // how much
	URL   string
}

var mailPage = template.Must(template.ParseFS(files, "mail/week.html"))

// weekly mails the page to those who asked for it and have not had it this week:
// on Mondays alone, so that a server that was down does not tell of an old week.
func (r *room) weekly(ctx context.Context) error {
	var c *charter.Charter
	var due []id.Staff
	var since clock.Instant
	err := r.Shell.DB.Read(ctx, func(tx *db.Tx) (err error) {
		due = nil
		if c, err = r.Charter.Current(tx); errs.Is(err, errs.NotFound) {
			return nil // nobody has promised anything yet
		}
		if err != nil {
			return err
		}
		var open bool
		if since, open = monday(c, r.Shell.Clock.Now()); open {
			due, err = r.Shell.Staff.WeeklyDue(tx, since)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, who := range due {
		if err := r.mailTo(ctx, who, since); err != nil {
			return err
		}
	}
	return nil
}

// monday tells whether the mail may leave now, and when the day began.
func monday(c *charter.Charter, now clock.Instant) (clock.Instant, bool) {
	zone, err := time.LoadLocation(c.Business.Zone)
	if err != nil {
		zone = time.UTC
	}
	day := now.In(zone)
	return clock.DateOf(day).Start(zone), day.Weekday() == time.Monday && day.Hour() >= mailFrom
}

// mailTo mails the page to one person as they would see it. That it leaves is on
// record before it does: it is not sent twice, and again only when it surely did
// not leave.
func (r *room) mailTo(ctx context.Context, who id.Staff, since clock.Instant) error {
	var w staff.Who
	err := r.Shell.DB.Read(ctx, func(tx *db.Tx) (err error) {
		w, err = r.Shell.Staff.Absent(tx, who)
		return err
	})
	if errs.Is(err, errs.Forbidden) {
		return nil // they read nothing before they promise confidentiality
	}
	if err != nil {
		return err
	}
	v, err := r.Shell.For(ctx, w)
	if err != nil {
		return err
	}
	notice, err := r.write(v)
	if err != nil {
		return err
	}
	theirs := false
	err = v.Write(func(tx *db.Tx) (err error) {
		theirs, err = v.Staff.TakeWeekly(tx, who, since)
		return err
	})
	if err != nil || !theirs {
		return err
	}
	err = r.Notify(ctx, notice)
	if err == nil || errs.CodeOf(err) == message.MaybeTaken {
		return nil
	}
	if back := v.Write(func(tx *db.Tx) error { return v.Staff.ReturnWeekly(tx, who) }); back != nil {
		return back
	}
	return err
}

// write makes the mail: in counts, none of them exact under ten.
func (r *room) write(v *web.Visit) (message.Notice, error) {
	p, err := r.gather(v)
	if err != nil {
		return message.Notice{}, err
	}
	for i := range p.Tasks {
		if p.Tasks[i].URL != "" {
			p.Tasks[i].URL = r.URL + p.Tasks[i].URL
		}
	}
	if p.Stages != nil && p.Stages.Board != "" {
		p.Stages.Board = r.URL + p.Stages.Board
	}
	for i, h := range p.Health {
		p.Health[i].Figures = append(h.Figures[:len(h.Figures)-4:len(h.Figures)-4], figures(h.said, few)...)
	}
	m := mail{page: p, Waits: waits(len(p.Tasks)), URL: r.URL}
	var b strings.Builder
	if err := mailPage.Execute(&b, m); err != nil {
		return message.Notice{}, err
	}
	return message.Notice{To: v.Who.Person.Email, Subject: v.Who.Charter.Business.Name + ": " + m.Waits, Text: m.text(), HTML: b.String()}, nil
}

func waits(n int) string {
	switch n {
	case 0:
		return "Nothing waits for you"
	case 1:
		return "One thing waits for you"
	}
	return ui.Number("en", int64(n)) + " things wait for you"
}

// few writes a number of people as it may leave the house (MIN-04).
func few(n int64) string {
	if n < 10 {
		return "<10"
	}
	return ui.Number("en", n)
}

// text is the mail without HTML.
func (m mail) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", m.Waits)
	if len(m.Tasks) > 0 {
		line("\nNEEDS YOU TODAY")
	}
	for _, t := range m.Tasks {
		line("* %s: %s", t.Text, t.Status.Text)
		for _, more := range []string{t.Note, t.URL} {
			if more != "" {
				line("  %s", more)
			}
		}
	}
	line("\nOpen Candor: %s/admin/", m.URL)
	if len(m.Engine) > 0 {
		line("\nTHE ENGINE")
	}
	for _, f := range m.Engine {
		line("* %s: %s (%s)", f.Term, f.Text, f.Status.Text)
	}
	if m.Stages != nil {
		line("\nWHERE CUSTOMERS ARE\nFor “%s”, of those whose data may be used for it.", m.Stages.Purpose)
		for _, p := range m.Stages.Flow.Places {
			line("* %s: %s", p.Name, p.Shown)
		}
		if m.Stages.Board != "" {
			line("  %s", m.Stages.Board)
		}
	}
	for _, h := range m.Health {
		line("\nCONSENT: %s", h.Title)
		for _, f := range h.Figures {
			line("* %s: %s %s", f.Term, f.Text, f.Note)
		}
	}
	line("\nYou get this on Mondays because you asked for it. Switch it off in your account: %s/admin/account#weekly", m.URL)
	return b.String()
}
