package receipt

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/errs"
)

const proofHeader = "c2sp.org/tlog-proof@v1"

// maxHashes is more than a tree of 2^53 leaves needs.
const maxHashes = 53

// Proof is a C2SP tlog-proof: where a leaf is, and how the signed root follows
// from it.
type Proof struct {
	Index      int64
	Hashes     [][]byte // RFC 6962 §2.1.1, from the leaf up
	Checkpoint []byte   // C2SP tlog-checkpoint, signed
}

// String is the proof as text, in the form that ParseProof and others read.
func (p Proof) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHeader, p.Index)
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h) + "\n")
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.String()
}

// ParseProof reads a proof. Exactly what String would write is accepted, but for
// further signatures on the checkpoint, so that no character is without meaning.
func ParseProof(text string) (Proof, error) {
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 2 || len(lines) > 2+maxHashes || lines[0] != proofHeader {
		return Proof{}, malformed("the proof is not a %s", proofHeader)
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	index, ok := strings.CutPrefix(lines[1], "index ")
	if !ok {
		return Proof{}, malformed("the proof has no index")
	}
	var err error
	if p.Index, err = number(index); err != nil {
		return Proof{}, err
	}
	for _, line := range lines[2:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != 32 {
			return Proof{}, malformed("a hash of the proof is not 32 bytes in base64")
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Checkpoint is what a log signs: so many leaves, this root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   []byte
}

// Body is the text that is signed.
func (c Checkpoint) Body() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root))
}

// OpenCheckpoint checks the signature under a key known from elsewhere and reads
// the checkpoint. It returns INVALID with Unsigned when the signature, the key
// or the origin is another's.
func OpenCheckpoint(signed []byte, vkey, origin string) (Checkpoint, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, errs.New(errs.Invalid, Unsigned, "the key given is not a verifier key of the form name+hash+key")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, errs.New(errs.Invalid, Unsigned, "the checkpoint is not signed under the key given")
	}
	if !canonicalSignatures(signed, n) {
		return Checkpoint{}, errs.New(errs.Invalid, Unsigned, "the checkpoint's signature is not in canonical form")
	}
	return parseCheckpoint(n.Text, origin)
}

// canonicalSignatures refuses the few other spellings of the same base64.
func canonicalSignatures(signed []byte, n *note.Note) bool {
	for _, s := range n.Sigs {
		raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
		if err != nil || len(raw) < 5 {
			return false
		}
	}
	return bytes.HasPrefix(signed, []byte(n.Text))
}

func parseCheckpoint(text, origin string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return Checkpoint{}, malformed("the checkpoint has fewer than three lines")
	}
	if lines[0] != origin || origin == "" {
		return Checkpoint{}, errs.New(errs.Invalid, Unsigned, "the checkpoint is of another log, not of the origin given")
	}
	size, err := number(lines[1])
	if err != nil {
		return Checkpoint{}, err
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != 32 {
		return Checkpoint{}, malformed("the checkpoint's root is not 32 bytes in base64")
	}
	return Checkpoint{lines[0], size, root}, nil
}
