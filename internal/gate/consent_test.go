package gate

import (
	"context"
	"fmt"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

var letterMail = consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Given}

func (w *shop) wantDenied(d Decision, code errs.Code) {
	w.t.Helper()
	if d.Allowed() || !d.Has(code) {
		w.t.Errorf("got %v %+v, want DENY %s", d.Outcome, d.Reasons, code)
	}
}

func (w *shop) wantAllowed(d Decision) {
	w.t.Helper()
	if !d.Allowed() {
		w.t.Errorf("got DENY %+v, want ALLOW", d.Reasons)
	}
}

// A box that was ticked for the person yields nothing but the evidence of it.
func TestCON02_NoConsentFromSetControlOrInaction(t *testing.T) {
	inadmissible := []struct {
		control consent.Control
		action  consent.Action
	}{
		{consent.Set, consent.Preticked}, {consent.Set, consent.Tick}, {consent.Unset, consent.Scroll}, {consent.Unset, consent.ContinueBrowse},
		{consent.Unset, consent.CloseBanner}, {consent.Unset, consent.Silence}, {consent.Unset, consent.Mute},
		{consent.Unset, consent.AcceptTerms}, {"", ""}, {consent.Unset, "nod"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		mail, err := customer.Email("ada@example.org")
		w.must(err)
		// The form with its box ticked, submitted untouched: the profile is made.
		got, err := w.gate.Take(context.Background(), []Arrival{{
			Provenance: customer.Provenance{Source: "form", Method: "form", At: w.clock.Now()},
			Identities: []customer.Identity{mail}, Values: map[term.Field]personal.Value{"email": mail.Value}, At: w.clock.Now(),
			Acts: []consent.Act{{Purpose: "letter", Channel: term.Email, Kind: consent.Given, Ask: "signup", Lang: "de", Method: consent.ByForm,
				ControlDefault: consent.Set, Action: consent.Preticked, Strength: consent.Documented, Actor: term.ByCustomer}},
		}})
		w.must(err)
		if got[0].Customer == 0 || len(got[0].Records) != 1 {
			t.Fatalf("took %+v, want a customer and a record", got[0])
		}
		if code := errs.CodeOf(got[0].Records[0].Refusal()); code != errs.ConsentInvalid {
			t.Errorf("the record answers %q, want %s", code, errs.ConsentInvalid)
		}
		w.wantNothing(got[0].Customer, 1)
		for i, bad := range inadmissible {
			c := w.customer()
			a := letterMail
			a.ControlDefault, a.Action, a.Method, a.Strength = bad.control, bad.action, consent.ByAPI, consent.Documented
			a.Customer, a.Actor = c, term.ByCustomer
			var r consent.Record
			w.write(func(tx *db.Tx) (err error) { r, _, err = w.gate.Record(tx, a); return err })
			if errs.CodeOf(r.Refusal()) != errs.ConsentInvalid || r.Action != bad.action {
				t.Errorf("case %d: refusal %v, action kept as %q", i, r.Refusal(), r.Action)
			}
			w.wantNothing(c, 1)
		}
		for _, good := range []consent.Action{consent.ClickYes, consent.Tick, consent.Sign, consent.ReplyYes, consent.VerbalRecorded} {
			c := w.customer()
			a := letterMail
			a.ControlDefault, a.Action = consent.Unset, good
			w.record(c, a)
			w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		}
	})
}

// wantNothing checks that records exist and no consent does.
func (w *shop) wantNothing(c id.Customer, records int) {
	w.t.Helper()
	all := w.records(c)
	state := consent.StateOf(all, consent.Key{Controller: "halm", Purpose: "letter", Channel: term.Email})
	if len(all) != records || state.Status != consent.None {
		w.t.Errorf("%d records, state %s; want %d, none", len(all), state.Status, records)
	}
	w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.NoConsent)
}

func TestCON03_EachChannelIsDecidedSeparately(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		w.record(c, letterMail)
		w.wantDenied(w.decide(c, "letter", term.Serve, term.SMS), errs.NoConsent)
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Phone), errs.NoConsent)
		w.wantDenied(w.decide(c, "orders", term.Serve, term.Email), errs.NoBasis)
		r := ask("letter", term.Serve, term.Email)
		r.Customer, r.Controller = c, "sister"
		w.must(w.db.Read(context.Background(), func(tx *db.Tx) error {
			got, err := w.gate.Decide(tx, r)
			w.wantDenied(got, errs.NoBasis)
			return err
		}))
	})
}

func TestCON08_RecordIsOrderedChainedAndReproducible(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		withdraw := consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn}
		times := []clock.Instant{day(2026, 3, 2), day(2026, 3, 9), day(2026, 3, 16)}
		for i, a := range []consent.Act{letterMail, withdraw, letterMail} {
			w.clock.Set(times[i])
			a.Lang, a.Ask = "de", "signup"
			w.record(c, a)
		}
		records := w.records(c)
		export := consent.ExportAt(records, w.clock.Now())
		if len(export.Events) != 3 || export.Broken != 0 {
			t.Fatalf("%d events, broken at %d; want 3, none", len(export.Events), export.Broken)
		}
		for i, kind := range []consent.Kind{consent.Given, consent.Withdrawn, consent.Given} {
			e := export.Events[i]
			if e.Kind != kind || e.Seq != int64(i+1) || e.RecordedAt != times[i] || len(e.NoticeHash) != 32 && kind.Raises() || e.Lang != "de" {
				t.Errorf("event %d is %+v", i+1, e)
			}
		}
		key := letterMail.Key()
		key.Controller = "halm"
		for i, want := range []struct {
			at     clock.Instant
			status consent.Status
		}{{times[0] - 1, consent.None}, {times[0], consent.Agreed}, {times[1] - 1, consent.Agreed}, {times[1], consent.Taken},
			{times[2] - 1, consent.Taken}, {times[2], consent.Agreed}, {clock.Never, consent.Agreed}} {
			if got := consent.StateAt(records, key, want.at).Status; got != want.status {
				t.Errorf("case %d: %s at %s, want %s", i, got, want.at, want.status)
			}
		}
		for _, change := range []string{"kind = 'given'", "recorded_at = recorded_at + 1", "lang = 'en'", "evidence = 'x'", "rev = rev + 1", "hash = prev"} {
			w.tampered(c, 2, change)
		}
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("delete from consent_record where customer_id = $1 and seq = 2", c)
			return err
		})
		if got := consent.Verify(w.records(c)); got != 2 {
			t.Errorf("with record 2 gone the chain breaks at %d, want 2", got)
		}
	})
}

// tampered changes a record behind the engine's back, and back again.
func (w *shop) tampered(c id.Customer, seq int, change string) {
	w.t.Helper()
	undo := fmt.Errorf("undo")
	err := w.db.Write(context.Background(), func(tx *db.Tx) error {
		if _, err := tx.Exec("update consent_record set "+change+" where customer_id = $1 and seq = $2", c, seq); err != nil {
			return err
		}
		records, err := consent.Of(tx, c)
		if err != nil {
			return err
		}
		if got := consent.Verify(records); got != seq {
			w.t.Errorf("after %s the chain breaks at %d, want %d", change, got, seq)
		}
		return undo
	})
	if err != undo {
		w.t.Fatal(err)
	}
}

func TestCON10_ConsentAgesAndBreaksOnChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2024, 10, 1))
		still, active, widened := w.customer(), w.customer(), w.customer()
		for _, c := range []id.Customer{still, active, widened} {
			w.record(c, letterMail)
		}
		w.clock.Set(day(2026, 9, 30))
		w.wantAllowed(w.decide(still, "letter", term.Serve, term.Email))
		w.fact(active, customer.Fact{Kind: customer.Interaction})
		w.clock.Set(clock.UTC(2026, 10, 1, 0, 0, 0))
		w.wantDenied(w.decide(still, "letter", term.Serve, term.Email), errs.ConsentExpired)
		w.clock.Set(day(2026, 10, 1))
		w.wantDenied(w.decide(still, "letter", term.Serve, term.Email), errs.ConsentExpired)
		w.wantAllowed(w.decide(active, "letter", term.Serve, term.Email))

		// An interaction after the end does not revive what has ended.
		w.fact(still, customer.Fact{Kind: customer.Interaction})
		w.wantDenied(w.decide(still, "letter", term.Serve, term.Email), errs.ConsentExpired)

		// A material change: the consent is unusable at once, by comparing
		// versions, and after the background has worked it out anew as well.
		w.clock.Set(day(2026, 10, 2))
		if len(w.apply(append(withSMS(), "gets: {letter: [email], orders: [email]}", "gets: {letter: [email, country], orders: [email]}")...).Widened["letter"]) == 0 {
			t.Fatal("the change is not a widening")
		}
		w.wantDenied(w.decide(active, "letter", term.Serve, term.Email), errs.ConsentInvalid)
		n, err := w.gate.Restand(context.Background())
		w.must(err)
		if n != 3 {
			t.Errorf("worked out %d customers anew, want 3", n)
		}
		w.wantDenied(w.decide(active, "letter", term.Serve, term.Email), errs.ConsentInvalid)
		again := letterMail
		again.Kind = consent.Reconfirmed
		w.record(active, again)
		w.wantAllowed(w.decide(active, "letter", term.Serve, term.Email))
	})
}

// A consent without evidence is kept and cannot be used.
func TestConsentThatCannotBeProven(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		a := letterMail
		a.Method, a.Strength = consent.ByImport, consent.NoEvidence
		w.record(c, a)
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.ConsentInvalid)
	})
}

func TestDoubleOptIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		form := letterMail
		form.Method, form.Ask, form.Lang, form.Strength = consent.ByForm, "signup", "de", consent.Documented
		r, _ := w.record(c, form)
		if r.Kind != consent.Requested {
			t.Fatalf("a form with confirmation gives %s, want requested", r.Kind)
		}
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.NoConsent)
		w.wantAllowed(w.decide(c, "letter", term.Store, ""))
		w.clock.Advance(time.Hour)
		press := consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByConfirmed, Strength: consent.Documented}
		g, _ := w.record(c, press)
		if g.Ask != "signup" || g.Lang != "de" || !g.Counts() || g.Notice != r.Notice {
			t.Errorf("the confirmation does not carry what was shown: %+v", g)
		}
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		if again, _ := w.record(c, press); again.ID != g.ID {
			t.Error("pressing twice wrote a second record")
		}
		other := w.customer()
		press.Customer, press.Actor = other, term.ByCustomer
		err := w.db.Write(context.Background(), func(tx *db.Tx) error {
			_, _, err := w.gate.Record(tx, press)
			return err
		})
		if errs.KindOf(err) != errs.Conflict {
			t.Errorf("confirming nothing gives %v, want CONFLICT", err)
		}
		third := w.customer()
		w.record(third, form)
		w.clock.Advance(15 * 24 * time.Hour)
		w.wantDenied(w.decide(third, "letter", term.Store, ""), errs.NoConsent)
	})
}
