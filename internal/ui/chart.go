package ui

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"candor/internal/term"
)

// Funnel is a table whose bars narrow from row to row: template "funnel".
type Funnel struct {
	Caption string
	Bars    []Bar
}

// Bar is a row of a funnel. Count is written as it may be shown ("<10"); Width
// is its share of the first row, such as "63.2%".
type Bar struct {
	Label string
	Note  string // the reason and the remedy of an excluded slice
	Count string
	Kind  string // "step", or "out" for a slice that was left out
	Width string
}

// Slice is a part of those left out of something, with why and what may be done:
// template "slices". Parts are reasons joined in it because each is about few.
type Slice struct {
	Count, Why, Remedy string
	Button             *Link
	Parts              []Slice
}

// Share writes part of whole as a width; it never hides what is not zero.
func Share(part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return "0%"
	}
	percent := math.Max(0.5, math.Min(100, 100*float64(part)/float64(whole)))
	return strconv.FormatFloat(math.Round(percent*10)/10, 'f', -1, 64) + "%"
}

// Chart is a line chart with its table behind: template "chart". Make it with
// Lines.
type Chart struct {
	Caption string
	Across  string // what the labels are, such as "Month"
	Series  []Series
	Rows    []ChartRow
	SVG     template.HTML
}

// Series is one line: as many values as there are labels.
type Series struct {
	Index  int // 0 to 3: its colour
	Name   string
	Values []int64
}

// ChartRow is a row of the table behind a chart.
type ChartRow struct {
	Label  string
	Values []string
}

const (
	chartWidth, chartHeight = 720.0, 260.0
	chartLeft, chartRight   = 56.0, 16.0
	chartTop, chartBottom   = 12.0, 30.0
)

// Lines draws up to four series over the same labels.
func Lines(lang term.Lang, caption, across string, labels []string, series []Series) Chart {
	c := Chart{Caption: caption, Across: across, Series: series}
	for i := range c.Series {
		c.Series[i].Index = i
	}
	for i, label := range labels {
		row := ChartRow{Label: label}
		for _, s := range series {
			row.Values = append(row.Values, Number(lang, s.Values[i]))
		}
		c.Rows = append(c.Rows, row)
	}
	c.SVG = drawLines(lang, caption, labels, series)
	return c
}

func drawLines(lang term.Lang, caption string, labels []string, series []Series) template.HTML {
	top := roundTop(series)
	x := func(i int) float64 {
		if len(labels) < 2 {
			return chartLeft
		}
		return chartLeft + float64(i)*(chartWidth-chartLeft-chartRight)/float64(len(labels)-1)
	}
	y := func(v int64) float64 {
		return chartHeight - chartBottom - float64(v)*(chartHeight-chartTop-chartBottom)/float64(top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="lines" viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(caption))
	for i := int64(0); i <= 4; i++ {
		at := y(top * i / 4)
		fmt.Fprintf(&b, `<line class="grid-line" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, chartLeft, chartWidth-chartRight, at, at)
		fmt.Fprintf(&b, `<text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`, chartLeft-8, at+4, Number(lang, top*i/4))
	}
	every := max(1, (len(labels)+7)/8)
	for i := 0; i < len(labels); i += every {
		anchor := "middle"
		if i > 0 && i == len(labels)-1 {
			anchor = "end" // or a long one would be cut off
		}
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%g" text-anchor="%s">%s</text>`, x(i), chartHeight-8, anchor, template.HTMLEscapeString(labels[i]))
	}
	for n, s := range series {
		var points []string
		for i, v := range s.Values {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(i), y(v)))
		}
		fmt.Fprintf(&b, `<polyline class="line" data-series="%d" points="%s"/>`, n, strings.Join(points, " "))
		if last := len(s.Values) - 1; last >= 0 {
			fmt.Fprintf(&b, `<circle class="point" data-series="%d" cx="%.1f" cy="%.1f" r="4"/>`, n, x(last), y(s.Values[last]))
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // numbers, and labels that were escaped
}

// roundTop gives a round number at or above every value, a multiple of four.
func roundTop(series []Series) int64 {
	most := int64(4)
	for _, s := range series {
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	quarter := (most + 3) / 4
	for unit := int64(1); ; unit *= 10 {
		for _, times := range []int64{1, 2, 3, 4, 5, 6, 8} {
			if step := times * unit; step >= quarter {
				return 4 * step
			}
		}
	}
}
