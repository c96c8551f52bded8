package gate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/personal"
	"candor/internal/rights"
	"candor/internal/term"
)

var spring = clock.UTC(2026, 3, 2, 9, 0, 0)

func (w *shop) take(list ...Arrival) []Taken {
	w.t.Helper()
	out, err := w.gate.Take(context.Background(), list)
	w.must(err)
	return out
}

func user(n string) customer.Identity { return ident(customer.UserID("shop", n)) }
func mail(s string) customer.Identity { return ident(customer.Email(s)) }
func device(n string) customer.Identity {
	return ident(customer.Anonymous("device-" + n))
}

func ident(i customer.Identity, err error) customer.Identity {
	if err != nil {
		panic(err)
	}
	return i
}

// from makes a trusted arrival of a source.
func from(source string, ids ...customer.Identity) Arrival {
	return Arrival{Source: 7, Identities: ids,
		Provenance: customer.Provenance{Source: source, Method: customer.Stated, Confidence: customer.Certain}}
}

func claimOf(ids ...customer.Identity) Arrival {
	a := from("browser", ids...)
	a.Claim = true
	return a
}

func ordered(message string, at clock.Instant) event.New {
	return event.New{Name: "Order Completed", MessageID: message, OccurredAt: at, Amount: 1990, Currency: "EUR", Family: "coffee", Ref: message,
		Props: map[string]any{"order_id": message, "value": int64(1990), "family": "coffee"}}
}

func viewed(message string) event.New { return event.New{Name: "Product Viewed", MessageID: message} }

// opened reads what a pass opens, as the person sees it.
func (w *shop) opened(c id.Customer) map[term.Field][]Held {
	w.t.Helper()
	out := map[term.Field][]Held{}
	var pass Pass
	w.write(func(tx *db.Tx) (err error) {
		var d Decision
		pass, d, err = w.gate.Use(tx, Request{Customer: c, Controller: "halm", Operation: term.Rights, Actor: term.ByCustomer})
		if err == nil && !d.Allowed() {
			w.t.Fatalf("denied: %v", d.Reasons)
		}
		return err
	})
	w.must(w.db.Read(context.Background(), func(tx *db.Tx) error {
		all, err := w.gate.Held(context.Background(), tx, pass)
		for _, h := range all {
			out[h.Field] = append(out[h.Field], h)
		}
		return err
	}))
	return out
}

func (w *shop) facts(c id.Customer, kind customer.FactKind) int {
	w.t.Helper()
	return w.count("select count(*) from fact where customer_id = $1 and kind = $2", c, kind)
}

func eachShop(t *testing.T, fn func(w *shop)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, spring)
		w.t = t
		fn(w)
	})
}

func TestTakeMakesACustomerWithAllTheyTold(t *testing.T) {
	eachShop(t, func(w *shop) {
		a := from("shop", user("1"), mail("jane@example.org"))
		a.Values = map[term.Field]personal.Value{"email": personal.Seal("Jane@Example.org"), "name": personal.Seal("Jane Doe")}
		a.Traits = map[term.Field]any{"country": "de"}
		a.Events = []event.New{ordered("o-1", spring.Add(-48*time.Hour))}
		got := w.take(a)[0]
		if !got.New || got.Inserted != 1 || len(got.Notes) != 0 || got.Refused != nil {
			w.t.Fatalf("%+v", got)
		}
		held := w.opened(got.Customer)
		if held["email"][0].Value.Reveal() != "jane@example.org" || held["name"][0].Value.Reveal() != "Jane Doe" || held["country"][0].Trait != "DE" {
			w.t.Errorf("%v", held)
		}
		if w.facts(got.Customer, customer.Purchase) != 1 || w.facts(got.Customer, customer.Interaction) != 1 {
			w.t.Error("the purchase made no relationship")
		}
		if d := w.decide(got.Customer, "orders", term.Store, ""); !d.Allowed() {
			w.t.Errorf("the contract gives no basis: %v", d.Reasons)
		}
		again := w.take(a)[0]
		if again.New || again.Customer != got.Customer || again.Duplicates != 1 || again.Inserted != 0 {
			w.t.Errorf("%+v", again)
		}
		if w.facts(got.Customer, customer.Purchase) != 1 {
			w.t.Error("the same purchase told twice counts twice")
		}
	})
}

// ACC-01: no value without a source; CRM says Paris, the person says Lyon: Lyon
// is believed, whatever the CRM says later, and Paris is kept as superseded.
func TestACC01_ValuesCarryTheirSourceAndThePersonWins(t *testing.T) {
	eachShop(t, func(w *shop) {
		said := func(source, city, roast string) Taken {
			a := from(source, user("1"), mail("jane@example.org"))
			a.Values = map[term.Field]personal.Value{"address": personal.Seal(city)}
			a.Traits = map[term.Field]any{"roast": roast}
			return w.take(a)[0]
		}
		refused := said("", "Rome", "dark")
		if !errs.Is(refused.Refused, errs.Invalid) || refused.Customer == 0 && refused.New {
			w.t.Errorf("a write without a source: %+v", refused)
		}
		if n := w.count("select count(*) from sealed_value") + w.count("select count(*) from trait_value"); n != 0 {
			w.t.Errorf("%d values without a source were stored", n)
		}
		c := said("crm", "Paris", "light").Customer
		said(customer.Subject, "Lyon", "medium")
		w.clock.Advance(24 * time.Hour)
		late := said("crm", "Paris", "light")
		if !slices.Contains(late.Notes, Note{NotePinned, "address"}) || !slices.Contains(late.Notes, Note{NotePinned, "roast"}) {
			w.t.Errorf("notes: %v", late.Notes)
		}
		held := w.opened(c)
		check := func(f term.Field, believed, other string) {
			if len(held[f]) != 2 {
				w.t.Fatalf("%s: %v", f, held[f])
			}
			for _, h := range held[f] {
				text := h.Value.Reveal()
				if h.Trait != nil {
					text = fmt.Sprint(h.Trait)
				}
				if want := map[bool]string{false: believed, true: other}[h.Superseded]; text != want || h.Source == "" || h.Method == "" || h.At == 0 {
					w.t.Errorf("%s: %q (superseded %v) from %q", f, text, h.Superseded, h.Source)
				}
			}
		}
		check("address", "Lyon", "Paris")
		check("roast", "medium", "light")
		w.must(w.gate.Correct(context.Background(), c, "roast", personal.Seal("dark"), customer.Provenance{Source: customer.Subject, Method: customer.Stated, At: w.clock.Now()}))
		held = w.opened(c)
		check("roast", "dark", "light")
	})
}

// SIG-02: a visitor's Global Privacy Control reaches the person who logs in on
// that browser, and stays when the next day's visit carries no signal.
func TestSIG02_SignalOfTheDeviceReachesThePersonAndStays(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1"), mail("jane@example.org")))[0].Customer
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		w.fact(jane, customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": "US-CA", "evidence": "declared"}})
		visit := claimOf(device("1"))
		visit.GPC, visit.Events = true, []event.New{viewed("v-1")}
		visitor := w.take(visit)[0].Customer
		if visitor == jane || w.facts(visitor, customer.GPC) != 1 || w.facts(jane, customer.GPC) != 0 {
			w.t.Fatal("the signal is not the visitor's alone")
		}
		login := w.take(from("shop", user("1"), device("1")))[0]
		if login.Customer != jane || login.Merged != visitor {
			w.t.Fatalf("%+v", login)
		}
		optedOut := func() bool { return w.facts(jane, customer.GPC) == 1 }
		if !optedOut() || w.count("select count(*) from event where customer_id = $1 and origin = $2", jane, visitor) != 1 {
			w.t.Error("the visitor's signal or history was lost")
		}
		before := w.decide(jane, "letter", term.Use, "")
		w.clock.Advance(24 * time.Hour)
		next := claimOf(device("1"))
		next.Events = []event.New{viewed("v-2")}
		if got := w.take(next)[0]; got.Customer != jane {
			w.t.Errorf("%+v", got)
		}
		after := w.decide(jane, "letter", term.Use, "")
		if !optedOut() || after.Allowed() != before.Allowed() {
			w.t.Error("a visit without the signal opted the person in again")
		}
		repeat := claimOf(device("1"))
		repeat.GPC = true
		w.take(repeat, repeat)
		if !optedOut() {
			w.t.Error("a repeated signal is recorded again")
		}
	})
}

func TestSignalReachesThePersonClaimed(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1")))[0].Customer
		a := claimOf(user("1"), device("9"))
		a.GPC = true
		got := w.take(a)[0]
		if got.Customer == jane || w.facts(jane, customer.GPC) != 1 || w.facts(got.Customer, customer.GPC) != 1 {
			w.t.Errorf("%+v: device %d, person %d", got, w.facts(got.Customer, customer.GPC), w.facts(jane, customer.GPC))
		}
	})
}

// With a public key nothing about a known customer changes and no legal fact
// comes to be.
func TestAClaimForgesNothing(t *testing.T) {
	eachShop(t, func(w *shop) {
		a := from("shop", user("1"), mail("jane@example.org"))
		a.Values = map[term.Field]personal.Value{"email": personal.Seal("jane@example.org")}
		a.Traits = map[term.Field]any{"roast": "light"}
		jane := w.take(a)[0].Customer
		w.take(from("shop", user("1"), device("1")))
		for _, forged := range []Arrival{claimOf(user("1"), mail("jane@example.org"), device("2")), claimOf(device("1")), claimOf(user("1"))} {
			forged.Values = map[term.Field]personal.Value{"email": personal.Seal("eve@example.org")}
			forged.Traits = map[term.Field]any{"roast": "dark"}
			forged.Events = []event.New{ordered("forged", spring)}
			forged.Facts = []customer.Fact{{Kind: customer.Age, Detail: customer.WithValue("adult")}}
			forged.Acts = []consent.Act{{Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByPortal,
				ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer}}
			w.take(forged)
		}
		held := w.opened(jane)
		if len(held["email"]) != 1 || held["email"][0].Value.Reveal() != "jane@example.org" || len(held["roast"]) != 1 || held["roast"][0].Trait != "light" {
			w.t.Errorf("%v", held)
		}
		if n := w.count("select count(*) from fact") + w.count("select count(*) from consent_record") + w.count("select count(*) from event"); n != 0 {
			w.t.Errorf("%d facts, records or events were forged", n)
		}
		if n := w.count("select count(*) from identity where customer_id = $1", jane); n != 3 {
			w.t.Errorf("%d identities", n)
		}
	})
}

func TestTwoPeopleAreNeverJoined(t *testing.T) {
	eachShop(t, func(w *shop) {
		got := w.take(from("shop", user("1"), device("1")), from("shop", user("2")), from("shop", user("2"), device("1")), claimOf(device("1")))
		if got[0].Customer == got[1].Customer || got[2].Customer != got[1].Customer || len(got[2].Notes) == 0 {
			w.t.Errorf("%+v", got)
		}
		if nobody := got[3].Customer; nobody == got[0].Customer || nobody == got[1].Customer {
			w.t.Error("a device that two people used belongs to one of them")
		}
	})
}

func TestUndeclaredIsLeftOut(t *testing.T) {
	eachShop(t, func(w *shop) {
		a := from("shop", user("1"), mail("jane@example.org"))
		a.Values = map[term.Field]personal.Value{"ssn": personal.Seal("078-05-1120"), "roast": personal.Seal("light")}
		a.Traits = map[term.Field]any{"shoe_size": int64(42), "email": "jane@example.org", "roast": "burnt"}
		e := ordered("o-1", spring)
		e.Props["ssn"] = "078-05-1120"
		future := ordered("o-2", spring.Add(48*time.Hour))
		old := event.New{Name: "Product Viewed", MessageID: "v-3", OccurredAt: clock.UTC(1997, 1, 1, 0, 0, 0)}
		a.Events = []event.New{e, {Name: "Secret Watched"}, future, old}
		got := w.take(a)[0]
		want := []Note{{NoteUndeclared, "roast"}, {NoteUndeclared, "ssn"}, {NoteUndeclared, "email"}, {NoteBadValue, "roast"}, {NoteUndeclared, "shoe_size"},
			{NoteUndeclared, "Secret Watched"}, {NoteFuture, "Order Completed"}, {NoteExpired, "Product Viewed"}}
		if !slices.Equal(got.Notes, want) || got.Inserted != 1 {
			w.t.Errorf("%d events, notes %v", got.Inserted, got.Notes)
		}
		if n := w.count("select count(*) from event where props like '%ssn%'"); n != 0 {
			w.t.Error("an undeclared property is stored")
		}
	})
}

func TestConcurrentArrivalsOfOnePersonMakeOneCustomer(t *testing.T) {
	eachShop(t, func(w *shop) {
		other := w.open(w.db, job.NewQueue(w.db, w.clock)) // a second server
		var wg sync.WaitGroup
		ids := make(chan id.Customer, 24)
		for i := range 24 {
			g := []*Gate{w.gate, other}[i%2]
			wg.Go(func() {
				a := from("shop", user("1"), mail("jane@example.org"), device("1"))
				if i%3 == 0 {
					a.Identities = []customer.Identity{mail("jane@example.org")}
				}
				a.Events = []event.New{ordered(fmt.Sprint("o-", i%4), spring)}
				got, err := g.Take(context.Background(), []Arrival{a})
				if err != nil {
					w.t.Error(err)
					return
				}
				ids <- got[0].Customer
			})
		}
		wg.Wait()
		close(ids)
		seen := map[id.Customer]bool{}
		for c := range ids {
			seen[c] = true
		}
		if n := w.count("select count(*) from customer"); n != 1 || len(seen) != 1 {
			w.t.Errorf("%d customers, %d answers", n, len(seen))
		}
		if n, p := w.count("select count(*) from event"), w.count("select count(*) from fact where kind = 'purchase'"); n != 4 || p != 4 {
			w.t.Errorf("%d events, %d purchases", n, p)
		}
	})
}

// Redelivery in any order and grouping stores each event once and leaves the
// same standing facts.
func TestPropertyRedeliveryChangesNothing(t *testing.T) {
	w := newShop(t, dbtest.SQLite(t), spring)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		w.t = t
		var all []Arrival
		size := rapid.IntRange(1, 6).Draw(r, "events")
		for i := range size {
			a := from("shop", user(fmt.Sprint("p", n, "-", i%2)))
			a.Events = []event.New{ordered(fmt.Sprint("m", i), spring.Add(-time.Duration(i)*time.Hour))}
			all = append(all, a)
		}
		inserted := 0
		for range rapid.IntRange(1, 3).Draw(r, "deliveries") {
			for part := range slices.Chunk(rapid.Permutation(all).Draw(r, "order"), rapid.IntRange(1, size).Draw(r, "batch")) {
				for _, got := range w.take(part...) {
					inserted += got.Inserted
				}
			}
		}
		first := w.take(all...)
		stored, purchases := 0, 0
		for _, c := range []id.Customer{first[0].Customer, first[min(1, size-1)].Customer} {
			stored += w.count("select count(*) from event where customer_id = $1", c)
			purchases += w.facts(c, customer.Purchase)
		}
		if size == 1 {
			stored, purchases = stored/2, purchases/2
		}
		if inserted != size || stored != size || purchases != size {
			r.Fatalf("%d events: %d said to be new, %d stored, %d purchases", size, inserted, stored, purchases)
		}
	})
}

func TestAnErasedAddressComesBackSuppressed(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1"), mail("jane@example.org")))[0].Customer
		w.write(func(tx *db.Tx) error {
			return w.gate.Suppress(tx, EndpointSuppression{Address: mail("jane@example.org"), Reason: "erasure", Actor: term.ByCustomer})
		})
		w.erase(jane)
		a := from("shop", user("2"), mail("Jane@example.org"))
		a.Events = []event.New{ordered("o-9", spring)}
		again := w.take(a)[0].Customer
		if again == jane || w.facts(again, customer.Suppressed) != 1 {
			w.t.Errorf("%d suppressions", w.facts(again, customer.Suppressed))
		}
		if d := w.decide(again, "letter", term.Serve, term.Email); d.Allowed() || !d.Has(errs.Suppressed) {
			w.t.Errorf("%v", d)
		}
		if d := w.decide(again, "orders", term.Serve, term.Email); !d.Allowed() {
			w.t.Errorf("an order's mail: %v", d.Reasons)
		}
	})
}

func (w *shop) erase(c id.Customer) {
	w.t.Helper()
	for _, s := range []rights.Source{consent.Source{}, Traces{}, event.Rights{}, Sealed{w.gate}, customer.Rights{}} {
		w.write(func(tx *db.Tx) error {
			_, err := s.Erase(context.Background(), tx, c)
			return err
		})
	}
	w.must(w.gate.DestroyKey(context.Background(), c))
}

func TestNothingArrivesForAnErasedCustomer(t *testing.T) {
	eachShop(t, func(w *shop) {
		a := claimOf(device("1"))
		a.Events = []event.New{viewed("v-1")}
		old := w.take(a)[0].Customer
		w.erase(old) // the memory still says whose the device is
		a.Events = []event.New{viewed("v-2")}
		got := w.take(a)[0]
		if got.Customer == old || got.Inserted != 1 {
			w.t.Errorf("%+v", got)
		}
		direct := Arrival{Customer: old, Events: a.Events}
		if got := w.take(direct)[0]; !errs.Is(got.Refused, errs.NotFound) {
			w.t.Errorf("%+v", got)
		}
	})
}

// MIN-01: when the last purpose that lists a field goes, ingestion leaves it out
// at once and what is stored is gone well before day 30.
func TestMIN01_AFieldWithoutPurposeIsStrippedAndPurged(t *testing.T) {
	eachShop(t, func(w *shop) {
		a := from("shop", user("1"), mail("jane@example.org"))
		a.Values = map[term.Field]personal.Value{"name": personal.Seal("Jane"), "phone": personal.Seal("+4930901820")}
		a.Traits = map[term.Field]any{"roast": "light", "country": "DE"}
		c := w.take(a)[0].Customer
		if held := w.opened(c); len(held) != 4 {
			w.t.Fatalf("%v", held)
		}
		w.clock.Advance(time.Hour)
		w.retire("roast")
		got := w.take(a)[0]
		if !slices.Contains(got.Notes, Note{NoteUndeclared, "roast"}) || !slices.Contains(got.Notes, Note{NoteUndeclared, "phone"}) {
			w.t.Errorf("not stripped: %v", got.Notes)
		}
		w.clock.Advance(29 * 24 * time.Hour)
		_, err := w.jobs.Drain(context.Background())
		w.must(err)
		if n := w.count("select count(*) from trait_value where field = 'roast'") + w.count("select count(*) from sealed_value where field = 'phone'"); n != 0 {
			w.t.Errorf("%d values of fields without a purpose are left", n)
		}
		if n := w.count("select count(*) from trait where t1 = 'light' or t2 = 'light'"); n != 0 {
			w.t.Error("the trait's column still holds the value")
		}
		if n := w.count("select count(*) from trait_value where field = 'country'") + w.count("select count(*) from sealed_value where field = 'name'"); n != 2 {
			w.t.Errorf("needed values went too: %d left", n)
		}
	})
}

// retire puts in force the sample's charter without a field: nobody declares it
// and no purpose lists it any more.
func (w *shop) retire(field string) {
	w.t.Helper()
	drop := func(doc []byte) []byte {
		for _, pattern := range []string{
			`(?m)^  ` + field + `:\n(    .*\n)+`, // its declaration
			`(?m)^      ` + field + `: .*\n`,     // its use by a purpose
			`, ` + field + `\b`,                  // its place in lists
		} {
			doc = regexp.MustCompile(pattern).ReplaceAll(doc, nil)
		}
		return doc
	}
	promise, house := sample.Documents()
	c, problems := charter.Parse(drop(promise), drop(house))
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	w.write(func(tx *db.Tx) error {
		_, err := w.store.Apply(tx, c, w.clock.Now(), "staff:test")
		return err
	})
}
