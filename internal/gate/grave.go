package gate

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/id"
)

// lookUpGraves finds which of the identities were those of people who were
// erased. An address that somebody held already then is theirs, too, and stays
// so.
func lookUpGraves(tx *db.Tx, p *planner, ids []named, rows map[id.Customer]customer.Customer) error {
	var sums [][]byte
	for _, n := range ids {
		sums = append(sums, n.sums...)
	}
	graves, err := customer.Graves(tx, sums, p.now)
	if err != nil || len(graves) == 0 {
		return err
	}
	for _, n := range ids {
		var erased clock.Instant
		for _, s := range n.sums {
			erased = max(erased, graves[string(s)])
		}
		if erased == 0 {
			continue
		}
		if len(p.holders[n.key]) == 0 {
			p.erased[n.key] = erased
		}
		for _, c := range p.holders[n.key] {
			if who := p.people[c]; rows[c].CreatedAt >= erased {
				who.erased = max(who.erased, erased)
			}
		}
	}
	return nil
}

// past reports whether an arrival is of somebody who was erased: an import, or
// what happened before. A later act of the person is the beginning of another
// customer.
func (p *planner) past(a *Arrival, ids []named) bool {
	var erased clock.Instant
	for _, n := range ids {
		erased = max(erased, p.erased[n.key])
		for _, c := range p.holders[n.key] {
			if who := p.people[c]; who != nil {
				erased = max(erased, who.erased)
			}
		}
	}
	return erased != 0 && !a.laterThan(erased, p.now)
}

func (a *Arrival) laterThan(t, now clock.Instant) bool {
	switch {
	case a.Provenance.Method == customer.Imported:
		return false
	case len(a.Events) > 0:
		return slices.ContainsFunc(a.Events, func(n event.New) bool { return happened(n, now) > t })
	case a.Provenance.At != 0 && len(a.Values)+len(a.Traits) > 0:
		return a.Provenance.At > t
	}
	return a.at(now) > t
}

// happened is when an event took place; one without a time took place now.
func happened(n event.New, now clock.Instant) clock.Instant {
	if n.OccurredAt == 0 {
		return now
	}
	return n.OccurredAt
}
