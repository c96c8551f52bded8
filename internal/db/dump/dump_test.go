package dump_test

import (
	"bytes"
	"context"
	"maps"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/dump"
	"candor/internal/errs"
)

var ctx = context.Background()

// What one engine wrote the other reads, and writes again byte by byte.
func TestARoundTripKeepsEveryRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			for _, q := range []string{
				`insert into setting (name, value) values ('a', 'ünïcode "quoted"' || chr(10) || 'line')`,
				`insert into customer (customer_id, rev, known, created_at, seen_day) values (9223372036854775807, 1, 1, -5, 0)`,
			} {
				if d.Dialect() == db.SQLite {
					q = string(bytes.ReplaceAll([]byte(q), []byte("chr(10)"), []byte("char(10)")))
				}
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`insert into ledger_entry (entry_id, kind, at, salt, commitment, content, pos) values ($1, 'k', 1, $2, $3, '{}', null)`,
				7, []byte{0, 255}, []byte{}); err != nil {
				return err
			}
			_, err := tx.Exec(`insert into lease (name, holder, fence, until_at) values ('x', 'y', 1, 1)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		first, counts := write(t, d)
		if counts["setting"] != 1 || counts["customer"] != 1 || counts["ledger_entry"] != 1 {
			t.Errorf("counts %v", counts)
		}
		for _, place := range []string{dbtest.SQLitePlace(t), dbtest.PostgresPlace(t)} {
			to, err := db.Open(ctx, place)
			if err != nil {
				t.Fatal(err)
			}
			var got dump.Counts
			err = to.Write(ctx, func(tx *db.Tx) (err error) {
				got, err = dump.Load(tx, bytes.NewReader(first))
				return err
			})
			if err != nil || !maps.Equal(got, counts) {
				t.Errorf("load: %v, %v", got, err)
			}
			again, _ := write(t, to)
			if !bytes.Equal(again, first) {
				t.Error("the second stream differs from the first")
			}
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func write(t *testing.T, d *db.DB) ([]byte, dump.Counts) {
	t.Helper()
	var b bytes.Buffer
	var counts dump.Counts
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		b.Reset()
		counts, err = dump.Write(tx, &b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), counts
}

func TestATornStreamLoadsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		whole, _ := write(t, d)
		for _, n := range []int{0, 1, 40, len(whole) / 2, len(whole) - 1} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				_, err := dump.Load(tx, bytes.NewReader(whole[:n]))
				return err
			})
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%d of %d bytes: %v, want INVALID", n, len(whole), err)
			}
		}
	})
}

func TestEmptyTellsWhetherThereIsAnything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, want := range []bool{true, false} {
			var got bool
			err := d.Read(ctx, func(tx *db.Tx) (err error) {
				got, err = dump.Empty(tx)
				return err
			})
			if err != nil || got != want {
				t.Errorf("empty: %v, %v, want %v", got, err, want)
			}
			err = d.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into setting (name, value) values ('a', 'b')`)
				return err
			})
			if want && err != nil {
				t.Fatal(err)
			}
		}
	})
}
