package gate

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/term"
)

// inferences lists the fields that hold what was inferred about people for
// marketing alone, such as scores, with the purposes that use them.
func inferences(c *charter.Charter) map[*charter.Field][]term.Purpose {
	var out map[*charter.Field][]term.Purpose
	for i := range c.Fields {
		f := &c.Fields[i]
		if f.Category != charter.Inferences {
			continue
		}
		users, duty := []term.Purpose(nil), false
		for j := range c.Purposes {
			if p := &c.Purposes[j]; usesField(p, f.ID) {
				users, duty = append(users, p.ID), duty || !p.Marketing
			}
		}
		if !duty {
			if out == nil {
				out = map[*charter.Field][]term.Purpose{}
			}
			out[f] = users
		}
	}
	return out
}

func usesField(p *charter.Purpose, f term.Field) bool {
	_, ok := p.UsesField(f)
	return ok
}

// objectedTo reports whether every one of some purposes may not use a person's
// data because the person said no to it.
func objectedTo(all []Standing, purposes []term.Purpose, at clock.Instant) bool {
	for _, p := range purposes {
		said := false
		for _, s := range all {
			if s.Purpose != p || s.Channel != "" || s.Recipient != "" || s.From > at || at >= s.Until {
				continue
			}
			for _, g := range s.grounds(opUse) {
				said = said || g == objected || g == profilingObjected || g == unchosen || g == withdrawn
			}
		}
		if !said {
			return false
		}
	}
	return len(purposes) > 0
}

// forgetInferences deletes what was inferred for marketing about a customer who
// objects to it: deleted, not hidden (PRF-05).
func (h *hold) forgetInferences(standing []Standing) error {
	for f, purposes := range inferences(h.charter) {
		if !objectedTo(standing, purposes, h.at) {
			continue
		}
		if f.KeepIn == charter.Vault {
			if err := vault.DeleteField(h.tx, h.id, f.ID); err != nil {
				return err
			}
		} else if err := customer.DeleteTrait(h.tx, h.id, f); err != nil {
			return err
		}
	}
	return nil
}

// wanted gives the batch's sealed values and traits without what was inferred
// for marketing about customers who object to it; that is noted as E_OBJECTED.
func (b *batch) wanted(tx *db.Tx) ([]vault.Sealed, []customer.TraitValue, error) {
	inferred := map[term.Field][]term.Purpose{}
	for f, purposes := range inferences(b.charter) {
		inferred[f.ID] = purposes
	}
	if len(inferred) == 0 {
		return b.sealed, b.traits, nil
	}
	sealed := make([]vault.Sealed, 0, len(b.sealed))
	for i, v := range b.sealed {
		no, err := b.objects(tx, v.Customer, inferred[v.Field])
		if err != nil {
			return nil, nil, err
		}
		if no {
			b.noteIn(b.values[i].arrival, Note{errs.Objected, string(v.Field)})
		} else {
			sealed = append(sealed, v)
		}
	}
	traits := make([]customer.TraitValue, 0, len(b.traits))
	for _, v := range b.traits {
		no, err := b.objects(tx, v.Customer, inferred[v.Field])
		if err != nil {
			return nil, nil, err
		}
		if no {
			b.noteTrait(v, errs.Objected)
		} else {
			traits = append(traits, v)
		}
	}
	return sealed, traits, nil
}

func (b *batch) objects(tx *db.Tx, c id.Customer, purposes []term.Purpose) (bool, error) {
	if len(purposes) == 0 {
		return false, nil
	}
	found, err := standingOf(tx, c)
	return objectedTo(found, purposes, b.now), err
}
