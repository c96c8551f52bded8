package gate

import (
	"context"
	"errors"
	"sync"
	"testing"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// TestActsThatShareATransaction has many people speak at once, some of them
// twice, one wrongly, one whom nobody knows: each is answered for itself, and
// afterwards everything is as if they had spoken one after the other.
func TestActsThatShareATransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		list := make([]id.Customer, 12)
		for i := range list {
			list[i] = w.customer()
		}
		say := func(c id.Customer, kind consent.Kind, p term.Purpose) (consent.Record, Effects, error) {
			return w.gate.Say(context.Background(), consent.Act{Customer: c, Purpose: p, Channel: term.Email, Kind: kind, Method: consent.ByPortal,
				Strength: consent.Documented, ControlDefault: consent.Unset, Action: consent.Tick, Actor: term.ByCustomer})
		}
		var all sync.WaitGroup
		for _, c := range list {
			all.Go(func() {
				r, e, err := say(c, consent.Given, "letter")
				if err != nil || r.Customer != c || len(e.Opened) == 0 {
					t.Errorf("given: %+v %v", e, err)
				}
				r, e, err = say(c, consent.Withdrawn, "letter")
				if err != nil || r.Kind != consent.Withdrawn || len(e.Tightened) == 0 {
					t.Errorf("withdrawn: %+v %v", e, err)
				}
			})
		}
		all.Go(func() {
			if _, _, err := say(list[0], consent.Given, "no such purpose"); errs.CodeOf(err) != errs.NoBasis {
				t.Errorf("a wrong act: %v", err)
			}
		})
		all.Go(func() {
			if _, _, err := say(id.NewCustomer(), consent.Given, "letter"); !errors.Is(err, customer.ErrGone) {
				t.Errorf("of nobody: %v", err)
			}
		})
		all.Wait()
		for _, c := range list {
			records := w.records(c)
			if len(records) != 2 || consent.Verify(records) != 0 || records[0].Rev >= records[1].Rev {
				t.Errorf("records: %+v", records)
			}
			if w.decide(c, "letter", term.Serve, term.Email).Allowed() {
				t.Error("a letter is allowed after the withdrawal")
			}
		}
		if n := w.count("select count(*) from ledger_entry where kind = 'consent.record'"); n != 2*len(list) {
			t.Errorf("%d entries", n)
		}
	})
}

// TestActsOfOnePersonFollowEachOther has one transaction hold a yes and the no
// that came after it.
func TestActsOfOnePersonFollowEachOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c, other := w.customer(), w.customer()
		yes := letterMail
		yes.Customer, yes.Actor, yes.Method, yes.Strength = c, term.ByCustomer, consent.ByPortal, consent.Documented
		yes.ControlDefault, yes.Action = consent.Unset, consent.Tick
		no := yes
		no.Kind = consent.Withdrawn
		third := yes
		third.Customer = other
		out, err := w.gate.say(context.Background(), []consent.Act{yes, no, third})
		w.must(err)
		if len(out[0].effects.Opened) == 0 || len(out[1].effects.Tightened) == 0 || out[1].effects.Revocations == 0 || len(out[2].effects.Opened) == 0 {
			t.Errorf("%+v", out)
		}
		if out[1].record.Seq != out[0].record.Seq+1 || out[1].record.Rev <= out[0].record.Rev {
			t.Errorf("%+v after %+v", out[1].record, out[0].record)
		}
		if w.decide(c, "letter", term.Serve, term.Email).Allowed() || !w.decide(other, "letter", term.Serve, term.Email).Allowed() {
			t.Error("the last word does not hold")
		}
	})
}
