package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// kept lists the uses that a retired root key goes on serving: digests by which
// people are found again and never written to, links that were sent, lines of the
// journal, backups and evidence for claims. What is not here nothing can derive any more.
var kept = []Use{Identity, Suppression, Dedupe, Token, Secret, Send, MessageID, Journal, Blob, Lot, Import, Claim, Claimant}

// Renew adds a fresh root key to a key file, unless a rotation is under way
// already, and gives the ring with it. New values are sealed under the new key;
// what is sealed under the old ones opens until Retire.
func Renew(path string) (*Ring, error) {
	r, err := Read(path)
	if err != nil || r.Rotating() {
		return r, err
	}
	fresh := Generate().keys[0]
	fresh.ID = r.Current() + 1
	r.keys = append(r.keys, fresh)
	return r, r.replace(path)
}

// Rotating reports whether a rotation was begun and not ended.
func (r *Ring) Rotating() bool {
	whole := 0
	for _, k := range r.keys {
		if len(k.Key) > 0 {
			whole++
		}
	}
	return whole > 1
}

// Retire ends a rotation: of each root key but the newest only what is kept stays
// in the file. Whoever calls it has wrapped everything anew.
func Retire(path string) error {
	r, err := Read(path)
	if err != nil {
		return err
	}
	for i, k := range r.keys[:len(r.keys)-1] {
		if len(k.Key) == 0 {
			continue
		}
		uses := map[Use][]byte{}
		for _, u := range kept {
			if uses[u], err = r.Key(k.ID, u); err != nil {
				return err
			}
		}
		r.keys[i] = root{ID: k.ID, Uses: uses}
	}
	return r.replace(path)
}

// replace writes the ring anew, all or nothing.
func (r *Ring) replace(path string) error {
	b, err := json.Marshal(r.keys)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".root-*") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// valid reports whether a root key is whole, or retired with what is kept.
func (k root) valid() bool {
	if len(k.Key) > 0 {
		return len(k.Key) == 32 && len(k.Uses) == 0
	}
	for _, key := range k.Uses {
		if len(key) != 32 {
			return false
		}
	}
	return len(k.Uses) > 0
}
