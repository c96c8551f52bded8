package ui

import (
	"fmt"
	"html/template"
	"strings"
)

// Flow is a picture of how people went from one place to another, with its table
// behind: template "flow". Make it with Streams.
type Flow struct {
	Caption     string
	Before, Now string // what the two sides are
	Places      []FlowPlace
	Moves       []FlowRow
	SVG         template.HTML
}

// FlowPlace is a place with its people as they may be shown; N is that number, 0
// when it is too small to be shown.
type FlowPlace struct {
	Name  string
	Shown string
	N     int64
	URL   string // who they are, or ""
}

// FlowMove is how many went from one place to another, by their numbers; -1 is
// outside of all.
type FlowMove struct {
	From, To int
	Shown    string
	N        int64
}

// FlowRow is a row of the table behind a flow.
type FlowRow struct{ From, To, People string }

const (
	flowWidth  = 720.0
	flowBar    = 8.0
	flowHeight = 210.0 // shared among the places by their people
	flowLeast  = 54.0  // a place has two lines of text
	flowGap    = 14.0
)

// Streams draws people in places then and now, with those who moved between.
func Streams(f Flow, moves []FlowMove) Flow {
	name := func(i int, outside string) string {
		if i < 0 {
			return outside
		}
		return f.Places[i].Name
	}
	for _, m := range moves {
		f.Moves = append(f.Moves, FlowRow{name(m.From, "new"), name(m.To, "no longer used"), m.Shown})
	}
	f.SVG = drawFlow(f, moves)
	return f
}

// side is where a place stands on one side of the picture, and how far its
// streams have filled it.
type side struct {
	n            int64
	y, h, filled float64
}

func drawFlow(f Flow, moves []FlowMove) template.HTML {
	now, before := make([]side, len(f.Places)), make([]side, len(f.Places))
	for i, p := range f.Places {
		now[i].n, before[i].n = p.N, p.N
	}
	for _, m := range moves {
		if m.To >= 0 {
			before[m.To].n -= m.N
		}
		if m.From >= 0 {
			before[m.From].n += m.N
		}
	}
	total := int64(1)
	for i := range now {
		before[i].n = max(0, before[i].n)
		total = max(total, now[i].n)
	}
	scale := (flowHeight - flowLeast) / float64(total)
	height := max(stand(before, scale), stand(now, scale))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="flow-picture" viewBox="0 0 %g %g" role="img" aria-label="%s">`, flowWidth, height, template.HTMLEscapeString(f.Caption))
	for i, p := range f.Places {
		stayed := now[i].n
		for _, m := range moves {
			if m.To == i {
				stayed -= m.N
			}
		}
		stream(&b, "stays", &before[i], &now[i], float64(max(0, stayed))*scale, p.Name)
	}
	for _, m := range moves {
		if m.From >= 0 && m.To >= 0 && m.From != m.To {
			stream(&b, "moves", &before[m.From], &now[m.To], float64(m.N)*scale, fmt.Sprintf("%s to %s: %s", f.Places[m.From].Name, f.Places[m.To].Name, m.Shown))
		}
	}
	for i, p := range f.Places {
		placed(&b, before[i], 0, flowBar+8, "start", p.Name, fewOrAbout(before[i].n))
		placed(&b, now[i], flowWidth-flowBar, flowWidth-flowBar-8, "end", p.Name, p.Shown)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers, and names that were escaped
}

// stand puts the places of a side under each other and gives their height.
func stand(all []side, scale float64) float64 {
	y := 0.0
	for i := range all {
		all[i].y, all[i].h = y, max(flowLeast, float64(all[i].n)*scale)
		y += all[i].h + flowGap
	}
	return y - flowGap
}

func stream(b *strings.Builder, kind string, from, to *side, thick float64, title string) {
	if thick <= 0 {
		return
	}
	thick = max(2, thick)
	y1, y2 := from.y+min(from.filled, from.h-thick), to.y+min(to.filled, to.h-thick)
	from.filled, to.filled = from.filled+thick, to.filled+thick
	const x1, x2, mid = flowBar, flowWidth - flowBar, flowWidth / 2
	fmt.Fprintf(b, `<path class="stream" data-kind="%s" d="M%g %.1fC%g %.1f %g %.1f %g %.1fV%.1fC%g %.1f %g %.1f %g %.1fZ"><title>%s</title></path>`,
		kind, x1, y1, mid, y1, mid, y2, x2, y2, y2+thick, mid, y2+thick, mid, y1+thick, x1, y1+thick, template.HTMLEscapeString(title))
}

func placed(b *strings.Builder, s side, x, text float64, anchor, name, count string) {
	fmt.Fprintf(b, `<rect class="stage-bar" x="%g" y="%.1f" width="%g" height="%.1f" rx="3"/>`, x, s.y, flowBar, s.h)
	fmt.Fprintf(b, `<text class="stage-name" x="%g" y="%.1f" text-anchor="%s">%s</text><text class="stage-people" x="%g" y="%.1f" text-anchor="%s">%s</text>`,
		text, s.y+18, anchor, template.HTMLEscapeString(name), text, s.y+42, anchor, template.HTMLEscapeString(count))
}

func fewOrAbout(n int64) string {
	if n < 10 {
		return "<10"
	}
	return "about " + Number("en", (n+5)/10*10)
}
