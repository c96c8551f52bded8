package request

import (
	"context"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// EraseAgain does an erasure of the protection journal once more, to its end,
// where a restored database has forgotten it: for the customer, and for visitors
// who were joined to them since the backup. Where it was done already nothing
// changes but that the key is destroyed, which a backup of keys may have brought
// back. It must be called before anything serves.
func (d *Desk) EraseAgain(ctx context.Context, a journal.Act) error {
	var todo []Request
	err := d.DB.Write(ctx, func(tx *db.Tx) error {
		todo = nil
		people, err := d.Gate.ErasedAgain(tx, a)
		if err != nil {
			return err
		}
		for _, c := range people {
			r, err := d.acceptAgain(tx, c, a)
			if err != nil {
				return err
			}
			todo = append(todo, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range todo {
		if err := d.finish(ctx, r); err != nil {
			return err
		}
	}
	return d.Gate.DestroyKey(ctx, a.Customer)
}

// acceptAgain makes the request that the database lacks. The customer's own keeps
// the number under which they may ask for the certificate.
func (d *Desk) acceptAgain(tx *db.Tx, c id.Customer, a journal.Act) (Request, error) {
	open, err := openErasure(tx, c)
	if err == nil || !errs.Is(err, errs.NotFound) {
		return open, err
	}
	r := Request{ID: id.New[id.Request](), Customer: c, Kind: Erasure, State: Working, Via: viaJournal, Actor: term.ByEngine,
		Market: rulepack.Strict, ReceivedAt: a.At}
	if c == a.Customer && a.Request != 0 {
		r.ID = a.Request
	}
	due, err := d.dueIn(tx, a.At)
	if err != nil {
		return Request{}, err
	}
	r.SafeDue, r.LegalDue, r.TargetDue = due.Safe, due.Legal, due.Target
	return r, d.accept(tx, r, NewErasure{Customer: c, Actor: r.Actor, replay: true})
}

// FinishAll brings the erasures that are open to their end, before anything
// serves.
func (d *Desk) FinishAll(ctx context.Context) error {
	var after id.Request
	for {
		open, err := d.List(ctx, Working, after, page)
		if err != nil || len(open) == 0 {
			return err
		}
		for _, r := range open {
			after = r.ID
			if r.Kind != Erasure {
				continue
			}
			if err := d.finish(ctx, r); err != nil {
				return err
			}
		}
	}
}

// page is how many requests are read at a time.
const page = 500
