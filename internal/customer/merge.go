package customer

import (
	"candor/internal/db"
	"candor/internal/id"
)

// MoveBack undoes Move for what came from one visitor: their identities and
// facts are theirs again. The visitor's row is there already, and both are
// locked. Only the gate calls it.
func MoveBack(tx *db.Tx, from, origin id.Customer) error {
	for _, q := range []string{
		`insert into identity (` + heldColumns + `)
			select $2, digest, key_id, kind, namespace, mark, endpoint, source, added_at, confirmed_at, invalid_at, 0
			from identity where customer_id = $1 and origin = $2`,
		`update identity_lookup set customer_id = $2 where customer_id = $1 and slot = 0
			and digest in (select digest from identity where customer_id = $1 and origin = $2)`,
		`delete from identity where customer_id = $1 and origin = $2`,
		`insert into fact (` + factColumns + `)
			select $2, fact_id, kind, controller, purpose, channel, at, until_at, detail, actor, source, recorded_at, 0
			from fact where customer_id = $1 and origin = $2`,
		`delete from fact where customer_id = $1 and origin = $2`,
	} {
		if _, err := tx.Exec(q, from, origin); err != nil {
			return err
		}
	}
	return nil
}

// Move gives a visitor's identities, traits and facts to the person they turned
// out to be and deletes the visitor. Rows keep whose they were (origin). What
// the person's own sources say stays believed. Both are locked; what other
// packages hold of the visitor was moved before. Only the gate calls it.
func Move(tx *db.Tx, from, into id.Customer) error {
	values, err := TraitValuesOf(tx, from)
	if err != nil {
		return err
	}
	for i := range values {
		values[i].Customer = into
	}
	if _, err := SetTraits(tx, values); err != nil {
		return err
	}
	for _, q := range []string{
		`insert into identity (` + heldColumns + `)
			select $2, digest, key_id, kind, namespace, mark, endpoint, source, added_at, confirmed_at, invalid_at,
				case when origin = 0 then customer_id else origin end
			from identity where customer_id = $1 on conflict (customer_id, digest) do nothing`,
		`update identity_lookup set customer_id = $2 where customer_id = $1 and slot = 0`,
		`insert into fact (` + factColumns + `)
			select $2, fact_id, kind, controller, purpose, channel, at, until_at, detail, actor, source, recorded_at,
				case when origin = 0 then customer_id else origin end
			from fact where customer_id = $1`,
	} {
		if _, err := tx.Exec(q, from, into); err != nil {
			return err
		}
	}
	_, err = Rights{}.Erase(tx.Context(), tx, from)
	return err
}
