package promises

import (
	"fmt"

	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

// asksPage lists the places where people are asked, in the exact words.
type asksPage struct{ Asks []ask }

// ask is one of them.
type ask struct {
	Name, Purpose, Words, URL, Snippet string
	Facts                              []ui.Fact
}

func (r *room) showAsks(v *web.Visit) error {
	c := v.Who.Charter
	var p asksPage
	for i := range c.Asks {
		a := &c.Asks[i]
		confirm := "no: the yes counts at once"
		if a.Confirm {
			confirm = "by a button in a mail to the address"
		}
		p.Asks = append(p.Asks, ask{
			Name: string(a.ID), Purpose: title(c, a.Purpose), Words: a.Words.In("en"), URL: "/f/" + string(a.ID),
			Snippet: fmt.Sprintf("<script type=\"module\">\nimport {defineAsk} from %q\ndefineAsk()\n</script>\n<candor-ask server=%q ask=%q></candor-ask>", r.URL+"/embed/candor.js", r.URL, a.ID),
			Facts: []ui.Fact{{Term: "Where", Text: a.At}, {Term: "Control", Text: a.Control}, {Term: "Confirmed", Text: confirm},
				{Term: "Words", Text: fmt.Sprintf("version %d", a.Version)}, {Term: "Steps", Text: fmt.Sprintf("%d to give, %d to take back", a.Steps.Give, a.Steps.Withdraw)}},
		})
	}
	h := web.Head{Title: "Forms", Crumb: &ui.Link{Text: "Promises", URL: promiseURL},
		Intro: "Every place where people are asked. A changed word is a new version, and each answer keeps the words that were shown."}
	if v.May(staff.ApplyCharter) {
		h.Actions = []ui.Link{{Text: "New form", URL: asksURL + "/new", Current: true}}
	}
	return web.Show(v, r.asks, h, p)
}
