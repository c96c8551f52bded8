package setup

import (
	"testing"
	"time"

	"candor/internal/audit"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
	"candor/internal/lists"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	at := clock.UTC(2026, 3, 5, 9, 0, 0).Time()
	field := func(name string) ui.Field { return ui.Field{ID: name, Name: name, Label: name, Lines: 2} }
	choice := func(name string) []ui.Choice { return []ui.Choice{{ID: name, Name: name, Value: "x", Label: name}} }
	well := ui.Status{Tone: ui.Good, Text: "well"}
	next := ui.Pages{Next: "?after=x"}
	p := load(ui.Load(files))
	count := []countRow{{"Taken", "Order Completed", 12, at}}
	how := []install{{"curl", "curl -u KEY"}}
	webtest.Pages(t, files,
		webtest.Page(p.sources, sourcesPage{[]sourceRow{{id.New[id.Source](), "shop", "server", "live", 12, 3, at, well}}}),
		webtest.Page(p.source, sourcePage{id.New[id.Source](), []ui.Fact{{Term: "Key", Text: "server"}}, []figure{{"Taken", "12", "once", "/x"}}, []seenRow{{at, "track: Order Completed", []string{"value"}, []string{"shoe_size"}, well}}, "/live", count, count, how, true, "/twin", secretField(nil)}),
		webtest.Page(p.newSource, newSourcePage{field("a"), choice("b"), choice("c"), field("d"), field("e"), choice("f")}),
		webtest.Page(p.key, keyPage{"server_live_x", "/admin/setup", how}),
		webtest.Page(p.quarantine, quarantinePage{id.New[id.Source](), []heldRow{{id.New[id.Quarantine](), at, "wrong_type", "value", 120}}, next}),
		webtest.Page(p.tokens, tokensPage{[]tokenRow{{id.New[id.Token](), "shop", "read", "203.0.113.0/24", 1000, "Ada", at, at, well, true}}}),
		webtest.Page(p.newToken, newTokenPage{field("a"), choice("b"), field("c"), field("d"), field("e")}),
		webtest.Page(p.staff, staffPage{[]staffRow{{id.New[id.Staff](), "Ada", "lead", at, well}}, next}),
		webtest.Page(p.person, personPage{id.New[id.Staff](), []ui.Fact{{Term: "State", Status: &well}}, []grantRow{{"lead", "halm", "approve", at, at, well}}, []ui.Option{{Value: "support", Text: "support"}}, 2, true, false}),
		webtest.Page(p.newPerson, newPersonPage{field("a"), field("b"), choice("c")}),
		webtest.Page(p.link, linkPage{"Ada", "https://x.example/admin/invitation/x", "/admin/setup/staff"}),
		webtest.Page(p.roles, rolesPage{[]string{"lead"}, []permissionRow{{"Approve", "approve", []bool{true}}}, []seesRow{{"support", "Orders", "name"}}}),
		webtest.Page(p.senders, sendersPage{[]domainCard{{"b.example", well, []senderRow{{"Halm <a@b.example>", "Orders", "c@b.example"}}, []recordRow{{"SPF", "b.example", "v=spf1", []string{"v=spf1 mx"}, &well, "Not so"}}, true, []keyRow{{"candor-1", well, at, "Publish it", true, true}}, true}}}),
		webtest.Page(p.suppressions, suppressionsPage{"12", field("a"), field("b"), field("c"), &suppressionAnswer{[]suppressionRow{{"They asked", "all advertising", at}}}}),
		webtest.Page(p.signOn, signOnPage{[]ui.Fact{{Term: "Halm account", Text: "https://login.halm.example", Status: &ui.Status{Tone: ui.Good, Text: "it answers"}}}, []ui.Fact{{Term: "Redirect address", Text: "https://x"}}, signOnExample}),
		webtest.Page(p.upkeep, upkeepPage{[]ui.Fact{{Term: "Newest", Status: &well}}, true, []ui.Fact{{Term: "Last run"}}, &wouldDelete{[]ui.Fact{{Term: "Events", Text: "12"}}, "Of all"}}),
		webtest.Page(p.lists, listsPage{[]listsRow{{id.New[id.Audit](), at, "You can prove consent for 8 of 10", well}}, []importRow{{id.New[id.Import](), at, 10, 9, true, well}}, next, 7}),
		webtest.Page(p.audit, fullAudit(at)),
		webtest.Page(p.class, classPage{"/x", "Means", "Fix", []audit.Row{{Sample: audit.Sample{File: "a.csv", Line: 7, Masked: "a•••@e•••.org"}, Says: "subscribed"}}, "12 more", choice("do"), "Ada", field("proof"), field("method"), field("form"), field("at"), "/asks", true}),
	)
}

// fullAudit is the page of an audit in a state that cannot be, so that nothing of
// it is missing.
func fullAudit(at time.Time) auditPage {
	a := intake.ListAudit{ID: id.New[id.Audit](), State: intake.AuditTried, Report: audit.Report{Rows: 10, Addresses: 9, Subscribed: 8, Classes: []audit.Part{{Class: audit.Provable, Title: "Provable", Count: 5, Means: "They agreed."}},
		Others: []audit.Part{{Class: audit.Gone, Count: 1, Means: "They left."}}, Forms: []audit.Form{{Name: "Footer", Count: 5}},
		Findings: []audit.Finding{{Kind: audit.Conflict, Title: "Suppressed in one tool", Count: 2, Means: "They said stop.", Fix: "Suppress them.", Where: []audit.Place{{Text: "here", Count: 2}}, Samples: []audit.Sample{{File: "a.csv", Line: 3, Masked: "a•••"}}}}},
		Lists: []intake.Upload{{ID: id.New[id.Import](), Name: "a.csv", State: intake.Checked, Problem: "why", Report: intake.Report{Rows: 10, OK: 9, Permissions: 5, Errors: map[errs.Code]int{"bad_email": 1}, Without: map[errs.Code]int{intake.NoTime: 2}}}}}
	field := func(name string) ui.Field { return ui.Field{ID: name, Name: name, Label: name} }
	return auditPage{ID: a.ID, Steps: auditSteps(a), Status: auditStatus(a.State), Problem: "Not so", Work: &auditWork{"Reading", "10 rows", "40%"}, Headline: a.Report.Headline(), Sum: "10 rows", Bars: barsOf(a),
		Findings: a.Report.Findings, Files: []listFile{fileOf(0, audit.File{Name: "a.csv", Tool: lists.Klaviyo, Rows: 10, Assumed: true, LeftOut: 3, Columns: []lists.Column{{Name: "Email", Meaning: lists.Email}}})},
		Fix: true, Terms: auditTerms{false, field("purpose"), field("form"), []ui.Field{field("form.x")}, ui.Choice{ID: "ours", Name: "ours", Value: "yes", Label: "Ours"}}, Outcome: outcomeOf(a), Drop: true, GoneAt: at}
}
