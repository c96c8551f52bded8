package gate

import (
	"context"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
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
		for _, c := range part {
			err := g.db.Write(ctx, func(tx *db.Tx) error { return g.restand(tx, c) })
			if err != nil && !errs.Is(err, errs.NotFound) {
				return total, err
			}
			total++
		}
	}
}

func (g *Gate) outdated(ctx context.Context) ([]id.Customer, error) {
	var part []id.Customer
	err := g.db.Read(ctx, func(tx *db.Tx) error {
		law, _, err := g.law(tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(`select customer_id from standing_law where law < $1 or law > $1
			order by customer_id limit $2`, law.Print, restandStep)
		part, err = db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		return err
	})
	return part, err
}

// restand works out one customer's standing anew.
func (g *Gate) restand(tx *db.Tx, c id.Customer) error {
	h, err := g.hold(tx, c)
	if err != nil {
		return err
	}
	_, err = h.settle()
	return err
}
