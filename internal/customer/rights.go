package customer

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Rights is the register's part of a person's copy and erasure. List it last
// among the sources: with the customer's row goes whatever still hangs on it.
type Rights struct{}

var _ rights.Source = Rights{}

// Store is "customer".
func (Rights) Store() string { return "customer" }

// Tables lists what Erase deletes.
func (Rights) Tables() []string {
	return []string{"customer", "identity", "identity_lookup", "trait", "trait_value", "fact"}
}

// Export gives what is known in clear. Addresses are kept as digests only and
// appear with the vault's values.
func (Rights) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: "customer"}
	who, err := Get(tx, c)
	if err != nil {
		return out, err
	}
	out.Rows = append(out.Rows, map[string]any{"what": "customer", "since": who.CreatedAt, "last_contact": who.SeenDay})
	held, err := IdentitiesOf(tx, []id.Customer{c})
	if err != nil {
		return out, err
	}
	for _, h := range held[c] {
		out.Rows = append(out.Rows, map[string]any{"what": "identity", "kind": h.Kind, "namespace": h.Namespace, "source": h.Source,
			"since": h.AddedAt, "confirmed": h.ConfirmedAt, "undeliverable": h.InvalidAt})
	}
	values, err := TraitValuesOf(tx, c)
	if err != nil {
		return out, err
	}
	for _, v := range values {
		out.Rows = append(out.Rows, v.exported())
	}
	facts, err := FactsOf(tx, c)
	for _, f := range facts {
		out.Rows = append(out.Rows, map[string]any{"what": "fact", "kind": f.Kind, "purpose": f.Purpose, "channel": f.Channel,
			"from": f.At, "until": f.Until, "detail": f.Detail, "source": f.Source, "recorded": f.RecordedAt})
	}
	return out, err
}

func (v TraitValue) exported() map[string]any {
	row := map[string]any{"what": "value", "field": v.Field, "source": v.Source, "method": v.Method, "confidence": v.Confidence, "learnt": v.At, "believed": v.Active}
	if v.Slot != "" && v.Slot[0] == 'n' {
		row["value"] = v.Number
	} else {
		row["value"] = v.Text
	}
	return row
}

// Erase deletes the customer. Digests by which they could be found go first, so
// that nothing new arrives.
func (Rights) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	var total int64
	for _, q := range []string{
		"delete from identity_lookup where customer_id = $1",
		"delete from identity where customer_id = $1",
		"delete from trait_value where customer_id = $1",
		"delete from trait where customer_id = $1",
		"delete from fact where customer_id = $1",
		"delete from customer where customer_id = $1",
	} {
		n, err := tx.Exec(q, c)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}
