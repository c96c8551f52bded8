package export

import (
	"context"
	"fmt"
	"strings"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// keepPeople is how long it is known whom a deleted file held.
const keepPeople = 365 * day

// atOnce bounds how many mails one round sends.
const atOnce = 100

// tell mails holders whom they have to delete from their files: once each, with
// nothing about the person.
func (b *Book) tell(ctx context.Context) error {
	var due []Erasure
	err := b.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select ` + erasureColumns + ` from export_erasure where confirmed_at = 0 and told_at = 0 order by asked_at limit 100`)
		due, err = db.Collect(rows, err, scanErasure)
		return err
	})
	if err != nil {
		return err
	}
	told := map[id.Export]bool{}
	for _, x := range due {
		if !told[x.Export] {
			told[x.Export] = true
			err := b.mail(ctx, x.Export, "Delete somebody from a file you hold", "Somebody who is in a file you took out was erased. Delete their line from it, wherever the file is, and say so on its page: there you also find which line it is.")
			if err != nil {
				return err
			}
		}
		err := b.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`update export_erasure set told_at = $4 where customer_id = $1 and request_id = $2 and export_id = $3`, x.customer, x.Request, x.Export, b.Clock.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// remind mails holders, once, whose files are past their end, and forgets whom
// files held that are long gone.
func (b *Book) remind(ctx context.Context) error {
	now := b.Clock.Now()
	var late []id.Export
	err := b.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from export_person where export_id in (select export_id from export where deleted_at > 0 and deleted_at < $1)`, now.Add(-keepPeople))
		if err != nil {
			return err
		}
		rows, err := tx.Query(`select export_id from export where deleted_at = 0 and delete_by <= $1 and reminded_at = 0 order by export_id limit $2`, now, atOnce)
		late, err = db.Collect(rows, err, func(scan db.Scan) (e id.Export, err error) { return e, scan(&e) })
		return err
	})
	if err != nil {
		return err
	}
	for _, which := range late {
		err := b.mail(ctx, which, "Delete a file you hold", "A file you took out should be deleted by now. Delete it wherever it is, and say so on its page.")
		if err == nil {
			err = b.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`update export set reminded_at = $2 where export_id = $1`, which, now)
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return b.tell(ctx)
}

// mail writes to the holder of an export; who left gets none, and their file
// stands on the page of those who may decide.
func (b *Book) mail(ctx context.Context, which id.Export, subject, text string) error {
	var e File
	var to personal.Value
	err := b.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if e, err = b.Get(tx, which); err != nil {
			return err
		}
		to, err = b.addressOf(tx, e.Holder)
		return err
	})
	if err != nil || to.IsZero() || b.Notify == nil {
		return err
	}
	return b.Notify(ctx, to, subject, fmt.Sprintf("%s\n\n%s/admin/trust/exports/%s\n", text, b.URL, which))
}

// addressOf gives the address of a member of staff who works here, else nothing.
func (b *Book) addressOf(tx *db.Tx, a term.Actor) (personal.Value, error) {
	who, err := id.Parse[id.Staff](strings.TrimPrefix(string(a), "staff:"))
	if err != nil {
		return personal.Value{}, nil //nolint:nilerr // a program, or the engine
	}
	p, err := b.Staff.Get(tx, who)
	if errs.Is(err, errs.NotFound) || err == nil && !p.LeftAt.IsZero() {
		return personal.Value{}, nil
	}
	return p.Email, err
}
