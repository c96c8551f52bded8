package messages

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// howFresh are the times within which what a text speaks of may have happened,
// in minutes; 0 is any time.
var howFresh = []struct {
	minutes int64
	words   string
}{{0, "at any time"}, {7 * 24 * 60, "within the last week"}, {24 * 60, "within the last day"}, {60, "within the last hour"}}

// speaksField asks whether the words speak of what their reader did, which makes
// a message more personal (PRF-10).
func speaksField(in *charter.Charter, c campaign.Change) ui.Field {
	f := ui.Field{ID: "speaks", Name: "speaks", Label: "Speaks of something they did",
		Hint:    "Such as a product they looked at. The fresher, the more personal; the charter bounds it.",
		Options: []ui.Option{{Text: "No"}}}
	p, ok := in.Purpose(c.Purpose)
	if !ok {
		return f
	}
	var now message.Reference
	if len(c.Content.Refers) > 0 {
		now = c.Content.Refers[0]
	}
	for i := range in.Events {
		e := &in.Events[i]
		if _, uses := p.UsesEvent(e.Name); !uses {
			continue
		}
		for _, h := range howFresh {
			r := message.Reference{Event: e.Name, Within: h.minutes}
			f.Options = append(f.Options, ui.Option{Value: speaksValue(r), Text: e.Title.In("en") + ", " + h.words, Chosen: r == now})
		}
		if now.Event == e.Name && !slices.ContainsFunc(f.Options, func(o ui.Option) bool { return o.Chosen }) {
			f.Options = append(f.Options, ui.Option{Value: speaksValue(now), Text: fmt.Sprintf("%s, within %d minutes", e.Title.In("en"), now.Within), Chosen: true})
		}
	}
	return f
}

func speaksValue(r message.Reference) string {
	return string(r.Event) + "|" + strconv.FormatInt(r.Within, 10)
}

// speaksOf reads the field.
func speaksOf(v *web.Visit) []message.Reference {
	name, minutes, ok := strings.Cut(v.Form("speaks"), "|")
	n, err := strconv.ParseInt(minutes, 10, 64)
	if !ok || err != nil {
		return nil
	}
	return []message.Reference{{Event: term.Event(name), Within: n}}
}

// keepContent carries over what the form does not ask for: topic, end of an
// offer, and further behaviour that the words speak of.
func keepContent(to *message.Content, from message.Content) {
	to.Topic, to.OfferEnds = from.Topic, from.OfferEnds
	if len(from.Refers) > 1 && len(to.Refers) == 1 && to.Refers[0] == from.Refers[0] {
		to.Refers = from.Refers
	}
}
