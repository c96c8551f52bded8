package event

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// Table is where events are; audiences count in it.
const Table = "event"

// Ahead is how far in the future an event may say it occurred; clocks differ.
const Ahead = 24 * time.Hour

// maxProps bounds the JSON of an event's properties.
const maxProps = 32 << 10

// ErrFuture refuses an event that says it is still to come.
var ErrFuture = errs.New(errs.Invalid, "in_the_future", "the event lies more than a day in the future; check the sender's clock").On("timestamp")

// Row is an event ready to be stored: everything costly is done.
type Row struct {
	Event
	props string
}

// Maker makes rows. It is safe for concurrent use.
type Maker struct{ ring *keyring.Ring }

// NewMaker makes a maker that derives ids with a ring's keys.
func NewMaker(ring *keyring.Ring) *Maker { return &Maker{ring} }

// ID gives the id of the event with a message id: 63 bits of a digest under the
// ring's first key, so that an event told again after a rotation is the same. An
// event without a message id is one of its own.
func (m *Maker) ID(messageID string) id.Event {
	var sum []byte
	if messageID == "" {
		sum = make([]byte, 8)
		_, _ = rand.Read(sum)
	} else {
		all := m.ring.Digests(keyring.Dedupe, messageID)
		sum = all[len(all)-1].Sum
	}
	return id.Event(max(1, int64(binary.BigEndian.Uint64(sum)>>1)))
}

// Make checks an event on its way in and makes its row, whose customer is still
// to be set. It returns ErrFuture for an event more than a day ahead; one less
// ahead occurred when it arrived.
func (m *Maker) Make(n New, source id.Source, now clock.Instant) (Row, error) {
	at := n.OccurredAt
	switch {
	case at == 0:
		at = now
	case at > now.Add(Ahead):
		return Row{}, ErrFuture
	case at > now:
		at = now
	}
	props := "{}"
	if len(n.Props) > 0 {
		b, err := json.Marshal(n.Props)
		if err != nil || len(b) > maxProps {
			return Row{}, errs.New(errs.Invalid, "bad_properties", "the event's properties are too large or not JSON").On("properties")
		}
		props = string(b)
	}
	return Row{Event{
		ID: m.ID(n.MessageID), Name: n.Name, OccurredAt: at, ReceivedAt: now, Source: source,
		Props: n.Props, Amount: n.Amount, Currency: n.Currency, Family: n.Family,
	}, props}, nil
}

// Key identifies an event over all customers.
type Key struct {
	Customer id.Customer
	ID       id.Event
}

// Key gives the event's key.
func (e Event) Key() Key { return Key{e.Customer, e.ID} }

const columns = "customer_id, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family, origin"

// InsertNew stores events and reports whether all of them were new. When not,
// nobody knows which: the caller undoes it and calls Insert. It spares asking,
// row by row, in the usual case. Only the gate calls it.
func InsertNew(tx *db.Tx, rows []Row) (bool, error) {
	n, err := tx.InsertMany("insert into event ("+columns+") values", "on conflict do nothing", valuesOf(rows))
	return n == int64(len(rows)), err
}

// Insert stores events and gives the keys of those that were not there yet.
// Only the gate calls it.
func Insert(tx *db.Tx, rows []Row) (map[Key]bool, error) {
	fresh := make(map[Key]bool, len(rows))
	err := tx.InsertReturning("insert into event ("+columns+") values", "on conflict do nothing returning customer_id, dedupe", valuesOf(rows),
		func(scan db.Scan) error {
			var k Key
			err := scan(&k.Customer, &k.ID)
			fresh[k] = true
			return err
		})
	return fresh, err
}

func valuesOf(rows []Row) [][]any {
	out := make([][]any, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = []any{int64(r.Customer), int64(r.ID), string(r.Name), int64(r.OccurredAt), int64(r.ReceivedAt),
			int64(r.Source), r.props, r.Amount, r.Currency, r.Family, int64(r.Origin)}
	}
	return out
}

// Move gives a visitor's events to the person they turned out to be. Events that
// both have are one. Only the gate calls it.
func Move(tx *db.Tx, from, into id.Customer) error {
	if _, err := tx.Exec(`insert into event (`+columns+`)
		select $2, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family,
			case when origin = 0 then customer_id else origin end
		from event where customer_id = $1 on conflict (customer_id, dedupe) do nothing`, from, into); err != nil {
		return err
	}
	_, err := tx.Exec("delete from event where customer_id = $1", from)
	return err
}

// MoveBack undoes Move for what came from one visitor.
func MoveBack(tx *db.Tx, from, origin id.Customer) error {
	if _, err := tx.Exec(`insert into event (`+columns+`)
		select $2, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family, 0
		from event where customer_id = $1 and origin = $2`, from, origin); err != nil {
		return err
	}
	_, err := tx.Exec("delete from event where customer_id = $1 and origin = $2", from, origin)
	return err
}
