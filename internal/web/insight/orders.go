package insight

import (
	"strings"

	"candor/internal/insight"
	"candor/internal/ui"
	"candor/internal/web"
)

type ordersPage struct {
	asked
	Funnel  ui.Funnel
	Columns []string
	Rows    []gridRow
}

// gridRow is a row of the grid: those whose last order was so long ago.
type gridRow struct {
	Label string
	Cells []gridCell
}

type gridCell struct {
	People, Spent, Share string
	Heat                 int // 0 to 5: how many there are
}

func (r *room) showOrders(v *web.Visit) error {
	a, err := r.ask(v)
	if err != nil {
		return err
	}
	p := ordersPage{asked: a}
	if a.Why == "" {
		p.Funnel, p.Columns = funnel(a.Answer.Grid), insight.Frequency
		p.Rows = gridRows(a.Answer)
	}
	return web.Show(v, r.orders, web.Head{Title: "Insight", Intro: "How customers buy, as a whole. Numbers are rounded to tens, and nothing is said of fewer than ten people."}, p)
}

// funnel is how many went on from one number of orders to the next.
func funnel(g insight.Grid) ui.Funnel {
	f := ui.Funnel{Caption: "From a first order to a habit"}
	all := g.AtLeast(0)
	for band, words := range []string{"Ordered", "ordered again", "ordered three times", "ordered five times", "ordered ten times"} {
		n := g.AtLeast(band)
		bar := ui.Bar{Label: strings.ToUpper(words[:1]) + words[1:], Kind: "step", Count: shown(n), Width: ui.Share(n, all)}
		if band > 0 {
			if before := g.AtLeast(band - 1); before > 0 && n > 0 {
				bar.Note = percent(1000*n/before) + " of those before"
			}
		}
		f.Bars = append(f.Bars, bar)
	}
	return f
}

func gridRows(a insight.Answer) []gridRow {
	most := int64(1)
	for _, row := range a.Grid {
		for _, c := range row {
			most = max(most, c.People)
		}
	}
	var out []gridRow
	for i, row := range a.Grid {
		label := "Within " + insight.Recency[i]
		if i == len(a.Grid)-1 {
			label = "Longer ago"
		}
		one := gridRow{Label: label}
		for _, c := range row {
			cell := gridCell{People: "–"}
			switch {
			case c.Few:
				cell.People = "<10"
			case c.People > 0:
				cell = gridCell{ui.Number("en", c.People), ui.Money("en", c.Spent, a.Currency), percent(c.Share), int(1 + 4*c.People/most)}
			}
			one.Cells = append(one.Cells, cell)
		}
		out = append(out, one)
	}
	return out
}

func shown(n int64) string {
	if n == 0 {
		return "<10"
	}
	return ui.Number("en", n)
}

// percent writes thousandths as whole percents.
func percent(thousandths int64) string {
	if thousandths > 0 && thousandths < 10 {
		return "<1 %"
	}
	return ui.Number("en", (thousandths+5)/10) + " %"
}
