package db

import (
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
)

// Lease is the right to do what only one process may do at a time, such as
// numbering the ledger. Its fence rises with every change of hands, so that a
// holder who slept through the end of a lease is told so by Hold and cannot
// write as if it still held it.
type Lease struct {
	Name   string
	Holder string
	Fence  int64
}

// ErrLeaseLost is the code of the error that a former holder gets.
const ErrLeaseLost errs.Code = "lease_lost"

// TakeLease takes a lease that is free, run out or the holder's own. It returns
// CONFLICT while another holds it.
func TakeLease(tx *Tx, name, holder string, until clock.Instant, now clock.Instant) (Lease, error) {
	l := Lease{Name: name, Holder: holder}
	err := tx.QueryRow(`insert into lease (name, holder, fence, until_at) values ($1, $2, 1, $3)
		on conflict (name) do update set holder = excluded.holder, until_at = excluded.until_at,
			fence = case when lease.holder = excluded.holder then lease.fence else lease.fence + 1 end
		where lease.holder = excluded.holder or lease.until_at <= $4
		returning fence`, name, holder, until, now).Scan(&l.Fence)
	if errs.Is(err, errs.NotFound) {
		return l, errs.New(errs.Conflict, ErrLeaseLost, "another process holds the lease %s", name)
	}
	return l, err
}

// Hold proves, as the first statement of a transaction, that the lease is still
// the holder's, and extends it. The row stays locked until the commit, so no one
// can take the lease over while the transaction runs. It returns CONFLICT when
// the lease has changed hands.
func (l Lease) Hold(tx *Tx, until clock.Instant) error {
	n, err := tx.Exec(`update lease set until_at = $1 where name = $2 and holder = $3 and fence = $4`,
		until, l.Name, l.Holder, l.Fence)
	if err == nil && n != 1 {
		return errs.New(errs.Conflict, ErrLeaseLost, "another process holds the lease %s", l.Name)
	}
	return err
}

// Release gives the lease back, so that another need not wait for its end.
func (l Lease) Release(tx *Tx) error {
	_, err := tx.Exec(`update lease set until_at = 0 where name = $1 and holder = $2 and fence = $3`,
		l.Name, l.Holder, l.Fence)
	return err
}

// LeaseTime is how long a lease lasts unless it is extended.
const LeaseTime = 15 * time.Second
