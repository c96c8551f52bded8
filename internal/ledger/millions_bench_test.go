package ledger

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
)

// BenchmarkTenMillionProof is one inclusion proof from tiles, in a tree of ten
// million leaves. Most leaves are made up and have no entry; those that are proved
// lie among them.
func BenchmarkTenMillionProof(b *testing.B) {
	const rounds, madeUp = 100, 100_000
	ctx, d, dir := context.Background(), dbtest.SQLite(b), b.TempDir()
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	log, err := Open(ctx, d, Options{Origin: "halm.example/bench", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: clock.System{}})
	check(err)
	var entries []id.Entry
	for range rounds {
		check(d.Write(ctx, func(tx *db.Tx) error { return addMadeUp(tx, madeUp) }))
		check(d.Write(ctx, func(tx *db.Tx) error {
			for i := range 50 {
				w, err := log.Append(tx, "bench.act", clock.System{}.Now(), map[string]any{"n": i})
				if err != nil {
					return err
				}
				entries = append(entries, w.Entry)
			}
			return nil
		}))
		_, err := log.Sequence(ctx)
		check(err)
	}
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(entries)
		_, err := log.Proof(ctx, entries[i])
		check(err)
	}
}

// addMadeUp lets the tree grow by leaves without entries.
func addMadeUp(tx *db.Tx, n int) error {
	h, err := readHead(tx)
	if err != nil {
		return err
	}
	e, err := readEdge(tx, h.size, h.root)
	if err != nil {
		return err
	}
	store := func(t tile, hashes []byte) {
		if err == nil {
			err = writeTile(tx, t, hashes)
		}
	}
	for range n {
		e.add(hashLeaf(binary.BigEndian.AppendUint64(nil, uint64(e.size))), store)
	}
	e.open(store)
	h.size, h.root = e.size, e.root()
	if err != nil {
		return err
	}
	return writeHead(tx, h)
}
