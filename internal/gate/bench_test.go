package gate

import (
	"context"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/term"
)

// lived is a customer of three years: consents, orders, and facts that change
// what is allowed.
func lived() Facts {
	s := newStory(day(2023, 1, 10))
	s.say(day(2023, 1, 11), given("letter", term.Email))
	s.fact(day(2023, 1, 12), customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
	s.fact(day(2023, 1, 12), customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "address"}})
	for i := range 10 {
		at := day(2023, 3, 1).Add(time.Duration(i) * 80 * 24 * time.Hour)
		s.fact(at, customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"family": "coffee", "optout_offered": "on"}})
		s.fact(at, customer.Fact{Kind: customer.Interaction})
	}
	s.say(day(2024, 5, 1), consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn})
	s.say(day(2024, 6, 1), given("letter", term.Email))
	return s.Facts
}

// BenchmarkDecide compares a stored standing in the process: what an audience
// and a hand-over pay for each customer.
func BenchmarkDecide(b *testing.B) {
	law := plainDraft.law(b)
	at := day(2025, 6, 1)
	r := ask("letter", term.Serve, term.Email)
	r.Fields = []term.Field{"email"}
	s := law.screen(r)
	st := look(Project(lived(), law, at), s, at)
	b.ReportAllocs()
	for b.Loop() {
		if !s.compare(law, r, st, at).Allowed() {
			b.Fatal("denied")
		}
	}
}

// BenchmarkDecideFromFacts is the pure decision, which only a write pays.
func BenchmarkDecideFromFacts(b *testing.B) {
	law, facts := plainDraft.law(b), lived()
	b.ReportAllocs()
	for b.Loop() {
		Decide(facts, law, ask("letter", term.Serve, term.Email), day(2025, 6, 1))
	}
}

// BenchmarkProject works out a whole standing.
func BenchmarkProject(b *testing.B) {
	law, facts := plainDraft.law(b), lived()
	b.ReportAllocs()
	for b.Loop() {
		Project(facts, law, day(2025, 6, 1))
	}
}

// BenchmarkRecord writes acts of many customers at once, as a busy server does.
func BenchmarkRecord(b *testing.B) {
	w := newShop(b, dbtest.SQLite(b), day(2026, 3, 2))
	people := make([]id.Customer, 64)
	for i := range people {
		people[i] = w.customer()
	}
	kinds := []consent.Kind{consent.Given, consent.Withdrawn}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		c := id.NewCustomer() // a customer of this goroutine's own
		_ = w.db.Write(context.Background(), func(tx *db.Tx) error {
			return customer.Insert(tx, []customer.Customer{{ID: c, Known: true, CreatedAt: w.clock.Now()}})
		})
		for n := 0; pb.Next(); n++ {
			a := consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: kinds[n%2], Method: consent.ByPortal,
				Strength: consent.Documented, ControlDefault: consent.Unset, Action: consent.Tick, Actor: term.ByCustomer}
			err := w.db.Write(context.Background(), func(tx *db.Tx) error {
				_, _, err := w.gate.Record(tx, a)
				return err
			})
			if err != nil {
				b.Error(err)
				return
			}
			if n%20 == 19 { // people do not change their minds for ever
				c = people[n%len(people)]
			}
		}
	})
}
