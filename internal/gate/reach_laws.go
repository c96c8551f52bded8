package gate

import (
	"context"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// LawReach is how many customers may be written to for a purpose on a channel
// under each of the two settings a business chooses between (business.law).
type LawReach struct {
	EachMarket int64 `json:"each_market"` // the law of the market where each of them lives
	Strict     int64 `json:"strict"`      // the strictest rules of all, for everybody
}

// ReachOfLaws works out, from the facts and for every customer, what each
// setting would reach now. It costs a decision or two a customer, in steps; it
// changes nothing.
func (g *Gate) ReachOfLaws(ctx context.Context, p term.Purpose, ch term.Channel) (LawReach, error) {
	var out LawReach
	for after := id.Customer(0); ; {
		var last id.Customer
		var part LawReach
		err := g.db.Read(ctx, func(tx *db.Tx) (err error) {
			part, last, err = g.reachOfLaws(tx, p, ch, after)
			return err
		})
		out.EachMarket += part.EachMarket
		out.Strict += part.Strict
		if err != nil || last == 0 {
			return out, err
		}
		after = last
	}
}

func (g *Gate) reachOfLaws(tx *db.Tx, p term.Purpose, ch term.Channel, after id.Customer) (out LawReach, last id.Customer, err error) {
	c, err := g.charter.Current(tx)
	if err != nil {
		return out, 0, err
	}
	each, strict, err := g.bothLaws(c)
	if err != nil {
		return out, 0, err
	}
	ids, err := customer.Page(tx, after, restandStep)
	if err != nil || len(ids) == 0 {
		return out, 0, err
	}
	read, err := subjects(tx, ids)
	if err != nil {
		return out, 0, err
	}
	now := g.clock.Now()
	for who, one := range read {
		r := Request{Customer: who, Controller: c.Business.ID, Purpose: p, Operation: term.Serve, Channel: ch}
		if Decide(one.facts, each, r, now).Allowed() {
			out.EachMarket++
		}
		if Decide(one.facts, strict, r, now).Allowed() {
			out.Strict++
		}
	}
	return out, ids[len(ids)-1], nil
}

// bothLaws derives the law of a charter under either setting.
func (g *Gate) bothLaws(c *charter.Charter) (each, strict *Law, err error) {
	own := *c
	own.Business.Strict = false
	if each, err = NewLaw(&own, g.packs); err != nil {
		return nil, nil, err
	}
	own.Business.Strict = true
	strict, err = NewLaw(&own, g.packs)
	return each, strict, err
}
