package insight

import (
	"fmt"

	"candor/internal/insight"
	"candor/internal/ui"
	"candor/internal/web"
)

type cohortsPage struct {
	asked
	Periods []string
	Rows    []cohortRow
	Back    *ui.Chart // how many came back, of the last cohorts
	Worth   *ui.Chart
}

type cohortRow struct {
	Label, People string
	Cells         []cohortCell
}

type cohortCell struct {
	Back, Worth string
	Heat        int
}

func (r *room) showCohorts(v *web.Visit) error {
	a, err := r.ask(v)
	if err != nil {
		return err
	}
	p := cohortsPage{asked: a}
	if a.Why == "" {
		p.Rows, p.Periods = cohortRows(a.Answer)
		p.Back, p.Worth = charts(a.Answer)
	}
	return web.Show(v, r.cohorts, web.Head{Title: "Cohorts", Crumb: &ui.Link{Text: "Insight", URL: ordersURL},
		Intro: "Customers by the quarter of their first order: how many came back in each quarter of a year after it, and what one of them has spent."}, p)
}

func quarterName(c insight.Cohort) string {
	return fmt.Sprintf("%d Q%d", c.From.Year, (int(c.From.Month)+2)/3)
}

func cohortRows(a insight.Answer) (rows []cohortRow, periods []string) {
	longest := 0
	for _, c := range a.Cohorts {
		row := cohortRow{Label: quarterName(c), People: shown(c.People)}
		for i, back := range c.Back {
			cell := cohortCell{Back: "<10", Worth: ui.Money("en", c.Worth[i], a.Currency)}
			if back != insight.Few {
				cell.Back, cell.Heat = percent(back), int(min(5, 1+back/150))
			}
			row.Cells = append(row.Cells, cell)
		}
		longest = max(longest, len(row.Cells))
		rows = append(rows, row)
	}
	for i := range longest {
		periods = append(periods, fmt.Sprintf("%s quarter", ordinal(i+1)))
	}
	for i := range rows {
		for len(rows[i].Cells) < longest {
			rows[i].Cells = append(rows[i].Cells, cohortCell{})
		}
	}
	return rows, periods
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "1st"
	case 2:
		return "2nd"
	case 3:
		return "3rd"
	}
	return fmt.Sprintf("%dth", n)
}

// charts draws the cohorts that have been followed longest, up to four, over the
// periods that all of them have behind them.
func charts(a insight.Answer) (back, worth *ui.Chart) {
	var chosen []insight.Cohort
	for _, c := range a.Cohorts {
		if len(c.Worth) >= 2 && len(chosen) < 4 {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	periods := len(chosen[0].Worth)
	for _, c := range chosen {
		periods = min(periods, len(c.Worth))
	}
	var labels []string
	for i := range periods {
		labels = append(labels, ordinal(i+1))
	}
	var backs, worths []ui.Series
	for _, c := range chosen {
		b, w := ui.Series{Name: quarterName(c)}, ui.Series{Name: quarterName(c)}
		for i := range periods {
			b.Values = append(b.Values, max(0, c.Back[i])/10)
			w.Values = append(w.Values, c.Worth[i]/100)
		}
		backs, worths = append(backs, b), append(worths, w)
	}
	one := ui.Lines("en", "Ordered in the quarter after their first order, in percent", "Quarter", labels, backs)
	two := ui.Lines("en", "Spent so far by one of them, in "+a.Currency, "Quarter", labels, worths)
	return &one, &two
}
