package app

import (
	"net/http"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/term"
)

// After a clock stepped back by more than two seconds nothing is sent and nobody
// gains a permission, also in a server that was started since; what protects goes
// on.
func TestAClockThatStepsBackStopsSendingAndPermissions(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		ada := s.join("ada@post.example")
		s.later(time.Minute)
		_, err := s.Ledger.Sequence(ctx)
		s.must(err)
		s.campaign()
		s.later(time.Minute)
		s.join("bob@post.example")
		_, err = s.Ledger.Sequence(ctx)
		s.must(err)
		s.must(s.Close())

		s.later(-3 * time.Second)
		s.open()
		go func() { _ = s.Mailbox.Run(t.Context()) }()
		if _, err := s.Ledger.Sequence(ctx); errs.CodeOf(err) != ledger.ClockStepped {
			t.Fatalf("the ledger: %v", err)
		}
		if _, err := s.Sender.Drain(ctx); err == nil {
			t.Error("the sender noticed nothing")
		}
		if n := count(t, s.App, "select count(*) from send where state in ('handed', 'accepted')"); n != 0 {
			t.Errorf("%d messages were sent", n)
		}
		give := func() error {
			return s.DB.Write(ctx, func(tx *db.Tx) error {
				_, _, err := s.Gate.Record(tx, consent.Act{Customer: ada, Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Reconfirmed,
					Method: consent.ByPortal, ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"})
				return err
			})
		}
		if err := give(); errs.CodeOf(err) != ledger.ClockStepped {
			t.Errorf("a new permission: %v", err)
		}
		s.fact(ada, customer.Restriction)
		if s.may(ada, term.Serve) {
			t.Error("a restriction was not taken")
		}
		s.later(5 * time.Second)
		_, err = s.Ledger.Sequence(ctx)
		s.must(err)
		if err := give(); err != nil {
			t.Errorf("after the clock has caught up: %v", err)
		}
		if code := visit(s.App, "GET", "/readyz", nil).Code; code != http.StatusOK {
			t.Errorf("then it is not ready: %d", code)
		}

		// A clock that was a day ahead for a moment: the same, until the day is over.
		s.later(24 * time.Hour)
		s.join("carl@post.example")
		_, err = s.Ledger.Sequence(ctx)
		s.must(err)
		s.later(-24 * time.Hour)
		if _, err := s.Ledger.Sequence(ctx); errs.CodeOf(err) != ledger.ClockStepped {
			t.Errorf("the ledger after a clock that was ahead: %v", err)
		}
		if err := give(); errs.CodeOf(err) != ledger.ClockStepped {
			t.Errorf("a new permission after it: %v", err)
		}
		if code := visit(s.App, "GET", "/readyz", nil).Code; code != http.StatusServiceUnavailable {
			t.Errorf("after it the server is ready: %d", code)
		}
		s.fact(ada, customer.Deceased)
		s.later(24 * time.Hour)
		if _, err := s.Ledger.Sequence(ctx); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}
