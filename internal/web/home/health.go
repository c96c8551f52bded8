package home

import (
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// weeks is how far back the picture of consent goes.
const weeks = 12

// health draws, for each purpose that asks for consent, what people said in the
// last twelve weeks.
func (r *room) health(v *web.Visit, p *page) error {
	for _, purpose := range v.Who.Charter.Purposes {
		if purpose.Basis("").Kind != charter.Consent {
			continue
		}
		spans, at, err := r.spans(v, purpose.ID)
		if err != nil {
			return err
		}
		p.Health = append(p.Health, drawHealth(v, purpose.Title.In("en"), spans, at))
	}
	return nil
}

// spanned is the counts of a purpose as they were a few minutes ago at most.
type spanned struct {
	at    clock.Instant
	spans []consent.Span
}

const week = clock.Instant(7 * 24 * time.Hour / time.Microsecond)

func (r *room) spans(v *web.Visit, p term.Purpose) ([]consent.Span, clock.Instant, error) {
	r.mu.Lock()
	have, ok := r.healths[p]
	r.mu.Unlock()
	if ok && v.Now().Sub(have.at) < countedFor {
		return have.spans, have.at, nil
	}
	have.at = v.Now()
	err := v.Read(func(tx *db.Tx) (err error) {
		have.spans, err = consent.Spans(tx, v.Brand(), p, have.at-weeks*week, week, weeks)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.healths[p] = have
	return have.spans, have.at, nil
}

func drawHealth(v *web.Visit, title string, spans []consent.Span, at clock.Instant) ui.Chart {
	series := []ui.Series{{Name: "given"}, {Name: "refused"}, {Name: "withdrawn"}, {Name: "expired"}}
	var labels []string
	for i, s := range spans {
		for n, value := range []int64{s.Given, s.Refused, s.Withdrawn, s.Expired} {
			series[n].Values = append(series[n].Values, value)
		}
		labels = append(labels, v.Local(at-clock.Instant(weeks-i-1)*week).Format("2 Jan"))
	}
	return ui.Lines("en", title+": decisions a week, until the day named", "Until", labels, series)
}
