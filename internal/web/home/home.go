// Package home is the first page of staff: what needs the reader today, where
// customers are in their life with the business, how consent does, and whether
// the engine is well. Each part shows to whom it concerns.
package home

import (
	"embed"
	"sync"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Audience  *audience.Service
	Campaigns *campaign.Book
	Requests  *request.Desk
	Jobs      *job.Queue
	Ledger    *ledger.Log
}

type room struct {
	Services
	home ui.Page[page]

	mu      sync.Mutex
	stages  map[term.Purpose]counted
	healths map[term.Purpose]spanned
}

// counted is the stages as they were a few minutes ago at most: everybody who
// opens the page in the meantime sees the same.
type counted struct {
	at     clock.Instant
	stages []audience.StageCount
}

//go:embed page
var files embed.FS

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, home: ui.Find[page](set, "home"), stages: map[term.Purpose]counted{}, healths: map[term.Purpose]spanned{}}
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
	Health []ui.Chart
}

// show puts the page together.
func (r *room) show(v *web.Visit) error {
	var p page
	for _, part := range []struct {
		may []staff.Permission
		add func(*web.Visit, *page) error
	}{
		{[]staff.Permission{staff.Draft, staff.Approve, staff.Send}, r.campaigns},
		{[]staff.Permission{staff.OpenRequest, staff.DecideRequest, staff.Oversee}, r.requests},
		{[]staff.Permission{staff.SetUp}, r.engine},
		{[]staff.Permission{staff.Audience, staff.Insight}, r.lifecycle},
		{[]staff.Permission{staff.Insight, staff.Audit, staff.Oversee}, r.health},
	} {
		if !v.Who.Rights.Any(part.may...) {
			continue
		}
		if err := part.add(v, &p); err != nil {
			return err
		}
	}
	return web.Show(v, r.home, web.Head{Title: "Good " + partOfDay(v)}, p)
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
