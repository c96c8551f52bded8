package ledger_test

import (
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/ledger"
)

// BenchmarkAppend is what an entry adds to a transaction, without the commit.
func BenchmarkAppend(b *testing.B) {
	f := open(b, dbtest.SQLite(b))
	content := map[string]any{"purpose": "letter", "channel": "email", "ask": "newsletter", "notice": "ntc_0000000000001"}
	for done := 0; done < b.N; {
		n := min(1000, b.N-done)
		f.write(b, func(tx *db.Tx) error {
			for range n {
				if _, err := f.Append(tx, "bench.act", start, content); err != nil {
					return err
				}
			}
			return nil
		})
		done += n
	}
}

// BenchmarkPrepare is the part of an append that needs no database.
func BenchmarkPrepare(b *testing.B) {
	content := map[string]any{"purpose": "letter", "channel": "email", "ask": "newsletter", "notice": "ntc_0000000000001"}
	for b.Loop() {
		if _, err := ledger.Prepare("bench.act", start, content); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSequence is what numbering costs an entry, in rounds of 1,000.
func BenchmarkSequence(b *testing.B) {
	f := open(b, dbtest.SQLite(b))
	for done := 0; done < b.N; {
		n := min(1000, b.N-done)
		b.StopTimer()
		f.append(b, n)
		b.StartTimer()
		f.sequence(b)
		done += n
	}
}

// BenchmarkProof is one inclusion proof from tiles, in a tree of 100,000 leaves.
func BenchmarkProof(b *testing.B) {
	f := open(b, dbtest.SQLite(b))
	var entries []id.Entry
	for range 50 {
		entries = append(entries, f.append(b, 2000)...)
		f.sequence(b)
	}
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(entries)
		if _, err := f.Proof(ctx, entries[i]); err != nil {
			b.Fatal(err)
		}
	}
}
