package gate

import (
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
)

// hold is one customer under the lock of a transaction: the facts as they are,
// the acts that are being written, and at the end the standing that follows.
type hold struct {
	g       *Gate
	tx      *db.Tx
	law     *Law
	charter *charter.Charter
	id      id.Customer
	rev     int64
	at      clock.Instant
	facts   Facts
	effects Effects
	replay  bool // comes from the journal, so is not written there again
	*writes
}

// hold locks a customer and reads what is on record. It returns NOT_FOUND when
// the customer is unknown or erased.
func (g *Gate) hold(tx *db.Tx, c id.Customer) (*hold, error) {
	rev, err := customer.Lock(tx, c)
	if err != nil {
		return nil, err
	}
	if err := g.outbox.Changed(tx, c); err != nil {
		return nil, err
	}
	law, ch, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	read, err := subjects(tx, []id.Customer{c})
	if err != nil {
		return nil, err
	}
	return &hold{g: g, tx: tx, law: law, charter: ch, id: c, rev: rev, at: g.clock.Now(), writes: &writes{who: []id.Customer{c}}, facts: read[c].facts}, nil
}

// holds makes the holds of customers that the caller has locked, in their order.
// Those made in this transaction are given; nothing is on record of them yet.
func (g *Gate) holds(tx *db.Tx, list []id.Customer, made map[id.Customer]customer.Customer) ([]*hold, error) {
	law, ch, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	old := slices.DeleteFunc(slices.Clone(list), func(c id.Customer) bool { return made[c].ID != 0 })
	read, err := subjects(tx, old)
	if err != nil {
		return nil, err
	}
	for c, row := range made {
		read[c] = subject{row, Facts{Customer: c, Since: row.CreatedAt}}
	}
	out := make([]*hold, len(list))
	all := &writes{who: list}
	for i, c := range list {
		p, ok := read[c]
		if !ok {
			return nil, errStale
		}
		out[i] = &hold{g: g, tx: tx, law: law, charter: ch, id: c, rev: p.row.Rev, at: g.clock.Now(), writes: all, facts: p.facts}
	}
	return out, nil
}
