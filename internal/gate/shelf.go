package gate

import (
	"context"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// shelf holds what the passes of one UseMany open, read at once when the first
// of them asks. It serves the transaction that made it and no other.
type shelf struct {
	gate    *Gate
	tx      *db.Tx
	list    []id.Customer
	charter *charter.Charter // nil until read
	sealed  map[id.Customer][]vault.Opened
	traits  map[id.Customer]map[term.Field]any
}

func (s *shelf) read(ctx context.Context) (err error) {
	if s.charter != nil {
		return nil
	}
	_, c, err := s.gate.law(s.tx)
	if err != nil {
		return err
	}
	if s.sealed, err = s.gate.vault.AllOf(ctx, s.tx, s.list); err != nil {
		return err
	}
	if s.traits, err = customer.TraitsOf(s.tx, c, s.list); err != nil {
		return err
	}
	s.charter = c
	return nil
}

// value is what a pass reads of a declared field.
func (s *shelf) value(who id.Customer, f *charter.Field) personal.Value {
	if f.KeepIn == charter.Vault {
		for _, o := range s.sealed[who] {
			if o.Active && o.Field == f.ID {
				return o.Value
			}
		}
		return personal.Value{}
	}
	v, ok := s.traits[who][f.ID]
	if !ok {
		return personal.Value{}
	}
	return personal.Seal(asText(f, v))
}
