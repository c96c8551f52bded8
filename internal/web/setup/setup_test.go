package setup

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/id"
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
		webtest.Page(p.source, sourcePage{id.New[id.Source](), []ui.Fact{{Term: "Key", Text: "server"}}, count, count, 2, how, true}),
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
		webtest.Page(p.senders, sendersPage{[]senderRow{{"Orders", "Halm <a@b.example>", "c@b.example", well, []Record{{"b.example", "TXT", "v=spf1"}}}}}),
	)
}
