package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// A code proves that the reader holds the address on file. The numbers are the
// design's: short enough to type, too few tries to guess.
const (
	codeDigits   = 8
	codeLives    = 10 * time.Minute
	codeTries    = 5
	codesADay    = 10
	sessionLives = 15 * time.Minute
)

const (
	challengeToken = "challenge"
	sessionToken   = "portal-session"
)

// stepUps makes and checks codes. Only digests of codes are stored.
type stepUps struct {
	db    *db.DB
	ring  *keyring.Ring
	clock clock.Clock
}

// challenge is one code that was asked for.
type challenge struct {
	customer id.Customer
	number   id.Request
}

// start makes a code for a customer and has it sent in the same transaction. Too
// many in a day are LIMITED.
func (s stepUps) start(ctx context.Context, c id.Customer, send func(tx *db.Tx, ch challenge, code string) error) (challenge, error) {
	code, err := newCode()
	if err != nil {
		return challenge{}, err
	}
	ch := challenge{c, id.New[id.Request]()}
	now := s.clock.Now()
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec("delete from step_up where customer_id = $1 and expires_at < $2", c, now.Add(-24*time.Hour)); err != nil {
			return err
		}
		var recent int64
		if err := tx.QueryRow("select count(*) from step_up where customer_id = $1", c).Scan(&recent); err != nil {
			return err
		}
		if recent >= codesADay {
			return errs.New(errs.Limited, "too_many_codes", "too many codes were asked for today; try again tomorrow")
		}
		_, err := tx.Exec(`insert into step_up (customer_id, challenge_id, code, tries, expires_at, used_at)
			values ($1, $2, $3, 0, $4, 0)`, c, ch.number, s.digest(ch, code), now.Add(codeLives))
		if err != nil {
			return err
		}
		return send(tx, ch, code)
	})
	return ch, err
}

// check counts a try and reports whether the code is right. A wrong code is
// INVALID; a spent, old or unknown one is CONFLICT.
func (s stepUps) check(ctx context.Context, ch challenge, code string) error {
	code = strings.ReplaceAll(code, " ", "")
	right := false
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		right = false
		var want []byte
		rows, err := tx.Query(`update step_up set tries = tries + 1
			where customer_id = $1 and challenge_id = $2 and used_at = 0 and tries < $3 and expires_at > $4
			returning code`, ch.customer, ch.number, codeTries, s.clock.Now())
		found, err := db.Collect(rows, err, func(scan db.Scan) (b []byte, err error) { err = scan(&b); return b, err })
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return errs.New(errs.Conflict, "code_spent", "this code is used up")
		}
		want = found[0]
		if !hmac.Equal(want, s.digest(ch, code)) {
			return nil // the try counts
		}
		right = true
		_, err = tx.Exec("update step_up set used_at = $3 where customer_id = $1 and challenge_id = $2", ch.customer, ch.number, s.clock.Now())
		return err
	})
	if err == nil && !right {
		return errs.New(errs.Invalid, "wrong_code", "this is not the code")
	}
	return err
}

func (s stepUps) digest(ch challenge, code string) []byte {
	return s.ring.Digest(keyring.Secret, "step-up", ch.number.String(), code).Sum
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// seal makes the cookie that remembers a challenge or a session.
func (s stepUps) seal(kind string, c id.Customer, number id.Request, until clock.Instant) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c))
	b = binary.BigEndian.AppendUint64(b, uint64(number))
	b = binary.BigEndian.AppendUint64(b, uint64(until))
	return s.ring.SealToken(kind, b)
}

// open reads such a cookie; an old or foreign one is UNAUTHORIZED.
func (s stepUps) open(kind, token string) (challenge, error) {
	b, err := s.ring.OpenToken(kind, token)
	if err != nil || len(b) != 24 || clock.Instant(binary.BigEndian.Uint64(b[16:])) <= s.clock.Now() {
		return challenge{}, errs.New(errs.Unauthorized, "no_session", "open the link in your mail again")
	}
	return challenge{id.Customer(binary.BigEndian.Uint64(b)), id.Request(binary.BigEndian.Uint64(b[8:]))}, nil
}
