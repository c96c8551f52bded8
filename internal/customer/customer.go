// Package customer holds who a person is to the business: the customer, the
// identities that find them, what is known of them in clear, and the facts from
// which the gate derives what is allowed.
//
// An identity is kept as a keyed digest only. An e-mail address or a phone
// number is an endpoint and not a person: several customers may share one, and
// what is done to the endpoint (suppression, a bounce) concerns all of them. A
// user id or a device's anonymous id belongs to one customer.
//
// Facts are append-only. Every value carries where it came from (ACC-01).
//
// A transaction that changes or relies on what a customer may be contacted
// about first takes the customer's Lock. Only the gate calls the writers of
// this package.
package customer

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Customer is a row of the register.
type Customer struct {
	ID        id.Customer
	Rev       int64 // grows with each act; orders the acts of one customer
	Known     bool  // a trusted source named the person; false for a device's visitor
	CreatedAt clock.Instant
	SeenDay   clock.Instant // 00:00 UTC of the last day with a positive interaction, or 0
}

// ErrGone says that a customer is unknown or erased.
var ErrGone = errs.New(errs.NotFound, "no_such_customer", "there is no such customer; they may have been erased")

// Lock takes the customer's row until the end of the transaction and gives the
// customer's new revision. It returns NOT_FOUND when the customer is unknown or
// erased. Several customers are locked in ascending order of id.
func Lock(tx *db.Tx, c id.Customer) (rev int64, err error) {
	err = tx.QueryRow("update customer set rev = rev + 1 where customer_id = $1 returning rev", c).Scan(&rev)
	if errs.Is(err, errs.NotFound) {
		return 0, ErrGone
	}
	return rev, err
}

// LockAll is Lock for several customers, in ascending order. Those who are
// unknown or erased are missing from its answer.
func LockAll(tx *db.Tx, list []id.Customer) (map[id.Customer]int64, error) {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	args := make([][]any, len(list))
	for i, c := range list {
		args[i] = []any{c}
	}
	revs := make(map[id.Customer]int64, len(list))
	err := tx.QueryEach("update customer set rev = rev + 1 where customer_id = $1 returning rev", args, func(i int, scan db.Scan) error {
		var rev int64
		err := scan(&rev)
		revs[list[i]] = rev
		return err
	})
	return revs, err
}

// Get reads a customer. It returns NOT_FOUND when unknown or erased.
func Get(tx *db.Tx, c id.Customer) (Customer, error) {
	found, err := ByID(tx, []id.Customer{c})
	if err != nil {
		return Customer{}, err
	}
	if got, ok := found[c]; ok {
		return got, nil
	}
	return Customer{}, ErrGone
}

// ByID reads those of the customers that exist.
func ByID(tx *db.Tx, ids []id.Customer) (map[id.Customer]Customer, error) {
	out := make(map[id.Customer]Customer, len(ids))
	err := db.In(tx, ids, func(marks string, args []any) error {
		rows, err := tx.Query("select customer_id, rev, known, created_at, seen_day from customer where customer_id in ("+marks+")", args...)
		found, err := db.Collect(rows, err, scanCustomer)
		for _, c := range found {
			out[c.ID] = c
		}
		return err
	})
	return out, err
}

func scanCustomer(scan db.Scan) (Customer, error) {
	var c Customer
	var known int64
	err := scan(&c.ID, &c.Rev, &known, &c.CreatedAt, &c.SeenDay)
	c.Known = known == 1
	return c, err
}

// Insert adds customers that do not exist yet.
func Insert(tx *db.Tx, list []Customer) error {
	rows := make([][]any, len(list))
	for i, c := range list {
		rows[i] = []any{c.ID, c.Rev, flag(c.Known), c.CreatedAt, c.SeenDay}
	}
	_, err := tx.InsertMany("insert into customer (customer_id, rev, known, created_at, seen_day) values", "", rows)
	return err
}

// MakeKnown notes that a trusted source named the person behind a device.
func MakeKnown(tx *db.Tx, c id.Customer) error {
	_, err := tx.Exec("update customer set known = 1 where customer_id = $1", c)
	return err
}

// Saw notes the day of customers' positive interaction.
func Saw(tx *db.Tx, list []id.Customer, day clock.Instant) error {
	return db.In(tx, list, func(marks string, args []any) error {
		_, err := tx.Exec("update customer set seen_day = $1 where customer_id in ("+marks+") and seen_day < $1", args...)
		return err
	}, day)
}

// Page lists customers' ids in ascending order after one of them, for work that
// goes through all of them in steps.
func Page(tx *db.Tx, after id.Customer, limit int) ([]id.Customer, error) {
	rows, err := tx.Query("select customer_id from customer where customer_id > $1 order by customer_id limit $2", after, limit)
	return db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
