// Package receipt checks, without the log that issued it and without a network,
// that an entry was put on record and is unchanged since.
//
// A receipt is one JSON object:
//
//	schema      "candor/receipt/v1"
//	record      the entry: id, kind, at (RFC 3339, UTC), content
//	salt        32 random bytes in base64, kept with the entry
//	leaf_index  the entry's number in the log, from 0
//	proof       a C2SP tlog-proof (c2sp.org/tlog-proof@v1): index, inclusion
//	            hashes, and the log's signed checkpoint
//
// To check one by other means: take the RFC 8785 (canonical) JSON of record,
// hash "candor/entry/v1", the salt and that text with SHA-256, use the result as
// the data of an RFC 6962 leaf, compute the root from proof, and check the
// checkpoint's Ed25519 signature (C2SP signed-note) under the log's key. The key
// and the origin come from somewhere else you trust, such as the notice; a
// receipt proves nothing about a key it brings along, and so it holds none.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"candor/internal/errs"
	"candor/internal/strict"
)

// Schema names the form of a receipt.
const Schema = "candor/receipt/v1"

// SaltSize is the length of an entry's salt in bytes.
const SaltSize = 32

// commitLabel keeps the hashes of entries apart from all others.
const commitLabel = "candor/entry/v1"

// maxSize bounds what Verify reads.
const maxSize = 1 << 20

// The codes of what is wrong with a receipt.
const (
	Malformed errs.Code = "receipt_malformed"  // not a receipt
	Unsigned  errs.Code = "receipt_unsigned"   // no valid signature of this log under this key
	NotProven errs.Code = "receipt_not_proven" // the record is not the signed tree's leaf
)

// Receipt is a record with its proof.
type Receipt struct {
	Schema    string          `json:"schema"`
	Record    json.RawMessage `json:"record"`
	Salt      []byte          `json:"salt"`
	LeafIndex int64           `json:"leaf_index"`
	Proof     string          `json:"proof"`
}

// Verified is what a good receipt proves: that this record was leaf number Index
// of the log when the log had Size leaves.
type Verified struct {
	Record     json.RawMessage // canonical JSON
	Index      int64
	Size       int64
	Checkpoint []byte // the signed note, as it stands in the proof
}

// Commit is the salted commitment to a record in canonical JSON.
func Commit(salt []byte, record json.RawMessage) []byte {
	h := sha256.New()
	h.Write([]byte(commitLabel))
	h.Write(salt)
	h.Write(record)
	return h.Sum(nil)
}

// Marshal writes the receipt as compact JSON.
func (r Receipt) Marshal() ([]byte, error) {
	r.Schema = Schema
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Verify checks a receipt against a log's public key and origin, both known
// from elsewhere. It returns INVALID with one of this package's codes.
func Verify(receiptJSON []byte, vkey, origin string) (Verified, error) {
	r, err := Parse(receiptJSON)
	if err != nil {
		return Verified{}, err
	}
	p, err := ParseProof(r.Proof)
	if err != nil {
		return Verified{}, err
	}
	c, err := OpenCheckpoint(p.Checkpoint, vkey, origin)
	if err != nil {
		return Verified{}, err
	}
	if p.Index != r.LeafIndex {
		return Verified{}, errs.New(errs.Invalid, NotProven, "the receipt names one leaf and its proof another")
	}
	record, err := Canonical(r.Record)
	if err != nil {
		return Verified{}, malformed("the record cannot be put in canonical form")
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(Commit(r.Salt, record))
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.Index), uint64(c.Size), leaf, p.Hashes, c.Root); err != nil {
		return Verified{}, errs.New(errs.Invalid, NotProven, "the record is not what the log signed at leaf %d", p.Index)
	}
	return Verified{record, p.Index, c.Size, p.Checkpoint}, nil
}

// Parse reads a receipt and checks its form, not its proof. Unknown, repeated
// and differently cased names are refused.
func Parse(b []byte) (Receipt, error) {
	if len(b) > maxSize {
		return Receipt{}, errs.New(errs.TooLarge, Malformed, "the receipt is longer than %d bytes", maxSize)
	}
	if _, err := strict.Object(b); err != nil {
		return Receipt{}, errs.Wrap(err, errs.Invalid, Malformed, "this is not a receipt: it is not strict JSON")
	}
	fields, err := strict.Fields(b)
	if err != nil || len(fields) != 5 {
		return Receipt{}, malformed("it must have schema, record, salt, leaf_index and proof, and nothing else")
	}
	r := Receipt{Record: json.RawMessage(fields["record"])}
	var salt string
	for name, to := range map[string]any{"schema": &r.Schema, "salt": &salt, "proof": &r.Proof} {
		if json.Unmarshal(fields[name], to) != nil {
			return Receipt{}, malformed("%s is missing or not a text", name)
		}
	}
	if r.Schema != Schema {
		return Receipt{}, malformed("its schema is not %s", Schema)
	}
	if r.Salt, err = base64.StdEncoding.Strict().DecodeString(salt); err != nil || len(r.Salt) != SaltSize {
		return Receipt{}, malformed("the salt is not %d bytes in base64", SaltSize)
	}
	if r.LeafIndex, err = number(string(fields["leaf_index"])); err != nil {
		return Receipt{}, malformed("leaf_index is not a leaf's number")
	}
	if !bytes.HasPrefix(r.Record, []byte("{")) {
		return Receipt{}, malformed("the record is not an object")
	}
	return r, nil
}

// number reads a count as canonical decimal.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<53 || strconv.FormatInt(n, 10) != s {
		return 0, malformed("a number is not in plain decimal")
	}
	return n, nil
}

func malformed(format string, args ...any) error {
	return errs.New(errs.Invalid, Malformed, "this is not a receipt: "+format, args...)
}
