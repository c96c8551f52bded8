package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

var ctx = context.Background()

const origin = "halm.example/candor"

var start = clock.UTC(2026, 3, 1, 12, 0, 0)

// fixture is a log with the pieces a test turns.
type fixture struct {
	*ledger.Log
	db    *db.DB
	clock *clock.Fake
	dir   string
}

func open(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	return reopen(t, &fixture{db: d, clock: clock.NewFake(start), dir: t.TempDir()})
}

func reopen(t testing.TB, f *fixture) *fixture {
	t.Helper()
	l, err := ledger.Open(ctx, f.db, ledger.Options{
		Origin: origin, SignerFile: filepath.Join(f.dir, "ledger.key"), AnchorDir: filepath.Join(f.dir, "anchor"), Clock: f.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{l, f.db, f.clock, f.dir}
}

func (f *fixture) write(t testing.TB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := f.db.Write(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) append(t testing.TB, n int) []id.Entry {
	t.Helper()
	var out []id.Entry
	f.write(t, func(tx *db.Tx) error {
		out = out[:0]
		for i := range n {
			w, err := f.Append(tx, "test.act", f.clock.Now(), map[string]any{"n": i, "what": "test"})
			if err != nil {
				return err
			}
			out = append(out, w.Entry)
		}
		return nil
	})
	return out
}

func (f *fixture) sequence(t testing.TB) int {
	t.Helper()
	n, err := f.Sequence(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (f *fixture) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	f.write(t, func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

func TestEveryEntryIsProvenUnderEveryTreeSize(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var entries []id.Entry
		for _, n := range []int{1, 1, 5, 248, 1, 1, 300, 700} {
			entries = append(entries, f.append(t, n)...)
			if got := f.sequence(t); got != n {
				t.Fatalf("sequenced %d, want %d", got, n)
			}
		}
		step := 1
		for i := 0; i < len(entries); i += step {
			p, err := f.Proof(ctx, entries[i])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := receipt.Verify(p.Receipt, f.VerifierKey(), origin); err != nil {
				t.Fatalf("entry %d: %v", i, err)
			}
			if p.Row.Pos != int64(i) || p.Size != int64(len(entries)) {
				t.Fatalf("entry %d: leaf %d of %d", i, p.Row.Pos, p.Size)
			}
			step = 1 + i/40
		}
		report, err := f.Verify(ctx)
		if err != nil || report.Size != int64(len(entries)) || report.Checkpoints != 8 || report.Anchors != 8 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

func TestAnEntryIsPendingUntilACheckpointCoversIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		e := f.append(t, 1)[0]
		if _, err := f.Proof(ctx, e); errs.CodeOf(err) != ledger.ProofPending || errs.KindOf(err) != errs.Conflict {
			t.Errorf("before: %v", err)
		}
		f.sequence(t)
		if _, err := f.Proof(ctx, e); err != nil {
			t.Errorf("after: %v", err)
		}
		if _, err := f.Proof(ctx, e+1); !errs.Is(err, errs.NotFound) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestAFailedActLeavesNoEntry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		boom := fmt.Errorf("boom")
		err := d.Write(ctx, func(tx *db.Tx) error {
			if _, err := f.Append(tx, "test.act", start, nil); err != nil {
				return err
			}
			return boom
		})
		if err != boom || f.sequence(t) != 0 {
			t.Errorf("an entry of a failed act was numbered: %v", err)
		}
	})
}

// A transaction that took its id early and commits late, after entries with
// higher ids were numbered, is not lost.
func TestLateCommitIsNotLost(t *testing.T) {
	d := openDB(t, dbtest.PostgresPlace(t))
	f := open(t, d)
	var late id.Entry
	written, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- d.Write(ctx, func(tx *db.Tx) error {
			w, err := f.Append(tx, "test.late", start, nil)
			late = w.Entry
			close(written)
			<-goOn
			return err
		})
	}()
	<-written
	early := f.append(t, 3)
	f.sequence(t)
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.sequence(t)
	p, err := f.Proof(ctx, late)
	if err != nil {
		t.Fatal(err)
	}
	if late > early[0] || p.Row.Pos != 3 {
		t.Errorf("late id %d (first early %d) got leaf %d, want 3", late, early[0], p.Row.Pos)
	}
	if _, err := f.Verify(ctx); err != nil {
		t.Error(err)
	}
}

// An id that comes again, lower than ids numbered before, is numbered all the
// same: on SQLite ids of deleted rows may be given again.
func TestReusedIDIsNotLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 4)
		f.sequence(t)
		w, err := ledger.Prepare("test.again", start, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.exec(t, `insert into ledger_entry (entry_id, kind, at, salt, commitment, content) values (5, $1, $2, $3, $4, $5)`,
			w.Kind, w.At, w.Salt, w.Commit, string(w.Content))
		if n := f.sequence(t); n != 1 {
			t.Errorf("numbered %d entries, want the one with the low id", n)
		}
	})
}

// Two servers, each with a connection of its own to one database, write and
// sequence side by side: nothing is lost, and no leaf is given twice.
func TestOfTwoSequencersOneWorks(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		f := open(t, openDB(t, place))
		g := reopen(t, &fixture{db: openDB(t, place), clock: f.clock, dir: f.dir})
		var wg sync.WaitGroup
		for range 8 {
			for _, l := range []*fixture{f, g} {
				wg.Go(func() {
					l.append(t, 25)
					if _, err := l.Sequence(ctx); err != nil && errs.CodeOf(err) != db.ErrLeaseLost {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		f.sequence(t)
		report, err := g.Verify(ctx)
		if err != nil || report.Size != 400 || report.Pending != 0 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}

func openDB(t *testing.T, place string) *db.DB {
	t.Helper()
	d, err := db.Open(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// A sequencer that slept through its lease cannot write as if it still held it:
// the fence has risen.
func TestAFormerHolderIsFencedOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		take := func(holder string, now clock.Instant) (l db.Lease, err error) {
			err = d.Write(ctx, func(tx *db.Tx) (err error) {
				l, err = db.TakeLease(tx, "x", holder, now.Add(db.LeaseTime), now)
				return err
			})
			return l, err
		}
		a, err := take("a", start)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := take("b", start.Add(time.Second)); errs.CodeOf(err) != db.ErrLeaseLost {
			t.Errorf("b took a lease that a holds: %v", err)
		}
		b, err := take("b", start.Add(db.LeaseTime))
		if err != nil || b.Fence <= a.Fence {
			t.Fatalf("fences %d, %d: %v", a.Fence, b.Fence, err)
		}
		err = d.Write(ctx, func(tx *db.Tx) error { return a.Hold(tx, start.Add(time.Hour)) })
		if errs.CodeOf(err) != db.ErrLeaseLost {
			t.Errorf("a still holds: %v", err)
		}
	})
}

func TestABackwardClockStopsCheckpoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 1)
		f.sequence(t)
		f.append(t, 1)
		f.clock.Advance(-2 * time.Second)
		f.sequence(t) // two seconds are tolerated
		e := f.append(t, 1)[0]
		f.clock.Advance(-time.Second)
		if _, err := f.Sequence(ctx); errs.CodeOf(err) != ledger.ClockStepped {
			t.Fatalf("err = %v, want clock_stepped", err)
		}
		if err := f.Health(); errs.CodeOf(err) != ledger.ClockStepped {
			t.Errorf("health = %v", err)
		}
		if _, err := f.Proof(ctx, e); errs.CodeOf(err) != ledger.ProofPending {
			t.Errorf("proof: %v", err)
		}
		f.clock.Advance(3 * time.Second)
		f.sequence(t)
		if _, err := f.Proof(ctx, e); err != nil || f.Health() != nil {
			t.Errorf("after the clock caught up: %v, %v", err, f.Health())
		}
	})
}

func TestListPagesByKindAndTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		for i := range 30 {
			f.write(t, func(tx *db.Tx) error {
				_, err := f.Append(tx, ledger.Kind(fmt.Sprintf("k%d", i%2)), start.Add(time.Duration(i/4)*time.Hour), i)
				return err
			})
		}
		filter := ledger.Filter{Kind: "k1", Since: start.Add(time.Hour), Until: start.Add(6 * time.Hour), Limit: 3}
		var seen []string
		for {
			rows, err := f.List(ctx, filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				seen = append(seen, string(r.Content))
			}
			filter.Before = rows[len(rows)-1].Mark()
		}
		if got := strings.Join(seen, " "); got != "23 21 19 17 15 13 11 9 7 5" {
			t.Errorf("listed %s", got)
		}
	})
}

func TestOpenRefusesAnotherLogsKey(t *testing.T) {
	d := dbtest.SQLite(t)
	f := open(t, d)
	_, err := ledger.Open(ctx, d, ledger.Options{Origin: "other.example/candor", SignerFile: filepath.Join(f.dir, "ledger.key")})
	if !errs.Is(err, errs.Invalid) {
		t.Errorf("another origin: %v", err)
	}
	if err := os.Chmod(filepath.Join(f.dir, "ledger.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = ledger.Open(ctx, d, ledger.Options{Origin: origin, SignerFile: filepath.Join(f.dir, "ledger.key")})
	if errs.CodeOf(err) != "ledger_key_mode" {
		t.Errorf("a key others can read: %v", err)
	}
}

func TestTheKeyStaysFromOneStartToTheNext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.append(t, 300)
		f.sequence(t)
		first, err := f.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		g := reopen(t, f)
		g.sequence(t)
		second, _ := g.Checkpoint(ctx)
		if f.VerifierKey() != g.VerifierKey() || !bytes.Equal(first, second) {
			t.Error("a restart changed the key or signed one size twice")
		}
		g.append(t, 300)
		g.sequence(t)
		if r, err := g.Verify(ctx); err != nil || r.Size != 600 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// Entries that say the same share nothing that a leaf shows, and each proves alone.
func TestAnEntryAgainIsAnEntryOfItsOwn(t *testing.T) {
	f := open(t, dbtest.SQLite(t))
	first, err := ledger.Prepare("test.act", f.clock.Now(), map[string]any{"what": "test"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Again()
	if err != nil {
		t.Fatal(err)
	}
	if second.Entry == first.Entry || bytes.Equal(second.Salt, first.Salt) || bytes.Equal(second.Commit, first.Commit) || string(second.Content) != string(first.Content) {
		t.Fatal("the second is not an entry of its own with the same content")
	}
	f.write(t, func(tx *db.Tx) error { return f.Put(tx, first, second) })
	f.sequence(t)
	for _, w := range []ledger.Written{first, second} {
		if _, err := f.Proof(ctx, w.Entry); err != nil {
			t.Error(err)
		}
	}
	if report, err := f.Verify(ctx); err != nil || report.Problem != "" {
		t.Errorf("%v %+v", err, report)
	}
}
