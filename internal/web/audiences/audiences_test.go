package audiences

import (
	"testing"

	"candor/internal/audience"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web/reach"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	at := clock.UTC(2026, 3, 5, 9, 0, 0).Time()
	field := func(id string) ui.Field { return ui.Field{ID: id, Name: id, Label: id, Error: "wrong"} }
	who := field("who")
	webtest.Pages(t, files,
		webtest.Page(ui.Find[listPage](set, "list"), listPage{
			Segments: []savedSegment{{"Lapsed", "Letter", "Bought before", nil, editURL, listURL + "/1/delete", at}, {"Old", "Letter", "No longer", &ui.Status{Tone: ui.Bad, Text: "no longer allowed"}, editURL, listURL, at}},
			Recipes:  recipes(sample.Halm()), Pages: ui.Pages{Back: listURL, Next: listURL},
		}),
		webtest.Page(ui.Find[editorPage](set, "editor"), editorPage{
			Purpose: field("purpose"), Channel: field("channel"), Condition: field("condition"), Name: field("name"), Who: &who, Words: "Everybody", Wait: "Too similar.",
			Rows: []row{{"Country is DE", `country == "DE"`, editURL}}, Add: newAddForm(sample.Halm(), firstMarketing(sample.Halm())),
			Reach:  &answer{Funnel: ui.Funnel{Caption: "Reach", Bars: []ui.Bar{{Label: "Match", Count: "1,200", Kind: "step", Width: "100%"}}}, Out: []ui.Slice{{Count: "120", Why: "They said no", Remedy: "Let them rest.", Button: &ui.Link{Text: "See", URL: "/admin/"}, Parts: []ui.Slice{{Why: "Some", Remedy: "None."}}}}, Sample: []string{"a***@p***.example"}, At: at},
			UsedBy: []ui.Link{{Text: "March", URL: "/admin/"}}, Ending: &reach.Forecast{Purpose: "Letter", Permitted: "about 300", Ending: "about 30"}, Write: "/admin/", TakeOut: "/admin/",
		}),
		webtest.Page(ui.Find[wayPage](set, "way"), wayPage{Count: "120", Why: "They never agreed", Remedy: "Ask them.", Law: wayLaw[audience.Ask], Steps: []wayStep{{"Prepare a form.", &ui.Link{Text: "Prepare", URL: "/admin/"}}},
			Asks: []wayAsk{{"signup", "https://halm.example", "Yes, write to me", "/f/signup", "/admin/"}}, Markets: []ui.Fact{{Term: "DE", Text: "they must agree first"}}, Back: editURL}),
		webtest.Page(ui.Find[personPage](set, "person"), personPage{Customer: "cus_1", Verdict: verdict(true, false), Reasons: []string{"They said no."}, Back: editURL,
			Clauses: []audience.Clause{{Words: "Country is DE", True: true, Parts: []audience.Clause{{Words: "x", Data: "what we hold"}}}}}),
		webtest.Page(ui.Find[stagesPage](set, "stages"), stagesPage{Purpose: ui.Field{ID: "purpose", Name: "purpose", Label: "For", Options: []ui.Option{{Value: "a", Text: "A"}, {Value: "b", Text: "B"}}},
			Stages: []stageCard{{"lapsed", "Long time no see", "true", "Everybody", "1,200", "100%", editURL, []bandBar{{"under 30 days", "about 40", "4%"}}, []string{"about 40 from “Customer”"}}, {Shown: "none", Count: "<10"}}}),
	)
}

// What is put together with the mouse is a condition that the compiler takes.
func TestClausesOfTheMouseCompile(t *testing.T) {
	c := sample.Halm()
	service := audience.New(audience.Config{})
	for _, x := range []struct{ datum, how, value, want string }{
		{"field:country", "is", "DE", `country == "DE"`},
		{"field:country", "not", "DE, AT", `!(country in ["DE", "AT"])`},
		{"field:roast", "is", "light, dark", `roast in ["light", "dark"]`},
		{"event:Order Completed", "atleast", "2", `count("Order Completed") >= 2`},
		{"event:Order Completed", "within", "90", `count("Order Completed", days(90)) >= 1`},
		{"event:Order Completed", "before", "365", `since_last("Order Completed") > days(365)`},
		{"event:Order Completed", "never", "", `count("Order Completed") == 0`},
		{"stage:", "is", "lapsed", `stage == "lapsed"`},
	} {
		got, err := clauseOf(c, x.datum, x.how, x.value)
		if err != nil || got != x.want {
			t.Errorf("%s %s %q: %s, %v", x.datum, x.how, x.value, got, err)
			continue
		}
		if _, err := service.Compile(c, "letter", got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
	for _, x := range []struct{ datum, how, value string }{{"", "is", "x"}, {"event:Order Completed", "within", "soon"}, {"field:country", "is", " , "}} {
		if _, err := clauseOf(c, x.datum, x.how, x.value); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v was taken: %v", x, err)
		}
	}
}
