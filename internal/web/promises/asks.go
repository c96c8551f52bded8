package promises

import (
	"fmt"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// asksPage lists the places where people are asked, in the exact words.
type asksPage struct{ Asks []ask }

// ask is one of them.
type ask struct {
	Name, Purpose, Words, URL, Snippet string
	Facts                              []ui.Fact
	Answers                            []ui.Fact
	Chart                              *ui.Chart // nil when hardly anybody answered
}

// weeks is how far back answers are counted.
const (
	weeks = 13
	week  = clock.Instant(7 * 24 * time.Hour / time.Microsecond)
)

func (r *room) showAsks(v *web.Visit) error {
	c := v.Who.Charter
	var p asksPage
	from := v.Now() - weeks*week
	counted := map[term.Purpose]map[term.Ask][]consent.Answers{}
	err := v.Read(func(tx *db.Tx) (err error) {
		for i := range c.Asks {
			of := c.Asks[i].Purpose
			if counted[of] == nil && err == nil {
				counted[of], err = consent.AnswersTo(tx, v.Brand(), of, from, week, weeks)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
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
	for i := range p.Asks {
		p.Asks[i].answers(v, from, counted[c.Asks[i].Purpose][c.Asks[i].ID])
	}
	h := web.Head{Title: "Forms", Crumb: &ui.Link{Text: "Promises", URL: promiseURL},
		Intro: "Every place where people are asked. A changed word is a new version, and each answer keeps the words that were shown."}
	if v.May(staff.ApplyCharter) {
		h.Actions = []ui.Link{{Text: "New form", URL: asksURL + "/new", Current: true}}
	}
	return web.Show(v, r.asks, h, p)
}

// answers says what came of asking in the last weeks.
func (a *ask) answers(v *web.Visit, from clock.Instant, list []consent.Answers) {
	var all consent.Answers
	asked, given := ui.Series{Name: "sent off"}, ui.Series{Name: "agreed"}
	var labels []string
	for i, one := range list {
		all.Asked, all.Given, all.Refused = all.Asked+one.Asked, all.Given+one.Given, all.Refused+one.Refused
		asked.Values, given.Values = append(asked.Values, one.Asked), append(given.Values, one.Given)
		labels = append(labels, v.Local(from+clock.Instant(i)*week).Format("2 Jan"))
	}
	note := fmt.Sprintf("in %d weeks", weeks)
	a.Answers = []ui.Fact{{Term: "Agreed", Text: ui.Number("en", all.Given), Note: note}, {Term: "Sent off, to be confirmed", Text: ui.Number("en", all.Asked)}, {Term: "Said no", Text: ui.Number("en", all.Refused)}}
	if all.Asked > 0 {
		a.Answers = append(a.Answers, ui.Fact{Term: "Of those sent off", Text: fmt.Sprintf("%d %% confirmed", min(100, all.Given*100/all.Asked))})
	}
	if all.Asked+all.Given >= 10 {
		chart := ui.Lines("en", "Answers on “"+a.Name+"” each week", "Week from", labels, []ui.Series{given, asked})
		a.Chart = &chart
	}
}
