package request

import (
	"fmt"

	"candor/internal/claim"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// keep seals, before anything is deleted, what must outlive the erasure: what the
// person agreed to and refused, and that requests came and were answered.
func (d *Desk) keep(tx *db.Tx, r Request) error {
	e := claim.Erasure{Request: r.ID, Customer: r.Customer, Asked: asked(r), Nobody: r.Via == viaUnconfirmed || r.Via == viaJournal}
	all, err := ofCustomer(tx, r.Customer)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != r.ID {
			e.Before = append(e.Before, asked(other))
		}
	}
	_, err = d.Claims.Keep(tx, e)
	return err
}

func asked(r Request) claim.Asked {
	return claim.Asked{Kind: string(r.Kind), ReceivedAt: r.ReceivedAt, AnsweredAt: r.ClosedAt, Outcome: string(r.Outcome)}
}

// sayKept says in the certificate what was kept for claims, why and until when.
func (d *Desk) sayKept(tx *db.Tx, r Request, c *Certificate) error {
	kept, err := claim.KeptAt(tx, r.ID)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Claims = &kept
	c.Kept = append(c.Kept, fmt.Sprintf("until %s, sealed under a key of its own and opened for a case alone, what was agreed to and refused and when requests were answered: %s", kept.Until, kept.Ground))
	return nil
}

// Keeps tells what would be kept for claims if a customer were erased now, and
// until when. It returns NOT_FOUND where nothing would be.
func (d *Desk) Keeps(tx *db.Tx, c id.Customer) (claim.Kept, error) {
	kept, ok, err := d.Claims.Keeps(tx, c, d.Clock.Now())
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "nothing_kept", "nothing would be kept for claims")
	}
	return kept, err
}
