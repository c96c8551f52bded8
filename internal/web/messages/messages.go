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

	templates    ui.Page[templatesPage]
	template     ui.Page[templatePage]
	templateForm ui.Page[templateFormPage]
	own          ui.Page[ownPage]

	ends web.Shared[struct{}, []audience.Forecast]
}

//go:embed page part
var files embed.FS

// The room's addresses.
const (
	listURL = "/admin/messages"
	oneURL  = "/admin/messages/campaigns"
	logURL  = "/admin/messages/deliveries"

	templatesURL = "/admin/messages/templates"
	ownURL       = "/admin/messages/own-mails"
)

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{Services: s, list: ui.Find[listPage](set, "list"), form: ui.Find[formPage](set, "form"), campaign: ui.Find[campaignPage](set, "campaign"),
		sample: ui.Find[samplePage](set, "sample"), log: ui.Find[logPage](set, "log"),
		templates: ui.Find[templatesPage](set, "templates"), template: ui.Find[templatePage](set, "template"), templateForm: ui.Find[templateFormPage](set, "template-form"), own: ui.Find[ownPage](set, "own")}
	see := web.May(staff.Draft, staff.Approve, staff.Send)
	write, send := web.May(staff.Draft), web.May(staff.Send)
	return web.Room{
		Title: web.MessagesRoom, Icon: "mail",
		Pages: []web.Page{
			{Title: "Campaigns", URL: listURL, Words: "messages letters mails"},
			{Title: "New campaign", URL: oneURL + "/new", Words: "write draft letter"},
			{Title: "Templates", URL: templatesURL, Words: "look brand sample mails layout"},
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
			{Pattern: "POST " + oneURL + "/{campaign}/keep", Access: write, Do: r.keep},
			{Pattern: "GET " + templatesURL, Access: see, Do: r.showTemplates},
			{Pattern: "GET " + templatesURL + "/new", Access: write, Do: r.showNewTemplate},
			{Pattern: "POST " + templatesURL, Access: write, Do: r.createTemplate},
			{Pattern: "POST " + templatesURL + "/sample", Access: write, Do: r.startTemplate},
			{Pattern: "GET " + ownURL + "/{kind}", Access: see, Do: r.showOwn},
			{Pattern: "GET " + ownURL + "/{kind}/preview", Access: see, Do: r.previewOwn},
			{Pattern: "GET " + templatesURL + "/{template}", Access: see, Do: r.showTemplate},
			{Pattern: "GET " + templatesURL + "/{template}/preview/{version}", Access: see, Do: r.previewTemplate},
			{Pattern: "GET " + templatesURL + "/{template}/edit", Access: write, Do: r.showEditTemplate},
			{Pattern: "POST " + templatesURL + "/{template}/edit", Access: write, Do: r.editTemplate},
			{Pattern: "POST " + oneURL + "/{campaign}/launch", Access: send.Fresh(), Do: r.launch},
			{Pattern: "POST " + oneURL + "/{campaign}/pause", Access: send, Do: r.step(s.Campaigns.Pause, "Paused. Nothing leaves until it is resumed.")},
			{Pattern: "POST " + oneURL + "/{campaign}/resume", Access: send, Do: r.step(s.Campaigns.Resume, "Resumed where it was.")},
			{Pattern: "POST " + oneURL + "/{campaign}/cancel", Access: send, Do: r.step(s.Campaigns.Cancel, "Cancelled. What had not left never will.")},
		},
	}, set.Err()
}
