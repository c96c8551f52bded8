package export

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Erasure is what the holder of an export has yet to delete of a person who was
// erased.
type Erasure struct {
	Request     id.Request    `json:"request_id"`
	Export      id.Export     `json:"export_id"`
	Reference   string        `json:"reference"` // finds the line in the file; "" once it is confirmed
	AskedAt     clock.Instant `json:"asked_at"`
	ToldAt      clock.Instant `json:"told_at,omitzero"`
	ConfirmedAt clock.Instant `json:"confirmed_at,omitzero"`
	ConfirmedBy term.Actor    `json:"confirmed_by,omitempty"`

	customer id.Customer
}

// ConfirmWithin is how long a holder has to confirm (GDPR 12(3) leaves a month for
// all of it).
const ConfirmWithin = 7 * day

// Overdue tells whether the holder should have confirmed.
func (e Erasure) Overdue(now clock.Instant) bool {
	return e.ConfirmedAt.IsZero() && now >= e.AskedAt.Add(ConfirmWithin)
}

const erasureColumns = `customer_id, request_id, export_id, reference, asked_at, told_at, confirmed_at, confirmed_by`

func scanErasure(scan db.Scan) (e Erasure, err error) {
	return e, scan(&e.customer, &e.Request, &e.Export, &e.Reference, &e.AskedAt, &e.ToldAt, &e.ConfirmedAt, &e.ConfirmedBy)
}

// Erased asks, in the transaction that accepts an erasure, the holder of every
// file that has the customer and is not deleted to take them out.
func (b *Book) Erased(tx *db.Tx, c id.Customer, r id.Request) error {
	n, err := tx.Exec(`insert into export_erasure (`+erasureColumns+`)
		select p.customer_id, $2, p.export_id, p.reference, $3, 0, 0, '' from export_person p
		where p.customer_id = $1 and p.export_id in (select export_id from export where deleted_at = 0)`, c, r, b.Clock.Now())
	if err != nil || n == 0 {
		return err
	}
	return b.wake(tx)
}

// Erasures lists what holders were asked to delete for a request.
func (b *Book) Erasures(tx *db.Tx, c id.Customer, r id.Request) ([]Erasure, error) {
	rows, err := tx.Query(`select `+erasureColumns+` from export_erasure where customer_id = $1 and request_id = $2 order by export_id`, c, r)
	return db.Collect(rows, err, scanErasure)
}

// ToErase lists what the holder of a file has yet to delete of it.
func (b *Book) ToErase(tx *db.Tx, which id.Export) ([]Erasure, error) { return b.erasures(tx, which) }

func (b *Book) erasures(tx *db.Tx, which id.Export) ([]Erasure, error) {
	rows, err := tx.Query(`select `+erasureColumns+` from export_erasure where confirmed_at = 0 and export_id = $1 order by asked_at`, which)
	return db.Collect(rows, err, scanErasure)
}

// Open lists what holders have yet to delete, the longest asked first.
func (b *Book) Open(tx *db.Tx, holder term.Actor, limit int) ([]Erasure, error) {
	rows, err := tx.Query(`select `+erasureColumns+` from export_erasure where confirmed_at = 0
		and (export_id in (select export_id from export where holder = $1) or $1 = '') order by asked_at limit $2`, holder, limit)
	return db.Collect(rows, err, scanErasure)
}

// Confirm records that somebody says the erased people of a file are out of it: the
// holder, or whoever may decide in their place. It gives how many they were.
func (b *Book) Confirm(tx *db.Tx, which id.Export, by term.Actor, instead bool) (int, error) {
	e, err := b.Get(tx, which)
	if err != nil {
		return 0, err
	}
	if err := b.mine(tx, e, by, instead); err != nil {
		return 0, err
	}
	open, err := b.erasures(tx, which)
	if err != nil {
		return 0, err
	}
	if len(open) == 0 {
		return 0, errs.New(errs.Conflict, "nothing_to_erase", "nobody of this file waits to be deleted")
	}
	now := b.Clock.Now()
	if _, err := b.Ledger.Append(tx, KindDeleted, now, map[string]any{"export": which, "people": len(open), "by": by}); err != nil {
		return 0, err
	}
	for _, x := range open {
		if err := b.confirm(tx, x, by, now); err != nil {
			return 0, err
		}
	}
	return len(open), nil
}

// confirm settles one, and goes on with the request when it was its last.
func (b *Book) confirm(tx *db.Tx, x Erasure, by term.Actor, now clock.Instant) error {
	_, err := tx.Exec(`update export_erasure set confirmed_at = $4, confirmed_by = $5, reference = '' where customer_id = $1 and request_id = $2 and export_id = $3`,
		x.customer, x.Request, x.Export, now, by)
	if err != nil {
		return err
	}
	var open int64
	err = tx.QueryRow(`select count(*) from export_erasure where customer_id = $1 and request_id = $2 and confirmed_at = 0`, x.customer, x.Request).Scan(&open)
	if err != nil || open > 0 {
		return err
	}
	return b.Outbox.Publish(tx, TopicConfirmed, Confirmed{x.Request})
}
