package home

import (
	"fmt"
	"time"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web"
	"candor/internal/web/reach"
)

// health is how consent does for one purpose.
type health struct {
	Title    string
	Figures  []ui.Fact
	said     consent.Span // in all of the weeks
	Past     ui.Chart
	Forecast *ui.Chart // nil when fewer than ten permissions end in every week
}

// weeks is how far back the picture of consent goes.
const weeks = 13

const week = clock.Instant(7 * 24 * time.Hour / time.Microsecond)

// health draws, for each purpose that asks for consent, what people said in the
// last weeks and which permissions end in the next.
func (r *room) health(v *web.Visit, p *page) error {
	ends, err := r.forecasts(v)
	if err != nil {
		return err
	}
	for i := range v.Who.Charter.Purposes {
		purpose := &v.Who.Charter.Purposes[i]
		if purpose.Basis("").Kind != charter.Consent {
			continue
		}
		spans, err := r.healths.Get(v, purpose.ID, func() (out []consent.Span, err error) {
			err = v.Read(func(tx *db.Tx) (err error) {
				out, err = consent.Spans(tx, v.Brand(), purpose.ID, v.Now()-weeks*week, week, weeks)
				return err
			})
			return out, err
		})
		if err != nil {
			return err
		}
		h := health{Title: purpose.Title.In("en"), Past: drawPast(v, purpose.Title.In("en"), spans)}
		var all consent.Span
		for _, s := range spans.Value {
			all.Given, all.Refused, all.Withdrawn, all.Expired = all.Given+s.Given, all.Refused+s.Refused, all.Withdrawn+s.Withdrawn, all.Expired+s.Expired
		}
		for _, f := range ends.Value {
			if f.Purpose == purpose.ID {
				h.Figures = append(h.Figures, ui.Fact{Term: "May be written to by " + string(f.Channel), Text: f.Permitted.Shown, Note: "now"},
					ui.Fact{Term: "End within 90 days", Text: f.Ending.Shown, Note: "if nothing more happens"})
				h.Forecast = reach.Ending(h.Title, f)
			}
		}
		h.said = all
		h.Figures = append(h.Figures, figures(all, func(n int64) string { return ui.Number("en", n) })...)
		p.Health = append(p.Health, h)
	}
	return nil
}

// figures writes what people said in the weeks of the picture.
func figures(s consent.Span, show func(n int64) string) (out []ui.Fact) {
	for _, x := range []struct {
		term string
		n    int64
	}{{"Given", s.Given}, {"Refused", s.Refused}, {"Withdrawn", s.Withdrawn}, {"Expired", s.Expired}} {
		out = append(out, ui.Fact{Term: x.term, Text: show(x.n), Note: fmt.Sprintf("in %d weeks", weeks)})
	}
	return out
}

// forecasts says which permissions end, as they were counted a few minutes ago
// at most.
func (r *room) forecasts(v *web.Visit) (web.Counted[[]audience.Forecast], error) {
	have, err := r.ends.Get(v, struct{}{}, func() ([]audience.Forecast, error) { return r.Audience.Forecast(v.Context()) })
	if errs.Is(err, errs.Forbidden) {
		return have, nil
	}
	return have, err
}

func drawPast(v *web.Visit, title string, c web.Counted[[]consent.Span]) ui.Chart {
	series := []ui.Series{{Name: "given"}, {Name: "refused"}, {Name: "withdrawn"}, {Name: "expired"}}
	var labels []string
	for i, s := range c.Value {
		for n, value := range []int64{s.Given, s.Refused, s.Withdrawn, s.Expired} {
			series[n].Values = append(series[n].Values, value)
		}
		labels = append(labels, v.Local(c.At-clock.Instant(weeks-i-1)*week).Format("2 Jan"))
	}
	return ui.Lines("en", title+": what people said, by week", "Week until", labels, series)
}
