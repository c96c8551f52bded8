package message

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// KeyState is how far a DKIM key is.
type KeyState string

// The states of a key. A retired one stays in the DNS for a while, because mails
// that it signed are still on their way.
const (
	KeyWaiting KeyState = "waiting" // made; to be published, and not yet used
	KeySigning KeyState = "signing"
	KeyRetired KeyState = "retired"
)

// KeyLingers is how long the record of a retired key stays published.
const KeyLingers = 7 * 24 * time.Hour

// DomainKey is a DKIM key of a sending domain. Those of the configuration's files
// are signing from the start and have no times.
type DomainKey struct {
	Domain    string
	Selector  string
	State     KeyState
	CreatedAt clock.Instant
	ChangedAt clock.Instant
	Signer    *Signer
}

// DomainKeys are the DKIM keys of all sending domains: those that the
// configuration names as files, and those that were made here, which come first. It
// is safe for concurrent use.
type DomainKeys struct {
	db    *db.DB
	ring  *keyring.Ring
	clock clock.Clock
	files map[string]*Signer

	mu   sync.Mutex
	read time.Time // by this machine's clock, when made was read
	made map[string]*Signer
}

// keysAge is how long another server may still sign with the key before.
const keysAge = 10 * time.Second

// sealKey is what a private key is sealed for.
func sealKey(domain, selector string) string { return "dkim/" + selector + "." + domain }

// signer gives the key with which mails of a domain are signed, or nil. When the
// database does not answer, the key of before still signs.
func (k *DomainKeys) signer(domain string) *Signer {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.read) > keysAge {
		ctx, cancel := context.WithTimeout(context.Background(), keysAge)
		defer cancel()
		var list []DomainKey
		err := k.db.Read(ctx, func(tx *db.Tx) (err error) {
			list, err = k.list(tx, KeySigning)
			return err
		})
		if err == nil {
			k.made, k.read = map[string]*Signer{}, time.Now()
		}
		for _, one := range list {
			k.made[one.Domain] = one.Signer
		}
	}
	if s := k.made[domain]; s != nil {
		return s
	}
	return k.files[domain]
}

func (k *DomainKeys) list(tx *db.Tx, states ...KeyState) ([]DomainKey, error) {
	rows, err := tx.Query(`select domain, selector, state, secret, created_at, changed_at from dkim_key order by domain, created_at, selector`)
	all, err := db.Collect(rows, err, func(scan db.Scan) (one DomainKey, err error) {
		var sealed string
		if err := scan(&one.Domain, &one.Selector, &one.State, &sealed, &one.CreatedAt, &one.ChangedAt); err != nil {
			return one, err
		}
		secret, err := k.ring.OpenToken(sealKey(one.Domain, one.Selector), sealed)
		if err != nil {
			return one, err
		}
		one.Signer, err = NewSigner(one.Domain, one.Selector, secret)
		return one, err
	})
	return slices.DeleteFunc(all, func(one DomainKey) bool { return !slices.Contains(states, one.State) }), err
}

// Of lists a domain's keys: those made here, the oldest first, and that of a file
// while none made here signs.
func (k *DomainKeys) Of(tx *db.Tx, domain string) ([]DomainKey, error) {
	all, err := k.list(tx, KeyWaiting, KeySigning, KeyRetired)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(one DomainKey) bool { return one.Domain != domain })
	if file := k.files[domain]; file != nil && !slices.ContainsFunc(all, func(one DomainKey) bool { return one.State == KeySigning }) {
		all = append([]DomainKey{{Domain: domain, Selector: file.selector, State: KeySigning, Signer: file}}, all...)
	}
	return all, nil
}

// Make makes a key for a domain, to be published before it signs. It is of RSA with
// 2,048 bits, which every receiver verifies (RFC 8301). It returns CONFLICT while
// another one waits.
func (k *DomainKeys) Make(ctx context.Context, domain string) error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	now := k.clock.Now()
	return k.db.Write(ctx, func(tx *db.Tx) error {
		known, err := k.Of(tx, domain)
		if err != nil {
			return err
		}
		selector := "candor-" + now.Time().Format("20060102")
		for _, one := range known {
			if one.State == KeyWaiting {
				return errs.New(errs.Conflict, "dkim_waits", "a key for %s waits to be published already", domain)
			}
			if strings.HasPrefix(one.Selector, selector) {
				selector += "b"
			}
		}
		_, err = tx.Exec(`insert into dkim_key (domain, selector, state, secret, created_at, changed_at) values ($1, $2, $3, $4, $5, $5)`,
			domain, selector, KeyWaiting, k.ring.SealToken(sealKey(domain, selector), secret), now)
		return err
	})
}

// Sign lets a key that waits sign from now on; the one before is retired. That its
// record is published is for the caller to see first. It returns NOT_FOUND when no
// such key waits.
func (k *DomainKeys) Sign(ctx context.Context, domain, selector string) error {
	err := k.db.Write(ctx, func(tx *db.Tx) error {
		now := k.clock.Now()
		if _, err := tx.Exec(`update dkim_key set state = $3, changed_at = $4 where domain = $1 and state = $2`, domain, KeySigning, KeyRetired, now); err != nil {
			return err
		}
		n, err := tx.Exec(`update dkim_key set state = $4, changed_at = $5 where domain = $1 and selector = $2 and state = $3`, domain, selector, KeyWaiting, KeySigning, now)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "no_such_key", "no such key waits to be used")
		}
		return err
	})
	if err == nil {
		k.mu.Lock()
		k.read = time.Time{}
		k.mu.Unlock()
	}
	return err
}

// Forget deletes a key that does not sign: one that waits at once, a retired one
// once its record may go.
func (k *DomainKeys) Forget(ctx context.Context, domain, selector string) error {
	return k.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`delete from dkim_key where domain = $1 and selector = $2 and (state = 'waiting' or state = 'retired' and changed_at < $3)`, domain, selector, k.clock.Now().Add(-KeyLingers))
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "key_in_use", "this key signs, or mails that it signed may still be on their way")
		}
		return err
	})
}
