package bench

import (
	"context"
	"path/filepath"
	"testing"
	"text/tabwriter"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/ledger"
)

// sequencing measures how fast the ledger's sequencer gives numbers to entries that
// wait: leaves, tiles and one checkpoint.
func sequencing(b *testing.B, out *tabwriter.Writer, engine string) {
	const entries, step = 50_000, 5_000
	ctx := context.Background()
	place := dbtestPlace(b, engine)
	if place == "" {
		place = dbtest.SQLitePlace(b)
	}
	d, err := db.Open(ctx, place)
	must(b, err)
	defer func() { _ = d.Close() }()
	dir := b.TempDir()
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "halm.example/bench", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: clock.System{}})
	must(b, err)
	var list []figure
	for range *rounds {
		for range entries / step {
			prepared := make([]ledger.Written, step)
			for i := range prepared {
				prepared[i], err = ledger.Prepare("bench.act", clock.System{}.Now(), map[string]any{"purpose": "letter", "channel": "email", "notice": "ntc_0000000000001", "n": i})
				must(b, err)
			}
			must(b, d.Write(ctx, func(tx *db.Tx) error { return log.Put(tx, prepared...) }))
		}
		before, start, effort := processTime(), time.Now(), d.Effort()
		n, err := log.Sequence(ctx)
		must(b, err)
		took, cpu, spent := time.Since(start), processTime()-before, d.Effort()
		if n != entries {
			b.Fatalf("%d entries have a number", n)
		}
		list = append(list, figure{perSecond: entries / took.Seconds(), cpu: cpu / entries, units: entries,
			effort: db.Effort{Statements: spent.Statements - effort.Statements, Commits: spent.Commits - effort.Commits}})
	}
	write(out, "ledger, entries sequenced", engine, target(100_000, 30_000, engine), list)
}
