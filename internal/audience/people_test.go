package audience

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

var ctx = context.Background()

// stored is a person as the test stores them.
type stored struct {
	id id.Customer
	Person
	bare bool // without a trait row
}

// storePeople writes people into the tables that conditions read.
func storePeople(t testing.TB, d *db.DB, sc *Schema, people []stored) {
	t.Helper()
	err := d.Write(ctx, func(tx *db.Tx) error {
		columns, err := columnsOfTrait(tx)
		if err != nil {
			return err
		}
		var customers, traits, events [][]any
		for _, p := range people {
			customers = append(customers, []any{p.id, 0, 1, 1, 0})
			if !p.bare {
				traits = append(traits, traitRow(sc, columns, p))
			}
			for i, e := range p.Events {
				events = append(events, []any{p.id, i, e.Name, e.At, e.At, 0, "{}", e.Amount, e.Currency, e.Family, 0})
			}
		}
		for _, ins := range []struct {
			head string
			rows [][]any
		}{
			{"insert into customer (customer_id, rev, known, created_at, seen_day) values", customers},
			{"insert into trait (" + strings.Join(columns, ", ") + ") values", traits},
			{"insert into event (customer_id, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family, origin) values", events},
		} {
			if _, err := tx.InsertMany(ins.head, "", ins.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func columnsOfTrait(tx *db.Tx) ([]string, error) {
	rows, err := tx.Query("select * from trait where customer_id = 0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return rows.Columns()
}

func traitRow(sc *Schema, columns []string, p stored) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		switch c[0] {
		case 't':
			row[i] = ""
		case 'n':
			row[i] = int64(unset)
		}
	}
	row[slices.Index(columns, "customer_id")] = p.id
	for f, v := range p.Traits {
		slot := sc.Fields[f].Slot
		if slot[0] == 't' {
			row[slices.Index(columns, slot)] = v.Text
		} else {
			row[slices.Index(columns, slot)] = v.Whole
		}
	}
	return row
}

func forgetPeople(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"event", "trait", "customer"} {
			if _, err := tx.Exec("delete from " + table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// whoBySQL asks the database who meets a condition.
func whoBySQL(t testing.TB, d *db.DB, c *Condition, at clock.Instant, p plan) []id.Customer {
	t.Helper()
	q := c.query(at, p, 1)
	var out []id.Customer
	err := d.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select c.customer_id from "+q.from+" where "+q.where+" order by c.customer_id", q.args...)
		out, err = db.Collect(rows, err, scanCustomer)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v\n%s\n%s", c, err, q.from, q.where)
	}
	return out
}

// whoInMemory asks the same without the database.
func whoInMemory(c *Condition, people []stored, at clock.Instant) []id.Customer {
	var out []id.Customer
	for _, p := range people {
		if c.Eval(p.Person, at) {
			out = append(out, p.id)
		}
	}
	slices.Sort(out)
	return out
}

// person makes one for a test of a few people.
func person(n int, traits map[term.Field]Trait, events ...Happening) stored {
	return stored{id: id.Customer(n), Person: Person{Traits: traits, Events: events}, bare: traits == nil}
}

func orders(at ...clock.Instant) (out []Happening) {
	for _, a := range at {
		out = append(out, Happening{Name: "Order Completed", At: a, Amount: 1999, Currency: "EUR", Family: "beans"})
	}
	return out
}

func names(list []id.Customer) string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprint(int64(c)))
	}
	return strings.Join(out, " ")
}
