// Package vault keeps identifying and sensitive values sealed.
//
// Each customer has a random 256-bit key of their own, made with their first
// value and kept, wrapped, in a store apart from the data. Each value is sealed
// under it with AES-256-GCM: a fresh random nonce, and table, field and customer
// as associated data, so that a value moved to another row does not open.
// Destroying the key makes all of a customer's values unreadable, in every
// backup of the data too.
//
// A key is made before the data, outside the data's transaction, and destroyed
// after them: a key without values harms nobody, values without a key are lost.
//
// Only code under gate can import this package.
package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"embed"
	"encoding/binary"
	"io/fs"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/term"
)

//go:embed migration/*.sql
var files embed.FS

// Vault holds the key store and a few opened keys. It is safe for concurrent
// use.
type Vault struct {
	keys  *db.DB
	ring  *keyring.Ring
	clock clock.Clock
	cache *cache
}

// Open opens the key store at a place of its own: a SQLite file or a PostgreSQL
// database other than the data's.
func Open(ctx context.Context, place string, ring *keyring.Ring, c clock.Clock) (*Vault, error) {
	migrations, err := fs.Sub(files, "migration")
	if err != nil {
		return nil, err
	}
	d, err := db.OpenWith(ctx, place, migrations)
	if err != nil {
		return nil, err
	}
	return &Vault{keys: d, ring: ring, clock: c, cache: newCache()}, nil
}

// Close closes the key store and forgets the opened keys.
func (v *Vault) Close() error {
	v.cache.clear()
	return v.keys.Close()
}

// Key seals and opens the values of one customer.
type Key struct {
	customer id.Customer
	aead     cipher.AEAD
}

var errSealed = errs.New(errs.NotFound, "sealed_for_good", "the key of these data was destroyed; they cannot be read")

// table is part of what a sealed value is bound to.
const table = "sealed_value"

func (k Key) bound(f term.Field) []byte {
	b := append([]byte(table), 0)
	b = append(b, f...)
	b = append(b, 0)
	return binary.BigEndian.AppendUint64(b, uint64(k.customer))
}

// Seal seals a value of a field. The same value seals differently each time.
func (k Key) Seal(f term.Field, v personal.Value) []byte {
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce)
	return k.aead.Seal(nonce, nonce, []byte(v.Reveal()), k.bound(f))
}

// Open opens what Seal made for the same field and customer. It returns
// NOT_FOUND for anything else.
func (k Key) Open(f term.Field, sealed []byte) (personal.Value, error) {
	n := k.aead.NonceSize()
	if len(sealed) < n {
		return personal.Value{}, errSealed
	}
	plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], k.bound(f))
	if err != nil {
		return personal.Value{}, errSealed
	}
	return personal.Seal(string(plain)), nil
}

func newKey(c id.Customer, raw []byte) (Key, error) {
	aead, err := gcm(raw)
	return Key{c, aead}, err
}

func gcm(raw []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// wrap seals a data key under a version of the installation's key.
func (v *Vault) wrap(keyID int64, c id.Customer, raw []byte) ([]byte, error) {
	aead, err := v.wrapper(keyID)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, raw, wrapBound(c)), nil
}

func (v *Vault) unwrap(keyID int64, c id.Customer, wrapped []byte) ([]byte, error) {
	aead, err := v.wrapper(keyID)
	if err != nil {
		return nil, err
	}
	n := aead.NonceSize()
	if len(wrapped) < n {
		return nil, errSealed
	}
	raw, err := aead.Open(nil, wrapped[:n], wrapped[n:], wrapBound(c))
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "a customer's key does not open under the installation's key; check the key file")
	}
	return raw, nil
}

func (v *Vault) wrapper(keyID int64) (cipher.AEAD, error) {
	key, err := v.ring.Key(keyID, keyring.Vault)
	if err != nil {
		return nil, err
	}
	return gcm(key)
}

func wrapBound(c id.Customer) []byte {
	return binary.BigEndian.AppendUint64([]byte("data_key\x00"), uint64(c))
}
