// Package audiences is the room where staff choose whom to write to: saved
// segments, the editor that shows who matches, who may be written to, who can be
// reached and why not more, and the stages of customers' lives.
//
// A condition stands in the address of the page: it can be kept, sent to a
// colleague and gone back to. It names kinds of data and never a person.
package audiences

import (
	"embed"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/gate"
	"candor/internal/guarded"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// Services are what the room works with.
type Services struct {
	Audience  *audience.Service
	Campaigns *campaign.Book
	Gate      *gate.Gate
	Guarded   *guarded.Doors
}

type room struct {
	Services
	list   ui.Page[listPage]
	editor ui.Page[editorPage]
	person ui.Page[personPage]
	stages ui.Page[stagesPage]
	way    ui.Page[wayPage]
	ends   web.Shared[struct{}, []audience.Forecast]
}

//go:embed page
var files embed.FS

// The room's addresses.
const (
	listURL   = "/admin/audiences"
	editURL   = reach.EditURL
	stagesURL = "/admin/audiences/stages"
)

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, list: ui.Find[listPage](set, "list"), editor: ui.Find[editorPage](set, "editor"),
		person: ui.Find[personPage](set, "person"), stages: ui.Find[stagesPage](set, "stages"), way: ui.Find[wayPage](set, "way")}
	may := web.May(staff.Audience)
	return web.Room{
		Title: web.AudiencesRoom, Icon: "target",
		Pages: []web.Page{
			{Title: "Audiences", URL: listURL, Words: "segments lists"},
			{Title: "New audience", URL: editURL, Words: "reach editor segment count"},
			{Title: "Stages", URL: stagesURL, Words: "lifecycle lapsed new"},
		},
		Routes: []web.Route{
			{Pattern: "GET " + listURL, Access: may, Do: r.showList},
			{Pattern: "GET " + editURL, Access: may, Do: r.showEditor},
			{Pattern: "POST " + listURL + "/add", Access: may, Do: r.add},
			{Pattern: "POST " + listURL, Access: may, Do: r.save},
			{Pattern: "POST " + listURL + "/{segment}/delete", Access: may, Do: r.delete},
			{Pattern: "POST " + listURL + "/person", Access: web.May(staff.Find), Do: r.showPerson},
			{Pattern: "GET " + reach.WayURL, Access: may, Do: r.showWay},
			{Pattern: "GET " + stagesURL, Access: may, Do: r.showStages},
		},
	}, set.Err()
}
