package audience

import (
	"context"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

// Band is how long somebody has been in a stage.
type Band int64

// The bands. What was so before the first run is longer than can be told.
const (
	Month   Band = iota // under 30 days
	Quarter             // under 90
	Year                // under 365
	Longer
	Untold // since before it was first looked at, less than a year ago
	bands
)

func (r *stageRun) bandOf(since int64) Band {
	if since == 0 {
		return Untold
	}
	switch days := r.day - since; {
	case days < 30:
		return Month
	case days < 90:
		return Quarter
	case days < 365:
		return Year
	}
	return Longer
}

// Move is how many went from one stage to another. The empty Name is no stage;
// Outside are those whose data may not be used, newcomers and leavers.
type Move struct {
	From, To Place
	People   Count
}

// Place is a stage as it is shown, or outside of all.
type Place struct {
	Stage   term.Stage
	Shown   string
	Outside bool
}

// Movement is what the daily runs saw of a purpose's stages.
type Movement struct {
	From, To clock.Date // the first and the last day looked at
	Moves    []Move     // the largest first
	Now      []StageTime
}

// StageTime is how long the people of a stage have been in it.
type StageTime struct {
	Place Place
	All   Count
	Bands [bands]Count
}

// Movement tells how people moved between stages in the last days, from what the
// daily runs counted. All numbers are rounded, and none under 10 is shown.
func (s *Service) Movement(ctx context.Context, p term.Purpose, days int, lang term.Lang) (Movement, error) {
	var out Movement
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		in, err := s.charter.Current(tx)
		if err != nil {
			return err
		}
		var first, last int64
		err = tx.QueryRow("select first_day, last_day from stage_run where controller = $1 and purpose = $2", in.Business.ID, p).Scan(&first, &last)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		from := max(first, dayOf(s.clock.Now())-int64(days))
		out = Movement{From: dateOf(from), To: dateOf(last)}
		if out.Moves, err = moves(tx, in, p, from, lang); err != nil {
			return err
		}
		out.Now, err = stageTimes(tx, in, p, last, lang)
		return err
	})
	return out, err
}

func moves(tx *db.Tx, in *charter.Charter, p term.Purpose, from int64, lang term.Lang) ([]Move, error) {
	rows, err := tx.Query(`select came_from, went_to, sum(people) from stage_move where controller = $1 and purpose = $2 and day > $3
		group by came_from, went_to order by 3 desc, came_from, went_to`, in.Business.ID, p, from)
	return db.Collect(rows, err, func(scan db.Scan) (Move, error) {
		var came, went string
		var n int64
		err := scan(&came, &went, &n)
		return Move{placeOf(in, came, lang), placeOf(in, went, lang), show(n, true)}, err
	})
}

func placeOf(in *charter.Charter, name string, lang term.Lang) Place {
	switch {
	case name == outside:
		return Place{Outside: true, Shown: phrase(lang, "Not used", "Nicht verwendet")}
	case name == "":
		return Place{Shown: phrase(lang, "No stage", "Keine Phase")}
	}
	out := Place{Stage: term.Stage(name), Shown: name}
	if at := slices.IndexFunc(in.Stages, func(s charter.Stage) bool { return s.ID == out.Stage }); at >= 0 {
		out.Shown = in.Stages[at].ShownAs.In(lang)
	}
	return out
}

func stageTimes(tx *db.Tx, in *charter.Charter, p term.Purpose, day int64, lang term.Lang) ([]StageTime, error) {
	rows, err := tx.Query(`select stage, band, people from stage_count where controller = $1 and purpose = $2 and day = $3`, in.Business.ID, p, day)
	counts := map[string]*[bands]int64{}
	err = db.Each(rows, err, func(scan db.Scan) error {
		var stage string
		var band, n int64
		err := scan(&stage, &band, &n)
		if counts[stage] == nil {
			counts[stage] = &[bands]int64{}
		}
		if band < int64(bands) {
			counts[stage][band] += n
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []StageTime
	names := []string{}
	for _, s := range in.Stages {
		names = append(names, string(s.ID))
	}
	for _, name := range append(names, "") {
		t := StageTime{Place: placeOf(in, name, lang)}
		var all int64
		if by := counts[name]; by != nil {
			for i, n := range by {
				all += n
				t.Bands[i] = show(n, true)
			}
		}
		t.All = show(all, true)
		out = append(out, t)
	}
	return out, nil
}

// StageNow is the stage of one customer and since when.
type StageNow struct {
	Stage term.Stage
	Shown string
	Since clock.Date // zero when it is not known
	Least bool       // at least since then
}

// StageOf gives the stage of the customer whom a pass opens, for the pass's
// purpose. It is worked out anew; since when is what the daily runs saw, today
// when the customer moved after the last.
func (s *Service) StageOf(tx *db.Tx, pass gate.Pass, p term.Purpose, lang term.Lang) (StageNow, error) {
	person, err := s.PersonOf(tx, pass, p)
	if err != nil {
		return StageNow{}, err
	}
	in, err := s.charter.Current(tx)
	if err != nil {
		return StageNow{}, err
	}
	rules, err := LifecycleOf(in, p)
	if err != nil {
		return StageNow{}, err
	}
	at := s.clock.Now()
	now, _ := rules.Of(person, at)
	out := StageNow{Stage: now.ID, Shown: placeOf(in, string(now.ID), lang).Shown}
	var stage term.Stage
	var since, first int64
	err = tx.QueryRow(`select m.stage, m.since, r.first_day from stage_member m join stage_run r on r.controller = m.controller and r.purpose = m.purpose
		where m.customer_id = $1 and m.controller = $2 and m.purpose = $3`, pass.Customer(), in.Business.ID, p).Scan(&stage, &since, &first)
	switch {
	case errs.Is(err, errs.NotFound):
		return out, nil
	case err != nil:
		return out, err
	case stage != now.ID:
		out.Since = dateOf(dayOf(at))
	case since == 0:
		out.Since, out.Least = dateOf(first), true
	default:
		out.Since = dateOf(since)
	}
	return out, nil
}
