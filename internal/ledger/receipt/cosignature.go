package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/errs"
)

// The algorithms of a verifier key (C2SP signed-note): how a witness's key may be
// written, and what its signatures are.
const (
	plainEd25519 = 1
	cosignature  = 4
)

// witness checks the cosignatures of a witness: Ed25519 over the time and the
// checkpoint (C2SP tlog-cosignature, version 1).
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// NewWitness reads a witness's public key, name+hash+key. It returns INVALID when
// it is none.
func NewWitness(vkey string) (note.Verifier, error) {
	bad := errs.New(errs.Invalid, "witness_key", "a witness's key has the form name+hash+key, as the witness publishes it")
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \t\r\n") {
		return nil, bad
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != plainEd25519 && raw[0] != cosignature || keyHash(parts[0], raw) != parts[1] {
		return nil, bad
	}
	w := witness{name: parts[0], key: raw[1:]}
	_, err = fmt.Sscanf(keyHash(w.name, append([]byte{cosignature}, w.key...)), "%08x", &w.hash)
	return w, err
}

func keyHash(name string, key []byte) string {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return fmt.Sprintf("%08x", sum[:4])
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

// Verify checks a signature: 8 bytes of Unix seconds, then Ed25519.
func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(w.key, []byte(signed), sig[8:])
}

// Cosigned gives the signature line of a witness on a checkpoint. It returns
// NOT_FOUND when there is none that is right.
func Cosigned(checkpoint []byte, w note.Verifier) (line string, err error) {
	n, err := note.Open(checkpoint, note.VerifierList(w))
	if err != nil || len(n.Sigs) != 1 || !canonicalSignatures(checkpoint, n) {
		return "", errs.New(errs.NotFound, "not_cosigned", "the checkpoint does not carry the signature of the witness %s", w.Name())
	}
	return fmt.Sprintf("— %s %s\n", n.Sigs[0].Name, n.Sigs[0].Base64), nil
}

// FindCheckpoint finds a log's checkpoint in a text that was kept, such as a mail
// as it was saved. It returns NOT_FOUND when there is none.
func FindCheckpoint(text []byte, named func(origin string) bool) ([]byte, error) {
	for from := 0; from < len(text); {
		line, _, _ := bytes.Cut(text[from:], []byte("\n"))
		if named(string(bytes.TrimSuffix(line, []byte("\r")))) {
			decoded, _ := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text[from:]))) // up to where the mail's part ends
			for _, b := range [][]byte{text[from:], decoded} {
				if found, ok := cutCheckpoint(strings.ReplaceAll(string(b), "\r\n", "\n") + "\n"); ok {
					return []byte(found), nil
				}
			}
		}
		from += len(line) + 1
	}
	return nil, errs.New(errs.NotFound, "no_checkpoint", "there is no checkpoint of this log in it")
}

// cutCheckpoint gives the note that a text begins with: origin, size, root, an
// empty line, signatures.
func cutCheckpoint(text string) (string, bool) {
	head, rest, _ := strings.Cut(text, "\n\n")
	end := 0
	for strings.HasPrefix(rest[end:], "— ") {
		n := strings.IndexByte(rest[end:], '\n')
		if n < 0 {
			break
		}
		end += n + 1
	}
	return head + "\n\n" + rest[:end], end > 0 && strings.Count(head, "\n") == 2
}
