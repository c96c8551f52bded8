// Package messages is the room where staff write to customers: campaigns, each on
// one page with its states across the top, from the draft and what is still to
// be put right, through sending, to what it brought and what it cost.
package messages

import (
	"embed"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/keyring"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Campaigns *campaign.Book
	Audience  *audience.Service
	Ring      *keyring.Ring
}

type room struct {
	Services
	list     ui.Page[listPage]
	form     ui.Page[formPage]
	campaign ui.Page[campaignPage]
	sample   ui.Page[samplePage]
	log      ui.Page[logPage]
	ends     web.Shared[struct{}, []audience.Forecast]
}

//go:embed page
var files embed.FS

// The room's addresses.
const (
	listURL = "/admin/messages"
	oneURL  = "/admin/messages/campaigns"
	logURL  = "/admin/messages/deliveries"
)

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, list: ui.Find[listPage](set, "list"), form: ui.Find[formPage](set, "form"), campaign: ui.Find[campaignPage](set, "campaign"),
		sample: ui.Find[samplePage](set, "sample"), log: ui.Find[logPage](set, "log")}
	see := web.May(staff.Draft, staff.Approve, staff.Send)
	write, send := web.May(staff.Draft), web.May(staff.Send)
	return web.Room{
		Title: web.MessagesRoom, Icon: "mail",
		Pages: []web.Page{
			{Title: "Campaigns", URL: listURL, Words: "messages letters mails"},
			{Title: "New campaign", URL: oneURL + "/new", Words: "write draft letter"},
			{Title: "Deliveries", URL: logURL, Words: "log message-id sent bounced returned refused denied"},
		},
		Routes: []web.Route{
			{Pattern: "GET " + listURL, Access: see, Do: r.showList},
			{Pattern: "GET " + oneURL + "/new", Access: write, Do: r.showNew},
			{Pattern: "POST " + oneURL, Access: write, Do: r.create},
			{Pattern: "GET " + oneURL + "/{campaign}", Access: see, Do: r.show},
			{Pattern: "GET " + oneURL + "/{campaign}/edit", Access: write, Do: r.showEdit},
			{Pattern: "POST " + oneURL + "/{campaign}/edit", Access: write, Do: r.edit},
			{Pattern: "POST " + oneURL + "/{campaign}/copy", Access: write, Do: r.duplicate},
			{Pattern: "GET " + oneURL + "/{campaign}/follow", Access: see, Do: r.follow},
			{Pattern: "GET " + oneURL + "/{campaign}/preview", Access: see, Do: r.preview},
			{Pattern: "POST " + oneURL + "/{campaign}/trial", Access: see, Do: r.try},
			{Pattern: "POST " + oneURL + "/{campaign}/sample", Access: see, Do: r.showSample},
			{Pattern: "GET " + logURL, Access: see, Do: r.showLog},
			{Pattern: "POST " + logURL, Access: see, Do: r.findMail},
			{Pattern: "POST " + oneURL + "/{campaign}/launch", Access: send.Fresh(), Do: r.launch},
			{Pattern: "POST " + oneURL + "/{campaign}/pause", Access: send, Do: r.step(s.Campaigns.Pause, "Paused. Nothing leaves until it is resumed.")},
			{Pattern: "POST " + oneURL + "/{campaign}/resume", Access: send, Do: r.step(s.Campaigns.Resume, "Resumed where it was.")},
			{Pattern: "POST " + oneURL + "/{campaign}/cancel", Access: send, Do: r.step(s.Campaigns.Cancel, "Cancelled. What had not left never will.")},
		},
	}, set.Err()
}
