package audience

import (
	"context"

	"candor/internal/audience/index"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

// Forecast says how many of those who may be written to now will no longer be,
// week by week, if nothing more happens: consents that come of age, permissions
// from a sale that lapse, pauses that begin.
type Forecast struct {
	Purpose   term.Purpose `json:"purpose"`
	Channel   term.Channel `json:"channel"`
	Permitted Count        `json:"permitted"` // now
	Ending    Count        `json:"ending"`    // of them, within the 90 days
	Weeks     []Week       `json:"weeks"`     // the first begins today; the last is cut at the 90th day
}

// Week is the permissions that end in the seven days from a day (UTC).
type Week struct {
	From   clock.Date `json:"from"`
	Ending Count      `json:"ending"`
}

// ForecastDays is how far a forecast looks, the day of the question included.
const ForecastDays = 90

const forecastWeeks = (ForecastDays + 6) / 7

// Forecast looks at every purpose and channel of the charter that somebody is
// written to for on a permission that may end. It is a count of many people for
// the business's own planning and shows nothing under 10; where a week under 10
// could be worked out from the total, all numbers are rounded.
func (s *Service) Forecast(ctx context.Context) ([]Forecast, error) {
	var out []Forecast
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		in, err := s.charter.Current(tx)
		if err != nil {
			return err
		}
		out = nil
		at := s.clock.Now()
		for i := range in.Purposes {
			p := &in.Purposes[i]
			for _, ch := range p.Channels() {
				e, err := s.ending(tx, in, gate.Reach{Purpose: p.ID, Channel: ch, Operation: term.Serve, At: at})
				if errs.Is(err, errs.Forbidden) {
					continue // nobody may be written to for it now
				}
				if err != nil {
					return err
				}
				if p.Marketing || e.total() > 0 {
					out = append(out, e.forecast(p.ID, ch, at))
				}
			}
		}
		return nil
	})
	return out, err
}

// ending is a forecast in numbers.
type ending struct {
	permitted int64
	weeks     [forecastWeeks]int64
}

func (e *ending) total() (n int64) {
	for _, w := range e.weeks {
		n += w
	}
	return n
}

func (e *ending) forecast(p term.Purpose, ch term.Channel, at clock.Instant) Forecast {
	numbers := append([]int64{e.permitted, e.total()}, e.weeks[:]...)
	round := false
	for _, n := range numbers {
		round = round || n > 0 && n < small
	}
	out := Forecast{Purpose: p, Channel: ch, Permitted: show(e.permitted, round), Ending: show(e.total(), round)}
	for i, n := range e.weeks {
		out.Weeks = append(out.Weeks, Week{From: dateOf(dayOf(at) + int64(7*i)), Ending: show(n, round)})
	}
	return out
}

// ending counts one permission, from the index or in the database.
func (s *Service) ending(tx *db.Tx, in *charter.Charter, r gate.Reach) (ending, error) {
	if e, ok, err := s.endingIndexed(in, r); ok || err != nil {
		return e, err
	}
	return s.endingSQL(tx, in, r)
}

// endingSQL counts those permitted now by the day on which they first are not.
func (s *Service) endingSQL(tx *db.Tx, in *charter.Charter, r gate.Reach) (ending, error) {
	var out ending
	text, args, err := s.gate.EndingSQL(in, r, startOf(dayOf(r.At)), 1)
	if err != nil {
		return out, err
	}
	rows, err := tx.Query("select s.days, count(*) from ("+text+") s group by s.days", args...)
	return out, db.Each(rows, err, func(scan db.Scan) error {
		var day, n int64
		err := scan(&day, &n)
		out.permitted += n
		if day >= 0 && day < ForecastDays {
			out.weeks[day/7] += n
		}
		return err
	})
}

// endingIndexed is endingSQL from the index.
func (s *Service) endingIndexed(in *charter.Charter, r gate.Reach) (ending, bool, error) {
	var out ending
	x, ok := s.index.Fresh(versionOf(in), r.At)
	if !ok {
		return out, false, nil
	}
	rules, err := s.gate.RulesOf(in, r)
	if err != nil {
		return out, false, err
	}
	today := dayOf(r.At)
	all := tally[int]{}
	ok = x.Scan(func(next func() *index.View) {
		own := map[int]int64{}
		for v := next(); v != nil; v = next() {
			s := v.Take()
			v.Everybody(s)
			permitted(v, r, rules, []term.Operation{r.Operation}, s)
			own[-1] += s.Count()
			v.Within(index.EndsColumn(r.Purpose, r.Channel), uint64(today), uint64(today+ForecastDays-1), s)
			v.Each(index.EndsColumn(r.Purpose, r.Channel), s, func(day uint64, who *index.Set) { own[int(int64(day)-today)/7] += who.Count() })
			v.Give(s)
		}
		all.add(own)
	})
	out.permitted = all.counts[-1]
	for i := range out.weeks {
		out.weeks[i] = all.counts[i]
	}
	return out, ok, nil
}
