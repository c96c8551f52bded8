package gate

import (
	"context"
	"slices"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
)

// Say is Record in a transaction of its own. Acts that callers bring at the same
// moment share it; each is answered for itself, once all are on disk.
func (g *Gate) Say(ctx context.Context, a consent.Act) (consent.Record, Effects, error) {
	out, err := g.acts.ask(ctx, a)
	if err != nil {
		return consent.Record{}, Effects{}, err
	}
	return out[0].record, out[0].effects, out[0].err
}

// heard is what became of an act.
type heard struct {
	record  consent.Record
	effects Effects
	err     error
}

const (
	// mostActs bounds the acts that share a transaction.
	mostActs = 256
	// lanes is how many transactions gather arrivals: while one is being written
	// the next is made ready.
	lanes = 2
)

// say puts acts on record. Acts of one customer follow each other, each under a
// lock of its own, as they would in transactions of their own.
func (g *Gate) say(ctx context.Context, acts []consent.Act) ([]heard, error) {
	var out []heard
	err := g.db.Write(ctx, func(tx *db.Tx) error {
		out = make([]heard, len(acts))
		left := make([]int, len(acts))
		for i := range acts {
			left[i] = i
		}
		for len(left) > 0 {
			var now []int
			now, left = oneEach(acts, left)
			if err := g.sayOnce(tx, acts, now, out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// oneEach divides the chosen acts into the first of each customer and the rest.
func oneEach(acts []consent.Act, chosen []int) (first, rest []int) {
	seen := map[id.Customer]bool{}
	for _, i := range chosen {
		if c := acts[i].Customer; seen[c] {
			rest = append(rest, i)
		} else {
			seen[c] = true
			first = append(first, i)
		}
	}
	return first, rest
}

// sayOnce records acts of different customers.
func (g *Gate) sayOnce(tx *db.Tx, acts []consent.Act, chosen []int, out []heard) error {
	list := make([]id.Customer, len(chosen))
	for n, i := range chosen {
		list[n] = acts[i].Customer
	}
	revs, err := customer.LockAll(tx, list)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(c id.Customer) bool { return revs[c] == 0 })
	slices.Sort(list)
	holds, err := g.holds(tx, list, nil)
	if err != nil {
		return err
	}
	of := map[id.Customer]*hold{}
	for _, h := range holds {
		of[h.id] = h
	}
	var said []*hold
	for _, i := range chosen {
		h := of[acts[i].Customer]
		if h == nil {
			out[i].err = customer.ErrGone
			continue
		}
		written := len(h.records)
		out[i].record, out[i].err = h.record(acts[i])
		switch err := out[i].err; {
		case err == nil:
			said = append(said, h)
		case !refuses(err) || len(h.records) > written:
			return err
		}
	}
	if err := g.outbox.Changed(tx, list...); err != nil {
		return err
	}
	if err := g.settle(tx, said); err != nil {
		return err
	}
	for _, i := range chosen {
		if h := of[acts[i].Customer]; h != nil && out[i].err == nil {
			out[i].effects = h.effects
		}
	}
	return nil
}

// refuses reports whether an error is about an act itself: it says no before
// anything of the act is written.
func refuses(err error) bool {
	return errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) && errs.CodeOf(err) != db.Exists || errs.CodeOf(err) == ledger.ClockStepped
}
