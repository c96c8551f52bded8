package event

import (
	"encoding/json"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// ErrKept refuses an event whose time is over (MIN-05).
var ErrKept = errs.New(errs.Forbidden, errs.Retention, "this event may no longer be read: its time is over")

// Query chooses events of one customer.
type Query struct {
	Customer id.Customer
	Purpose  term.Purpose // "" for the person's own copy
	Names    []term.Event // nil is all
	Since    clock.Instant
	At       clock.Instant // now: events whose time is over are left out
	Life     Life
	Limit    int // 0 is all
}

// List gives a customer's events that may be read, the latest first.
func List(tx *db.Tx, k *Keep, q Query) ([]Event, error) {
	rows, err := tx.Query("select "+columns+" from event where customer_id = $1 and occurred_at >= $2 order by occurred_at desc, dedupe", q.Customer, q.Since)
	all, err := db.Collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	orders, err := ordersOf(tx, k, []id.Customer{q.Customer})
	if err != nil {
		return nil, err
	}
	q.Life.LastOrder = max(q.Life.LastOrder, orders[q.Customer])
	var out []Event
	for _, e := range all {
		if q.Names != nil && !slices.Contains(q.Names, e.Name) || !k.Readable(e, q.Purpose, q.Life, q.At) {
			continue
		}
		if out = append(out, e); q.Limit > 0 && len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

// Latest gives a customer's latest events, for showing them to the person: also
// those whose time is over and that wait to be deleted.
func Latest(tx *db.Tx, c id.Customer, limit int) ([]Event, error) {
	rows, err := tx.Query("select "+columns+" from event where customer_id = $1 order by occurred_at desc, dedupe limit $2", c, limit)
	return db.Collect(rows, err, scanEvent)
}

// Get reads one event for a purpose. It returns FORBIDDEN with E_RETENTION when
// its time is over, also while it is not deleted yet.
func Get(tx *db.Tx, k *Keep, key Key, q Query) (Event, error) {
	rows, err := tx.Query("select "+columns+" from event where customer_id = $1 and dedupe = $2", key.Customer, key.ID)
	got, err := db.Collect(rows, err, scanEvent)
	switch {
	case err != nil:
		return Event{}, err
	case len(got) == 0:
		return Event{}, errs.New(errs.NotFound, "no_such_event", "there is no such event")
	case !k.Readable(got[0], q.Purpose, q.Life, q.At):
		return Event{}, ErrKept
	}
	return got[0], nil
}

// ordersOf gives the time of the latest order of each customer in a range.
func ordersOf(tx *db.Tx, k *Keep, list []id.Customer) (map[id.Customer]clock.Instant, error) {
	out := map[id.Customer]clock.Instant{}
	for name, order := range k.order {
		if !order {
			continue
		}
		for _, c := range list {
			var at clock.Instant
			err := tx.QueryRow("select coalesce(max(occurred_at), 0) from event where customer_id = $1 and name = $2", c, name).Scan(&at)
			if err != nil {
				return nil, err
			}
			out[c] = max(out[c], at)
		}
	}
	return out, nil
}

func scanEvent(scan db.Scan) (Event, error) {
	var e Event
	var props string
	err := scan(&e.Customer, &e.ID, &e.Name, &e.OccurredAt, &e.ReceivedAt, &e.Source, &props, &e.Amount, &e.Currency, &e.Family, &e.Origin)
	if err != nil || props == "{}" {
		return e, err
	}
	return e, json.Unmarshal([]byte(props), &e.Props)
}
