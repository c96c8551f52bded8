package gate

import (
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rulepack"
)

// subject is a customer with all that a decision about them rests on.
type subject struct {
	row   customer.Customer
	facts Facts
}

// subjects reads several customers. Whoever is unknown or erased is not among them.
func subjects(tx *db.Tx, list []id.Customer) (map[id.Customer]subject, error) {
	rows, err := customer.ByID(tx, list)
	if err != nil {
		return nil, err
	}
	facts, err := customer.FactsOfMany(tx, list)
	if err != nil {
		return nil, err
	}
	records, err := consent.OfMany(tx, list)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Customer]subject, len(rows))
	for c, row := range rows {
		out[c] = subject{row, Facts{Customer: c, Since: row.CreatedAt, Records: records[c], Facts: facts[c]}}
	}
	return out, nil
}

// PackOf gives the rules of the market where a customer lives, as far as is known:
// STRICT where it is not, and where the business has chosen so for everybody.
func (g *Gate) PackOf(tx *db.Tx, c id.Customer) (*rulepack.Pack, error) {
	l, _, err := g.law(tx)
	if err != nil {
		return nil, err
	}
	who, err := subjects(tx, []id.Customer{c})
	if err != nil {
		return nil, err
	}
	pack, ok := g.packs.Pack(fold(who[c].facts, l).market(g.clock.Now()))
	if !ok || l.Strict {
		pack = g.packs.Strict()
	}
	return pack, nil
}
