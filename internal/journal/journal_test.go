package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/keyring"
)

var (
	ctx   = context.Background()
	start = clock.UTC(2026, 3, 1, 12, 0, 0)
)

// each runs a test with a main database and the journal that goes with it: a
// file beside SQLite, a database of its own beside PostgreSQL.
func each(t *testing.T, fn func(t *testing.T, d *db.DB, o journal.Options)) {
	o := journal.Options{Ring: keyring.Generate(), Clock: clock.NewFake(start)}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := o
		o.Place = filepath.Join(t.TempDir(), "journal")
		if d.Dialect() == db.Postgres {
			o.Place = dbtest.EmptyPostgresPlace(t)
		}
		fn(t, d, o)
	})
}

func openJournal(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func acts(t testing.TB, j *journal.Journal, from int64) []journal.Act {
	t.Helper()
	var out []journal.Act
	if err := j.Replay(from, func(a journal.Act) error { out = append(out, a); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func withdrawal(c id.Customer) journal.Act {
	return journal.Act{Kind: journal.Withdrawal, Customer: c, Controller: "halm", Purpose: "letter", Channel: "email", At: start}
}

func commit(t testing.TB, d *db.DB, j *journal.Journal, list ...journal.Act) {
	t.Helper()
	err := d.Write(ctx, func(tx *db.Tx) error {
		for _, a := range list {
			j.Append(tx, a)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplayGivesWhatWasAppended(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, o journal.Options) {
		j := openJournal(t, o)
		want := []journal.Act{
			withdrawal(id.NewCustomer()),
			{Kind: journal.Suppression, Endpoint: []byte("digest of an address"), Channel: "email", At: start},
			{Kind: journal.Erasure, Customer: id.NewCustomer(), Controller: "halm", At: start},
		}
		commit(t, d, j, want[0], want[1])
		commit(t, d, j, want[2])
		if got := fmt.Sprint(acts(t, j, 0)); got != fmt.Sprint(want) {
			t.Errorf("got  %s\nwant %s", got, fmt.Sprint(want))
		}
		if got := fmt.Sprint(acts(t, j, 2)); got != fmt.Sprint(want[2:]) {
			t.Errorf("after 2: %s", got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		again := openJournal(t, o)
		if got := fmt.Sprint(acts(t, again, 0)); got != fmt.Sprint(want) {
			t.Errorf("opened again: %s", got)
		}
	})
}

func TestAnUndoneActIsNotInTheJournal(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, o journal.Options) {
		j := openJournal(t, o)
		boom := errors.New("boom")
		err := d.Write(ctx, func(tx *db.Tx) error {
			j.Append(tx, withdrawal(1))
			return boom
		})
		if !errors.Is(err, boom) || len(acts(t, j, 0)) != 0 {
			t.Errorf("err = %v, acts = %d", err, len(acts(t, j, 0)))
		}
	})
}

func TestWithoutTheJournalNothingCommits(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, o journal.Options) {
		j := openJournal(t, o)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		err := d.Write(ctx, func(tx *db.Tx) error {
			j.Append(tx, withdrawal(1))
			_, err := tx.Exec(`insert into setting (name, value) values ('x', 'y')`)
			return err
		})
		if !errs.Is(err, errs.Unavailable) {
			t.Errorf("err = %v", err)
		}
		var n int
		if err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`select count(*) from setting where name = 'x'`).Scan(&n)
		}); err != nil || n != 0 {
			t.Errorf("%d rows were stored without the journal (%v)", n, err)
		}
	})
}

func TestManyWritersChainOneJournal(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, o journal.Options) {
		j := openJournal(t, o)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for k := range 10 {
					commit(t, d, j, withdrawal(id.Customer(1+i*10+k)))
				}
			})
		}
		wg.Wait()
		seen := map[id.Customer]bool{}
		for _, a := range acts(t, j, 0) {
			seen[a.Customer] = true
		}
		if len(seen) != 160 {
			t.Errorf("%d acts, want 160", len(seen))
		}
		if err := j.Verify(ctx, journal.Head{}); err != nil {
			t.Error(err)
		}
	})
}

func TestTheHeadTellsAShortJournal(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, o journal.Options) {
		j := openJournal(t, o)
		commit(t, d, j, withdrawal(1), withdrawal(2))
		before, err := j.Head()
		if err != nil || before.Seq != 2 {
			t.Fatal(before, err)
		}
		commit(t, d, j, withdrawal(3))
		after, _ := j.Head()
		for _, h := range []journal.Head{{}, before, after} {
			if err := j.Verify(ctx, h); err != nil {
				t.Errorf("head %d: %v", h.Seq, err)
			}
		}
		forged := after
		forged.Seq = 9
		if err := j.Verify(ctx, forged); errs.CodeOf(err) != journal.Broken {
			t.Errorf("forged head: %v", err)
		}
		other := o
		other.Ring, other.Place = o.Ring, filepath.Join(t.TempDir(), "empty")
		if err := openJournal(t, other).Verify(ctx, after); errs.CodeOf(err) != journal.Behind {
			t.Errorf("an empty journal: %v", err)
		}
	})
}

func TestLinesHoldNoCustomer(t *testing.T) {
	o := journal.Options{Place: filepath.Join(t.TempDir(), "journal"), Ring: keyring.Generate()}
	d, j := dbtest.SQLite(t), openJournal(t, o)
	c := id.NewCustomer()
	commit(t, d, j, journal.Act{Kind: journal.Suppression, Customer: c, Endpoint: []byte("an address digest")})
	b, err := os.ReadFile(o.Place)
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range []string{c.String(), fmt.Sprint(int64(c)), "an address digest"} {
		if bytes.Contains(b, []byte(clear)) {
			t.Errorf("the journal holds %q in clear", clear)
		}
	}
}

func TestATornLastLineIsCutOff(t *testing.T) {
	o := journal.Options{Place: filepath.Join(t.TempDir(), "journal"), Ring: keyring.Generate()}
	d, j := dbtest.SQLite(t), openJournal(t, o)
	commit(t, d, j, withdrawal(1))
	whole := size(t, o.Place)
	commit(t, d, j, withdrawal(2))
	all, err := os.ReadFile(o.Place)
	if err != nil {
		t.Fatal(err)
	}
	_ = j.Close()
	for cut := whole; cut < int64(len(all)); cut += 13 {
		if err := os.WriteFile(o.Place, all[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		torn, err := journal.Open(ctx, o)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		commit(t, d, torn, withdrawal(3))
		got := acts(t, torn, 0)
		if len(got) != 2 || got[1].Customer != 3 || torn.Verify(ctx, journal.Head{}) != nil {
			t.Errorf("cut at %d: %v", cut, got)
		}
		_ = torn.Close()
	}
}

func TestChangedLinesAreFound(t *testing.T) {
	o := journal.Options{Place: filepath.Join(t.TempDir(), "journal"), Ring: keyring.Generate()}
	d, j := dbtest.SQLite(t), openJournal(t, o)
	commit(t, d, j, withdrawal(1), withdrawal(2), withdrawal(3))
	_ = j.Close()
	all, err := os.ReadFile(o.Place)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(all), "\n")
	for name, text := range map[string]string{
		"edited":  strings.Replace(string(all), `"purpose":"letter"`, `"purpose":"lettre"`, 1),
		"removed": lines[0] + lines[2],
		"swapped": lines[1] + lines[0] + lines[2],
		"garbage": lines[0] + "what is this\n" + lines[1],
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(o.Place, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			j, err := journal.Open(ctx, o)
			if err == nil {
				err = errors.Join(j.Verify(ctx, journal.Head{}), j.Close())
			}
			if errs.CodeOf(err) != journal.Broken {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestOneProcessWritesTheFile(t *testing.T) {
	o := journal.Options{Place: filepath.Join(t.TempDir(), "journal"), Ring: keyring.Generate()}
	openJournal(t, o)
	if _, err := journal.Open(ctx, o); !errs.Is(err, errs.Conflict) {
		t.Errorf("a second writer: %v", err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("1 " + strings.Repeat("ab", 32) + " {}\n"))
	f.Add([]byte("torn"))
	f.Add([]byte("\n\n"))
	ring := keyring.Generate()
	f.Fuzz(func(t *testing.T, b []byte) {
		o := journal.Options{Place: filepath.Join(t.TempDir(), "journal"), Ring: ring}
		if err := os.WriteFile(o.Place, b, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(ctx, o)
		if err != nil {
			return
		}
		defer func() { _ = j.Close() }()
		err = j.Replay(0, func(journal.Act) error { return errors.New("an act out of thin air") })
		if err != nil && errs.CodeOf(err) != journal.Broken {
			t.Error(err)
		}
	})
}
