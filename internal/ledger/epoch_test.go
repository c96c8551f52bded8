package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

// A database that was set back goes on in a new epoch: under a name of its own,
// so that no size is signed twice, beginning with what was last known. Receipts
// of both epochs hold, and verify tells what was lost.
func TestARestoreOpensANewEpoch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		kept := f.append(t, 300)
		f.sequence(t)
		before, err := f.Proof(ctx, kept[0])
		if err != nil {
			t.Fatal(err)
		}
		oldOrigin, oldKey := f.Origin(), f.VerifierKey()
		rewind := snapshot(t, f)
		f.append(t, 20)
		f.sequence(t)
		lost, err := f.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		rewind()

		g := reopen(t, f)
		if yes, err := g.Rewound(ctx); err != nil || !yes {
			t.Fatalf("rewound: %v, %v", yes, err)
		}
		f.clock.Advance(time.Hour)
		e, err := g.Reopen(ctx, "restore")
		if err != nil {
			t.Fatal(err)
		}
		if e.Previous != string(lost) || e.Origin == oldOrigin || !strings.HasPrefix(e.Origin, oldOrigin+"/") {
			t.Errorf("the epoch %+v does not commit to the last known checkpoint", e)
		}
		more := g.append(t, 50)
		g.sequence(t)
		g = reopen(t, f) // a server that starts later knows the epoch
		if g.Origin() != e.Origin {
			t.Errorf("origin %s, want %s", g.Origin(), e.Origin)
		}
		g.append(t, 1)
		g.sequence(t)
		report, err := g.Verify(ctx)
		if err != nil || report.Lost != 1 || report.Epochs != 2 || report.Size != 352 {
			t.Errorf("verify: %+v, %v", report, err)
		}
		for _, entry := range []id.Entry{kept[0], more[0]} {
			p, err := g.Proof(ctx, entry)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := receipt.Verify(p.Receipt, g.VerifierKey(), g.Origin()); err != nil {
				t.Errorf("a receipt in the new epoch: %v", err)
			}
			if _, err := receipt.Verify(p.Receipt, oldKey, oldOrigin); err == nil {
				t.Error("a receipt of the new epoch verifies under the old name")
			}
		}
		if _, err := receipt.Verify(before.Receipt, oldKey, oldOrigin); err != nil {
			t.Errorf("a receipt of the old epoch: %v", err)
		}
	})
}

// Setting a database back once more, to before its last epoch, is admitted by one
// more epoch; a checkpoint that no epoch names is not.
func TestOnlyAdmittedLossesVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 10)
		f.sequence(t)
		rewind := snapshot(t, f)
		for range 2 {
			f.append(t, 5)
			f.sequence(t)
			rewind()
			f = reopen(t, f)
			f.clock.Advance(time.Hour)
			if _, err := f.Reopen(ctx, "restore"); err != nil {
				t.Fatal(err)
			}
			f.append(t, 3)
			f.sequence(t)
		}
		report, err := f.Verify(ctx)
		if err != nil || report.Lost != 3 || report.Epochs != 2 {
			t.Fatalf("verify: %+v, %v", report, err)
		}
		path := filepath.Join(f.dir, "anchor", ledger.AnchorName)
		lines, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again := strings.SplitAfter(string(lines), "\n")[1] // lost once more, after the last epoch began
		if err := os.WriteFile(path, append(lines, again...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Verify(ctx); errs.CodeOf(err) != ledger.LedgerTampered {
			t.Errorf("a checkpoint that no epoch admits: %v", err)
		}
	})
}
