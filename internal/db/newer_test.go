package db_test

import (
	"context"
	"sync"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
)

// Servers that start at once bring an empty database up to date once. One that is
// older than the database refuses and changes nothing.
func TestServersStartAtOnceAndOldOnesRefuse(t *testing.T) {
	place := dbtest.EmptyPostgresPlace(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			d, err := db.Open(context.Background(), place)
			if err != nil {
				t.Error(err)
				return
			}
			_ = d.Close()
		})
	}
	wg.Wait()
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		d, err := db.Open(context.Background(), place)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		err = d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("insert into goose_db_version (version_id, is_applied) select 9999, is_applied from goose_db_version limit 1")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Open(context.Background(), place); errs.CodeOf(err) != db.ErrNewer {
			t.Errorf("an older program: %v", err)
		}
	})
}
