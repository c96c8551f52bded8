package ledger_test

import (
	"crypto/sha256"
	"testing"

	"github.com/gowebpki/jcs"
	"github.com/transparency-dev/formats/log"
	outside "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/ledger/receipt"
)

// A receipt is checked as its package comment says, by other people's code: the
// C2SP formats of transparency-dev, RFC 6962 of the same, Go's sumdb notes.
func TestReceiptsVerifyWithOthersCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		entries := f.append(t, 333)
		f.sequence(t)
		verifier, err := note.NewVerifier(f.VerifierKey())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries[300:310] {
			p, err := f.Proof(ctx, e)
			if err != nil {
				t.Fatal(err)
			}
			r, err := receipt.Parse(p.Receipt)
			if err != nil {
				t.Fatal(err)
			}
			var tp outside.TLogProof
			if err := tp.Unmarshal([]byte(r.Proof)); err != nil {
				t.Fatal(err)
			}
			if string(tp.Marshal()) != r.Proof {
				t.Error("another implementation writes the proof differently")
			}
			checkpoint, _, _, err := log.ParseCheckpoint(tp.Checkpoint, origin, verifier)
			if err != nil {
				t.Fatal(err)
			}
			canonical, err := jcs.Transform(r.Record)
			if err != nil {
				t.Fatal(err)
			}
			commit := sha256.Sum256(append(append([]byte("candor/entry/v1"), r.Salt...), canonical...))
			hashes := make([][]byte, len(tp.Hashes))
			for i := range tp.Hashes {
				hashes[i] = tp.Hashes[i][:]
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(commit[:])
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, tp.Index, checkpoint.Size, leaf, hashes, checkpoint.Hash); err != nil {
				t.Error(err)
			}
		}
	})
}
