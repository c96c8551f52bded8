package app

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/personal"
	"candor/internal/term"
)

// RGT-12: given an erasure that is done, when the backup from the day before is
// restored on an empty machine with the keys and the journal alone, the person is
// erased again before anything serves, and an import of the address creates no
// permission. What they did before is refused; what they do later opens another
// customer, who gets advertising only after a fresh confirmed opt-in.
func TestRGT12_ErasureSurvivesTheRestoreOfYesterdaysBackup(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		ada, bob := s.join("ada@post.example"), s.join("bob@post.example")
		visitor := s.visits("ada-phone")
		s.later(time.Minute)
		file := s.backup()
		s.later(24 * time.Hour)
		s.visits("ada-phone", mailTo(t, "ada@post.example")) // the visitor turns out to be her
		r := s.erase(ada)
		if left := s.tables(ada); left != nil || s.keys(ada) != 0 {
			t.Fatalf("after the erasure there is left: %v", left)
		}
		s.later(time.Hour)
		bobs := s.tables(bob)

		s = s.emptyMachine()
		done := s.restore(file)
		if done.Rows["customer"] == 0 || done.Report.Erasures != 1 {
			t.Errorf("restored %+v", done)
		}
		if left := append(s.tables(ada), s.tables(visitor)...); left != nil || s.keys(ada) != 0 || s.may(ada, term.Store) {
			t.Errorf("erased again, and left: %v", left)
		}
		if code, page := s.choices(ada); strings.Contains(page, "a***@p***.example") {
			t.Errorf("her page: %d, shows the address", code)
		}
		if c, err := s.Desk.Certificate(ctx, r.ID); err != nil || c.KeyGone.IsZero() {
			t.Errorf("the certificate under the request she was given: %v", err)
		}
		if left := s.tables(bob); len(left) != len(bobs) || !s.may(bob, term.Serve) {
			t.Errorf("another customer has %v of %v", left, bobs)
		}
		s.returns(ada, r.ReceivedAt)
		if report := s.verify(); report.Epochs != 2 {
			t.Errorf("ledger %+v", report)
		}
	})
}

// visits has a device look at a product, as whoever else it says it is.
func (s *site) visits(device string, also ...customer.Identity) id.Customer {
	s.t.Helper()
	anonymous, err := customer.Anonymous(device)
	s.must(err)
	return s.take(gate.Arrival{
		Provenance: customer.Provenance{Source: "shop", Method: customer.Observed, At: s.clk.Now(), Confidence: customer.Certain},
		Identities: append(also, anonymous), Events: []event.New{{Name: "Product Viewed"}},
	}).Customer
}

func (s *site) keys(c id.Customer) int64 {
	s.t.Helper()
	d, err := db.OpenReader(ctx, s.cfg.Keys)
	s.must(err)
	defer func() { _ = d.Close() }()
	var n int64
	s.must(d.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("select count(*) from data_key where customer_id = $1", c).Scan(&n)
	}))
	return n
}

// returns shows what becomes of data of somebody who was erased at an instant.
func (s *site) returns(was id.Customer, erased clock.Instant) {
	s.t.Helper()
	t, who := s.t, mailTo(s.t, "ada@post.example")
	imported := gate.Arrival{
		Provenance: customer.Provenance{Source: "crm", Method: customer.Imported, At: s.clk.Now(), Confidence: customer.Certain},
		Identities: []customer.Identity{who}, Values: map[term.Field]personal.Value{"email": who.Value},
		Acts: []consent.Act{{Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByImport,
			ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: "staff:test", Source: "crm"}},
	}
	if got := s.take(imported); got.Refused == nil || got.Refused.Code != gate.NotePast || find(t, s.App, "ada@post.example") != 0 {
		t.Errorf("an import: %+v", got)
	}
	old := gate.Arrival{Provenance: customer.Provenance{Source: "shop", Method: customer.Observed, Confidence: customer.Certain, At: s.clk.Now()},
		Identities: []customer.Identity{who}, Events: []event.New{{Name: "Product Viewed", MessageID: "late", OccurredAt: erased.Add(-time.Hour)}}}
	if got := s.take(old); got.Refused == nil {
		t.Errorf("what happened before: %+v", got)
	}
	fresh := old
	fresh.Events = []event.New{{Name: "Product Viewed", MessageID: "new", OccurredAt: s.clk.Now()}}
	got := s.take(fresh)
	if got.Refused != nil || !got.New || got.Customer == was || s.may(got.Customer, term.Serve) {
		t.Errorf("a later act: %+v", got)
	}
	if late := s.take(old); late.Refused == nil && late.Inserted > 0 {
		t.Errorf("what happened before, told of the new customer: %+v", late)
	}
	if again := s.take(imported); again.Refused == nil || s.may(got.Customer, term.Serve) {
		t.Errorf("an import over the new customer: %+v", again)
	}
	s.later(time.Hour)
	if again := s.join("ada@post.example"); again != got.Customer || !s.may(again, term.Serve) {
		t.Error("a fresh confirmed opt-in does not lift the suppression")
	}
}

// SEC-10: after a restore from the day before, yesterday's opt-outs are still
// honoured, of whichever kind they were, also of people whom the backup never
// met; what may have been sent already is not sent again; and without the journal
// nothing is restored.
func TestSEC10_YesterdaysOptOutsAreHonouredAfterARestore(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		go func() { _ = s.Mailbox.Run(t.Context()) }()
		stays, withdraws, objects, stops := s.join("stays@post.example"), s.join("withdraws@post.example"), s.join("objects@post.example"), s.join("stops@post.example")
		restricts, dies, signals := s.join("restricts@post.example"), s.join("dies@post.example"), s.join("signals@post.example")
		s.later(time.Minute)
		sent := s.campaign()
		file := s.backup()
		_, err := s.Sender.Drain(ctx)
		s.must(err)
		left := count(t, s.App, "select count(*) from send where state = 'accepted'")
		if left == 0 {
			t.Fatal("the campaign sent nothing")
		}
		s.later(time.Hour)
		late := s.join("late@post.example")
		s.says(late, consent.Withdrawn)
		s.says(withdraws, consent.Withdrawn)
		s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
			_, _, err := s.Gate.StopAll(tx, objects, "halm", term.ByCustomer, "portal")
			return err
		}))
		s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
			return s.Gate.Suppress(tx, gate.EndpointSuppression{Address: mailTo(t, "stops@post.example"), Controller: "halm", Reason: "one-click", Actor: term.ByCustomer})
		}))
		s.fact(restricts, customer.Restriction)
		s.fact(dies, customer.Deceased)
		s.fact(signals, customer.GPC)
		s.later(time.Hour)

		bare := s.emptyMachine()
		if !onPostgres(place) {
			kept, err := os.ReadFile(bare.cfg.Journal)
			s.must(err)
			s.must(os.Remove(bare.cfg.Journal))
			if _, err := Restore(ctx, bare.cfg, file, bare.options()); errs.CodeOf(err) != "no_journal" {
				t.Errorf("without the journal: %v", err)
			}
			s.must(os.WriteFile(bare.cfg.Journal, kept, 0o600))
		}
		s = bare
		s.restore(file)
		for name, c := range map[string]id.Customer{"withdrew": withdraws, "objected": objects, "stopped": stops, "restricted": restricts, "died": dies} {
			if s.may(c, term.Serve) {
				t.Errorf("the one who %s may be written to", name)
			}
		}
		if !s.may(stays, term.Serve) || !s.may(signals, term.Serve) || s.may(signals, term.Use) {
			t.Error("others have lost or kept too much")
		}
		if s.may(s.join2("late@post.example"), term.Serve) {
			t.Error("someone the backup never met is written to on the strength of an old list")
		}
		if _, page := s.choices(withdraws); !strings.Contains(page, "w***@p***.example") {
			t.Error("the privacy centre does not answer")
		}
		if c, err := s.Campaigns.Get(ctx, sent); err != nil || c.State != campaign.Cancelled {
			t.Errorf("the campaign is %s, %v", c.State, err)
		}
		go func() { _ = s.Mailbox.Run(t.Context()) }()
		_, err = s.Sender.Drain(ctx)
		s.must(err)
		if n := count(t, s.App, "select count(*) from send where state in ('planned', 'claimed', 'handed', 'accepted')"); n != 0 {
			t.Errorf("%d messages were sent again or wait to be", n)
		}
		before := count(t, s.App, "select count(*) from consent_record")
		report, err := s.Keeper.CatchUp(ctx)
		if after := count(t, s.App, "select count(*) from consent_record"); err != nil || report.Restored || after != before {
			t.Errorf("catching up again: %+v, %v, %d records more", report, err, after-before)
		}
	})
}

// join2 takes an address over from a list that says its owner agreed.
func (s *site) join2(raw string) id.Customer {
	s.t.Helper()
	who := mailTo(s.t, raw)
	return s.take(gate.Arrival{
		Provenance: customer.Provenance{Source: "crm", Method: customer.Imported, At: s.clk.Now(), Confidence: customer.Certain},
		Identities: []customer.Identity{who}, Values: map[term.Field]personal.Value{"email": who.Value},
		Acts: []consent.Act{{Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByImport,
			ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: "staff:test", Source: "crm"}},
		Facts: []customer.Fact{{Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("confirmed"), Actor: "staff:test", Source: "crm"}},
	}).Customer
}

// Nothing serves without a journal that reaches as far as is known of it, from the
// database, the backup or the anchors, nor from a database that was set back.
func TestNothingServesWithoutTheCurrentJournal(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		ada := s.join("ada@post.example")
		_, err := s.Keeper.CatchUp(ctx)
		s.must(err)
		if onPostgres(place) {
			s.says(ada, consent.Withdrawn)
			_, err = s.Keeper.CatchUp(ctx)
			s.must(err)
			s.must(s.Close())
			s.cfg.Journal = dbtest.EmptyPostgresPlace(t)
			s.open()
			s.refusesToServe(journal.Behind)
			return
		}
		early, err := os.ReadFile(s.cfg.Journal)
		s.must(err)
		s.says(ada, consent.Withdrawn)
		_, err = s.Keeper.CatchUp(ctx) // the database notes how far the journal reaches
		s.must(err)
		file := s.backup()
		s.says(ada, consent.Objected)
		_, err = s.Ledger.Sequence(ctx) // the anchor learns of it
		s.must(err)
		s.must(s.Close())
		whole, err := os.ReadFile(s.cfg.Journal)
		s.must(err)

		none := s.emptyMachine()
		s.must(os.WriteFile(none.cfg.Journal, early, 0o600))
		if _, err := Restore(ctx, none.cfg, file, none.options()); errs.CodeOf(err) != journal.Behind {
			t.Errorf("a journal older than the backup: %v", err)
		}
		s.must(os.WriteFile(s.cfg.Journal, early, 0o600))
		s.open()
		s.refusesToServe(journal.Behind)
		s.must(s.Close())

		next := s.emptyMachine("anchor")
		shorter := whole[:bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1]
		s.must(os.WriteFile(next.cfg.Journal, shorter, 0o600))
		if _, err := Restore(ctx, next.cfg, file, next.options()); errs.CodeOf(err) != journal.Behind {
			t.Errorf("a journal one line short of what the anchor knows: %v", err)
		}
		next.open()
		next.refusesToServe(journal.Behind)
		s.must(next.Close())
		s.must(os.WriteFile(next.cfg.Journal, whole, 0o600))
		next.open() // a start with the right journal goes on where the restore was
		report, err := next.Keeper.CatchUp(ctx)
		if err != nil || !report.Restored || next.may(ada, term.Serve) {
			t.Errorf("with the whole journal: %+v, %v", report, err)
		}
	})
}

func (s *site) refusesToServe(code errs.Code) {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	within, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := s.Run(within, l); errs.CodeOf(err) != code {
		s.t.Errorf("serving: %v, want %s", err, code)
	}
	_ = l.Close()
}

// A backup opens for the installation's keys alone, holds no key and no journal,
// and is refused when a byte of it was changed.
func TestABackupIsSealed(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		s.join("ada@post.example")
		file := s.backup()
		whole, err := os.ReadFile(file)
		s.must(err)
		if bytes.Contains(whole, []byte("customer")) || bytes.Contains(whole, []byte("halm")) {
			t.Error("the backup can be read")
		}
		if saved, err := CheckBackup(s.cfg, file); err != nil || saved.Rows["customer"] != 1 || saved.Manifest.Charter.Version != 1 {
			t.Errorf("check: %+v, %v", saved, err)
		}
		if _, ok := mustCheck(t, s, file)["data_key"]; ok {
			t.Error("the backup holds customers' keys")
		}
		for _, at := range []int{len(whole) / 3, len(whole) - 1} {
			bad := bytes.Clone(whole)
			bad[at] ^= 1
			s.must(os.WriteFile(file, bad, 0o600))
			if _, err := CheckBackup(s.cfg, file); !errs.Is(err, errs.Invalid) {
				t.Errorf("byte %d changed: %v", at, err)
			}
		}
		s.must(os.WriteFile(file, whole[:len(whole)-20], 0o600))
		if _, err := CheckBackup(s.cfg, file); !errs.Is(err, errs.Invalid) {
			t.Errorf("cut short: %v", err)
		}
		s.must(os.WriteFile(file, whole, 0o600))
		other := newSite(t, dbtest.SQLitePlace(t))
		if _, err := CheckBackup(other.cfg, file); errs.CodeOf(err) != "backup_key" {
			t.Errorf("another installation: %v", err)
		}
		if _, err := Restore(ctx, s.cfg, file, s.options()); !errs.Is(err, errs.Conflict) {
			t.Errorf("into a database that holds data: %v", err)
		}
	})
}

func mustCheck(t *testing.T, s *site, file string) map[string]int64 {
	t.Helper()
	saved, err := CheckBackup(s.cfg, file)
	s.must(err)
	return saved.Rows
}
