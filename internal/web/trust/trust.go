// Package trust is the room where the business shows that it keeps its promises:
// the ledger with its proofs, who of the staff used whose kinds of data, what
// looks without a case were for, and the
// register of what went wrong, into which everybody reports.
package trust

import (
	"embed"
	"strings"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/guarded"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/ledger"
	"candor/internal/request"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Ledger    *ledger.Log
	Incidents *incident.Register
	Requests  *request.Desk
	Staff     *staff.Roster
	Approvals *approval.Desk
	Guarded   *guarded.Doors
	Evidence  *evidence.Keeper
	Claims    *claim.Store
	Exports   *export.Book
	Sharing   *sharing.Service
	Audience  *audience.Service
	Campaigns *campaign.Book
}

type room struct {
	Services
	pages pages
}

type pages struct {
	ledger    ui.Page[ledgerPage]
	entry     ui.Page[entryPage]
	uses      ui.Page[usesPage]
	evidence  ui.Page[evidencePage]
	incidents ui.Page[incidentsPage]
	incident  ui.Page[incidentPage]
	concern   ui.Page[concernPage]
	accesses  ui.Page[accessesPage]
	guarded   ui.Page[guardedPage]
	own       ui.Page[ownPage]
	approvals ui.Page[approvalsPage]
	approval  ui.Page[approvalPage]
	requests  ui.Page[requestsPage]
	request   ui.Page[requestPage]
	claims    ui.Page[claimsPage]
	exports   ui.Page[exportsPage]
	export    ui.Page[exportPage]
	newExport ui.Page[newExportPage]
}

//go:embed page
var files embed.FS

func load(set *ui.Set) pages {
	return pages{
		ledger: ui.Find[ledgerPage](set, "ledger"), entry: ui.Find[entryPage](set, "entry"), uses: ui.Find[usesPage](set, "uses"), evidence: ui.Find[evidencePage](set, "evidence"),
		incidents: ui.Find[incidentsPage](set, "incidents"), incident: ui.Find[incidentPage](set, "incident"), concern: ui.Find[concernPage](set, "concern"),
		approvals: ui.Find[approvalsPage](set, "approvals"), approval: ui.Find[approvalPage](set, "approval"),
		accesses: ui.Find[accessesPage](set, "accesses"), own: ui.Find[ownPage](set, "own"), guarded: ui.Find[guardedPage](set, "guarded"),
		requests: ui.Find[requestsPage](set, "requests"), request: ui.Find[requestPage](set, "request"),
		claims:  ui.Find[claimsPage](set, "claims"),
		exports: ui.Find[exportsPage](set, "exports"), export: ui.Find[exportPage](set, "export"), newExport: ui.Find[newExportPage](set, "export-new"),
	}
}

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{s, load(set)}
	audit, work := web.May(staff.Audit, staff.Oversee), web.May(staff.Incident, staff.Oversee)
	second, ask := web.May(approval.Approvers[0], approval.Approvers[1:]...), web.May(staff.Send, askers...)
	see, decide := web.May(staff.OpenRequest, staff.DecideRequest, staff.Oversee), web.May(staff.DecideRequest)
	files, take := web.May(staff.Export, overseers...), web.May(staff.Export).Fresh()
	return web.Room{
		Title: web.TrustRoom, Icon: "shield",
		Pages: []web.Page{
			{Title: "Ledger", URL: "/admin/trust", Words: "trust proof record verify checkpoint"},
			{Title: "Requests", URL: requestsURL, Words: "rights erasure copy objection restriction deadline desk"},
			{Title: "Kept for claims", URL: claimsURL, Words: "erased legal claim court evidence consent sealed"},
			{Title: "Evidence", URL: "/admin/trust/evidence", Words: "accountability audit as of date in force"},
			{Title: "Uses of data", URL: "/admin/trust/uses", Words: "who read staff disclosed"},
			{Title: "Accesses", URL: accessesURL, Words: "looked without a case confidentiality sample question"},
			{Title: "Exports", URL: exportsURL, Words: "download file csv list take out canary delete whose"},
			{Title: "Guarded records", URL: guardedURL, Words: "own colleague flag vip second person"},
			{Title: "Incidents", URL: "/admin/trust/incidents", Words: "breach concern register"},
			{Title: "Approvals", URL: approvalsURL, Words: "dual control second person approve four eyes"},
			{Title: "Report a concern", URL: "/admin/concern", Words: "breach incident wrong help"},
		},
		Routes: []web.Route{
			{Pattern: "GET /admin/trust", Access: audit, Do: r.showLedger},
			{Pattern: "GET /admin/trust/entries/{entry}", Access: audit, Do: r.showEntry},
			{Pattern: "GET /admin/trust/entries/{entry}/receipt", Access: audit, Do: r.receipt},
			{Pattern: "GET /admin/trust/checkpoint", Access: audit, Do: r.checkpoint},
			{Pattern: "POST /admin/trust/verify", Access: audit, Do: r.verify},
			{Pattern: "GET " + requestsURL, Access: see, Do: r.showRequests},
			{Pattern: "GET " + requestsURL + "/{request}", Access: see, Do: r.showRequest},
			{Pattern: "POST " + requestsURL + "/{request}/uphold", Access: decide, Do: r.answer("Upheld. The person is told.", r.uphold)},
			{Pattern: "POST " + requestsURL + "/{request}/refuse", Access: decide, Do: r.answer("The person is being told your grounds.", r.refuse)},
			{Pattern: "POST " + requestsURL + "/{request}/end", Access: decide, Do: r.answer("The person is being told; then it ends.", r.end)},
			{Pattern: "POST " + requestsURL + "/{request}/lift", Access: decide, Do: r.answer("The restriction has ended.", r.lift)},
			{Pattern: "POST " + requestsURL + "/{request}/mistake", Access: decide, Do: r.answer("Taken back. What is allowed follows from the facts again.", r.mistake)},
			{Pattern: "POST " + requestsURL + "/{request}/settle", Access: decide, Do: r.answer("The request is answered.", r.settle)},
			{Pattern: "GET " + claimsURL, Access: web.May(staff.Oversee).Fresh(), Do: r.showClaims},
			{Pattern: "POST " + claimsURL, Access: web.May(staff.Oversee).Fresh(), Do: r.findClaims},
			{Pattern: "GET /admin/trust/evidence", Access: audit, Do: r.showEvidence},
			{Pattern: "GET /admin/trust/evidence/pack", Access: audit, Do: r.evidencePack},
			{Pattern: "GET /admin/trust/uses", Access: audit, Do: r.showUses},
			{Pattern: "GET " + accessesURL, Access: audit, Do: r.showAccesses},
			{Pattern: "POST " + accessesURL + "/{access}/fine", Access: web.May(staff.Oversee), Do: r.judgeAccess(true, "Noted: it was in order.")},
			{Pattern: "POST " + accessesURL + "/{access}/wrong", Access: web.May(staff.Oversee), Do: r.judgeAccess(false, "It stands in the register of incidents.")},
			{Pattern: "GET " + guardedURL, Access: web.May(staff.Oversee, staff.DecideRequest), Do: r.showGuarded},
			{Pattern: "POST " + guardedURL, Access: web.May(staff.Oversee, staff.DecideRequest), Do: r.mark},
			{Pattern: "GET " + ownURL, Access: web.SignedIn(), Do: r.showOwn},
			{Pattern: "POST " + ownURL + "/{access}", Access: web.SignedIn(), Do: r.explain},
			{Pattern: "GET " + exportsURL, Access: files, Do: r.showExports},
			{Pattern: "POST " + exportsURL, Access: take, Do: r.takeOut},
			{Pattern: "GET " + exportsURL + "/new", Access: take, Do: r.showNewExport},
			{Pattern: "POST " + exportsURL + "/whose", Access: files, Do: r.whoseExport},
			{Pattern: "GET " + exportsURL + "/{export}", Access: files, Do: r.showExport},
			{Pattern: "POST " + exportsURL + "/{export}/deleted", Access: files, Do: r.deleteExport},
			{Pattern: "POST " + exportsURL + "/{export}/erased", Access: files, Do: r.confirmErased},
			{Pattern: "GET /admin/trust/incidents", Access: work, Do: r.showIncidents},
			{Pattern: "GET /admin/trust/incidents/{incident}", Access: work, Do: r.showIncident},
			{Pattern: "POST /admin/trust/incidents/{incident}/facts", Access: work, Do: r.record},
			{Pattern: "POST /admin/trust/incidents/{incident}/note", Access: work, Do: r.note},
			{Pattern: "POST /admin/trust/incidents/{incident}/propose", Access: work, Do: r.propose},
			{Pattern: "POST /admin/trust/incidents/{incident}/approve", Access: work.Fresh(), Do: r.approve},
			{Pattern: "GET " + approvalsURL, Access: ask, Do: r.showApprovals},
			{Pattern: "GET " + approvalsURL + "/{approval}", Access: ask, Do: r.showApproval},
			{Pattern: "POST " + approvalsURL + "/{approval}/approve", Access: second.Fresh(), Do: r.decide(true, "Approved. Whoever asked may do it within 24 hours.")},
			{Pattern: "POST " + approvalsURL + "/{approval}/refuse", Access: second.Fresh(), Do: r.decide(false, "Refused. Whoever asked sees it here.")},
			{Pattern: "POST " + approvalsURL + "/{approval}/told", Access: web.May(staff.Direct), Do: r.told},
			{Pattern: "GET /admin/concern", Access: web.SignedIn(), Do: r.showConcern},
			{Pattern: "POST /admin/concern", Access: web.SignedIn(), Do: r.report},
		},
	}, set.Err()
}

// overseers see everybody's files.
var overseers = []staff.Permission{staff.Audit, staff.Oversee, staff.DecideRequest}

// askers are the permissions, besides to send, of those who may need a second
// person or be one.
var askers = append([]staff.Permission{staff.Export, staff.ApplyCharter, staff.SetUp, staff.Audit, staff.Direct}, approval.Approvers...)

// names puts names to the actors of a list. Programs keep their own.
type names struct {
	roster *staff.Roster
	tx     *db.Tx
	known  map[term.Actor]string
}

func (r *room) names(tx *db.Tx) names {
	return names{r.Staff, tx, map[term.Actor]string{term.ByEngine: "the engine", term.ByCustomer: "the customer"}}
}

func (n names) of(a term.Actor) string {
	if name, ok := n.known[a]; ok {
		return name
	}
	name := string(a)
	if who, err := id.Parse[id.Staff](strings.TrimPrefix(name, "staff:")); err == nil {
		if p, err := n.roster.Get(n.tx, who); err == nil {
			name = web.NameOf(p)
		}
	}
	n.known[a] = name
	return name
}

// day reads a day of a filter.
func day(v *web.Visit, name string) (clock.Date, bool) {
	d, err := clock.ParseDate(v.Form(name))
	return d, err == nil
}
