package request

import (
	"context"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/sharing"
	"candor/internal/term"
)

// Case is a request as whoever works on it needs it.
type Case struct {
	Request
	Words string             // what was found, and told the person; how a copy was handed over
	Steps []Step             // of an erasure
	Told  []sharing.Delivery // what recipients were told of an erasure, and answered
}

// Telling reports whether a decision waits for the mail that must come before it.
func (c Case) Telling() bool { return c.State == Waiting && c.Outcome != "" }

// Case gives a request with all that is on record of it.
func (d *Desk) Case(ctx context.Context, number id.Request) (Case, error) {
	var out Case
	err := d.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if out.Request, err = get(tx, number); err != nil {
			return err
		}
		if out.Kind != Erasure {
			return tx.QueryRow("select content from request where customer_id = $1 and request_id = $2", out.Customer, number).Scan(&out.Words)
		}
		if out.Steps, err = steps(tx, out.Request); err != nil {
			return err
		}
		out.Told, err = d.Sharing.ErasureNotices(tx, out.Customer, number)
		return err
	})
	return out, err
}

// Settle ends a request that somebody has looked at, where what it brought about
// stays: a death that is so, an address that is nobody's any more, a copy that
// was handed over in another way. How is about the case and never the person; a
// copy needs it. It returns CONFLICT for what ends by a decision of its own.
func (d *Desk) Settle(ctx context.Context, number id.Request, how string, by term.Actor) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := get(tx, number)
		if err != nil {
			return err
		}
		switch {
		case r.State != Waiting || r.Kind != Deceased && r.Kind != Ownership && r.Kind != Access:
			return errs.New(errs.Conflict, "not_waiting", "this request is not waiting for that")
		case r.Kind == Access && how == "":
			return errs.New(errs.Invalid, "no_answer", "say how the copy reached the person, such as “by registered letter of 5 March”").On("how")
		case len(how) > 500:
			return errs.New(errs.Invalid, "too_long", "write up to 500 characters").On("how")
		}
		return finish(tx, r, Upheld, how, d.Clock.Now())
	})
}

// CopyGiven ends a person's open requests for a copy: they have taken it.
func (d *Desk) CopyGiven(ctx context.Context, c id.Customer) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update request set state = $4, outcome = $5, closed_at = $6 where customer_id = $1 and kind = $2 and state = $3`,
			c, Access, Waiting, Done, Upheld, d.Clock.Now())
		return err
	})
}

// Closed lists requests that are done, the last closed first, before an instant.
func (d *Desk) Closed(ctx context.Context, before clock.Instant, limit int) ([]Request, error) {
	var out []Request
	err := d.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select "+requestColumns+` from request where state = $1 and closed_at < $2 order by closed_at desc, request_id desc limit $3`, Done, before, limit)
		out, err = db.Collect(rows, err, scanRequest)
		return err
	})
	return out, err
}
