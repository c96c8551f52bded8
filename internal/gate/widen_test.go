package gate

import (
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

var (
	wideLetter  = append(withSMS(), "gets: {letter: [email], orders: [email]}", "gets: {letter: [email, country], orders: [email]}")
	tightLetter = append(withSMS(), "keep: 24 months after last contact", "keep: 23 months after last contact")
)

// A widening concerns who agreed to what became wider, and nobody else; a
// narrowing concerns nobody; going back revives nothing.
func TestAWideningTouchesOnlyWhatItWidens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		agreed, buyer := w.customer(), w.customer()
		w.record(agreed, letterMail)
		w.fact(buyer, purchaseFact())
		both := func() (letter, orders Decision) {
			_, err := w.gate.Restand(t.Context())
			w.must(err)
			return w.decide(agreed, "letter", term.Serve, term.Email), w.decide(buyer, "orders", term.Serve, term.Email)
		}
		w.clock.Advance(time.Hour)
		w.apply(tightLetter...)
		letter, orders := both()
		w.wantAllowed(letter)
		w.wantAllowed(orders)
		w.apply(wideLetter...)
		w.wantDenied(w.decide(agreed, "letter", term.Serve, term.Email), errs.ConsentInvalid) // at once, by comparing
		letter, orders = both()
		w.wantDenied(letter, errs.ConsentInvalid)
		w.wantAllowed(orders)
		for _, back := range [][]string{withSMS(), tightLetter} {
			w.apply(back...)
			letter, orders = both()
			w.wantDenied(letter, errs.ConsentInvalid)
			w.wantAllowed(orders)
		}
		again := letterMail
		again.Kind = consent.Reconfirmed
		w.record(agreed, again)
		w.wantAllowed(w.decide(agreed, "letter", term.Serve, term.Email))
	})
}

// The impact of a change is counted from what people are allowed now.
func TestImpactCountsWhomAChangeConcerns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		for range 3 {
			w.record(w.customer(), letterMail)
		}
		for range 2 {
			w.fact(w.customer(), purchaseFact())
		}
		for name, v := range map[string]struct {
			edits []string
			want  Impact
		}{
			"recipient data": {wideLetter, Impact{Change: charter.Change{Purpose: "letter", Kind: charter.MoreGiven, Widens: true}, Customers: 3, Agreed: 3, ReachLost: 3}},
			"retention":      {tightLetter, Impact{Change: charter.Change{Purpose: "letter", Kind: charter.LongerKeep}, Customers: 3}},
			"new recipient of orders": {append(withSMS(), "gets: {orders: [name, address]}", "gets: {orders: [name, address, email]}"),
				Impact{Change: charter.Change{Purpose: "orders", Kind: charter.MoreGiven, Widens: true}, Customers: 2}},
			"a channel given up": {nil, Impact{Change: charter.Change{Purpose: "letter", Kind: charter.NewChannel}}},
		} {
			var got []Impact
			after := w.parse(v.edits...)
			w.must(d.Read(t.Context(), func(tx *db.Tx) (err error) {
				got, err = w.gate.ImpactOf(tx, after)
				return err
			}))
			found := false
			for _, i := range got {
				found = found || i.Purpose == v.want.Purpose && i.Kind == v.want.Kind && i.Widens == v.want.Widens &&
					i.Customers == v.want.Customers && i.Agreed == v.want.Agreed && i.ReachLost == v.want.ReachLost
			}
			if !found {
				t.Errorf("%s: %+v, want among them %+v", name, got, v.want)
			}
		}
	})
}

// BenchmarkWiden applies a widening while a million people have agreed: it is a
// row of the charter, and a comparison at the next question.
func BenchmarkWiden(b *testing.B) {
	w := newShop(b, dbtest.SQLite(b), day(2026, 3, 2))
	agreed, other := w.customer(), w.customer()
	w.record(agreed, letterMail)
	w.fact(other, purchaseFact())
	w.multiply(agreed, 1_000_000)
	edits := [][]string{wideLetter, append(wideLetter, "country: US", "country: IN")}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		w.apply(edits[i%2]...)
		if w.decide(agreed, "letter", term.Serve, term.Email).Allowed() {
			b.Fatal("an agreement to less is used for more")
		}
	}
}

// multiply gives a customer's standing to many others.
func (w *shop) multiply(c id.Customer, n int) {
	const step = 20_000
	for done := 0; done < n; done += step {
		w.write(func(tx *db.Tx) error {
			rows, err := standingOf(tx, c)
			if err != nil {
				return err
			}
			people := make([]customer.Customer, step)
			for i := range people {
				people[i] = customer.Customer{ID: id.Customer(int64(done+i) + 1), Rev: 1, Known: true, CreatedAt: w.clock.Now()}
			}
			if err := customer.Insert(tx, people); err != nil {
				return err
			}
			var all [][]any
			for i := range step {
				nth := 0
				for _, s := range rows {
					if s.Purpose != "letter" || s.Channel != term.Email {
						continue
					}
					all = append(all, []any{id.Customer(int64(done+i) + 1), s.Controller, s.Purpose, s.Channel, s.Recipient, nth, s.From, s.Until, s.Ops, s.Because,
						s.Basis, s.Rules})
					nth++
				}
			}
			_, err = tx.InsertMany(`insert into standing (`+standingColumns+`) values`, "", all)
			return err
		})
	}
}

// parse gives the sample's charter with edits, or as it is without any.
func (w *shop) parse(edits ...string) *charter.Charter {
	if len(edits) == 0 {
		return sample.Halm()
	}
	return w.edited(edits...)
}

func purchaseFact() customer.Fact {
	return customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"ref": "order-1"}}
}
