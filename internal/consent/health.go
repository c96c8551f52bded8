package consent

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/term"
)

// Span counts the records of a purpose in one stretch of time.
type Span struct {
	Given     int64 // also given again
	Refused   int64
	Withdrawn int64 // also objected
	Expired   int64
}

// Spans counts a purpose's records in n stretches of the same length from an
// instant on. It reads that time's records alone, through their index.
func Spans(tx *db.Tx, controller term.Controller, p term.Purpose, from clock.Instant, length clock.Instant, n int) ([]Span, error) {
	rows, err := tx.Query(`select (recorded_at - $3) / $4, kind, count(*) from consent_record
		where purpose = $2 and recorded_at >= $3 and recorded_at < $5 and controller = $1 group by 1, 2`,
		controller, p, from, length, from+clock.Instant(n)*length)
	out := make([]Span, n)
	_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
		var at, count int64
		var kind Kind
		if err := scan(&at, &kind, &count); err != nil || at < 0 || at >= int64(n) {
			return struct{}{}, err
		}
		s := &out[at]
		switch kind {
		case Given, Reconfirmed:
			s.Given += count
		case Refused:
			s.Refused += count
		case Withdrawn, Objected:
			s.Withdrawn += count
		case Expired:
			s.Expired += count
		}
		return struct{}{}, nil
	})
	return out, err
}

// Answers are what came of asking on a form in a stretch of time.
type Answers struct {
	Asked   int64 // sent off and waiting for a confirmation
	Given   int64 // also given again
	Refused int64
}

// AnswersTo counts, for each form that asked for a purpose, as Spans does.
func AnswersTo(tx *db.Tx, controller term.Controller, p term.Purpose, from clock.Instant, length clock.Instant, n int) (map[term.Ask][]Answers, error) {
	rows, err := tx.Query(`select ask, (recorded_at - $3) / $4, kind, count(*) from consent_record
		where purpose = $2 and recorded_at >= $3 and recorded_at < $5 and controller = $1 and ask <> '' group by 1, 2, 3`,
		controller, p, from, length, from+clock.Instant(n)*length)
	out := map[term.Ask][]Answers{}
	_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
		var ask term.Ask
		var at, count int64
		var kind Kind
		if err := scan(&ask, &at, &kind, &count); err != nil || at < 0 || at >= int64(n) {
			return struct{}{}, err
		}
		if out[ask] == nil {
			out[ask] = make([]Answers, n)
		}
		a := &out[ask][at]
		switch kind {
		case Requested:
			a.Asked += count
		case Given, Reconfirmed:
			a.Given += count
		case Refused:
			a.Refused += count
		}
		return struct{}{}, nil
	})
	return out, err
}
