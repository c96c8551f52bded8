package outbox_test

import (
	"errors"
	"slices"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/outbox"
)

// changes reads what is numbered after a place.
func (f fixture) changes(t testing.TB, after int64, limit int) (list []id.Customer, place int64, err error) {
	t.Helper()
	if _, err := f.log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	err = f.db.Read(ctx, func(tx *db.Tx) (err error) {
		list, place, err = f.Changes(tx, after, limit)
		return err
	})
	return list, place, err
}

func (f fixture) changed(t testing.TB, list ...id.Customer) {
	t.Helper()
	if err := f.db.Write(ctx, func(tx *db.Tx) error { return f.Changed(tx, list...) }); err != nil {
		t.Fatal(err)
	}
}

func TestChangesAreReadInOrderWithoutGaps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		if list, place, err := f.changes(t, 0, 10); err != nil || len(list) != 0 || place != 0 {
			t.Fatalf("an empty log: %v, %d, %v", list, place, err)
		}
		f.changed(t)
		f.changed(t, 1<<62, 7)
		f.changed(t, 7)
		f.publish(t, "other", 1)
		list, place, err := f.changes(t, 0, 1)
		if err != nil || !slices.Equal(list, []id.Customer{1 << 62, 7}) || place != 1 {
			t.Errorf("first: %v, %d, %v", list, place, err)
		}
		if list, place, err = f.changes(t, place, 10); err != nil || !slices.Equal(list, []id.Customer{7}) || place != 2 {
			t.Errorf("second: %v, %d, %v", list, place, err)
		}
		if list, _, err = f.changes(t, place, 10); err != nil || len(list) != 0 {
			t.Errorf("third: %v, %v", list, err)
		}
	})
}

// Whoever was away for longer than changes are kept hears that some are gone,
// whether or not there are newer ones; who was not, misses nothing.
func TestMissedChangesAreTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.changed(t, 1)
		f.changed(t, 2)
		if _, place, err := f.changes(t, 1, 10); err != nil || place != 2 {
			t.Fatalf("%d, %v", place, err)
		}
		f.clock.Advance(outbox.KeepChanges + 1000)
		if err := f.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.changes(t, 1, 10); !errors.Is(err, outbox.ErrMissed) {
			t.Errorf("nothing newer: %v", err)
		}
		f.changed(t, 3)
		if _, _, err := f.changes(t, 1, 10); !errors.Is(err, outbox.ErrMissed) {
			t.Errorf("something newer: %v", err)
		}
		if list, place, err := f.changes(t, 2, 10); err != nil || !slices.Equal(list, []id.Customer{3}) || place != 3 {
			t.Errorf("not away: %v, %d, %v", list, place, err)
		}
	})
}
