// Package reach is what several rooms show of an audience: the way from those who
// match to those who can be reached, everybody left out with the lawful way back,
// and the permissions that end.
package reach

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"

	"candor/internal/audience"
	"candor/internal/term"
	"candor/internal/ui"
)

// The pages of an audience.
const (
	EditURL = "/admin/audiences/edit"
	WayURL  = "/admin/audiences/way"
)

// Question is whom is asked about.
type Question struct {
	Purpose   term.Purpose
	Channel   term.Channel
	Condition string
}

func (q Question) values() url.Values {
	v := url.Values{"purpose": {string(q.Purpose)}, "channel": {string(q.Channel)}}
	if q.Condition != "" {
		v.Set("condition", q.Condition)
	}
	return v
}

// Editor is the address of the editor with the question in it.
func (q Question) Editor() string { return EditURL + "?" + q.values().Encode() }

// Way is the address of the way back for those left out for a reason.
func (q Question) Way(reason string) string {
	v := q.values()
	v.Set("reason", reason)
	return WayURL + "?" + v.Encode()
}

// Campaign is where a letter to them is drafted.
func (q Question) Campaign() string { return "/admin/messages/campaigns/new?" + q.values().Encode() }

// Funnel draws the three bars.
func Funnel(f audience.Funnel, caption string) ui.Funnel {
	out := ui.Funnel{Caption: caption}
	for _, b := range []struct {
		label, note string
		n           audience.Count
	}{{"Match", "meet the condition", f.Match}, {"Permitted", "may be written to, and chosen by these data", f.Permitted}, {"Reachable", "and have an address that works", f.Reachable}} {
		out.Bars = append(out.Bars, ui.Bar{Label: b.label, Note: b.note, Count: b.n.Shown, Kind: "step", Width: ui.Share(b.n.N, f.Match.N)})
	}
	return out
}

// buttons names each way back on its button; what has none is not offered.
var buttons = map[audience.Way]string{
	audience.AskAgain: "Ask again", audience.Ask: "Ask them", audience.Renew: "Ask once more", audience.AfterSale: "Use the after-sale rule",
	audience.Prove: "Find the proof", audience.Confirm: "Have it confirmed", audience.NewAddress: "Ask for an address",
	audience.NotByData: "Write without choosing", audience.Declare: "Declare a form", audience.Tell: "Tell them",
	audience.Refresh: "Ask if it still holds", audience.Wait: "See when it passes", audience.Rest: "Let them rest",
}

// WayTitle names a way back.
func WayTitle(w audience.Way) string { return cmp.Or(buttons[w], "The way back") }

// LeftOut gives everybody who is left out, with the way back. A part of several
// small reasons has a line, and a way, for each.
func LeftOut(q Question, f audience.Funnel) []ui.Slice {
	out := make([]ui.Slice, 0, len(f.Excluded))
	for _, s := range f.Excluded {
		line := ui.Slice{Count: s.Count.Shown, Why: s.Words, Remedy: s.Remedy, Button: button(q, audience.Cause{Code: s.Code, Requirement: s.Requirement, Way: s.Way})}
		for i, c := range s.Causes {
			if i == 0 {
				line.Why, line.Remedy = "Several reasons, each about few people", ""
			}
			line.Parts = append(line.Parts, ui.Slice{Why: c.Words, Remedy: c.Remedy, Button: button(q, c)})
		}
		out = append(out, line)
	}
	return out
}

// button leads to the way back.
func button(q Question, c audience.Cause) *ui.Link {
	text := buttons[c.Way]
	if text == "" {
		return nil
	}
	return &ui.Link{Text: text, URL: q.Way(string(c.Code) + "/" + c.Requirement)}
}

// Ending draws how many permissions end in each week of the next 90 days; nil when
// fewer than ten do in every week.
func Ending(title string, f audience.Forecast) *ui.Chart {
	if !slices.ContainsFunc(f.Weeks, func(w audience.Week) bool { return w.Ending.N > 0 }) {
		return nil
	}
	var labels []string
	ending := ui.Series{Name: "permissions that end"}
	for _, w := range f.Weeks {
		labels = append(labels, fmt.Sprintf("%d %s", w.From.Day, w.From.Month.String()[:3]))
		ending.Values = append(ending.Values, w.Ending.N)
	}
	chart := ui.Lines("en", title+": permissions that end, by week", "Week from", labels, []ui.Series{ending})
	return &chart
}

// Forecast is what a page says of the permissions that an audience rests on.
type Forecast struct {
	Purpose           string
	Permitted, Ending string
	Chart             *ui.Chart // nil when fewer than ten end in every week
}

// ForecastOf finds the forecast of a purpose and channel; nil when nobody is
// written to on a permission that may end.
func ForecastOf(title string, p term.Purpose, ch term.Channel, list []audience.Forecast) *Forecast {
	for _, f := range list {
		if f.Purpose == p && f.Channel == ch {
			return &Forecast{title, f.Permitted.Shown, f.Ending.Shown, Ending(title, f)}
		}
	}
	return nil
}
