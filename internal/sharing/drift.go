package sharing

import (
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/personal"
	"candor/internal/term"
)

// Drift compares what a counterpart believes of people with what is allowed
// here.
type Drift struct {
	Recipient term.Recipient
	Purpose   term.Purpose
	Channel   term.Channel
	Apply     bool // their no becomes ours: the stricter wins
	Rows      []DriftRow
}

// DriftRow is one line of a counterpart's export.
type DriftRow struct {
	Address    personal.Value
	Subscribed bool
}

// Verdict is how a line compares.
type Verdict string

// The verdicts.
const (
	Agree     Verdict = "agree"
	TheyWrite Verdict = "they_yes_we_no" // they would write to someone who may not be written to: take them off there
	TheyStop  Verdict = "they_no_we_yes" // the person said no there: the stricter wins
	Unknown   Verdict = "unknown_here"   // nothing proves that they may
	Malformed Verdict = "no_address"
)

// MaxDrift is the most lines of one comparison.
const MaxDrift = 1000

// Compare gives a verdict for each line, in their order, and how many noes were
// taken over.
func (s *Service) Compare(tx *db.Tx, d Drift) ([]Verdict, int, error) {
	if len(d.Rows) > MaxDrift {
		return nil, 0, errs.New(errs.TooLarge, "too_many_rows", "compare at most %d lines at once", MaxDrift)
	}
	if _, err := s.get(tx, d.Recipient); err != nil {
		return nil, 0, err
	}
	out := make([]Verdict, len(d.Rows))
	taken := 0
	for i, row := range d.Rows {
		v, n, err := s.compare(tx, d, row)
		if err != nil {
			return nil, 0, err
		}
		out[i] = v
		taken += n
	}
	return out, taken, nil
}

func (s *Service) compare(tx *db.Tx, d Drift, row DriftRow) (Verdict, int, error) {
	who, err := customer.Email(row.Address.Reveal())
	if err != nil {
		return Malformed, 0, nil
	}
	found, err := s.book.Find(tx, who)
	if err != nil {
		return "", 0, err
	}
	allowed, taken := false, 0
	for _, c := range found {
		decision, err := s.Gate.Decide(tx, gate.Request{Customer: c, Controller: s.controllerOf(tx), Purpose: d.Purpose, Operation: term.Serve,
			Channel: d.Channel, Actor: "program:sharing"})
		if err != nil {
			return "", 0, err
		}
		if !decision.Allowed() {
			continue
		}
		allowed = true
		if row.Subscribed || !d.Apply {
			continue
		}
		ok, err := s.no(tx, d.Recipient, c, d.Purpose, d.Channel)
		if err != nil {
			return "", 0, err
		}
		if ok {
			taken++
		}
	}
	switch {
	case row.Subscribed && len(found) == 0:
		return Unknown, 0, nil
	case row.Subscribed && !allowed:
		return TheyWrite, 0, nil
	case !row.Subscribed && allowed:
		return TheyStop, taken, nil
	}
	return Agree, 0, nil
}
