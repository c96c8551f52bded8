// Package promises is the room of what the business promises: the charter in
// force and how permission for each purpose will go on, the forms that ask, and
// the change page, where a new charter is read against the old one before
// anybody signs it.
package promises

import (
	"embed"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/gate"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Audience *audience.Service
	Charter  *charter.Store
	Gate     *gate.Gate
	Teller   *telling.Teller
	URL      string // how customers reach the server
}

type room struct {
	Services
	promise ui.Page[promisePage]
	change  ui.Page[changePage]
	asks    ui.Page[asksPage]
	newAsk  ui.Page[newAskPage]
	first   ui.Page[firstPage]
}

//go:embed page
var files embed.FS

// The room's addresses.
const (
	promiseURL = "/admin/promises"
	changeURL  = "/admin/promises/change"
	asksURL    = "/admin/promises/asks"
	firstURL   = "/admin/promises/first"
)

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, promise: ui.Find[promisePage](set, "promise"), change: ui.Find[changePage](set, "change"), asks: ui.Find[asksPage](set, "asks"),
		newAsk: ui.Find[newAskPage](set, "new-ask"), first: ui.Find[firstPage](set, "first")}
	see := web.May(staff.Draft, staff.Audience, staff.Insight, staff.ApplyCharter, staff.Audit, staff.Oversee)
	apply := web.May(staff.ApplyCharter)
	return web.Room{
		Title: web.PromisesRoom, Icon: "scroll",
		Pages: []web.Page{
			{Title: "Promises", URL: promiseURL, Words: "charter notice purposes permissions forecast"},
			{Title: "Forms", URL: asksURL, Words: "asks consent embed"},
			{Title: "Change the charter", URL: changeURL, Words: "diff widen apply"},
			{Title: "A first charter", URL: firstURL, Words: "template shop charity software begin"},
		},
		Routes: []web.Route{
			{Pattern: "GET " + promiseURL, Access: see, Do: r.showPromise},
			{Pattern: "GET " + asksURL, Access: see, Do: r.showAsks},
			{Pattern: "GET " + asksURL + "/new", Access: apply.Fresh(), Do: r.showNewAsk},
			{Pattern: "POST " + asksURL + "/new", Access: apply.Fresh(), Do: r.makeAsk},
			{Pattern: "GET " + firstURL, Access: see, Do: r.showFirst},
			{Pattern: "POST " + firstURL, Access: see, Do: r.makeFirst},
			{Pattern: "GET " + changeURL, Access: apply.Fresh(), Do: r.showChange},
			{Pattern: "POST " + changeURL, Access: apply, Do: r.compare},
			{Pattern: "POST " + tellURL + "/count", Access: apply, Do: r.begin(false, "Counting who must be told. Nothing is sent.")},
			{Pattern: "POST " + tellURL, Access: apply.Fresh(), Do: r.begin(true, "They are being told. This page says how far it is.")},
			{Pattern: "POST " + changeURL + "/apply", Access: apply.Fresh(), Do: r.apply},
		},
	}, set.Err()
}
