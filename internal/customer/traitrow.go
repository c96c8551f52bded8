package customer

import (
	"fmt"
	"strconv"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
)

// traitRow is a row of the table trait. The zero row knows nothing.
type traitRow struct {
	text   [charter.TextSlots]string
	number [charter.NumberSlots]int64
	there  bool
}

func (r traitRow) ready() traitRow {
	if !r.there {
		for i := range r.number {
			r.number[i] = NotSet
		}
		r.there = true
	}
	return r
}

func (r traitRow) set(v TraitValue) traitRow {
	r = r.ready()
	n, _ := strconv.Atoi(v.Slot[1:])
	if v.Slot[0] == 't' {
		r.text[n-1] = v.Text
	} else {
		r.number[n-1] = v.Number
	}
	return r
}

func (r traitRow) get(f *charter.Field) (any, bool) {
	if !r.there || f.KeepIn != charter.Trait || !goodSlot(f.Slot) {
		return nil, false
	}
	n, _ := strconv.Atoi(f.Slot[1:])
	if f.Slot[0] == 't' {
		s := r.text[n-1]
		return s, s != ""
	}
	v := r.number[n-1]
	return numberAs(f, v), v != NotSet
}

func numberAs(f *charter.Field, v int64) any {
	switch f.Kind {
	case charter.KindFlag:
		return v == 1
	case charter.KindDate, charter.KindInstant:
		return clock.Instant(v)
	}
	return v
}

func (r traitRow) args(c id.Customer) []any {
	r = r.ready()
	out := make([]any, 0, 1+charter.TextSlots+charter.NumberSlots)
	out = append(out, c)
	for _, s := range r.text {
		out = append(out, s)
	}
	for _, n := range r.number {
		out = append(out, n)
	}
	return out
}

var traitColumns, traitUpsert = func() (string, string) {
	var names, sets []string
	add := func(kind string, n int) {
		for i := range n {
			name := kind + strconv.Itoa(i+1)
			names = append(names, name)
			sets = append(sets, fmt.Sprintf("%s = excluded.%s", name, name))
		}
	}
	add("t", charter.TextSlots)
	add("n", charter.NumberSlots)
	return strings.Join(names, ", "), "on conflict (customer_id) do update set " + strings.Join(sets, ", ")
}()

var traitInsert = "insert into trait (customer_id, " + traitColumns + ") values"

func traitRows(tx *db.Tx, list []id.Customer) (map[id.Customer]traitRow, error) {
	out := make(map[id.Customer]traitRow, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select customer_id, "+traitColumns+" from trait where customer_id in ("+marks+")", args...)
		_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
			var c id.Customer
			r := traitRow{there: true}
			dest := []any{&c}
			for i := range r.text {
				dest = append(dest, &r.text[i])
			}
			for i := range r.number {
				dest = append(dest, &r.number[i])
			}
			err := scan(dest...)
			out[c] = r
			return struct{}{}, err
		})
		return err
	})
	return out, err
}
