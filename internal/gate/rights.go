package gate

import (
	"context"
	"slices"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/keyring"
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

// ProvenAs gives keyed digests of what a customer is called for certain: ids that
// the business gave them, and addresses that they confirmed, those under every
// version of the key. An address that is shared or nobody's own is not among them.
func (g *Gate) ProvenAs(ctx context.Context, tx *db.Tx, c id.Customer) ([][]byte, error) {
	held, err := customer.IdentitiesOf(tx, []id.Customer{c})
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, h := range held[c] {
		if h.Kind.Names() && h.Mark == "" && (h.ConfirmedAt != 0 || !h.Kind.Endpoint()) {
			out = append(out, h.Digest)
		}
	}
	all, err := g.vault.All(ctx, tx, c)
	for _, v := range all {
		for _, read := range []func(string) (customer.Identity, error){customer.Email, func(raw string) (customer.Identity, error) { return customer.Phone(raw, "") }} {
			who, err := read(v.Value.Reveal())
			if err != nil {
				continue // no address
			}
			sums := g.book.Digests(who)
			if slices.ContainsFunc(sums, func(d keyring.Digest) bool { return containsSum(out, d.Sum) }) {
				for _, d := range sums {
					out = append(out, d.Sum)
				}
			}
		}
	}
	return out, err
}
