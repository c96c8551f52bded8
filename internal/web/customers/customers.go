// Package customers is the room where staff look after one customer at a time:
// find them by an exact identity, read what happened and what is allowed, see a
// value for a purpose, and act on what the customer asks for.
//
// Whoever looks says why first: for a purpose of the charter or a request by its
// number. Each search is on record and counted, found or not, and opens the pages
// of whom it found for an hour. Values are masked until they are shown for a
// purpose that the role has; the customer can see that they were.
package customers

import (
	"embed"

	"candor/internal/audience"
	"candor/internal/collect"
	"candor/internal/gate"
	"candor/internal/guarded"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Shell *web.Shell // its palette finds customers by this room
	Gate  *gate.Gate
	Desk  *request.Desk

	Mail     *message.Sender // knows what is on its way
	Audience *audience.Service
	Sources  *collect.Sources
	Guarded  *guarded.Doors
}

type room struct {
	Services
	find     ui.Page[findPage]
	customer ui.Page[customerPage]
	values   ui.Page[valuesPage]
	act      ui.Page[actPage]
}

//go:embed page
var files embed.FS

const findURL = "/admin/customers"

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, find: ui.Find[findPage](set, "find"), customer: ui.Find[customerPage](set, "customer"),
		values: ui.Find[valuesPage](set, "values"), act: ui.Find[actPage](set, "act")}
	s.Shell.FindCustomer = func(v *web.Visit, identity string) error { return r.renderFind(v, web.Head{}, identity, nil) }
	one := findURL + "/{customer}"
	routes := []web.Route{
		{Pattern: "GET " + findURL, Access: web.May(staff.Find), Do: r.showFind},
		{Pattern: "POST " + findURL, Access: web.May(staff.Find), Do: r.search},
		{Pattern: "GET " + one, Access: web.May(staff.Find), Do: r.opened(r.show)},
		{Pattern: "POST " + one + "/reveal", Access: web.May(staff.Find), Do: r.opened(r.reveal)},
	}
	for _, a := range actions() {
		routes = append(routes,
			web.Route{Pattern: "GET " + one + "/" + a.path, Access: a.access, Do: r.opened(r.ask(a))},
			web.Route{Pattern: "POST " + one + "/" + a.path, Access: a.access, Do: r.opened(r.done(a))})
	}
	return web.Room{
		Title: web.CustomersRoom, Icon: "people",
		Pages:  []web.Page{{Title: "Find a customer", URL: findURL, Words: "customers person search look up"}},
		Routes: routes,
	}, set.Err()
}
