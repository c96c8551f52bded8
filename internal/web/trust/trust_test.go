package trust

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/evidence"
	"candor/internal/id"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	instant := clock.UTC(2026, 3, 5, 9, 0, 0)
	at := instant.Time()
	field := func(name string) ui.Field { return ui.Field{ID: name, Name: name, Label: name, Lines: 2} }
	choice := func(name string) []ui.Choice { return []ui.Choice{{ID: name, Name: name, Value: "x", Label: name}} }
	p := load(ui.Load(files))
	webtest.Pages(t, files,
		webtest.Page(p.ledger, ledgerPage{field("a"), field("b"), field("c"), field("d"), []entryRow{{id.New[id.Entry](), "consent.record", at, "engine", "17"}}, ui.Pages{Next: "?after=x"}, 5000}),
		webtest.Page(p.entry, entryPage{[]ui.Fact{{Term: "Kind", Text: "consent.record"}}, "{}", "proof", "/r", "candor verify"}),
		webtest.Page(p.uses, usesPage{[]useRow{{id.New[id.Entry](), at, "Ada", "Orders", "serve", "name"}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.evidence, evidencePage{field("as_of"), "halm+1+x", []evidence.Day{{Day: "2026-03-05", Made: instant}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.incidents, incidentsPage{field("state"), []incidentRow{{id.New[id.Incident](), at, "text", "integrity", ui.Status{Tone: ui.Warn, Text: "open"}}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.incident, incidentPage{id.New[id.Incident](), "text", []ui.Fact{{Term: "State", Text: "open"}}, []ui.Moment{{At: instant, Tone: ui.Plain, Title: "reported"}}, true,
			choice("kind"), field("a"), field("b"), field("c"), field("d"), field("e"), field("f"), choice("decision"), field("g"), &decision{"not notified", "why", "Ada", false}}),
		webtest.Page(p.approvals, approvalsPage{[]approvalRow{{"/admin/x", "Send to many people", "Ada", at, ui.Status{Tone: ui.Warn, Text: "waits"}}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.approval, approvalPage{"/admin/x", []ui.Fact{{Term: "Campaign", Text: "March"}}, []ui.Fact{{Term: "State", Status: &ui.Status{Tone: ui.Warn, Text: "waits"}}}, "Nobody approves what they made.", true, func() *ui.Field { f := field("reason"); return &f }(), true}),
		webtest.Page(p.requests, requestsPage{[]ui.Link{{Text: "Open", URL: "?", Current: true}}, false, []requestRow{{id.New[id.Request](), "Erase everything", at, "portal", at, ui.Status{Tone: ui.Bad, Text: "today"}, ui.Status{Tone: ui.Warn, Text: "waits"}}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.request, requestPage{ID: id.New[id.Request](), Customer: "cus_1", Find: true, State: ui.Status{Tone: ui.Warn, Text: "waits"}, InEffect: "stopped", Facts: []ui.Fact{{Term: "Request", Text: "req_1"}},
			Past: []ui.Moment{{At: instant, Tone: ui.Info, Title: "Asked"}}, Steps: []requestStep{{"events", "12", ui.Status{Tone: ui.Good, Text: "done"}}}, Told: []ui.Fact{{Term: "Relay", Text: "told"}},
			Acts: []requestAct{{URL: "/x", Title: "Uphold", Follows: "It ends.", Button: "Uphold", Danger: true, Field: &ui.Field{ID: "how", Name: "how", Label: "How", Error: "wrong"}}}, Proof: "/p"}),
		webtest.Page(p.accesses, accessesPage{[]ui.Link{{Text: "Open", URL: "?", Current: true}}, []accessRow{{id.New[id.Access](), id.New[id.Entry](), "Ada", at, "Orders", "a late parcel", ui.Status{Tone: ui.Info, Text: "explained"}, true}}, ui.Pages{Next: "?after=x"}}),
		webtest.Page(p.guarded, guardedPage{field("customer"), field("why")}),
		webtest.Page(p.own, ownPage{[]ownRow{{id.New[id.Access](), at, "Orders", field("answer")}}}),
		webtest.Page(p.claims, claimsPage{field("identity"), field("case"), []ui.Fact{{Term: "Kept", Text: "1"}}, true, []foundClaim{{"req_1", "Erased on 5 March 2026", []ui.Fact{{Term: "Kept until", Text: "2029"}}, "/admin/x",
			[]keptDecision{{at, "Agreed: the letter", "on a form", "form signup", "/admin/y", ui.Status{Tone: ui.Good, Text: "in the ledger"}}}}}}),
		webtest.Page(p.exports, exportsPage{[]ui.Link{{Text: "Out", URL: "?", Current: true}}, []exportRow{{"/x", "Letter", "everybody", "12", "Ada", at, ui.Status{Tone: ui.Bad, Text: "overdue"}}}, ui.Pages{Next: "?after=x"}, field("mark"),
			&exportRow{"/x", "Letter", "everybody", "12", "Ada", at, ui.Status{Tone: ui.Bad, Text: "overdue"}}, true}),
		webtest.Page(p.export, exportPage{"/x", []ui.Fact{{Term: "State", Text: "out"}}, "Somebody wrote.", []erasedLine{{"cus_1", ui.Status{Tone: ui.Warn, Text: "asked"}}}, true, true}),
		webtest.Page(p.newExport, newExportPage{field("for"), field("condition"), choice("field"), field("days"), "March", "cam_1", "12", "Second.", "None."}),
		webtest.Page(p.concern, concernPage{field("text"), choice("kind"), choice("unnamed")[0]}),
	)
}
