package portal

import (
	"context"
	"encoding/json"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// The kinds of tokens in links.
const (
	confirmToken = "confirm"    // the person confirms
	askToken     = "parent-ask" // the person names a parent
	parentToken  = "parent"     // a parent decides
)

// confirmation is an opt-in that waits for a press of the button in the mail
// (CON-12). Only its number is in the link; what it confirms is in the row, so
// that a link works once.
type confirmation struct {
	customer   id.Customer
	number     id.Request
	controller term.Controller
	purpose    term.Purpose
	channel    term.Channel
	ask        term.Ask
	lang       term.Lang
	notice     id.Notice
	askedAt    clock.Instant
	expiresAt  clock.Instant
	usedAt     clock.Instant
	parent     bool              // a parent is to press, since the person may not agree alone
	age        map[string]string // what the question about the age came to; nil when it was not asked
}

const confirmationColumns = `customer_id, confirmation_id, controller, purpose, channel, ask, lang, notice_id, asked_at, expires_at, used_at, parent, age`

func scanConfirmation(scan db.Scan) (c confirmation, err error) {
	var parent int64
	var age string
	err = scan(&c.customer, &c.number, &c.controller, &c.purpose, &c.channel, &c.ask, &c.lang, &c.notice, &c.askedAt, &c.expiresAt, &c.usedAt, &parent, &age)
	c.parent = parent != 0
	if err == nil && age != "" {
		err = json.Unmarshal([]byte(age), &c.age)
	}
	return c, err
}

func insertConfirmation(tx *db.Tx, c confirmation) error {
	parent, age := 0, []byte{}
	if c.parent {
		parent = 1
	}
	if c.age != nil {
		var err error
		if age, err = json.Marshal(c.age); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`insert into confirmation (`+confirmationColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)`,
		c.customer, c.number, c.controller, c.purpose, c.channel, c.ask, c.lang, c.notice, c.askedAt, c.expiresAt, parent, string(age))
	return err
}

// askedSince counts a customer's confirmations since an instant, so that nobody
// can flood an address by filling in a form.
func askedSince(tx *db.Tx, c id.Customer, since clock.Instant) (n int64, err error) {
	err = tx.QueryRow("select count(*) from confirmation where customer_id = $1 and asked_at >= $2", c, since).Scan(&n)
	return n, err
}

func getConfirmation(tx *db.Tx, c id.Customer, number id.Request) (confirmation, error) {
	rows, err := tx.Query("select "+confirmationColumns+" from confirmation where customer_id = $1 and confirmation_id = $2", c, number)
	found, err := db.Collect(rows, err, scanConfirmation)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "bad_link", "this link is not valid")
	}
	if err != nil {
		return confirmation{}, err
	}
	return found[0], nil
}

// useConfirmation marks it used; a second use or an old one is CONFLICT.
func useConfirmation(tx *db.Tx, c confirmation, now clock.Instant) error {
	n, err := tx.Exec(`update confirmation set used_at = $3
		where customer_id = $1 and confirmation_id = $2 and used_at = 0 and expires_at > $3`, c.customer, c.number, now)
	if err == nil && n == 0 {
		err = errs.New(errs.Conflict, "link_spent", "this link was used or is too old")
	}
	return err
}

// waitingFor finds what of a purpose and channel waits for a parent; zero when
// nothing does.
func waitingFor(tx *db.Tx, who id.Customer, p term.Purpose, ch term.Channel, now clock.Instant) (confirmation, error) {
	rows, err := tx.Query("select "+confirmationColumns+` from confirmation where customer_id = $1 and purpose = $2 and channel = $3
		and parent = 1 and used_at = 0 and expires_at > $4 order by confirmation_id desc limit 1`, who, p, ch, now)
	found, err := db.Collect(rows, err, scanConfirmation)
	if err != nil || len(found) == 0 {
		return confirmation{}, err
	}
	return found[0], nil
}

// sealConfirmation makes the token of a link. Its kind says who may press: one
// for the person never works for a parent.
func sealConfirmation(ring *keyring.Ring, kind string, c confirmation) string {
	return ring.SealToken(kind, pair(c.customer, c.number))
}

func openConfirmation(ring *keyring.Ring, kind, token string) (id.Customer, id.Request, error) {
	b, err := ring.OpenToken(kind, token)
	if err != nil {
		return 0, 0, err
	}
	return unpair(b)
}

// unconfirmed lists customers with a confirmation older than a limit that was
// never used, oldest first.
func unconfirmed(ctx context.Context, d *db.DB, before clock.Instant, limit int) ([]confirmation, error) {
	var out []confirmation
	err := d.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select "+confirmationColumns+` from confirmation
			where used_at = 0 and asked_at <= $1 order by asked_at, confirmation_id limit $2`, before, limit)
		out, err = db.Collect(rows, err, scanConfirmation)
		return err
	})
	return out, err
}
