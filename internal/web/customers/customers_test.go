package customers

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	instant := clock.UTC(2026, 3, 5, 9, 0, 0)
	at := instant.Time()
	field := func(id string) ui.Field { return ui.Field{ID: id, Name: id, Label: id, Error: "wrong"} }
	reveal := field("purpose")
	webtest.Pages(t, files,
		webtest.Page(ui.Find[findPage](set, "find"), findPage{Identity: field("identity"), Purpose: field("purpose"), Request: field("request"), Limit: 30,
			Several: []found{{findURL + "/cus_1", "cus_1", at}}}),
		webtest.Page(ui.Find[customerPage](set, "customer"), customerPage{
			Number: "cus_1", Address: "a***@e***.org", Since: at, Why: "for “Orders”", URL: findURL + "/cus_1", Hidden: true, Stage: "Customer for 12 days", Reveal: &reveal,
			Chips: []ui.Status{{Tone: ui.Good, Text: "Letter · e-mail: allowed"}}, Filters: []ui.Link{{Text: "Everything", URL: findURL, Current: true}},
			Moments:     []ui.Moment{{At: instant, Tone: ui.Good, Title: "Agreed", Text: "by form"}},
			Permissions: []permission{{"Letter", []allowed{{"Write by e-mail", ui.Status{Tone: ui.Bad, Text: "not allowed"}, "They said no."}}}},
			Held:        []held{{"Name", "shop", "5 March 2028", true, []string{"Orders until 5 March 2028"}, []string{"crm"}}, {Title: "Roast", Source: "a form"}},
			Pages:       ui.Pages{Next: findURL}, Actions: []ui.Link{{Text: "Erase", URL: findURL + "/cus_1/erase"}},
		}),
		webtest.Page(ui.Find[valuesPage](set, "values"), valuesPage{Purpose: "Orders", Seconds: shownFor, Back: findURL, Facts: []ui.Fact{{Term: "Name", Text: "Ada"}}}),
		webtest.Page(ui.Find[actPage](set, "act"), actPage{Number: "cus_1", Follows: []string{"It ends."}, Words: []ui.Fact{{Term: "Letter", Text: "Yes, send it."}}, Fields: []ui.Field{field("evidence")}, Button: "Erase", Danger: true, URL: findURL, Back: findURL}),
	)
}

func TestWhatIsNoIdentityIsRefused(t *testing.T) {
	for _, raw := range []string{"", "ada@", "+49", "undefined", "shop:"} {
		if _, err := finderOf(raw); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q was taken: %v", raw, err)
		}
	}
	for _, raw := range []string{"ada@example.org", "+49 40 12345678", "10001", "crm:7", "cus_0a1b2c3d4e5f6"} {
		if _, err := finderOf(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
