// Package home is the first page of staff: what needs the reader today, where
// customers are in their life with the business and how they moved, how consent
// does, and whether the engine is well. Each part shows to whom it concerns.
package home

import (
	"embed"
	"sync"
	"time"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/consent"
	"candor/internal/incident"
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
	Charter   *charter.Store
	Collector *collect.Collector
	Incidents *incident.Register
	Requests  *request.Desk
	Jobs      *job.Queue
	Ledger    *ledger.Log
	Approvals *approval.Desk
}

type room struct {
	Services
	home ui.Page[page]

	stages  shared[term.Purpose, lifecycle]
	healths shared[term.Purpose, []consent.Span]
	ends    shared[struct{}, []audience.Forecast]
}

// countedFor is how long counts are shown before they are made anew.
const countedFor = 5 * time.Minute

// shared keeps what was counted for a few minutes: everybody who opens the page
// in the meantime sees the same.
type shared[K comparable, V any] struct {
	mu   sync.Mutex
	kept map[K]counted[V]
}

type counted[V any] struct {
	at    clock.Instant
	value V
}

func (s *shared[K, V]) get(v *web.Visit, key K, count func() (V, error)) (counted[V], error) {
	s.mu.Lock()
	have, ok := s.kept[key]
	s.mu.Unlock()
	if ok && v.Now().Sub(have.at) < countedFor {
		return have, nil
	}
	value, err := count()
	if err != nil {
		return have, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[K]counted[V]{}
	}
	have = counted[V]{v.Now(), value}
	s.kept[key] = have
	return have, nil
}

//go:embed page
var files embed.FS

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, home: ui.Find[page](set, "home")}
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

// show puts the page together.
func (r *room) show(v *web.Visit) (err error) {
	var p page
	if p.Tasks, err = r.waiting(v); err != nil {
		return err
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
			return err
		}
	}
	return web.Show(v, r.home, web.Head{Title: "Good " + partOfDay(v), Intro: v.Local(v.Now()).Format("Monday, 2 January 2006")}, p)
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
