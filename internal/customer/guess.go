package customer

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// DropGuesses deletes the guesses about some customers that were made until an
// instant, and believes what is left (ACC-03). It gives how many went and whose
// they were.
func DropGuesses(tx *db.Tx, list []id.Customer, until clock.Instant) (gone int64, whose []id.Customer, err error) {
	var old []TraitValue
	err = db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select "+traitValueColumns+" from trait_value where method = $1 and at <= $2 and customer_id in ("+marks+
			") order by customer_id, field, source", args...)
		found, err := db.Collect(rows, err, scanTraitValue)
		old = append(old, found...)
		return err
	}, Inferred, until)
	if err != nil || len(old) == 0 {
		return 0, nil, err
	}
	touched := map[id.Customer][]term.Field{}
	for _, v := range old {
		if touched[v.Customer] == nil {
			whose = append(whose, v.Customer)
		}
		touched[v.Customer] = append(touched[v.Customer], v.Field)
		n, err := tx.Exec("delete from trait_value where customer_id = $1 and field = $2 and source = $3", v.Customer, v.Field, v.Source)
		if err != nil {
			return gone, nil, err
		}
		gone += n
		if v.Active && goodSlot(v.Slot) {
			if err := clearSlot(tx, v.Slot, []id.Customer{v.Customer}); err != nil {
				return gone, nil, err
			}
		}
	}
	left, err := traitValues(tx, whose)
	if err != nil {
		return gone, nil, err
	}
	var again []TraitValue
	for _, c := range whose {
		for _, v := range left[c] {
			if slices.Contains(touched[c], v.Field) && goodSlot(v.Slot) {
				again = append(again, v)
			}
		}
	}
	_, err = SetTraits(tx, again)
	return gone, whose, err
}
