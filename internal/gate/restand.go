package gate

import (
	"context"
	"maps"
	"slices"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
)

// restandEvery is how often standings of old rules are looked for. Until they
// are worked out anew they deny.
const restandEvery = time.Minute

// restandStep is how many customers are looked up at a time.
const restandStep = 200

// Restand works out anew the standing of every customer whose rules changed,
// and says how many there were. It is the background half of a change of
// charter or rule packs, and safe to repeat and to interrupt.
func (g *Gate) Restand(ctx context.Context) (int, error) {
	total := 0
	for {
		part, err := g.outdated(ctx)
		if err != nil || len(part) == 0 {
			return total, err
		}
		if err := g.db.Write(ctx, func(tx *db.Tx) error { return g.restand(tx, part) }); err != nil {
			return total, err
		}
		total += len(part)
	}
}

func (g *Gate) outdated(ctx context.Context) ([]id.Customer, error) {
	var part []id.Customer
	err := g.db.Read(ctx, func(tx *db.Tx) error {
		law, _, err := g.law(tx)
		if err != nil {
			return err
		}
		for _, other := range []string{
			`select customer_id from standing_whole where law < $1 order by law, customer_id limit $2`,
			`select customer_id from standing_whole where law > $1 order by law, customer_id limit $2`,
		} {
			rows, err := tx.Query(other, law.Print, restandStep)
			part, err = db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
			if err != nil || len(part) > 0 {
				return err
			}
		}
		return nil
	})
	return part, err
}

// restand works out some customers' standing anew. Those erased meanwhile are
// left out.
func (g *Gate) restand(tx *db.Tx, list []id.Customer) error {
	locked, err := customer.LockAll(tx, list)
	if err != nil {
		return err
	}
	here := slices.Sorted(maps.Keys(locked))
	if err := g.outbox.Changed(tx, here...); err != nil {
		return err
	}
	holds, err := g.holds(tx, here, nil)
	if err != nil {
		return err
	}
	return g.settle(tx, holds)
}
