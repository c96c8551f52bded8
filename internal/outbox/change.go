package outbox

import (
	"encoding/binary"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// KeepChanges is how long changes stay. Whoever follows them reads every second;
// who was away for longer starts anew.
const KeepChanges = time.Hour

// ErrMissed says that changes after a place are gone: read everything again.
var ErrMissed = errs.New(errs.Conflict, "changes_missed", "some changes of customers are no longer in the log; read all customers again")

// Changed notes, in the transaction that changes them, that what is known or
// allowed of some customers is no longer the same. It is one narrow row a
// transaction, whatever the number of customers.
func (b *Box) Changed(tx *db.Tx, list ...id.Customer) error {
	if len(list) == 0 {
		return nil
	}
	packed := make([]byte, 0, 8*len(list))
	for _, c := range list {
		packed = binary.BigEndian.AppendUint64(packed, uint64(c))
	}
	_, err := tx.Exec(`insert into customer_change (change_id, customers, at) values ($1, $2, $3)`, id.New[id.Outbox](), packed, b.clock.Now())
	return err
}

// Place gives the place of the last change that has one.
func (b *Box) Place(tx *db.Tx) (int64, error) {
	var pos int64
	err := tx.QueryRow(`select coalesce(max(pos), 0) from outbox_number where name = 'change'`).Scan(&pos)
	return pos, err
}

// Changes gives the customers of at most limit changes after a place, in order
// and perhaps more than once, and the place of the last of them. It returns
// ErrMissed when changes in between are gone.
func (b *Box) Changes(tx *db.Tx, after int64, limit int) (list []id.Customer, place int64, err error) {
	rows, err := tx.Query(`select pos, customers from customer_change where pos > $1 order by pos limit $2`, after, limit)
	found, err := db.Collect(rows, err, func(scan db.Scan) (c change, err error) { return c, scan(&c.pos, &c.customers) })
	if err != nil {
		return nil, after, err
	}
	place = after
	for _, c := range found {
		if c.pos != place+1 {
			return nil, after, ErrMissed
		}
		place = c.pos
		for p := c.customers; len(p) >= 8; p = p[8:] {
			list = append(list, id.Customer(binary.BigEndian.Uint64(p)))
		}
	}
	if len(found) > 0 {
		return list, place, nil
	}
	last, err := b.Place(tx)
	if err == nil && last != after {
		err = ErrMissed
	}
	return nil, after, err
}

// change is a row of the log.
type change struct {
	pos       int64
	customers []byte
}

func pruneChanges(tx *db.Tx, old clock.Instant) error {
	_, err := tx.Exec(`delete from customer_change where at < $1 and pos > 0`, old)
	return err
}
