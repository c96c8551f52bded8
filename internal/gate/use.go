package gate

import (
	"context"
	"slices"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Note puts a use that the caller is about to make on the customer's record, in
// a transaction of its own, and answers whether it may be made. Uses that
// callers bring at the same moment share it. It returns NOT_FOUND for a customer
// who is unknown or erased.
func (g *Gate) Note(ctx context.Context, r Request) (Decision, error) {
	u, err := g.use(ctx, use{Request: r})
	return u.decision, err
}

// Draw is Note, and reads all fields that the answer opens: what is known of them,
// for the one purpose named.
func (g *Gate) Draw(ctx context.Context, r Request) (map[term.Field]personal.Value, Decision, error) {
	u, err := g.use(ctx, use{Request: r, reads: true})
	return u.values, u.decision, err
}

// use is a use to be made, and what became of it.
type use struct {
	Request
	reads bool

	decision Decision
	values   map[term.Field]personal.Value
	err      error
}

// mostUses bounds the uses that share a transaction.
const mostUses = 256

func (g *Gate) use(ctx context.Context, u use) (use, error) {
	if u.Actor == "" {
		return u, errNoActor
	}
	out, err := g.uses.ask(ctx, u)
	if err != nil {
		return u, err
	}
	return out[0], out[0].err
}

// useAll makes uses of any customers in one transaction.
func (g *Gate) useAll(ctx context.Context, list []use) ([]use, error) {
	var all, reading []id.Customer
	for _, u := range list {
		all = append(all, u.Customer)
		if u.reads {
			reading = append(reading, u.Customer)
		}
	}
	if err := g.Warm(ctx, reading); err != nil {
		return nil, err
	}
	var out []use
	err := g.db.Write(ctx, func(tx *db.Tx) error {
		out = slices.Clone(list)
		here, err := customer.LockAll(tx, all)
		if err != nil {
			return err
		}
		var known []*use
		var requests []Request
		for i := range out {
			if u := &out[i]; here[u.Customer] == 0 {
				u.err = customer.ErrGone
			} else {
				known, requests = append(known, u), append(requests, u.Request)
			}
		}
		passes, decisions, err := g.UseMany(tx, requests)
		for i, u := range known {
			u.decision = decisions[i]
			if err == nil && u.reads && passes[i].gate != nil {
				u.values, err = passes[i].all(ctx, tx)
			}
		}
		return err
	})
	return out, err
}

// all reads every field that a pass opens; what is not known is left out.
func (p Pass) all(ctx context.Context, tx *db.Tx) (map[term.Field]personal.Value, error) {
	out := make(map[term.Field]personal.Value, len(p.fields))
	for _, f := range p.fields {
		v, err := p.Value(ctx, tx, f)
		if err != nil {
			return nil, err
		}
		if !v.IsZero() {
			out[f] = v
		}
	}
	return out, nil
}

var errNoActor = errs.New(errs.Invalid, "no_actor", "say who acts").On("actor")
