// Package home is the first page of staff: what needs the reader today, where
// customers are in their life with the business and how they moved, how consent
// does, and whether the engine is well. Each part shows to whom it concerns.
package home

import (
	"context"
	"embed"
	"time"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/collect"
	"candor/internal/consent"
	"candor/internal/export"
	"candor/internal/incident"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Shell     *web.Shell
	Audience  *audience.Service
	Campaigns *campaign.Book
	Charter   *charter.Store
	Collector *collect.Collector
	Incidents *incident.Register
	Requests  *request.Desk
	Jobs      *job.Queue
	Ledger    *ledger.Log
	Approvals *approval.Desk
	Exports   *export.Book
	URL       string // the address of the server, for links in mails
	// Notify sends a mail to a member of staff.
	Notify func(ctx context.Context, m message.Notice) error
}

type room struct {
	Services
	home ui.Page[page]

	stages  web.Shared[term.Purpose, lifecycle]
	healths web.Shared[term.Purpose, []consent.Span]
	ends    web.Shared[struct{}, []audience.Forecast]
}

//go:embed page mail
var files embed.FS

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, home: ui.Find[page](set, "home")}
	s.Jobs.Handle(jobWeekly, func(ctx context.Context, _ job.Job) error { return r.weekly(ctx) })
	s.Jobs.Every(jobWeekly, time.Hour)
	return web.Room{
		Title: web.HomeRoom, Icon: "home",
		Pages:  []web.Page{{Title: "Home", URL: "/admin/", Words: "start today"}},
		Routes: []web.Route{{Pattern: "GET /admin/{$}", Access: web.SignedIn(), Do: r.show}},
	}, set.Err()
}

// page is what the room shows. A part that does not concern the reader is nil.
type page struct {
	Tasks  []task
	Stages *stages
	Engine []ui.Fact
	Health []health
}

func (r *room) show(v *web.Visit) error {
	p, err := r.gather(v)
	if err != nil {
		return err
	}
	return web.Show(v, r.home, web.Head{Title: "Good " + partOfDay(v), Intro: v.Local(v.Now()).Format("Monday, 2 January 2006")}, p)
}

// gather puts the page together.
func (r *room) gather(v *web.Visit) (p page, err error) {
	if p.Tasks, err = r.waiting(v); err != nil {
		return p, err
	}
	for _, part := range []struct {
		may []staff.Permission
		add func(*web.Visit, *page) error
	}{
		{[]staff.Permission{staff.SetUp}, r.engine},
		{[]staff.Permission{staff.Audience, staff.Insight}, r.lifecycle},
		{[]staff.Permission{staff.Insight, staff.Audit, staff.Oversee}, r.health},
	} {
		if !v.Who.Rights.Any(part.may...) {
			continue
		}
		if err := part.add(v, &p); err != nil {
			return p, err
		}
	}
	return p, nil
}

// partOfDay greets by the clock of the business.
func partOfDay(v *web.Visit) string {
	switch h := v.Local(v.Now()).Hour(); {
	case h < 5, h >= 18:
		return "evening"
	case h < 12:
		return "morning"
	}
	return "afternoon"
}
