package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
)

var ctx = context.Background()

func put(tx *db.Tx, name, value string) error {
	_, err := tx.Exec("insert into setting (name, value) values ($1, $2)", name, value)
	return err
}

func get(t *testing.T, d *db.DB, name string) string {
	t.Helper()
	var v string
	err := d.Read(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow("select value from setting where name = $1", name).Scan(&v)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWriteIsSeenByLaterRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "a", "1") }); err != nil {
			t.Fatal(err)
		}
		if got := get(t, d, "a"); got != "1" {
			t.Errorf("a = %q, want 1", got)
		}
	})
}

func TestErrorUndoesTheFunctionAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					if err := put(tx, fmt.Sprint(i), "x"); err != nil {
						return err
					}
					if i%2 == 1 {
						return boom
					}
					return nil
				})
				if want := i%2 == 1; errors.Is(err, boom) != want {
					t.Errorf("%d: err = %v", i, err)
				}
			})
		}
		wg.Wait()
		for i := range 40 {
			if got, want := get(t, d, fmt.Sprint(i)) == "x", i%2 == 0; got != want {
				t.Errorf("%d stored = %v, want %v", i, got, want)
			}
		}
	})
}

// An argument is bound by its number, not by its place in the text: other
// drivers silently swap them and change the wrong rows.
func TestArgumentsBindByNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := errors.Join(put(tx, "a", "1"), put(tx, "b", "2")); err != nil {
				return err
			}
			n, err := tx.Exec("update setting set value = $2 where name = $1", "a", "changed")
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rows changed", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if a, b := get(t, d, "a"), get(t, d, "b"); a != "changed" || b != "2" {
			t.Errorf("a = %q, b = %q", a, b)
		}
	})
}

func TestDuplicateKeyIsAConflict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(ctx, func(tx *db.Tx) error { return errors.Join(put(tx, "a", "1"), put(tx, "a", "2")) })
		if !errs.Is(err, errs.Conflict) || errs.CodeOf(err) != db.Exists {
			t.Errorf("err = %v, want CONFLICT exists", err)
		}
	})
}

func TestNULInTextIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "a", "x\x00y") })
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("err = %v, want INVALID", err)
		}
	})
}

func TestWrongTypeIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, q := range []string{
			"insert into lease (name, holder, fence, until_at) values ('a', 'h', 'not a number', 1)",
			"insert into setting (name, value) values ('a', null)",
		} {
			if err := d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(q); return err }); err == nil {
				t.Errorf("stored: %s", q)
			}
		}
	})
}

// A caller that gives up must not roll back the others of its group.
func TestCancelledCallerLeavesItsGroupAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, fmt.Sprint(i), "x") }); err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
			wg.Go(func() {
				_ = d.Write(cctx, func(tx *db.Tx) error {
					cancel()
					return put(tx, fmt.Sprint("cancelled", i), "x")
				})
			})
		}
		wg.Wait()
		for i := range 20 {
			if get(t, d, fmt.Sprint(i)) != "x" {
				t.Errorf("%d was answered and is not stored", i)
			}
		}
	})
}

func TestPanicReachesItsOwnCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = d.Write(ctx, func(tx *db.Tx) error {
				_ = put(tx, "a", "1")
				panic("oops")
			})
		}()
		if get(t, d, "a") != "" {
			t.Error("the panicking call is stored")
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "b", "1") }); err != nil {
			t.Errorf("the next call: %v", err)
		}
	})
}

type flusher struct {
	fail  error
	items []any
}

func (f *flusher) Flush(items []any) error {
	f.items = append(f.items, items...)
	return f.fail
}

func TestFlusherRunsBeforeTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ok, bad := &flusher{}, &flusher{fail: errors.New("disk full")}
		err := d.Write(ctx, func(tx *db.Tx) error { tx.Before(ok, 1); return put(tx, "a", "1") })
		if err != nil || len(ok.items) != 1 {
			t.Errorf("err = %v, items = %v", err, ok.items)
		}
		err = d.Write(ctx, func(tx *db.Tx) error { tx.Before(bad, 2); return put(tx, "b", "1") })
		if !errs.Is(err, errs.Unavailable) {
			t.Errorf("err = %v, want UNAVAILABLE", err)
		}
		if get(t, d, "b") != "" {
			t.Error("stored although the flush failed")
		}
		_ = d.Write(ctx, func(tx *db.Tx) error { tx.Before(ok, 3); return errors.New("undone") })
		if len(ok.items) != 1 {
			t.Errorf("an undone item was flushed: %v", ok.items)
		}
	})
}

func TestReadRefusesChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Read(ctx, func(tx *db.Tx) error { return put(tx, "a", "1") }); err == nil {
			t.Error("a read changed the database")
		}
	})
}

func TestInsertMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var rows [][]any
		for i := range 1234 {
			rows = append(rows, []any{fmt.Sprint(i), "x"})
		}
		rows = append(rows, rows[0])
		var n int64
		err := d.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.InsertMany("insert into setting (name, value) values", "on conflict do nothing", rows)
			return err
		})
		if err != nil || n != 1234 {
			t.Errorf("n = %d, err = %v", n, err)
		}
	})
}

// SEC-06: start-up fails on a plaintext database URL.
func TestSEC06_PlaintextDatabaseURLIsRefused(t *testing.T) {
	for _, u := range []string{
		"postgres://candor@127.0.0.1:5432/candor?sslmode=disable",
		"postgres://candor@127.0.0.1:5432/candor?sslmode=prefer",
		"postgres://candor@127.0.0.1:5432/candor",
	} {
		_, err := db.Open(ctx, u)
		if errs.CodeOf(err) != "plaintext_database" {
			t.Errorf("%s: err = %v, want plaintext_database", strings.TrimPrefix(u, "postgres://"), err)
		}
	}
}

func TestReopenKeepsWhatWasAnswered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b.db")
	for i := range 3 {
		d, err := db.Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, fmt.Sprint(i), "x") }); err != nil {
			t.Fatal(err)
		}
		if i > 0 && get(t, d, fmt.Sprint(i-1)) != "x" {
			t.Error("lost")
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyRowsChangeEachInItsOwnWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, n := range []int{1, 90} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				var rows [][]any
				for i := range n {
					name := fmt.Sprint(n, "-", i)
					if err := put(tx, name, "old"); err != nil {
						return err
					}
					rows = append(rows, []any{fmt.Sprint("new ", i), name})
				}
				return tx.ChangeMany("v (value, name)", "update setting set value = v.value from v where setting.name = v.name", rows)
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if got := get(t, d, fmt.Sprint(n, "-", i)); got != fmt.Sprint("new ", i) {
					t.Errorf("%d of %d: %s", i, n, got)
				}
			}
		}
	})
}

func TestAStatementRunsForEachOfAListInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := errors.Join(put(tx, "a", "1"), put(tx, "c", "3")); err != nil {
				return err
			}
			var got []string
			err := tx.QueryEach("update setting set value = $2 where name = $1 returning name", [][]any{{"c", "x"}, {"b", "x"}, {"a", "y"}},
				func(i int, scan db.Scan) error {
					var name string
					err := scan(&name)
					got = append(got, fmt.Sprint(i, name))
					return err
				})
			if fmt.Sprint(got) != "[0c 2a]" {
				t.Errorf("got %v", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if get(t, d, "a") != "y" || get(t, d, "c") != "x" {
			t.Error("not stored")
		}
		err = d.Write(ctx, func(tx *db.Tx) error {
			return tx.QueryEach("insert into setting (name, value) values ($1, $2) returning name", [][]any{{"d", "1"}, {"d", "2"}, {"e", "3"}},
				func(int, db.Scan) error { return nil })
		})
		if !errs.Is(err, errs.Conflict) || get(t, d, "d") != "" {
			t.Errorf("err = %v", err)
		}
	})
}

// What is written much is copied from the log into the file beside the writer.
func TestTheLogIsCopiedBesideTheWriter(t *testing.T) {
	place := dbtest.SQLitePlace(t)
	d, err := db.Open(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	size := func() int64 {
		info, err := os.Stat(place)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for i := 0; size() == before; i++ {
		if i > 2000 {
			t.Fatal("nothing was copied")
		}
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("insert into setting (name, value) values ($1, $2)", fmt.Sprint(i), strings.Repeat("x", 5000))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
