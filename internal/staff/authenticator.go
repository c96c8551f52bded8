package staff

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, which every authenticator speaks; HMAC-SHA-1 is not broken
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// Codes of an authenticator: RFC 6238 with 30 seconds and six digits, one step
// of drift either way, each good once.
const (
	stepLength = 30 * time.Second
	codeDigits = 6
	drift      = 1
	secretSize = 20
)

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSecret() string {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b)
	return base32Plain.EncodeToString(b)
}

func stepAt(at clock.Instant) int64 { return at.Time().Unix() / int64(stepLength.Seconds()) }

// code is RFC 4226's HOTP for a step.
func code(secret string, step int64) (string, error) {
	key, err := base32Plain.DecodeString(secret)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff % 1_000_000
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// Code is what an authenticator with this secret shows at a time. Tests and the
// demo's sample administrator have no phone.
func Code(secret string, at clock.Instant) (string, error) { return code(secret, stepAt(at)) }

// stepOf finds the step, later than the last one used, whose code this is.
func stepOf(secret, given string, at clock.Instant, last int64) (int64, bool) {
	given = strings.Join(strings.Fields(given), "")
	now, found := stepAt(at), int64(-1)
	for step := now - drift; step <= now+drift; step++ {
		want, err := code(secret, step)
		if err == nil && hmac.Equal([]byte(want), []byte(given)) && step > last {
			found = step
		}
	}
	return found, found >= 0
}

// authenticatorURI is what the picture for the phone holds.
func authenticatorURI(issuer, account, secret string) string {
	label := url.PathEscape(issuer + ":" + account)
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

const (
	recoveryCodes = 10
	recoverySize  = 10 // letters of base 32: 50 bits
)

// newRecoveryCodes replaces a person's recovery codes and gives them, to be
// shown once.
func (r *Roster) newRecoveryCodes(tx *db.Tx, p stored) ([]string, error) {
	if _, err := tx.Exec(`delete from staff_recovery where staff_id = $1`, p.ID); err != nil {
		return nil, err
	}
	var out []string
	var rows [][]any
	for range recoveryCodes {
		b := make([]byte, 7)
		_, _ = rand.Read(b)
		c := strings.ToLower(base32Plain.EncodeToString(b))[:recoverySize]
		d := r.Ring.Digest(keyring.Secret, "staff-recovery", p.ID.String(), c)
		rows = append(rows, []any{p.ID, d.Sum, d.KeyID, 0})
		out = append(out, c[:5]+"-"+c[5:])
	}
	_, err := tx.InsertMany(`insert into staff_recovery (staff_id, digest, key_id, used_at) values`, "", rows)
	return out, err
}

// useRecoveryCode marks a code as used. It reports false when there is no such
// code, or it is spent.
func (r *Roster) useRecoveryCode(tx *db.Tx, p stored, given string) (bool, error) {
	given = strings.ToLower(strings.Join(strings.FieldsFunc(given, func(c rune) bool { return c == ' ' || c == '-' }), ""))
	if len(given) != recoverySize {
		return false, nil
	}
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-recovery", p.ID.String(), given) {
		n, err := tx.Exec(`update staff_recovery set used_at = $3 where staff_id = $1 and digest = $2 and used_at = 0`, p.ID, d.Sum, r.Clock.Now())
		if err != nil || n == 1 {
			return n == 1, err
		}
	}
	return false, nil
}

// RecoveryLeft counts a person's unused recovery codes.
func RecoveryLeft(tx *db.Tx, p Person) (int, error) {
	var n int
	err := tx.QueryRow(`select count(*) from staff_recovery where staff_id = $1 and used_at = 0`, p.ID).Scan(&n)
	return n, err
}

// checkFactor uses up a code of the authenticator or a recovery code in the
// caller's transaction and says which it was. It returns INVALID for a wrong or
// used one; the caller counts the try.
func (r *Roster) checkFactor(tx *db.Tx, p stored, given string) (string, error) {
	secret, err := r.open("authenticator", p.ID, p.authenticator)
	if err != nil {
		return "", err
	}
	if !secret.IsZero() {
		if step, ok := stepOf(secret.Reveal(), given, r.Clock.Now(), p.lastStep); ok {
			n, err := tx.Exec(`update staff set last_step = $2 where staff_id = $1 and last_step < $2`, p.ID, step)
			if err != nil || n == 1 {
				return "authenticator", err
			}
		}
	}
	ok, err := r.useRecoveryCode(tx, p, given)
	if err != nil || ok {
		return "recovery code", err
	}
	return "", errs.New(errs.Invalid, WrongCode, "this code is not right, or was used before; wait for the next one and type it").On("code")
}
