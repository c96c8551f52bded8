package gate

import (
	"slices"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

func TestCON11_ARefusalIsRememberedAndNobodyAsksAgainBeforeTheBar(t *testing.T) {
	pacific, berlin := zoneOf(t, "America/Los_Angeles"), zoneOf(t, "Europe/Berlin")
	at := func(z *time.Location, y int, m time.Month, d int) clock.Instant {
		return clock.At(time.Date(y, m, d, 12, 0, 0, 0, z))
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, at(pacific, 2026, 2, 10))
		w.apply(append(withSMS(), "recipients:  ",
			"recipients:\n  partner: {name: Partner AG, what: {en: sells machines, de: verkauft Maschinen}, role: controller, country: DE, sale: true, gets: {letter: [email]}}\n# ")...)
		prompt := func(c id.Customer, to term.Recipient) error {
			a := consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: consent.Requested, Method: consent.ByStaff, Actor: "staff:test"}
			if to != "" {
				a.Channel, a.Recipient = "", to
			}
			return w.db.Write(t.Context(), func(tx *db.Tx) error {
				_, _, err := w.gate.Record(tx, a)
				return err
			})
		}
		refused := func(c id.Customer, to term.Recipient, when clock.Instant) {
			t.Helper()
			w.clock.Set(when)
			if err := prompt(c, to); errs.CodeOf(err) != "asked_too_soon" {
				t.Errorf("asked at %v: %v", when, err)
			}
		}
		allowed := func(c id.Customer, to term.Recipient, when clock.Instant) {
			t.Helper()
			w.clock.Set(when)
			if err := prompt(c, to); err != nil {
				t.Errorf("asked at %v: %v", when, err)
			}
		}
		californian, german, somewhere, fresh := w.customer(), w.customer(), w.bare(), w.customer()
		w.livesIn(californian, "US-CA")
		w.livesIn(somewhere, "JP")
		w.record(californian, consent.Act{Purpose: "letter", Recipient: "partner", Kind: consent.Objected})
		for _, c := range []id.Customer{german, somewhere} {
			w.record(c, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Refused})
		}
		allowed(fresh, "", at(pacific, 2026, 2, 11)) // never said no

		// Elsewhere six months, in an unknown place twelve.
		refused(german, "", at(berlin, 2026, 8, 10))
		refused(somewhere, "", at(berlin, 2026, 8, 12))
		allowed(german, "", at(berlin, 2026, 8, 12))
		refused(german, "", at(berlin, 2026, 8, 13)) // once: silence is no invitation
		refused(somewhere, "", at(pacific, 2027, 2, 10))

		// California: twelve months after an opt-out of sale; the day after the
		// anniversary, once.
		refused(californian, "partner", at(pacific, 2027, 2, 10))
		allowed(californian, "partner", at(pacific, 2027, 2, 11))
		refused(californian, "partner", at(pacific, 2027, 2, 12))
		allowed(somewhere, "", at(pacific, 2027, 2, 12))

		// The answer that a program gets before it asks.
		asks := func(c id.Customer, may bool, code errs.Code) {
			t.Helper()
			got, err := w.mayAsk(c)
			w.must(err)
			if got.May != may || !may && !slices.ContainsFunc(got.Reasons, func(r Reason) bool { return r.Code == code }) || may && len(got.Reasons) > 0 {
				t.Errorf("may ask: %+v, want %v %s", got, may, code)
			}
		}
		never, no, yes, late := w.customer(), w.customer(), w.customer(), w.customer()
		asks(never, true, "")
		w.record(no, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Refused})
		asks(no, false, AskedTooSoon)
		w.record(yes, letterMail)
		asks(yes, false, AgreedAlready)
		w.fact(late, customer.Fact{Kind: customer.Deceased, Detail: customer.WithValue(customer.On)})
		asks(late, false, errs.Restricted)
		if _, err := w.mayAsk(id.NewCustomer()); !errs.Is(err, errs.NotFound) {
			t.Errorf("about nobody: %v", err)
		}

		// What a person does of their own accord is no prompt.
		again := w.customer()
		w.record(again, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn})
		r, _ := w.record(again, letterMail)
		if r.Kind != consent.Given {
			t.Errorf("in the preference centre: %s", r.Kind)
		}
		from, err := w.promptFrom(german)
		if err != nil || from <= w.clock.Now()-1 {
			t.Errorf("from %v, %v", from, err)
		}
	})
}

func (w *shop) promptFrom(c id.Customer) (from clock.Instant, err error) {
	w.must(w.db.Read(w.t.Context(), func(tx *db.Tx) error {
		from, err = w.gate.MayPrompt(tx, c, Prompt{Purpose: "letter", Channel: term.Email}, w.clock.Now())
		return nil
	}))
	return from, err
}

func (w *shop) mayAsk(c id.Customer) (got Asking, err error) {
	_ = w.db.Read(w.t.Context(), func(tx *db.Tx) error {
		got, err = w.gate.MayAsk(tx, c, Prompt{Purpose: "letter", Channel: term.Email})
		return nil
	})
	return got, err
}
