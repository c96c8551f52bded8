package gate

import (
	"context"
	"slices"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
)

// mostBrought bounds how much of a device's history is looked at.
const mostBrought = 500

// unlinkable gives those of the plan's joinings that no purpose in force allows:
// to join what a device did to a person is itself a use of it (PRF-08). It reads
// only when the plan joins anybody.
func (b *batch) unlinkable(ctx context.Context) (map[merge]bool, error) {
	if len(b.planner.plan.merges) == 0 {
		return nil, nil
	}
	law, err := b.g.lawOf(b.charter)
	if err != nil {
		return nil, err
	}
	out := map[merge]bool{}
	err = b.g.db.Read(ctx, func(tx *db.Tx) error {
		clear(out)
		for _, m := range b.planner.plan.merges {
			ok, err := mayLink(tx, law, b.charter, m, b)
			if err != nil {
				return err
			}
			if !ok {
				out[m] = true
			}
		}
		return nil
	})
	return out, err
}

// mayLink reports whether a purpose that uses any of what the visitor brings is
// open to the person: not refused, withdrawn or objected to, and not restricted.
// Who brings nothing but choices and signals is joined: that only protects.
func mayLink(tx *db.Tx, law *Law, c *charter.Charter, m merge, b *batch) (bool, error) {
	brings := map[string]bool{}
	events, err := event.Latest(tx, m.from, mostBrought)
	if err != nil {
		return false, err
	}
	for _, e := range events {
		brings[string(e.Name)] = true
	}
	traits, err := customer.TraitValuesOf(tx, m.from)
	if err != nil {
		return false, err
	}
	for _, t := range traits {
		brings[string(t.Field)] = true
	}
	if len(brings) == 0 {
		return true, nil
	}
	records, err := consent.Of(tx, m.into)
	if err != nil {
		return false, err
	}
	facts, err := customer.FactsOf(tx, m.into)
	if err != nil {
		return false, err
	}

	l := fold(Facts{Customer: m.into, Records: records, Facts: facts}, law)
	for i := range c.Purposes {
		for _, u := range c.Purposes[i].Uses {
			if brings[u.Name] && l.open(law.byName[c.Purposes[i].ID], b) {
				return true, nil
			}
		}
	}
	return false, nil
}

// open reports whether the person left a purpose open.
func (l *life) open(p *purposeLaw, b *batch) bool {
	q := query{life: l, p: p, r: p.in(l.market(b.now)), at: b.now}
	agreed := slices.ContainsFunc(q.consents(), func(c *consented) bool {
		_, ok := c.at(q.at)
		return ok
	})
	if (q.r.Basis == charter.Consent || q.r.Basis == charter.LegitimateInterests) && !agreed && len(q.refusals()) > 0 {
		return false
	}
	v := verdict{}
	q.checkSpans(&v)
	return v.denied()&opUse == 0
}
