package request

import (
	"context"
	"encoding/json"
	"time"

	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// backupsLast is how long a backup of keys may still exist after an erasure
// (the catalogue's D-45: 90 days).
const backupsLast = 90 * 24 * time.Hour

// Certificate says what an erasure did and what it left. It is an entry of the
// ledger and names nobody.
type Certificate struct {
	Schema     string        `json:"schema"` // "candor/erasure-certificate/v1"
	Received   clock.Instant `json:"received_at"`
	Erased     clock.Instant `json:"erased_at"`
	Stores     []Step        `json:"stores"`
	KeyGone    clock.Instant `json:"key_destroyed_at"`
	BackupEnds clock.Instant `json:"no_key_backup_after"` // after it no key backup can recover the person
	Files      []HeldFile    `json:"files,omitempty"`     // taken out by staff, who say that the person is deleted from them
	Recipients []Told        `json:"recipients"`          // who was told and has confirmed
	Kept       []string      `json:"kept"`                // in words
	Claims     *claim.Kept   `json:"claims,omitempty"`    // evidence that was sealed apart, and until when
	NotCovered []string      `json:"not_covered"`         // what the engine cannot reach
}

// Told is a recipient that was told of an erasure.
type Told struct {
	Recipient term.Recipient `json:"recipient"`
	At        clock.Instant  `json:"told_at"`
	Confirmed clock.Instant  `json:"confirmed_at"`
}

// HeldFile is a file with the person that somebody of the house had taken out.
type HeldFile struct {
	At        clock.Instant `json:"told_at"`
	Confirmed clock.Instant `json:"confirmed_at"`
}

// certify writes the certificate to the ledger and closes the request.
func (d *Desk) certify(ctx context.Context, r Request) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		done, err := steps(tx, r)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		c := Certificate{
			Schema: "candor/erasure-certificate/v1", Received: r.ReceivedAt, Erased: now, Stores: done, BackupEnds: now.Add(backupsLast), Recipients: []Told{},
			Kept: []string{
				"a keyed digest of each address, so that no advertising is sent to it again",
				"the facts of the request: when it came, what it asked, when it was done",
				"entries of the tamper-evident ledger, which hold salted digests and name nobody",
			},
			NotCovered: []string{"backups of the database made before the erasure: they open with no key once its backups have aged out"},
		}
		if err := d.sayKept(tx, r, &c); err != nil {
			return err
		}
		told, err := d.Sharing.ErasureNotices(tx, r.Customer, r.ID)
		if err != nil {
			return err
		}
		for _, n := range told {
			c.Recipients = append(c.Recipients, Told{n.Recipient, n.SentAt, n.AckedAt})
		}
		held, err := d.Exports.Erasures(tx, r.Customer, r.ID)
		if err != nil {
			return err
		}
		for _, x := range held {
			c.Files = append(c.Files, HeldFile{x.AskedAt, x.ConfirmedAt})
		}
		for _, s := range done {
			if s.Store == keyStep {
				c.KeyGone = s.DoneAt
			}
		}
		w, err := d.Ledger.Append(tx, KindErased, now, c)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`update request set state = $3, closed_at = $4, entry_id = $5, content = $6
			where customer_id = $1 and request_id = $2`, r.Customer, r.ID, Done, now, w.Entry, string(w.Content))
		if err != nil {
			return err
		}
		return d.Claims.Answered(tx, r.ID, now, w.Entry)
	})
}

// Certified is a certificate with the entry of the ledger that proves it.
type Certified struct {
	Certificate
	Entry id.Entry
}

// Certificate gives the certificate of a finished erasure. It returns CONFLICT
// while the erasure is being worked on.
func (d *Desk) Certificate(ctx context.Context, r id.Request) (Certified, error) {
	var out Certified
	err := d.DB.Read(ctx, func(tx *db.Tx) error {
		req, err := get(tx, r)
		if err != nil {
			return err
		}
		if req.State == Partial {
			return errs.New(errs.Conflict, "waiting_for_recipients", "everything here is erased; a recipient, or who holds a file, has yet to confirm that they did the same")
		}
		if req.State != Done || req.Kind != Erasure {
			return errs.New(errs.Conflict, "not_done", "the erasure is being worked on; look again in a minute")
		}
		var content string
		err = tx.QueryRow("select entry_id, content from request where customer_id = $1 and request_id = $2", req.Customer, r).
			Scan(&out.Entry, &content)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(content), &out.Certificate)
	})
	return out, err
}
