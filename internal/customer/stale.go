package customer

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// Told is when what is believed of customers' fields was learnt.
type Told map[id.Customer]map[term.Field]clock.Instant

// Note adds one.
func (t Told) Note(c id.Customer, f term.Field, at clock.Instant) {
	if t[c] == nil {
		t[c] = map[term.Field]clock.Instant{}
	}
	t[c][f] = at
}

// TraitsTold adds when the believed traits of customers were learnt.
func TraitsTold(tx *db.Tx, list []id.Customer, to Told) error {
	return db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select customer_id, field, at from trait_value where active = 1 and customer_id in ("+marks+")", args...)
		return db.Each(rows, err, func(scan db.Scan) error {
			var c id.Customer
			var f term.Field
			var at clock.Instant
			err := scan(&c, &f, &at)
			to.Note(c, f, at)
			return err
		})
	})
}

// StaleSQL gives a condition that is true of customers whose trait was learnt at
// an instant or earlier. Field and instant are places of arguments, such as "$3".
func StaleSQL(column, field, instant string) string {
	return "exists (select 1 from trait_value v where v.customer_id = " + column + " and v.field = " + field + " and v.active = 1 and v.at <= " + instant + ")"
}
