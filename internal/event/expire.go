package event

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// Lives tells what the retention of customers counts from; LastOrder may be
// left out.
type Lives func(tx *db.Tx, list []id.Customer) (map[id.Customer]Life, error)

// Expire deletes the events of some customers whose time is over: the daily
// job. Customers are given in steps; it returns how many events went, and whose
// they were.
func Expire(tx *db.Tx, k *Keep, list []id.Customer, lives Lives, at clock.Instant) (gone int64, whose []id.Customer, err error) {
	if len(list) == 0 {
		return 0, nil, nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	old, err := candidates(tx, k, list[0], list[len(list)-1], at)
	if err != nil || len(old) == 0 {
		return 0, nil, err
	}
	var who []id.Customer
	for _, e := range old {
		who = append(who, e.Customer)
	}
	slices.Sort(who)
	who = slices.Compact(who)
	known, err := lives(tx, who)
	if err != nil {
		return 0, nil, err
	}
	orders, err := ordersOf(tx, k, who)
	if err != nil {
		return 0, nil, err
	}
	for _, e := range old {
		l := known[e.Customer]
		l.LastOrder = max(l.LastOrder, orders[e.Customer])
		if k.Readable(e, "", l, at) {
			continue
		}
		n, err := tx.Exec("delete from event where customer_id = $1 and dedupe = $2", e.Customer, e.ID)
		if err != nil {
			return gone, nil, err
		}
		gone += n
		if len(whose) == 0 || whose[len(whose)-1] != e.Customer {
			whose = append(whose, e.Customer)
		}
	}
	return gone, whose, nil
}

// candidates gives the events of a range of customers that may be over.
func candidates(tx *db.Tx, k *Keep, from, to id.Customer, at clock.Instant) ([]Event, error) {
	rows, err := tx.Query("select distinct name from event where customer_id >= $1 and customer_id <= $2 order by name", from, to)
	names, err := db.Collect(rows, err, func(scan db.Scan) (n term.Event, err error) { return n, scan(&n) })
	if err != nil {
		return nil, err
	}
	var out []Event
	for _, name := range names {
		rows, err := tx.Query("select "+columns+" from event where customer_id >= $1 and customer_id <= $2 and name = $3 and occurred_at < $4"+
			" order by customer_id, occurred_at, dedupe", from, to, name, k.horizon(name, at))
		got, err := db.Collect(rows, err, scanEvent)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}
