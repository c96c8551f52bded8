// Package keyring holds the installation's root keys and what is derived from
// them: keyed digests and sealed tokens.
//
// Each use has its own key, derived by HKDF-SHA-256 (RFC 5869) under a label,
// so that digests of different uses cannot be joined. A ring keeps every
// version of its root key: new digests carry the newest version's number, and
// lookups try all of them, because a suppression must hold for ever.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"candor/internal/errs"
)

// Use is a label that keeps derived keys apart.
type Use string

// The uses of derived keys.
const (
	Identity    Use = "identity"    // finding a customer by an address or id
	Suppression Use = "suppression" // never contact this endpoint
	Dedupe      Use = "dedupe"      // the same event twice
	Token       Use = "token"       // links in mails, sessions, codes
	Secret      Use = "secret"      // keys of sources and API tokens, as stored
	Send        Use = "send"        // the key of one message to one customer
	MessageID   Use = "message-id"  // the Message-ID of one message
	Lot         Use = "lot"         // who is left out of a campaign, by chance
	Journal     Use = "journal"     // endpoints and customers in the protection journal
	Vault       Use = "vault"       // the key that wraps customers' data keys
	Import      Use = "import"      // the same file again
	Blob        Use = "blob"        // sealed bytes of nobody in particular, such as quarantine
	Claim       Use = "claim"       // evidence that outlives an erasure, sealed
	Claimant    Use = "claimant"    // by whom that evidence is found
)

// Digest is a keyed digest and the version of the key that made it.
type Digest struct {
	KeyID int64
	Sum   []byte // 32 bytes
}

// Ring holds the root keys, oldest first. It is safe for concurrent use.
type Ring struct {
	keys []root

	mu      sync.Mutex
	derived map[derivedKey][]byte
}

type root struct {
	ID   int64          `json:"id"`
	Key  []byte         `json:"key,omitempty"`  // 32 random bytes
	Uses map[Use][]byte `json:"uses,omitempty"` // of a retired key: what may still be derived from it
}

type derivedKey struct {
	id  int64
	use Use
}

// Generate makes a ring with one fresh root key.
func Generate() *Ring {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return &Ring{keys: []root{{ID: 1, Key: key}}, derived: map[derivedKey][]byte{}}
}

// Open reads a ring from a file, or makes it when it does not exist. The file
// is readable by its owner alone; a wider mode is refused.
func Open(path string) (*Ring, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		r := Generate()
		return r, r.save(path)
	}
	return Read(path)
}

// Read is Open for those who must not make one: it returns NOT_FOUND when there is
// none.
func Read(path string) (*Ring, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.New(errs.NotFound, "no_keyring", "there is no key file at %s; bring the one of this installation", path)
	}
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, errs.New(errs.Invalid, "keyring_mode", "the key file can be read by others; run: chmod 600 on it")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return Parse(b)
}

// Parse reads a ring from what Open's file or a secret store holds.
func Parse(b []byte) (*Ring, error) {
	r := &Ring{derived: map[derivedKey][]byte{}}
	if err := json.Unmarshal(b, &r.keys); err != nil || len(r.keys) == 0 {
		return nil, errs.New(errs.Invalid, "keyring_format", "the key file is not a list of root keys")
	}
	for i, k := range r.keys {
		if !k.valid() || k.ID <= 0 || i > 0 && k.ID <= r.keys[i-1].ID {
			return nil, errs.New(errs.Invalid, "keyring_format", "root key %d is not 32 bytes under a rising number", i+1)
		}
	}
	if len(r.keys[len(r.keys)-1].Key) == 0 {
		return nil, errs.New(errs.Invalid, "keyring_format", "the newest root key of the key file is retired")
	}
	return r, nil
}

func (r *Ring) save(path string) error {
	b, err := json.Marshal(r.keys)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keyring: %w", err)
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// Current is the number of the newest root key.
func (r *Ring) Current() int64 { return r.keys[len(r.keys)-1].ID }

// IDs lists the numbers of all root keys, newest first.
func (r *Ring) IDs() []int64 {
	out := make([]int64, 0, len(r.keys))
	for i := len(r.keys) - 1; i >= 0; i-- {
		out = append(out, r.keys[i].ID)
	}
	return out
}

// Key derives the 32-byte key of a use from one root key. Only gate's vault may
// ask for the key of use Vault: a test lists the callers.
func (r *Ring) Key(keyID int64, use Use) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.derived[derivedKey{keyID, use}]; k != nil {
		return k, nil
	}
	for _, root := range r.keys {
		if root.ID != keyID {
			continue
		}
		if len(root.Key) == 0 {
			if k := root.Uses[use]; k != nil {
				return k, nil
			}
			break
		}
		k, err := hkdf.Key(sha256.New, root.Key, nil, "candor/"+string(use)+"/v1", 32)
		if err != nil {
			return nil, err
		}
		r.derived[derivedKey{keyID, use}] = k
		return k, nil
	}
	return nil, errs.New(errs.NotFound, "no_such_key", "the root key %d is not in the ring, or was retired", keyID)
}

// Digest is HMAC-SHA-256 over the parts, each with its length, under the newest
// key of a use.
func (r *Ring) Digest(use Use, parts ...string) Digest {
	return r.digest(r.Current(), use, parts)
}

// Digests gives the digest under every version of the key, newest first.
func (r *Ring) Digests(use Use, parts ...string) []Digest {
	out := make([]Digest, 0, len(r.keys))
	for _, keyID := range r.IDs() {
		out = append(out, r.digest(keyID, use, parts))
	}
	return out
}

func (r *Ring) digest(keyID int64, use Use, parts []string) Digest {
	key, err := r.Key(keyID, use)
	if err != nil {
		panic(err) // keyID is one of the ring's own
	}
	mac := hmac.New(sha256.New, key)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		mac.Write(n[:])
		mac.Write([]byte(p))
	}
	return Digest{keyID, mac.Sum(nil)}
}

var errToken = errs.New(errs.NotFound, "bad_link", "this link is not valid")

// SealToken makes an opaque token of a kind: AES-256-GCM under the newest key,
// with the kind as associated data, in unpadded base64url. A token of one kind
// never opens as another (SEC-09).
func (r *Ring) SealToken(kind string, payload []byte) string {
	keyID := r.Current()
	aead, err := r.Cipher(keyID, Token)
	if err != nil {
		panic(err) // the ring has its current key
	}
	out := binary.AppendUvarint(nil, uint64(keyID))
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	out = append(out, nonce...)
	return base64.RawURLEncoding.EncodeToString(aead.Seal(out, nonce, payload, []byte(kind)))
}

// OpenToken opens a token of this kind. Whatever is wrong with it, the error is
// the same NOT_FOUND.
func (r *Ring) OpenToken(kind, token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, errToken
	}
	keyID, n := binary.Uvarint(b)
	if n <= 0 {
		return nil, errToken
	}
	aead, err := r.Cipher(int64(keyID), Token)
	if err != nil {
		return nil, errToken
	}
	b = b[n:]
	if len(b) < aead.NonceSize() {
		return nil, errToken
	}
	out, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(kind))
	if err != nil {
		return nil, errToken
	}
	return out, nil
}

// Cipher seals and opens with the key of a use (AES-256-GCM).
func (r *Ring) Cipher(keyID int64, use Use) (cipher.AEAD, error) {
	key, err := r.Key(keyID, use)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
