package token

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
)

// Claim is what an operator, who has the keys of the installation at hand, asks
// the running server for: a token, in their name and with their promise of
// confidentiality. Whoever holds the keys needs no other proof; a token cannot
// make one.
type Claim struct {
	Label    string        `json:"label"`
	Scopes   []Scope       `json:"scopes"`
	Networks []string      `json:"networks,omitempty"`
	PerDay   int64         `json:"per_day,omitempty"`
	For      time.Duration `json:"for"`
	Name     string        `json:"name"`    // who asks
	Promise  string        `json:"promise"` // the words of staff.Commitment, promised

	Nonce string        `json:"nonce"`
	Until clock.Instant `json:"until"`
}

const (
	claimLives = 5 * time.Minute
	sealClaim  = "operator-token"
	byOperator = "operator:"
	maxName    = 100
)

// Prove seals a claim with the keys at hand. It is good for five minutes and
// once.
func Prove(ring *keyring.Ring, c Claim, now clock.Instant) (string, error) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	c.Nonce, c.Until = base64.RawURLEncoding.EncodeToString(raw), now.Add(claimLives)
	b, err := json.Marshal(c)
	return ring.SealToken(sealClaim, b), err
}

var errProof = errs.New(errs.Unauthorized, "bad_proof", "this was not made with the keys of this server, or was used, or is older than five minutes; run the command again where the server's keys are")

// MintFor makes the token that an operator claims, once their promise is in the
// ledger. It returns UNAUTHORIZED for what was not made with the keys, and
// FORBIDDEN with no_commitment without the promise.
func (b *Book) MintFor(ctx context.Context, proof string) (text string, t Token, err error) {
	var c Claim
	open, err := b.Ring.OpenToken(sealClaim, proof)
	if err == nil {
		err = json.Unmarshal(open, &c)
	}
	now := b.Clock.Now()
	if err != nil || c.Until <= now {
		return "", Token{}, errProof
	}
	if c.Promise != staff.Commitment {
		return "", Token{}, errNoPromise
	}
	if c.Name == "" || len(c.Name) > maxName || personal.HoldsAddress(c.Name) {
		return "", Token{}, errs.New(errs.Invalid, "bad_name", "say in at most %d letters who makes the token", maxName).On("name")
	}
	err = b.DB.Write(ctx, func(tx *db.Tx) error {
		if err := b.spend(tx, c, now); err != nil {
			return err
		}
		w, err := b.Staff.Ledger.Append(tx, staff.KindCommitted, now, map[string]string{"act": "committed", "by": "operator", "name": c.Name, "text": c.Promise})
		if err != nil {
			return err
		}
		text, t, err = b.Mint(tx, New{Label: c.Label, Scopes: c.Scopes, Networks: c.Networks, PerDay: c.PerDay, For: c.For, By: operator(w)})
		return err
	})
	return text, t, err
}

// operator names whoever holds the keys by the entry of their promise.
func operator(w ledger.Written) term.Actor { return term.Actor(byOperator + w.Entry.String()) }

// spend notes that a claim was used. It returns UNAUTHORIZED the second time.
func (b *Book) spend(tx *db.Tx, c Claim, now clock.Instant) error {
	if _, err := tx.Exec(`delete from api_setup where name <> 'admin' and until_at < $1`, now); err != nil {
		return err
	}
	d := b.Ring.Digest(keyring.Secret, sealClaim, c.Nonce)
	n, err := tx.Exec(`insert into api_setup (name, digest, key_id, until_at, used_at) values ($1, $2, $3, $4, $5) on conflict (name) do nothing`,
		"claim "+c.Nonce, d.Sum, d.KeyID, c.Until, now)
	if err == nil && n == 0 {
		err = errProof
	}
	return err
}
