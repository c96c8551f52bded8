// Package setup is the room of engineers and administrators: where data come in
// and what arrives, who works here and may do what, tokens for programs, and who
// mails come from.
package setup

import (
	"embed"

	"candor/internal/collect"
	"candor/internal/gate"
	"candor/internal/intake"
	"candor/internal/job"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/token"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Collector *collect.Collector
	Staff     *staff.Roster
	Tokens    *token.Book
	Imports   *intake.Importer
	Gate      *gate.Gate
	Jobs      *job.Queue
	Backups   Backups
	Keys      *message.DomainKeys
	Look      message.LookUp // asks the DNS
	URL       string         // how customers' browsers reach the server
}

type room struct {
	Services
	pages pages
}

type pages struct {
	sources    ui.Page[sourcesPage]
	source     ui.Page[sourcePage]
	newSource  ui.Page[newSourcePage]
	key        ui.Page[keyPage]
	quarantine ui.Page[quarantinePage]
	staff      ui.Page[staffPage]
	person     ui.Page[personPage]
	newPerson  ui.Page[newPersonPage]
	link       ui.Page[linkPage]
	roles      ui.Page[rolesPage]
	senders    ui.Page[sendersPage]
	tokens     ui.Page[tokensPage]
	newToken   ui.Page[newTokenPage]
	lists      ui.Page[listsPage]
	audit      ui.Page[auditPage]
	class      ui.Page[classPage]

	suppressions ui.Page[suppressionsPage]
	upkeep       ui.Page[upkeepPage]
	signOn       ui.Page[signOnPage]
}

//go:embed page part
var files embed.FS

func load(set *ui.Set) pages {
	return pages{
		sources: ui.Find[sourcesPage](set, "sources"), source: ui.Find[sourcePage](set, "source"), newSource: ui.Find[newSourcePage](set, "new-source"),
		key: ui.Find[keyPage](set, "key"), quarantine: ui.Find[quarantinePage](set, "quarantine"), staff: ui.Find[staffPage](set, "staff"),
		person: ui.Find[personPage](set, "person"), newPerson: ui.Find[newPersonPage](set, "new-person"), link: ui.Find[linkPage](set, "link"),
		roles: ui.Find[rolesPage](set, "roles"), senders: ui.Find[sendersPage](set, "senders"),
		tokens: ui.Find[tokensPage](set, "tokens"), newToken: ui.Find[newTokenPage](set, "new-token"),
		lists: ui.Find[listsPage](set, "lists"), audit: ui.Find[auditPage](set, "audit"), class: ui.Find[classPage](set, "class"),
		suppressions: ui.Find[suppressionsPage](set, "suppressions"), upkeep: ui.Find[upkeepPage](set, "upkeep"), signOn: ui.Find[signOnPage](set, "sign-on"),
	}
}

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{s, load(set)}
	tech, people := web.May(staff.SetUp), web.May(staff.ManageStaff)
	return web.Room{
		Title: web.SetupRoom, Icon: "sliders",
		Pages: []web.Page{
			{Title: "Sources", URL: "/admin/setup", Words: "setup keys sdk website server arrives dropped"},
			{Title: "Import", URL: listsURL, Words: "lists audit upload csv mailchimp klaviyo prove evidence"},
			{Title: "Senders", URL: "/admin/setup/senders", Words: "mail dkim spf dmarc dns"},
			{Title: "Suppressions", URL: suppressionsURL, Words: "never write block unsubscribed bounce"},
			{Title: "Upkeep", URL: upkeepURL, Words: "backup restore retention delete dry run"},
			{Title: "API tokens", URL: "/admin/setup/tokens", Words: "bearer key scope program"},
			{Title: "Staff", URL: "/admin/setup/staff", Words: "people invite roles leave colleagues"},
			{Title: "Single sign-on", URL: signOnURL, Words: "oidc openid connect provider sso login"},
			{Title: "Roles", URL: "/admin/setup/roles", Words: "permissions who may do what"},
		},
		Routes: []web.Route{
			{Pattern: "GET /admin/setup", Access: tech, Do: r.showSources},
			{Pattern: "GET /admin/setup/sources/new", Access: tech.Fresh(), Do: r.showNewSource},
			{Pattern: "POST /admin/setup/sources/new", Access: tech.Fresh(), Do: r.makeSource},
			{Pattern: "GET /admin/setup/sources/{source}", Access: tech, Do: r.showSource},
			{Pattern: "GET /admin/setup/sources/{source}/live", Access: tech, Do: r.streamSource},
			{Pattern: "POST /admin/setup/sources/{source}/secret", Access: tech.Fresh(), Do: r.changeSecret},
			{Pattern: "POST /admin/setup/sources/{source}/revoke", Access: tech.Fresh(), Do: r.revokeSource},
			{Pattern: "GET /admin/setup/sources/{source}/quarantine", Access: tech, Do: r.showQuarantine},
			{Pattern: "POST /admin/setup/sources/{source}/replay", Access: tech.Fresh(), Do: r.replay},
			{Pattern: "GET " + listsURL, Access: tech, Do: r.showLists},
			{Pattern: "POST " + listsURL, Access: tech.Files(maxLists), Do: r.takeLists},
			{Pattern: "GET " + listsURL + "/{audit}", Access: tech, Do: r.showAudit},
			{Pattern: "GET " + listsURL + "/{audit}/report", Access: tech, Do: r.auditReport},
			{Pattern: "GET " + listsURL + "/{audit}/rows/{class}", Access: tech, Do: r.showClass},
			{Pattern: "POST " + listsURL + "/{audit}/rows/{class}", Access: tech, Do: r.decideClass},
			{Pattern: "POST " + listsURL + "/{audit}/columns", Access: tech, Do: r.correctColumns},
			{Pattern: "POST " + listsURL + "/{audit}/try", Access: tech, Do: r.tryLists},
			{Pattern: "POST " + listsURL + "/{audit}/load", Access: tech.Fresh(), Do: r.loadLists},
			{Pattern: "POST " + listsURL + "/{audit}/drop", Access: tech, Do: r.dropLists},
			{Pattern: "GET /admin/setup/imports/{import}/rows", Access: tech, Do: r.notTaken},
			{Pattern: "GET " + suppressionsURL, Access: tech, Do: r.showSuppressions},
			{Pattern: "POST " + suppressionsURL, Access: tech, Do: r.addSuppressions},
			{Pattern: "POST " + suppressionsURL + "/find", Access: tech, Do: r.findSuppression},
			{Pattern: "GET " + upkeepURL, Access: tech, Do: r.showUpkeep},
			{Pattern: "POST " + upkeepURL + "/verify", Access: tech, Do: r.verifyBackup},
			{Pattern: "POST " + upkeepURL + "/foresee", Access: tech, Do: r.foresee},
			{Pattern: "POST " + upkeepURL + "/retain", Access: tech.Fresh(), Do: r.retain},
			{Pattern: "GET " + sendersURL, Access: tech, Do: r.showSenders},
			{Pattern: "POST " + sendersURL + "/keys", Access: tech.Fresh(), Do: r.makeKey},
			{Pattern: "POST " + sendersURL + "/keys/sign", Access: tech.Fresh(), Do: r.signKey},
			{Pattern: "POST " + sendersURL + "/keys/forget", Access: tech.Fresh(), Do: r.forgetKey},
			{Pattern: "GET /admin/setup/tokens", Access: tech, Do: r.showTokens},
			{Pattern: "GET /admin/setup/tokens/new", Access: tech.Fresh(), Do: r.showNewToken},
			{Pattern: "POST /admin/setup/tokens/new", Access: tech.Fresh(), Do: r.makeToken},
			{Pattern: "POST /admin/setup/tokens/{token}/revoke", Access: tech.Fresh(), Do: r.revokeToken},
			{Pattern: "GET /admin/setup/staff", Access: people, Do: r.showStaff},
			{Pattern: "GET /admin/setup/staff/new", Access: people.Fresh(), Do: r.showNewPerson},
			{Pattern: "POST /admin/setup/staff/new", Access: people.Fresh(), Do: r.addPerson},
			{Pattern: "GET /admin/setup/staff/{staff}", Access: people.Fresh(), Do: r.showPerson},
			{Pattern: "POST /admin/setup/staff/{staff}/give", Access: people.Fresh(), Do: r.giveRole},
			{Pattern: "POST /admin/setup/staff/{staff}/take", Access: people.Fresh(), Do: r.takeRole},
			{Pattern: "POST /admin/setup/staff/{staff}/confirm", Access: people.Fresh(), Do: r.confirmRole},
			{Pattern: "POST /admin/setup/staff/{staff}/invite", Access: people.Fresh(), Do: r.invite},
			{Pattern: "POST /admin/setup/staff/{staff}/leave", Access: people.Fresh(), Do: r.leave},
			{Pattern: "GET " + signOnURL, Access: people, Do: r.showSignOn},
			{Pattern: "GET /admin/setup/roles", Access: people, Do: r.showRoles},
		},
	}, set.Err()
}
