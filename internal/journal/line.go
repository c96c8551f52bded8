package journal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// line is an act as kept. Body is JSON and never changes once chained.
type line struct {
	seq  int64
	hash []byte
	body []byte
}

// body is what a line says. Only sealed can be turned back into a customer.
type body struct {
	Kind       Kind            `json:"kind"`
	At         clock.Instant   `json:"at"`
	Controller term.Controller `json:"controller,omitempty"`
	Purpose    term.Purpose    `json:"purpose,omitempty"`
	Channel    term.Channel    `json:"channel,omitempty"`
	Recipient  term.Recipient  `json:"recipient,omitempty"`
	KeyID      int64           `json:"key"`
	Customer   string          `json:"customer,omitempty"` // keyed digest
	Endpoint   string          `json:"endpoint,omitempty"` // keyed digest
	Sealed     string          `json:"sealed"`
}

// secret is the sealed part.
type secret struct {
	Customer    id.Customer `json:"c,omitempty"`
	Endpoint    []byte      `json:"e,omitempty"`
	EndpointKey int64       `json:"k,omitempty"`
	What        string      `json:"w,omitempty"`
	Names       []Name      `json:"n,omitempty"`
	Request     id.Request  `json:"r,omitempty"`
}

// sealKind keeps these tokens from opening as any other.
const sealKind = "journal-act"

func (j *Journal) seal(a Act) line {
	inner, err := json.Marshal(secret{a.Customer, a.Endpoint, a.EndpointKey, a.What, a.Names, a.Request})
	if err != nil {
		panic(err) // an id and bytes always marshal
	}
	b := body{
		Kind: a.Kind, At: a.At, Controller: a.Controller, Purpose: a.Purpose, Channel: a.Channel, Recipient: a.Recipient,
		KeyID: j.ring.Current(), Sealed: j.ring.SealToken(sealKind, inner),
	}
	if a.Customer != 0 {
		b.Customer = hex.EncodeToString(j.ring.Digest(keyring.Journal, "customer", a.Customer.String()).Sum)
	}
	if len(a.Endpoint) > 0 {
		b.Endpoint = hex.EncodeToString(j.ring.Digest(keyring.Journal, "endpoint", string(a.Endpoint)).Sum)
	}
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return line{body: text}
}

func (j *Journal) open(l line) (Act, error) {
	var b body
	if err := json.Unmarshal(l.body, &b); err != nil {
		return Act{}, broken(l.seq)
	}
	inner, err := j.ring.OpenToken(sealKind, b.Sealed)
	if err != nil {
		return Act{}, errs.New(errs.Unavailable, Broken, "line %d of the protection journal cannot be opened; give the keyring it was written with", l.seq)
	}
	var s secret
	if err := json.Unmarshal(inner, &s); err != nil {
		return Act{}, broken(l.seq)
	}
	return Act{Kind: b.Kind, Customer: s.Customer, Endpoint: s.Endpoint, Controller: b.Controller, Purpose: b.Purpose,
		Channel: b.Channel, Recipient: b.Recipient, At: b.At, What: s.What, EndpointKey: s.EndpointKey, Names: s.Names, Request: s.Request}, nil
}

// chain gives the hash of a line from the hash before it.
func chain(prev []byte, seq int64, text []byte) []byte {
	h := sha256.New()
	h.Write([]byte("candor/journal/v1"))
	h.Write(prev)
	h.Write([]byte(strconv.FormatInt(seq, 10) + "\n"))
	h.Write(text)
	return h.Sum(nil)
}

func broken(seq int64) error {
	return errs.New(errs.Unavailable, Broken, "the protection journal is broken at line %d: it was changed, moved or removed", seq)
}

func headParts(seq int64, hash []byte) []string {
	return []string{"head", strconv.FormatInt(seq, 10), string(hash)}
}

// walk gives the lines after a number, checking the chain from the first line.
func (j *Journal) walk(ctx context.Context, from int64, fn func(line, Act) error) error {
	var prev []byte
	var seq int64
	return j.place.each(ctx, 0, func(l line) error {
		seq++
		if l.seq != seq || !bytes.Equal(l.hash, chain(prev, seq, l.body)) {
			return broken(seq)
		}
		prev = l.hash
		if l.seq <= from {
			return nil
		}
		a, err := j.open(l)
		if err != nil {
			return err
		}
		return fn(l, a)
	})
}

// Verify checks every line, and that the journal reaches a head that is known
// from elsewhere, such as a backup. The zero Head stands for none. It returns
// UNAVAILABLE with Broken or Behind.
func (j *Journal) Verify(ctx context.Context, known Head) error {
	if known.Seq > 0 && !j.authentic(known) {
		return errs.New(errs.Invalid, Broken, "the known head of the protection journal was not made with this keyring")
	}
	var reached bool
	var last int64
	err := j.walk(ctx, 0, func(l line, _ Act) error {
		last = l.seq
		if l.seq == known.Seq {
			if !bytes.Equal(l.hash, known.Hash) {
				return broken(l.seq)
			}
			reached = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	seq, _, err := j.place.head(ctx)
	if err == nil && seq > last {
		err = broken(last + 1)
	}
	if err == nil && known.Seq > 0 && !reached {
		err = errs.New(errs.Unavailable, Behind, "the protection journal ends at line %d, but line %d is known; bring back the newer journal", last, known.Seq)
	}
	return err
}

func (j *Journal) authentic(h Head) bool {
	for _, d := range j.ring.Digests(keyring.Journal, headParts(h.Seq, h.Hash)...) {
		if d.KeyID == h.Key && hmac.Equal(d.Sum, h.MAC) {
			return true
		}
	}
	return false
}
