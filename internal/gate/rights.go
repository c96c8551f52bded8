package gate

import (
	"context"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/rights"
)

// Sealed is the vault's part of a person's copy and erasure. List it before the
// register of customers; the key goes last, with DestroyKey.
type Sealed struct{ Gate *Gate }

var _ rights.Source = Sealed{}

// Store is "values".
func (Sealed) Store() string { return "values" }

// Tables lists what Erase deletes.
func (Sealed) Tables() []string { return []string{"sealed_value"} }

// Export opens all values: only the desk that answers the person may call it.
func (s Sealed) Export(ctx context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: "values"}
	all, err := s.Gate.vault.All(ctx, tx, c)
	for _, v := range all {
		out.Rows = append(out.Rows, map[string]any{"field": v.Field, "value": v.Value.Reveal(), "source": v.Source, "method": v.Method, "confidence": v.Confidence,
			"learnt": v.At, "believed": v.Active})
	}
	return out, err
}

// Erase deletes a customer's sealed values.
func (s Sealed) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	if err := s.Gate.outbox.Changed(tx, c); err != nil {
		return 0, err
	}
	return vault.Delete(tx, c)
}

// DestroyKey destroys the key of a customer whose data were deleted: the last
// step of an erasure, after which no backup of the data can be read either. It
// works in this process at once, and twice is no error.
func (g *Gate) DestroyKey(ctx context.Context, c id.Customer) error {
	g.memory.drop([]id.Customer{c}, nil)
	_, err := g.vault.Destroy(ctx, c)
	return err
}

// Addresses opens the addresses that are kept of a customer, for the desk that
// makes sure that an erasure leaves none of them anywhere. It returns NOT_FOUND
// when the key is gone.
func (g *Gate) Addresses(ctx context.Context, c id.Customer) ([]personal.Value, error) {
	var out []personal.Value
	err := g.db.Read(ctx, func(tx *db.Tx) error {
		_, in, err := g.law(tx)
		if err != nil {
			return err
		}
		all, err := g.vault.All(ctx, tx, c)
		for _, v := range all {
			if f, ok := in.Field(v.Field); ok && (f.Kind == charter.KindEmail || f.Kind == charter.KindPhone) {
				out = append(out, v.Value)
			}
		}
		return err
	})
	return out, err
}
