package gate

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
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
	row, err := customer.Get(tx, c)
	if err != nil {
		return nil, err
	}
	records, err := consent.Of(tx, c)
	if err != nil {
		return nil, err
	}
	facts, err := customer.FactsOf(tx, c)
	if err != nil {
		return nil, err
	}
	row.Rev = rev
	return g.holdLoaded(tx, law, ch, row, records, facts), nil
}

// holdLoaded is hold for a customer that the caller has locked and read; Rev is
// the revision that Lock gave.
func (g *Gate) holdLoaded(tx *db.Tx, law *Law, ch *charter.Charter, c customer.Customer, records []consent.Record, facts []customer.Fact) *hold {
	return &hold{g: g, tx: tx, law: law, charter: ch, id: c.ID, rev: c.Rev, at: g.clock.Now(),
		facts: Facts{Customer: c.ID, Since: c.CreatedAt, Records: records, Facts: facts}}
}
