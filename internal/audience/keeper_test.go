package audience

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"candor/internal/audience/index"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/outbox"
	"candor/internal/rights"
	"candor/internal/term"
)

// follow gives the shop an index.
func (w *shop) follow() {
	w.index = index.NewKeeper(index.Config{DB: w.db, Outbox: w.box, Clock: w.clock, Plan: PlanOf(w.store)})
}

// sync numbers the changes and brings the index into line.
func (w *shop) sync() {
	w.t.Helper()
	_, err := w.log.Sequence(ctx)
	w.must(err)
	w.must(w.index.Sync(ctx))
}

// funnelOf counts the same audience from the index and in the database.
func (w *shop) funnelOf(condition string) (fromIndex, fromDatabase *funnel) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		in, err := w.store.Current(tx)
		if err != nil {
			return err
		}
		c, err := For(in, "letter", condition)
		w.must(err)
		make := func() *funnel {
			return &funnel{service: w.Service, question: Question{Purpose: "letter", Channel: term.Email}, at: w.clock.Now(), charter: in, condition: c, denied: map[string]*deniedGroup{}}
		}
		fromIndex, fromDatabase = make(), make()
		found, ok, err := fromIndex.countIndexed()
		if err != nil || !ok {
			w.t.Fatalf("the index does not answer: %v", err)
		}
		for _, g := range found {
			fromIndex.add(g)
		}
		found, err = fromDatabase.countSQL(tx)
		for _, g := range found {
			fromDatabase.add(g)
		}
		return err
	})
	return fromIndex, fromDatabase
}

var followed = []string{
	"true", `country == "DE"`, `count("Order Completed", days(90)) >= 2`, `country == "DE" && since_last("Order Completed") > days(30)`,
	`!(roast == "dark") && sum("Order Completed", "value") >= money(20, "EUR")`, `stage == "lapsed" || count("Order Completed", family("coffee")) >= 1`,
}

// Whatever people and the business do, and also while nothing but time passes,
// the index says what the database says: who matches, who may be written to,
// who can be reached, and why not the others.
func TestIndexFollowsTheGate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.follow()
		rnd := rand.New(rand.NewPCG(7, 11))
		people := w.arrive(6, who{acts: agreed, orders: 1})
		acts := map[string]func(c id.Customer){
			"arrive": func(id.Customer) {
				people = append(people, w.arrive(1, who{orders: rnd.IntN(4), gpc: rnd.IntN(4) == 0, noAddress: rnd.IntN(4) == 0, roast: []string{"", "dark", "light"}[rnd.IntN(3)]})...)
			},
			"order": func(c id.Customer) { w.order(c) },
			"say": func(c id.Customer) {
				w.record(c, []consent.Kind{consent.Given, consent.Given, consent.Refused, consent.Withdrawn}[rnd.IntN(4)])
			},
			"pause": func(c id.Customer) {
				w.fact(customer.Fact{Customer: c, Kind: customer.Pause, Until: w.clock.Now().Add(20 * 24 * time.Hour), Detail: customer.WithValue(customer.On)})
			},
			"dispute": func(c id.Customer) {
				w.fact(customer.Fact{Customer: c, Kind: customer.Dispute, Detail: customer.WithValue([]string{customer.On, customer.Off}[rnd.IntN(2)])})
			},
			"bounce": func(c id.Customer) {
				w.fact(customer.Fact{Customer: c, Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue([]string{"bounced", "confirmed"}[rnd.IntN(2)])})
			},
			"erase": func(c id.Customer) {
				w.erase(c)
				people = slices.DeleteFunc(people, func(o id.Customer) bool { return o == c })
			},
			"retain": func(id.Customer) { _, err := w.gate.Retain(ctx); w.must(err) },
			"time": func(id.Customer) {
				w.clock.Advance([]time.Duration{time.Minute, 13 * time.Hour, 30 * 24 * time.Hour}[rnd.IntN(3)])
			},
			"years": func(id.Customer) { w.clock.Advance(400 * 24 * time.Hour) },
		}
		order := []string{"arrive", "arrive", "arrive", "order", "order", "order", "say", "say", "say", "pause", "dispute", "bounce", "erase", "retain", "time", "time", "time", "time", "years"}
		for step := range 120 {
			what := order[rnd.IntN(len(order))]
			acts[what](people[rnd.IntN(len(people))])
			w.sync()
			for _, condition := range followed {
				a, b := w.funnelOf(condition)
				if a.match != b.match || a.permitted != b.permitted || a.reachable != b.reachable || !reflect.DeepEqual(a.denied, b.denied) {
					t.Fatalf("step %d, after %s, %s: the index has %s, the database %s", step, what, condition, a, b)
				}
			}
			w.forecastsAgree(fmt.Sprintf("step %d, after %s", step, what))
			if report, err := w.index.Check(ctx, 100); err != nil || report.Different > 0 || report.Compared != int64(len(people)) {
				t.Fatalf("step %d, after %s: %+v, %v", step, what, report, err)
			}
		}
		w.order(people[0])
		w.clock.Advance(12 * 366 * 24 * time.Hour)
		w.sync()
		would, err := w.gate.Foresee(ctx, 1000)
		w.must(err)
		if gone, err := w.gate.Retain(ctx); err != nil || gone.Events == 0 || gone.Events != would.Events || !would.All {
			t.Fatalf("retention: %+v, %v; foreseen %+v", gone, err, would)
		}
		w.sync()
		if report, err := w.index.Check(ctx, 100); err != nil || report.Different > 0 {
			t.Fatalf("after retention: %+v, %v", report, err)
		}
	})
}

// forecastsAgree holds the forecast from the index against the database's.
func (w *shop) forecastsAgree(when string) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		in, err := w.store.Current(tx)
		if err != nil {
			return err
		}
		r := gate.Reach{Purpose: "letter", Channel: term.Email, Operation: term.Serve, At: w.clock.Now()}
		a, ok, err := w.endingIndexed(in, r)
		if err != nil || !ok {
			w.t.Fatalf("%s: the index does not answer: %v", when, err)
		}
		b, err := w.endingSQL(tx, in, r)
		if a != b {
			w.t.Fatalf("%s: forecast from the index %v, from the database %v", when, a, b)
		}
		return err
	})
}

func (f *funnel) String() string {
	return fmt.Sprint(f.match, " > ", f.permitted, " > ", f.reachable, " ", f.denied)
}

func (w *shop) order(c id.Customer) {
	w.t.Helper()
	w.people++
	_, err := w.gate.Take(ctx, []gate.Arrival{{Customer: c, Source: 1, At: w.clock.Now(), Events: []event.New{{Name: "Order Completed",
		OccurredAt: w.clock.Now(), MessageID: fmt.Sprint("m", w.people), Amount: 999, Currency: "EUR", Family: "beans"}}}})
	w.must(err)
}

func (w *shop) fact(f customer.Fact) {
	w.t.Helper()
	f.At, f.Actor, f.Source = w.clock.Now(), "staff:test", "test"
	w.write(func(tx *db.Tx) error { _, err := w.gate.AddFact(tx, f); return err })
}

// erase deletes somebody as the desk does.
func (w *shop) erase(c id.Customer) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		for _, s := range []rights.Source{consent.Source{}, gate.Traces{}, event.Rights{}, gate.Sealed{Gate: w.gate}, customer.Rights{}} {
			if _, err := s.Erase(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// An index answers only while it is in line: not before it was read, not after
// two seconds without a look at the log, not once somebody's permission has
// changed by time, not under another charter.
func TestOnlyAFreshIndexAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.follow()
		people := w.arrive(3, who{acts: agreed})
		answers := func() bool {
			_, ok := w.index.Fresh(w.version(), w.clock.Now())
			return ok
		}
		want := func(want bool, when string) {
			t.Helper()
			if got := answers(); got != want {
				t.Errorf("%s: answers = %t", when, got)
			}
		}
		want(false, "before it is read")
		w.sync()
		want(true, "in line")
		w.clock.Advance(3 * time.Second)
		want(false, "after three seconds")
		w.fact(customer.Fact{Customer: people[0], Kind: customer.Pause, Until: w.clock.Now().Add(time.Second), Detail: customer.WithValue(customer.On)})
		w.sync()
		want(true, "in line again")
		w.clock.Advance(time.Second)
		want(false, "when a pause ends")
		w.sync()
		want(true, "after the pause")
		w.apply("Halm", "Helm")
		want(false, "under another charter")
		w.sync()
		want(true, "of the other charter")
	})
}

// Servers on one database follow the same log, each with an index of its own,
// within a second: also what another server wrote.
func TestEveryServerFollows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.follow()
		other := index.NewKeeper(index.Config{DB: d, Outbox: outbox.Open(d, w.clock), Clock: w.clock, Plan: PlanOf(w.store)})
		people := w.arrive(3, who{acts: agreed})
		work, stop := context.WithCancel(ctx)
		var running sync.WaitGroup
		for _, loop := range []func(context.Context) error{w.log.Run, w.index.Run, other.Run} {
			running.Go(func() { _ = loop(work) })
		}
		defer running.Wait()
		defer stop()
		in := func(k *index.Keeper) bool {
			x, ok := k.Fresh(w.version(), w.clock.Now())
			if !ok {
				return false
			}
			list, _ := x.Page(0, 10, func(v *index.View, s *index.Set) {
				compileFor(t, `count("Order Completed") >= 1`).root.sift(v, w.clock.Now(), s)
			})
			return slices.Equal(list, people[:1])
		}
		w.order(people[0])
		began := time.Now()
		for !in(w.index) || !in(other) {
			if time.Since(began) > 20*time.Second {
				t.Fatal("an index does not follow")
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

// version names the charter in force.
func (w *shop) version() (out string) {
	w.read(func(tx *db.Tx) error {
		c, err := w.store.Current(tx)
		if err == nil {
			out = versionOf(c)
		}
		return err
	})
	return out
}
