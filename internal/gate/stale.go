package gate

import (
	"slices"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/term"
)

// Data grow old: what a charter calls stale for a purpose is not acted upon
// (ACC-02). Where the purpose decides about prices, eligibility or age, the
// answer is DENY with E_STALE; everywhere else the rest is allowed, and who
// writes asks the person to confirm.

// StaleFrom is the instant at or before which a field's value was learnt when it
// is too old for a purpose at another instant; 0 when the charter sets no limit.
func StaleFrom(p *charter.Purpose, f term.Field, at clock.Instant) clock.Instant {
	days, ok := p.MaxAge[f]
	if !ok {
		return 0
	}
	return at.Add(-time.Duration(days) * 24 * time.Hour)
}

// aged is a request that reads fields which may be too old.
type aged struct {
	at     int // in the list
	fields []term.Field
}

// markStale notes, in what was screened, the fields that are too old for what is
// asked.
func markStale(look reading, c *charter.Charter, list []Request, screens []screened, at clock.Instant) error {
	var asked []aged
	var who []id.Customer
	for i, r := range list {
		p, ok := c.Purpose(r.Purpose)
		if !ok || len(p.MaxAge) == 0 || screens[i].settled || screens[i].op&opWork == 0 {
			continue
		}
		fields := slices.DeleteFunc(slices.Clone(screens[i].fields), func(f term.Field) bool { return p.MaxAge[f] == 0 })
		if len(fields) > 0 {
			asked, who = append(asked, aged{i, fields}), append(who, r.Customer)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	slices.Sort(who)
	told := customer.Told{}
	for part := range slices.Chunk(slices.Compact(who), mostGlance) {
		if err := look(func(tx *db.Tx) error { return customer.TraitsTold(tx, part, told) }); err != nil {
			return err
		}
		if err := look(func(tx *db.Tx) error { return vault.ValuesTold(tx, part, told) }); err != nil {
			return err
		}
	}
	for _, a := range asked {
		r := list[a.at]
		p, _ := c.Purpose(r.Purpose)
		for _, f := range a.fields {
			learnt, known := told[r.Customer][f]
			if !known || learnt > StaleFrom(p, f, at) {
				continue
			}
			screens[a.at].stale = append(screens[a.at].stale, f)
			if p.Decides != "" {
				screens[a.at].failed = append(screens[a.at].failed, tooOld)
			}
		}
	}
	return nil
}
