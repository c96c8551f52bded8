package ledger_test

import (
	"path/filepath"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

// Content goes when its kind's time is over and not before, all kinds in one
// batch; the tree and the receipts that people hold stay good, and a content that
// is missing otherwise is found.
func TestContentIsExpungedByKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		l, err := ledger.Open(ctx, d, ledger.Options{Origin: origin, SignerFile: filepath.Join(f.dir, "ledger.key"), AnchorDir: filepath.Join(f.dir, "anchor"),
			Clock: f.clock, Classes: map[ledger.Kind]ledger.Class{"read": ledger.Access, "step": ledger.Passing, "consent": ledger.Claim, "other": ledger.Lasting},
			Claims: func(*db.Tx) (int, error) { return 72, nil }})
		if err != nil {
			t.Fatal(err)
		}
		f.Log = l
		made := map[ledger.Kind]ledger.Written{}
		for _, kind := range []ledger.Kind{"read", "step", "consent", "other"} {
			f.write(t, func(tx *db.Tx) error {
				w, err := f.Append(tx, kind, f.clock.Now(), map[string]any{"n": 1})
				made[kind] = w
				return err
			})
		}
		f.sequence(t)
		held, err := f.Proof(ctx, made["read"].Entry)
		if err != nil {
			t.Fatal(err)
		}
		has := func() (out []ledger.Kind) {
			for _, kind := range []ledger.Kind{"read", "step", "consent", "other"} {
				r, err := f.Get(ctx, made[kind].Entry)
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Content) > 0 {
					out = append(out, kind)
				}
			}
			return out
		}
		for _, s := range []struct {
			at   clock.Instant
			gone int
			left int
		}{
			{start.Add(360 * 24 * time.Hour), 0, 4}, {start.Add(368 * 24 * time.Hour), 1, 3},
			{start.Add(1090 * 24 * time.Hour), 0, 3}, {start.Add(1098 * 24 * time.Hour), 1, 2}, {start.Add(2180 * 24 * time.Hour), 0, 2}, {start.Add(2200 * 24 * time.Hour), 1, 1}, {start.Add(9000 * 24 * time.Hour), 0, 1},
		} {
			f.clock.Set(s.at)
			n, err := f.Expunge(ctx)
			if err != nil || n != s.gone || len(has()) != s.left {
				t.Errorf("%s: %d expunged, left %v, %v", s.at, n, has(), err)
			}
			f.sequence(t)
			if report, err := f.Verify(ctx); err != nil || report.Expunged != 4-s.left {
				t.Errorf("%s: %+v, %v", s.at, report, err)
			}
		}
		if _, err := receipt.Verify(held.Receipt, f.VerifierKey(), f.Origin()); err != nil {
			t.Errorf("a receipt that somebody holds: %v", err)
		}
		if _, err := f.Proof(ctx, made["read"].Entry); !errs.Is(err, errs.NotFound) {
			t.Errorf("a receipt of what was expunged: %v", err)
		}
		f.keptElsewhere(t, made["consent"])
		f.exec(t, `update ledger_entry set content = '' where kind = 'other'`)
		f.wantBad(t, 3)
	})
}

// keptElsewhere shows that an entry without content is proven to whoever kept it
// elsewhere, and nothing else in its place.
func (f *fixture) keptElsewhere(t *testing.T, w ledger.Written) {
	t.Helper()
	p, err := f.ProofOf(ctx, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.Verify(p.Receipt, f.VerifierKey(), f.Origin()); err != nil {
		t.Errorf("proof of what was kept elsewhere: %v", err)
	}
	w.Content = []byte(`{"n":2}`)
	if _, err := f.ProofOf(ctx, w); !errs.Is(err, errs.NotFound) {
		t.Errorf("proof of something else: %v", err)
	}
}
