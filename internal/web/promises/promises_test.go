package promises

import (
	"reflect"
	"testing"

	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/ui"
	"candor/internal/web/reach"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	c := sample.Halm()
	field := func(id string) ui.Field { return ui.Field{ID: id, Name: id, Label: id, Lines: 3, Value: "candor: 1"} }
	chart := ui.Lines("en", "Ends", "Week", []string{"1 Mar", "8 Mar"}, []ui.Series{{Name: "Ends", Values: []int64{10, 70}}})
	difference := card{"Letter: data also go abroad", "1,200", "900 agreements rest", "900 people", []string{"people are told first"}}
	webtest.Pages(t, files,
		webtest.Page(ui.Find[promisePage](set, "promise"), promisePage{Facts: []ui.Fact{{Term: "Version", Text: "1"}}, Notices: []ui.Link{{Text: "EN", URL: "/notice"}},
			Purposes:  []purpose{purposeOf(c, &c.Purposes[0]), purposeOf(c, &c.Purposes[2])},
			Tell:      &tell{&ui.Status{Tone: ui.Warn, Text: "not told yet"}, []ui.Fact{{Term: "Must be told", Text: "12"}}, true, "Tell 12 people"},
			Forecasts: []reach.Forecast{{Purpose: "Letter, by email", Permitted: "1,200", Ending: "80", Chart: &chart}},
			Versions:  []version{{"1", ui.Status{Tone: ui.Good, Text: "in force"}, clock.UTC(2026, 3, 5, 9, 0, 0).Time(), []ui.Link{{Text: "EN", URL: "/notice/1?lang=en"}}}}}),
		webtest.Page(ui.Find[changePage](set, "change"), changePage{Promise: field("promise"), House: field("house"), Problems: []string{"charter.yaml:3: wrong"}, Compared: true,
			Wider: []card{difference}, Narrower: []card{difference}, Beside: []besideIn{{"EN", lines([]string{"a", "b", "c", "d", "e"}, []string{"a", "b", "c", "x", "e"})}}, From: field("from")}),
		webtest.Page(ui.Find[newAskPage](set, "new-ask"), newAskPage{field("a"), field("b"), field("c"), []ui.Field{field("d")}, []ui.Choice{{ID: "e", Name: "e", Label: "e"}}, []ui.Choice{{ID: "f", Name: "f", Label: "f"}}}),
		webtest.Page(ui.Find[firstPage](set, "first"), firstPage{[]ui.Choice{{ID: "g", Name: "g", Label: "g"}}, []ui.Choice{{ID: "language-de", Name: "language", Value: "de", Label: "German", Radio: true}}, []ui.Field{field("h")}}),
		webtest.Page(ui.Find[asksPage](set, "asks"), asksPage{Asks: []ask{{"signup", "Letter", "Yes, send me", "/f/signup", "<div></div>", []ui.Fact{{Term: "Where", Text: "here"}}, []ui.Fact{{Term: "Agreed", Text: "12"}}, &chart}}}),
	)
}

func TestNoticesStandSideBySide(t *testing.T) {
	got := lines([]string{"one", "two", "three", "four", "five", "six"}, []string{"one", "two", "three", "5", "five", "six", "seven"})
	want := []beside{{State: "more"}, {Old: []string{"three"}, New: []string{"three"}, State: "same"}, {Old: []string{"four"}, New: []string{"5"}, State: "changed"},
		{Old: []string{"five", "six"}, New: []string{"five", "six"}, State: "same"}, {New: []string{"seven"}, State: "changed"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := lines([]string{"a", "b", "c"}, []string{"a", "b", "c"}); len(got) != 1 || got[0].State != "more" {
		t.Errorf("of two equal ones: %+v", got)
	}
}
