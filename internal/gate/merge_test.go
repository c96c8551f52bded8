package gate

import (
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/term"
)

func (w *shop) stateOf(c id.Customer) consent.Status {
	w.t.Helper()
	return consent.StateOf(w.records(c), consent.Key{Controller: "halm", Purpose: "letter", Channel: term.Email}).Status
}

func TestPRF08_JoinedProfilesKeepTheMoreProtectiveChoiceAndCanBeParted(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1"), mail("jane@example.org")))[0].Customer
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		w.livesIn(jane, "DE")
		w.record(jane, letterMail)
		w.wantAllowed(w.decide(jane, "letter", term.Serve, term.Email))
		given := w.records(jane)

		visit := claimOf(device("1"))
		visit.Events = []event.New{viewed("v-1")}
		visit.Acts = []consent.Act{{Purpose: "letter", Channel: term.Email, Kind: consent.Objected, Method: consent.ByForm, Actor: term.ByCustomer}}
		visitor := w.take(visit)[0].Customer
		said := w.records(visitor)
		if visitor == jane || w.stateOf(visitor) != consent.Opposed {
			w.t.Fatal("the objection is not the visitor's alone")
		}
		// The visitor is protected from more; the customer's own, later word would hide it.
		w.fact(visitor, customer.Fact{Kind: customer.Care, Detail: on()})
		w.fact(visitor, customer.Fact{Kind: customer.Age, Detail: customer.WithValue(string(customer.Minor))})
		w.clock.Advance(time.Hour)
		w.fact(jane, customer.Fact{Kind: customer.Care, Detail: on()})
		w.fact(jane, customer.Fact{Kind: customer.Care, Detail: customer.WithValue(customer.Off)})
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("unknown")})
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		w.wantAllowed(w.decide(jane, "letter", term.Serve, term.Email))

		login := w.take(from("shop", user("1"), device("1")))[0]
		if login.Customer != jane || login.Merged != visitor {
			w.t.Fatalf("%+v", login)
		}
		if got := w.stateOf(jane); got != consent.Opposed {
			w.t.Errorf("joined, the state is %s", got)
		}
		d := w.decide(jane, "letter", term.Serve, term.Email)
		for _, code := range []errs.Code{errs.Objected, errs.Restricted, errs.Age} {
			w.wantDenied(d, code)
		}
		if n := w.count("select count(*) from event where customer_id = $1 and origin = $2", jane, visitor); n != 1 {
			w.t.Errorf("%d of the visitor's events", n)
		}

		w.clock.Advance(time.Hour)
		w.write(func(tx *db.Tx) error { return w.gate.Split(tx, jane, visitor) })
		if a, b := w.stateOf(jane), w.stateOf(visitor); a != consent.Agreed || b != consent.Opposed {
			w.t.Errorf("parted, the customer is %s and the visitor %s", a, b)
		}
		w.wantAllowed(w.decide(jane, "letter", term.Serve, term.Email))
		w.wantDenied(w.decide(visitor, "letter", term.Serve, term.Email), errs.Objected)
		back := w.records(visitor)
		if len(back) != len(said) || consent.Verify(back) != 0 || string(back[0].Hash) != string(said[0].Hash) || back[0].ID != said[0].ID {
			w.t.Error("the visitor's records are not as they were")
		}
		if all := w.records(jane); consent.Verify(all) != 0 || len(all) != len(given)+2 || all[len(all)-1].AssertedAt > given[0].RecordedAt {
			w.t.Errorf("the customer's records: %d", len(all))
		}
		if w.count("select count(*) from event where customer_id = $1", visitor) != 1 || w.count("select count(*) from event where customer_id = $1 and origin <> 0", jane) != 0 {
			w.t.Error("the events did not go back")
		}
		// The device is the visitor's again.
		again := claimOf(device("1"))
		again.Events = []event.New{viewed("v-2")}
		if got := w.take(again)[0]; got.Customer != visitor {
			w.t.Errorf("the device belongs to %v", got.Customer)
		}
		err := w.db.Write(t.Context(), func(tx *db.Tx) error { return w.gate.Split(tx, jane, visitor) })
		if !errs.Is(err, errs.NotFound) {
			w.t.Errorf("parted twice: %v", err)
		}
	})
}

// Until the person decides: what they say after the joining is theirs, and
// parting does not touch it.
func TestADecisionAfterTheJoiningStands(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1"), mail("jane@example.org")))[0].Customer
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		w.record(jane, letterMail)
		visit := claimOf(device("1"))
		visit.Acts = []consent.Act{{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn, Method: consent.ByForm, Actor: term.ByCustomer}}
		visitor := w.take(visit)[0].Customer
		w.take(from("shop", user("1"), device("1")))
		w.record(jane, letterMail)
		w.wantAllowed(w.decide(jane, "letter", term.Serve, term.Email))
		w.record(jane, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn})
		w.write(func(tx *db.Tx) error { return w.gate.Split(tx, jane, visitor) })
		w.wantDenied(w.decide(jane, "letter", term.Serve, term.Email), errs.Withdrawn)
	})
}

// PRF-08: joining needs a purpose in force. Who withdrew the one purpose that uses
// what a device did is not joined to it; its signal reaches them all the same; when
// they agree again, it is joined.
func TestPRF08_JoiningNeedsAPurposeInForce(t *testing.T) {
	eachShop(t, func(w *shop) {
		jane := w.take(from("shop", user("1"), mail("jane@example.org")))[0].Customer
		w.fact(jane, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		w.record(jane, letterMail)
		w.record(jane, consent.Act{Purpose: "letter", Kind: consent.Withdrawn})
		visit := claimOf(device("1"))
		visit.Events, visit.GPC = []event.New{viewed("v-1")}, true
		visitor := w.take(visit)[0].Customer
		login := func() Taken { return w.take(from("shop", user("1"), device("1")))[0] }
		got := login()
		if got.Customer != jane || got.Merged != 0 || len(got.Notes) != 1 || got.Notes[0].Code != NoteUnlinked {
			w.t.Errorf("without a purpose: %+v", got)
		}
		if n := w.count("select count(*) from event where customer_id = $1", visitor); n != 1 {
			w.t.Errorf("the device has %d events", n)
		}
		if n := w.count("select count(*) from fact where customer_id = $1 and kind = $2", jane, customer.GPC); n != 1 {
			w.t.Errorf("%d signals reached the person", n)
		}
		w.clock.Advance(time.Hour)
		w.record(jane, letterMail)
		if got := login(); got.Merged != visitor {
			w.t.Errorf("with a purpose: %+v", got)
		}
	})
}
