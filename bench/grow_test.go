package bench

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/schema"
	"candor/internal/id"
)

// grow copies what is on record of the customers, row by row, under other random
// numbers, until there are n: a store of a million in minutes. Each copy has an
// address and an id of its own. What is sealed is copied as it is, so it fills its
// place and does not open; the ledger is not copied, since no one reads it by
// customer. The platform is not at work meanwhile, and afterwards is open.
func (h *house) grow(b *testing.B, n int) {
	b.Helper()
	if n <= len(h.customers) {
		return
	}
	must(b, h.app.Close())
	driver, place, begin := "sqlite", "file:"+h.cfg.Database+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=cache_size(-2000000)", "select 1"
	if strings.HasPrefix(h.cfg.Database, "postgres") {
		driver, place, begin = "pgx", h.cfg.Database, "set session_replication_role = replica" // without looking up each foreign key
	}
	raw, err := sql.Open(driver, place)
	must(b, err)
	raw.SetMaxOpenConns(1)
	_, err = raw.Exec(begin)
	must(b, err)
	for len(h.customers) < n {
		h.copyRows(b, raw, min(len(h.customers), n-len(h.customers)))
	}
	_, err = raw.Exec("analyze")
	must(b, err)
	must(b, raw.Close())
	h.enter(b)
}

// copyRows copies n customers.
func (h *house) copyRows(b *testing.B, raw *sql.DB, n int) {
	b.Helper()
	known := map[id.Customer]bool{}
	for _, c := range h.customers {
		known[c] = true
	}
	last := slices.Sorted(slices.Values(h.customers))[n-1]
	shift := rand.Int64N(math.MaxInt64-2) + 1
	moved := fmt.Sprintf("case when customer_id > %d then customer_id - %d else customer_id + %d end", math.MaxInt64-shift, math.MaxInt64-shift, shift)
	tables, err := schema.Current()
	must(b, err)
	tx, err := raw.Begin()
	must(b, err)
	for _, t := range tables {
		if t.Place() != schema.Spread || t.Name == "identity" {
			continue
		}
		var to, from []string
		for _, c := range t.Columns {
			to, from = append(to, c.Name), append(from, c.Name)
			if c.Name == "customer_id" {
				from[len(from)-1] = moved
			}
		}
		_, err := tx.Exec(fmt.Sprintf("insert into %s (%s) select %s from %s where customer_id <= %d", t.Name, strings.Join(to, ", "), strings.Join(from, ", "), t.Name, last))
		must(b, err)
	}
	must(b, tx.Commit())
	h.enter(b)
	var made []id.Customer
	must(b, h.app.DB.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query("select customer_id from customer order by customer_id")
		made, err = db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		return err
	}))
	made = slices.DeleteFunc(made, func(c id.Customer) bool { return known[c] })
	h.name(b, made)
	must(b, h.app.Close())
}

// name gives new customers the next addresses and ids.
func (h *house) name(b *testing.B, made []id.Customer) {
	b.Helper()
	book := customer.NewBook(h.app.Ring)
	for list := range slices.Chunk(made, 5_000) {
		var held []customer.Held
		for _, c := range list {
			p := person(b, len(h.customers), "DE")
			for _, i := range p.Identities {
				one := book.Hold(i, c, "shop", h.app.Clock.Now())
				one.First = true
				held = append(held, one)
			}
			h.customers = append(h.customers, c)
		}
		must(b, h.app.DB.Write(context.Background(), func(tx *db.Tx) error { return customer.Claim(tx, held) }))
	}
}
