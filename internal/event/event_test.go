package event

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var berlin, _ = time.LoadLocation("Europe/Berlin")

func promise(keeps map[term.Purpose]charter.Retention) *Keep {
	k := &Keep{zone: berlin, order: map[term.Event]bool{"Order Completed": true},
		rules: map[term.Event]*rule{"Order Completed": {purposes: keeps, rest: raw}, "Product Viewed": {rest: raw}}}
	return k
}

func months(n int, from charter.Start) charter.Retention {
	return charter.Retention{Period: rulepack.Period{Months: n}, From: from}
}

func someone(t testing.TB, d *db.DB) id.Customer {
	t.Helper()
	c := id.NewCustomer()
	err := d.Write(context.Background(), func(tx *db.Tx) error {
		return customer.Insert(tx, []customer.Customer{{ID: c, Rev: 1, CreatedAt: 1}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func store(t testing.TB, d *db.DB, rows ...Row) map[Key]bool {
	t.Helper()
	var fresh map[Key]bool
	err := d.Write(context.Background(), func(tx *db.Tx) (err error) {
		fresh, err = Insert(tx, rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

func row(t testing.TB, m *Maker, c id.Customer, n New, now clock.Instant) Row {
	t.Helper()
	r, err := m.Make(n, 1, now)
	if err != nil {
		t.Fatal(err)
	}
	r.Customer = c
	return r
}

func noLives(*db.Tx, []id.Customer) (map[id.Customer]Life, error) { return nil, nil }

func TestTheSameMessageIsOneEventPerCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := NewMaker(keyring.Generate())
		now := clock.UTC(2026, 3, 1, 0, 0, 0)
		a, b := someone(t, d), someone(t, d)
		n := New{Name: "Order Completed", MessageID: "m-1", Props: map[string]any{"value": int64(1999)}, Amount: 1999, Currency: "EUR"}
		if got := store(t, d, row(t, m, a, n, now), row(t, m, a, n, now)); len(got) != 1 {
			t.Errorf("twice in a batch: %d", len(got))
		}
		if got := store(t, d, row(t, m, a, n, now)); len(got) != 0 {
			t.Error("told again, stored again")
		}
		if got := store(t, d, row(t, m, b, n, now)); len(got) != 1 {
			t.Error("another customer's event is not the same")
		}
		n.MessageID = ""
		if got := store(t, d, row(t, m, a, n, now), row(t, m, a, n, now)); len(got) != 2 {
			t.Error("events without a message id are each their own")
		}
	})
}

func TestPropertyRedeliveryStoresEachEventOnce(t *testing.T) {
	d := dbtest.SQLite(t)
	m := NewMaker(keyring.Generate())
	now := clock.UTC(2026, 3, 1, 0, 0, 0)
	rapid.Check(t, func(r *rapid.T) {
		people := []id.Customer{someone(t, d), someone(t, d)}
		want := map[Key]bool{}
		stored := 0
		for range rapid.IntRange(1, 4).Draw(r, "deliveries") {
			var batch []Row
			for range rapid.IntRange(1, 90).Draw(r, "size") {
				n := New{Name: "Order Completed", MessageID: rapid.StringMatching(`m[0-9]`).Draw(r, "message")}
				e := row(t, m, rapid.SampledFrom(people).Draw(r, "who"), n, now)
				batch = append(batch, e)
				want[e.Key()] = true
			}
			stored += len(store(t, d, batch...))
		}
		var n int
		err := d.Read(context.Background(), func(tx *db.Tx) error {
			return tx.QueryRow("select count(*) from event where customer_id in ($1, $2)", people[0], people[1]).Scan(&n)
		})
		if err != nil || n != len(want) || stored != n {
			r.Fatalf("%d rows, %d said to be new, %d different events, %v", n, stored, len(want), err)
		}
	})
}

func TestRotationOfKeysKeepsDedupe(t *testing.T) {
	parse := func(s string) *keyring.Ring {
		ring, err := keyring.Parse([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	const one = `{"id":1,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`
	before, after := NewMaker(parse("["+one+"]")), NewMaker(parse("["+one+`,{"id":2,"key":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}]`))
	if before.ID("m-1") != after.ID("m-1") || before.ID("m-1") == before.ID("m-2") {
		t.Error("an event told again after a rotation is another event")
	}
}

func TestTimesAreClamped(t *testing.T) {
	m := NewMaker(keyring.Generate())
	now := clock.UTC(2026, 3, 1, 0, 0, 0)
	for _, c := range []struct {
		at, want clock.Instant
		err      error
	}{
		{0, now, nil},
		{now - 1, now - 1, nil},
		{clock.UTC(1997, 1, 1, 0, 0, 0), clock.UTC(1997, 1, 1, 0, 0, 0), nil},
		{now.Add(time.Hour), now, nil},
		{now.Add(24 * time.Hour), now, nil},
		{now.Add(24*time.Hour + 1000), 0, ErrFuture},
	} {
		r, err := m.Make(New{Name: "x", OccurredAt: c.at}, 1, now)
		if !errors.Is(err, c.err) || err == nil && (r.OccurredAt != c.want || r.ReceivedAt != now) {
			t.Errorf("%v: %v, %v", c.at, r.OccurredAt, err)
		}
	}
	if _, err := m.Make(New{Name: "x", Props: map[string]any{"a": string(make([]byte, maxProps))}}, 1, now); !errs.Is(err, errs.Invalid) {
		t.Errorf("huge properties: %v", err)
	}
}

// GDPR 5(1)(e): an event of 15 January 2025 kept for 13 months may not be read
// from 15 February 2026, 00:00 in the business's zone, on; the job then deletes
// it.
func TestMIN05_AnEventIsDeniedFromTheInstantAndGoneAfterTheNextRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := NewMaker(keyring.Generate())
		k := promise(map[term.Purpose]charter.Retention{"letter": months(13, charter.FromCollection)})
		c := someone(t, d)
		happened := clock.UTC(2025, 1, 15, 10, 0, 0)
		e := row(t, m, c, New{Name: "Order Completed", MessageID: "1", OccurredAt: happened}, happened)
		young := row(t, m, c, New{Name: "Order Completed", MessageID: "2", OccurredAt: happened.Add(24 * time.Hour)}, happened.Add(48*time.Hour))
		store(t, d, e, young)
		end := clock.At(time.Date(2026, 2, 15, 0, 0, 0, 0, berlin))
		for _, step := range []struct {
			at    clock.Instant
			code  errs.Code
			lists int
		}{{end - 1, "", 2}, {end, errs.Retention, 1}} {
			err := d.Read(context.Background(), func(tx *db.Tx) error {
				q := Query{Customer: c, Purpose: "letter", At: step.at}
				list, err := List(tx, k, q)
				if err != nil || len(list) != step.lists {
					t.Errorf("at %v: %d events listed, %v", step.at, len(list), err)
				}
				_, err = Get(tx, k, e.Key(), q)
				return err
			})
			if errs.CodeOf(err) != step.code {
				t.Errorf("at %v: %v, want %q", step.at, err, step.code)
			}
			if since := k.Since("Order Completed", "letter", step.at); (e.OccurredAt >= since) != (step.code == "") {
				t.Errorf("at %v: counts begin at %v", step.at, since)
			}
		}
		for _, step := range []struct {
			at   clock.Instant
			gone int64
		}{{end - 1, 0}, {end, 1}, {end, 0}} {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				gone, _, err := Expire(tx, k, []id.Customer{c}, noLives, step.at)
				if gone != step.gone {
					t.Errorf("the run at %v deleted %d", step.at, gone)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		_ = d.Read(context.Background(), func(tx *db.Tx) error {
			if left, err := Latest(tx, c, 10); err != nil || len(left) != 1 || left[0].ID != young.ID {
				t.Errorf("left: %v, %v", left, err)
			}
			return nil
		})
	})
}

func TestRetentionCountsFromItsStart(t *testing.T) {
	order := Event{Name: "Order Completed", OccurredAt: clock.UTC(2024, 5, 10, 9, 0, 0)}
	day := func(y int, m time.Month, d int) clock.Instant {
		return clock.At(time.Date(y, m, d, 0, 0, 0, 0, berlin))
	}
	for _, c := range []struct {
		name string
		keep charter.Retention
		life Life
		want clock.Instant
	}{
		{"collection", months(13, charter.FromCollection), Life{}, day(2025, 6, 10)},
		{"order", months(24, charter.FromOrder), Life{LastOrder: order.OccurredAt.Add(1000 * time.Hour)}, day(2026, 5, 10)},
		{"last order", months(24, charter.FromLastOrder), Life{LastOrder: clock.UTC(2025, 1, 1, 12, 0, 0)}, day(2027, 1, 1)},
		{"end of year", months(96, charter.FromOrderYear), Life{}, day(2033, 1, 1)},
		{"last contact", months(24, charter.FromLastContact), Life{LastContact: clock.UTC(2026, 1, 1, 12, 0, 0)}, day(2028, 1, 1)},
		{"running contract", months(6, charter.FromContractEnd), Life{ContractEnd: clock.Never}, clock.Never},
	} {
		k := promise(map[term.Purpose]charter.Retention{"p": c.keep})
		if got := k.Until(order, "p", c.life); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if k.Until(order, "other", c.life) != 0 {
			t.Errorf("%s: readable for a purpose that does not use it", c.name)
		}
	}
}

func TestTheLongestPurposeKeepsTheEvent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := NewMaker(keyring.Generate())
		k := promise(map[term.Purpose]charter.Retention{"letter": months(13, charter.FromCollection), "books": months(96, charter.FromOrderYear)})
		c := someone(t, d)
		at := clock.UTC(2020, 1, 15, 10, 0, 0)
		e := row(t, m, c, New{Name: "Order Completed", MessageID: "1", OccurredAt: at}, at)
		view := row(t, m, c, New{Name: "Product Viewed", MessageID: "2", OccurredAt: at}, at)
		odd := row(t, m, c, New{Name: "No Longer Declared", MessageID: "3", OccurredAt: at}, at)
		store(t, d, e, view, odd)
		now := clock.UTC(2026, 1, 1, 0, 0, 0)
		if k.Readable(e.Event, "letter", Life{}, now) || !k.Readable(e.Event, "books", Life{}, now) {
			t.Error("each purpose has its own end")
		}
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			gone, _, err := Expire(tx, k, []id.Customer{c}, noLives, now)
			if gone != 2 {
				t.Errorf("%d gone", gone)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Since is the exact border for what counts from the event itself.
func TestPropertySinceAgreesWithReadable(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		keep := charter.Retention{Period: rulepack.Period{Months: rapid.IntRange(0, 40).Draw(r, "months"), Days: rapid.IntRange(1, 40).Draw(r, "days")},
			From: rapid.SampledFrom([]charter.Start{charter.FromCollection, charter.FromOrder, charter.FromOrderYear}).Draw(r, "from")}
		k := promise(map[term.Purpose]charter.Retention{"p": keep})
		at := clock.UTC(2026, 1, 1, 0, 0, 0).Add(time.Duration(rapid.IntRange(0, 800*24*3600).Draw(r, "at")) * time.Second)
		e := Event{Name: "Order Completed", OccurredAt: at.Add(-time.Duration(rapid.IntRange(0, 1800*24*3600).Draw(r, "age")) * time.Second)}
		if got, want := e.OccurredAt >= k.Since(e.Name, "p", at), k.Readable(e, "p", Life{}, at); got != want {
			r.Fatalf("%v at %v, kept %v from %s: counted %v, readable %v", e.OccurredAt, at, keep.Period, keep.From, got, want)
		}
		if !k.Readable(e, "", Life{}, at) && e.OccurredAt >= k.horizon(e.Name, at) {
			r.Fatal("the job would not see an event whose time is over")
		}
	})
}

func TestListFiltersAndMoveKeepsOrigin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := NewMaker(keyring.Generate())
		k := promise(map[term.Purpose]charter.Retention{"letter": months(13, charter.FromCollection)})
		now := clock.UTC(2026, 3, 1, 0, 0, 0)
		visitor, person := someone(t, d), someone(t, d)
		for i, n := range []term.Event{"Product Viewed", "Order Completed", "Order Completed"} {
			store(t, d, row(t, m, visitor, New{Name: n, MessageID: string(rune('a' + i)), OccurredAt: now - clock.Instant(i), Props: map[string]any{"family": "beans"}}, now))
		}
		both := New{Name: "Product Viewed", MessageID: "a", OccurredAt: now}
		store(t, d, row(t, m, person, both, now))
		err := d.Write(context.Background(), func(tx *db.Tx) error { return Move(tx, visitor, person) })
		if err != nil {
			t.Fatal(err)
		}
		err = d.Read(context.Background(), func(tx *db.Tx) error {
			all, err := List(tx, k, Query{Customer: person, Names: []term.Event{"Order Completed"}, At: now, Limit: 1})
			if err != nil || len(all) != 1 || all[0].Origin != visitor || all[0].Props["family"] != "beans" {
				t.Errorf("%v, %v", all, err)
			}
			all, err = Latest(tx, person, 10)
			names := []term.Event{}
			for _, e := range all {
				names = append(names, e.Name)
			}
			if !slices.Equal(names, []term.Event{"Product Viewed", "Order Completed", "Order Completed"}) {
				t.Errorf("%v", names)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(context.Background(), func(tx *db.Tx) error {
			n, err := Rights{}.Erase(tx.Context(), tx, person)
			if n != 3 {
				t.Errorf("erased %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNothingIsStoredForSomeoneErased(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := NewMaker(keyring.Generate())
		now := clock.UTC(2026, 3, 1, 0, 0, 0)
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := Insert(tx, []Row{row(t, m, id.NewCustomer(), New{Name: "x"}, now)})
			return err
		})
		if err == nil {
			t.Error("an event of nobody is stored")
		}
	})
}
