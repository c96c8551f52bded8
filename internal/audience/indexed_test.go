package audience

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/audience/index"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/outbox"
)

// testPlan is what an index for testSchema holds.
func testPlan(*db.Tx) (*index.Plan, error) {
	return &index.Plan{
		Version: "1", Controller: "halm", Slots: []string{"t1", "t2", "n1", "n2", "n3", "n4"}, Families: []string{"coffee", "beans", "capsules"},
		Events: []index.EventKind{{Name: "Order Completed", Money: true, Family: true}, {Name: "Product Viewed", Family: true}},
	}, nil
}

// indexed is a database of people with an index that follows it.
type indexed struct {
	t      *rapid.T
	db     *db.DB
	sc     *Schema
	box    *outbox.Box
	clock  *clock.Fake
	keeper *index.Keeper
	people []stored
	last   id.Customer
}

// The same law for the index, while facts change and while only time passes.
func TestIndexDatabaseAndMemoryAgree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			forgetPeople(t, d)
			w := &indexed{t: rt, db: d, sc: testSchema(), clock: clock.NewFake(drawInstant(rt, "start"))}
			w.box = outbox.Open(d, w.clock)
			w.people = drawPeople(rt)
			w.last = id.Customer(len(w.people))
			storePeople(t, d, w.sc, w.people)
			w.keeper = index.NewKeeper(index.Config{DB: d, Outbox: w.box, Clock: w.clock, Plan: testPlan})
			var conditions []*Condition
			for range 4 {
				conditions = append(conditions, compileFor(t, drawCondition(rt, 3)))
			}
			for range 6 {
				if rapid.Bool().Draw(rt, "time") {
					w.clock.Advance(rapid.SampledFrom([]time.Duration{time.Microsecond, time.Minute, 13 * time.Hour, 24 * time.Hour, 40 * 24 * time.Hour}).Draw(rt, "later"))
				} else {
					w.change(t)
				}
				for _, c := range conditions {
					w.compare(t, c)
				}
			}
		})
	})
}

// change replaces somebody, takes somebody away or adds somebody.
func (w *indexed) change(t *testing.T) {
	fresh := drawPeople(w.t)[:1]
	at := rapid.IntRange(0, len(w.people)).Draw(w.t, "whom")
	if at == len(w.people) {
		w.last++
		fresh[0].id = w.last
		w.people = append(w.people, fresh[0])
	} else {
		fresh[0].id = w.people[at].id
	}
	whose := fresh[0].id
	err := w.db.Write(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"event", "trait", "customer"} {
			if _, err := tx.Exec("delete from "+table+" where customer_id = $1", whose); err != nil {
				return err
			}
		}
		return w.box.Changed(tx, whose)
	})
	if err != nil {
		t.Fatal(err)
	}
	if at < len(w.people) && w.people[at].id == whose && rapid.IntRange(0, 3).Draw(w.t, "goes") == 0 {
		w.people = slices.Delete(w.people, at, at+1)
	} else {
		w.people[min(at, len(w.people)-1)] = fresh[0]
		storePeople(t, w.db, w.sc, fresh)
	}
	if err := w.db.Write(ctx, func(tx *db.Tx) error { _, err := w.box.Number(tx); return err }); err != nil {
		t.Fatal(err)
	}
}

func (w *indexed) compare(t *testing.T, c *Condition) {
	if err := w.keeper.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	now := w.clock.Now()
	x, ok := w.keeper.Fresh("1", now)
	if !ok {
		w.t.Fatalf("the index is not fresh")
	}
	want := whoInMemory(c, w.people, now)
	if got := whoBySQL(t, w.db, c, now, probe); !slices.Equal(got, want) {
		w.t.Fatalf("%s\nat %s: database %s, memory %s", c, now, names(got), names(want))
	}
	got, ok := x.Page(0, 1000, func(v *index.View, s *index.Set) { c.root.sift(v, now, s) })
	if !ok || !slices.Equal(got, want) {
		w.t.Fatalf("%s\nat %s: index %s (%t), memory %s", c, now, names(got), ok, names(want))
	}
}
