package vault

import (
	"context"
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Sealed is a value as it is kept.
type Sealed struct {
	Customer id.Customer
	Field    term.Field
	ValueID  int64
	Bytes    []byte
	customer.Provenance
	Active     bool // the value believed
	RecordedAt clock.Instant
}

const columns = "customer_id, field, value_id, sealed, source, method, at, confidence, active, recorded_at"

func (s Sealed) row() []any {
	active := 0
	if s.Active {
		active = 1
	}
	return []any{s.Customer, s.Field, s.ValueID, s.Bytes, s.Source, s.Method, s.At, s.Confidence, active, s.RecordedAt}
}

// Put keeps what sources say of fields. Of one source the later value replaces
// the earlier; of several one is believed and the others are kept superseded
// (ACC-01). It gives the fields, of each customer, where another source was
// believed. It returns INVALID, and changes nothing, when one has no source. The
// customers are locked.
func Put(tx *db.Tx, list []Sealed) (superseded map[id.Customer][]term.Field, err error) {
	for _, s := range list {
		if err := s.Check(); err != nil {
			return nil, err
		}
	}
	kept, err := existing(tx, list)
	if err != nil {
		return nil, err
	}
	superseded = map[id.Customer][]term.Field{}
	var rows [][]any
	for _, slot := range settle(kept, list) {
		for _, s := range slot.rows {
			if s.Active == slot.wasActive[s.ValueID] && slot.old[s.ValueID] {
				continue
			}
			rows = append(rows, s.row())
		}
		if !slot.believedNew {
			superseded[slot.customer] = append(superseded[slot.customer], slot.field)
		}
	}
	_, err = tx.InsertMany("insert into sealed_value ("+columns+") values",
		"on conflict (customer_id, field, source) do update set value_id = excluded.value_id, sealed = excluded.sealed,"+
			" method = excluded.method, at = excluded.at, confidence = excluded.confidence, active = excluded.active,"+
			" recorded_at = excluded.recorded_at", rows)
	return superseded, err
}

// place is what is said of one field of one customer.
type place struct {
	customer    id.Customer
	field       term.Field
	rows        []Sealed
	old         map[int64]bool
	wasActive   map[int64]bool
	believedNew bool
}

func settle(kept, fresh []Sealed) []*place {
	type key struct {
		c id.Customer
		f term.Field
	}
	places := map[key]*place{}
	var order []*place
	for _, s := range fresh {
		k := key{s.Customer, s.Field}
		if places[k] == nil {
			places[k] = &place{customer: s.Customer, field: s.Field, old: map[int64]bool{}, wasActive: map[int64]bool{}}
			order = append(order, places[k])
		}
	}
	for _, s := range kept {
		if p := places[key{s.Customer, s.Field}]; p != nil {
			p.old[s.ValueID], p.wasActive[s.ValueID] = true, s.Active
			p.rows = append(p.rows, s)
		}
	}
	for _, s := range fresh {
		places[key{s.Customer, s.Field}].add(s)
	}
	for _, p := range order {
		p.choose()
	}
	slices.SortFunc(order, func(a, b *place) int {
		if a.customer != b.customer {
			return int(min(1, max(-1, a.customer-b.customer)))
		}
		return strings.Compare(string(a.field), string(b.field))
	})
	return order
}

func (p *place) add(s Sealed) {
	for i, have := range p.rows {
		if have.Source == s.Source {
			if s.Beats(have.Provenance) {
				p.rows[i] = s
			}
			return
		}
	}
	p.rows = append(p.rows, s)
}

func (p *place) choose() {
	best := 0
	for i := range p.rows {
		p.rows[i].Active = false
		if p.rows[i].Beats(p.rows[best].Provenance) {
			best = i
		}
	}
	p.rows[best].Active = true
	p.believedNew = !p.old[p.rows[best].ValueID]
}

func existing(tx *db.Tx, list []Sealed) ([]Sealed, error) {
	ids := make([]id.Customer, 0, len(list))
	for _, s := range list {
		ids = append(ids, s.Customer)
	}
	slices.Sort(ids)
	return rowsOf(tx, slices.Compact(ids))
}

func rowsOf(tx *db.Tx, ids []id.Customer) ([]Sealed, error) {
	var out []Sealed
	err := db.In(tx, ids, func(marks string, args []any) error {
		rows, err := tx.Query("select "+columns+" from sealed_value where customer_id in ("+marks+") order by customer_id, field, value_id", args...)
		got, err := db.Collect(rows, err, scanSealed)
		out = append(out, got...)
		return err
	})
	return out, err
}

func scanSealed(scan db.Scan) (Sealed, error) {
	var s Sealed
	var active int64
	err := scan(&s.Customer, &s.Field, &s.ValueID, &s.Bytes, &s.Source, &s.Method, &s.At, &s.Confidence, &active, &s.RecordedAt)
	s.Active = active == 1
	return s, err
}

// Values opens the believed values of a customer's fields. Fields without a
// value are absent; a destroyed key gives NOT_FOUND. In a write transaction the
// key must be Warm.
func (v *Vault) Values(ctx context.Context, tx *db.Tx, c id.Customer, fields []term.Field) (map[term.Field]personal.Value, error) {
	all, err := v.All(ctx, tx, c)
	out := map[term.Field]personal.Value{}
	for _, o := range all {
		if o.Active && slices.Contains(fields, o.Field) {
			out[o.Field] = o.Value
		}
	}
	return out, err
}

// Opened is a value that was opened, with where it came from.
type Opened struct {
	Sealed
	Value personal.Value
}

// Kept lists a customer's values as they are stored, sealed.
func Kept(tx *db.Tx, c id.Customer) ([]Sealed, error) { return rowsOf(tx, []id.Customer{c}) }

// All opens all values of a customer, also those not believed.
func (v *Vault) All(ctx context.Context, tx *db.Tx, c id.Customer) ([]Opened, error) {
	found, err := v.AllOf(ctx, tx, []id.Customer{c})
	return found[c], err
}

// AllOf is All for several customers. A value whose key was destroyed gives
// NOT_FOUND for all of them.
func (v *Vault) AllOf(ctx context.Context, tx *db.Tx, list []id.Customer) (map[id.Customer][]Opened, error) {
	rows, err := rowsOf(tx, list)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	keys, _, err := v.have(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Customer][]Opened, len(list))
	for _, r := range rows {
		key, ok := keys[r.Customer]
		if !ok {
			return nil, errSealed
		}
		plain, err := key.Open(r.Field, r.Bytes)
		if err != nil {
			return nil, err
		}
		out[r.Customer] = append(out[r.Customer], Opened{r, plain})
	}
	return out, nil
}

// ValuesTold adds when the believed values of customers were learnt, without
// opening them.
func ValuesTold(tx *db.Tx, list []id.Customer, to customer.Told) error {
	return db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select customer_id, field, at from sealed_value where active = 1 and customer_id in ("+marks+")", args...)
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

// Delete deletes all sealed values of a customer and says how many.
func Delete(tx *db.Tx, c id.Customer) (int64, error) {
	return tx.Exec("delete from sealed_value where customer_id = $1", c)
}

// DropGuesses deletes the guesses about some customers that were made until an
// instant, and believes what is left (ACC-03). It gives how many went.
func DropGuesses(tx *db.Tx, list []id.Customer, until clock.Instant) (gone int64, err error) {
	type place struct {
		c id.Customer
		f term.Field
	}
	var touched []place
	err = db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select distinct customer_id, field from sealed_value where method = $1 and at <= $2 and customer_id in ("+marks+")", args...)
		found, err := db.Collect(rows, err, func(scan db.Scan) (p place, err error) { return p, scan(&p.c, &p.f) })
		touched = append(touched, found...)
		return err
	}, customer.Inferred, until)
	for _, p := range touched {
		if err != nil {
			return gone, err
		}
		var n int64
		n, err = tx.Exec("delete from sealed_value where customer_id = $1 and field = $2 and method = $3 and at <= $4", p.c, p.f, customer.Inferred, until)
		gone += n
		if err != nil {
			return gone, err
		}
		var left []Sealed
		if left, err = rowsOf(tx, []id.Customer{p.c}); err == nil {
			_, err = Put(tx, slices.DeleteFunc(left, func(s Sealed) bool { return s.Field != p.f }))
		}
	}
	return gone, err
}

// StoredFields lists the fields of which a value is kept, sorted.
func StoredFields(tx *db.Tx) ([]term.Field, error) {
	rows, err := tx.Query("select distinct field from sealed_value order by field")
	return db.Collect(rows, err, func(scan db.Scan) (f term.Field, err error) { return f, scan(&f) })
}

// PurgeField deletes the values of a field that no purpose needs any more
// (MIN-01), of the customers after one of them, a step at a time. It gives the
// last customer it saw, 0 when none are left, and how many values went.
func PurgeField(tx *db.Tx, f term.Field, after id.Customer, limit int) (last id.Customer, gone int64, err error) {
	rows, err := tx.Query("select customer_id from sealed_value where customer_id > $1 and field = $2 order by customer_id, value_id limit $3", after, f, limit)
	list, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
	if err != nil || len(list) == 0 {
		return 0, 0, err
	}
	last = list[len(list)-1]
	gone, err = tx.Exec("delete from sealed_value where customer_id > $1 and customer_id <= $2 and field = $3", after, last, f)
	return last, gone, err
}

// DeleteField deletes all values of one field of a customer.
func DeleteField(tx *db.Tx, c id.Customer, f term.Field) error {
	_, err := tx.Exec("delete from sealed_value where customer_id = $1 and field = $2", c, f)
	return err
}

// StatedBy reports whether the believed value of a field comes from a source.
func StatedBy(tx *db.Tx, c id.Customer, f term.Field, source string) (bool, error) {
	var n int64
	err := tx.QueryRow("select count(*) from sealed_value where customer_id = $1 and field = $2 and source = $3 and active = 1", c, f, source).Scan(&n)
	return n > 0, err
}
