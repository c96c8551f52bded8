package customer

import (
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// StoredFields lists the fields of which a value is kept, sorted.
func StoredFields(tx *db.Tx) ([]term.Field, error) {
	rows, err := tx.Query("select distinct field from trait_value order by field")
	return db.Collect(rows, err, func(scan db.Scan) (f term.Field, err error) { return f, scan(&f) })
}

// PurgeField deletes the values of a field that no purpose needs any more
// (MIN-01), of the customers after one of them, a step at a time. It gives the
// last customer it saw, 0 when none are left, and how many values went.
func PurgeField(tx *db.Tx, f term.Field, after id.Customer, limit int) (last id.Customer, gone int64, err error) {
	type held struct {
		c    id.Customer
		slot string
	}
	rows, err := tx.Query("select customer_id, slot from trait_value where customer_id > $1 and field = $2 and active = 1"+
		" order by customer_id limit $3", after, f, limit)
	list, err := db.Collect(rows, err, func(scan db.Scan) (h held, err error) { return h, scan(&h.c, &h.slot) })
	if err != nil || len(list) == 0 {
		return 0, 0, err
	}
	bySlot := map[string][]id.Customer{}
	for _, h := range list {
		if goodSlot(h.slot) {
			bySlot[h.slot] = append(bySlot[h.slot], h.c)
		}
	}
	for slot, ids := range bySlot {
		if err := clearSlot(tx, slot, ids); err != nil {
			return 0, 0, err
		}
	}
	last = list[len(list)-1].c
	gone, err = tx.Exec("delete from trait_value where customer_id > $1 and customer_id <= $2 and field = $3", after, last, f)
	return last, gone, err
}

func clearSlot(tx *db.Tx, slot string, ids []id.Customer) error {
	empty := "''"
	if slot[0] == 'n' {
		empty = "-9223372036854775807 - 1"
	}
	return db.In(tx, ids, func(marks string, args []any) error {
		_, err := tx.Exec("update trait set "+slot+" = "+empty+" where customer_id in ("+marks+")", args...)
		return err
	})
}

// DeleteTrait deletes all that is held of one trait of a customer.
func DeleteTrait(tx *db.Tx, c id.Customer, f *charter.Field) error {
	if _, err := tx.Exec("delete from trait_value where customer_id = $1 and field = $2", c, f.ID); err != nil {
		return err
	}
	if !goodSlot(f.Slot) {
		return nil
	}
	return clearSlot(tx, f.Slot, []id.Customer{c})
}

// TraitStatedBy reports whether the believed value of a trait comes from a
// source.
func TraitStatedBy(tx *db.Tx, c id.Customer, f term.Field, source string) (bool, error) {
	var n int64
	err := tx.QueryRow("select count(*) from trait_value where customer_id = $1 and field = $2 and source = $3 and active = 1", c, f, source).Scan(&n)
	return n > 0, err
}
