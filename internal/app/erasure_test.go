package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/ledger/receipt"
	"candor/internal/request"
	"candor/internal/term"
)

var ctx = context.Background()

// openWith opens the platform with the sample business and some customers.
func openWith(t *testing.T, place string, people []demo.Person, clk *demo.Clock, now clock.Instant) *App {
	t.Helper()
	cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:1"}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(ctx, cfg, Options{Clock: clk, Log: slog.New(slog.DiscardHandler), Mailbox: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	clk.Set(now.Add(-demo.Past))
	if _, err := a.ApplyCharter(ctx, sample.Halm(), term.ByEngine); err != nil {
		t.Fatal(err)
	}
	return a
}

// An erasure goes through every store, destroys the key, leaves nothing, and its
// certificate verifies by somebody who knows the log's key alone.
func TestErasureLeavesNothingAndProvesIt(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(3, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: sample.Halm().Business.ID}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		clk.Set(now)
		r, err := a.Desk.Erase(ctx, request.NewErasure{Customer: ids[0], Via: "test", Actor: term.ByCustomer})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Desk.Certificate(ctx, r.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("certificate before the work: %v, want CONFLICT", err)
		}
		clk.Set(now.Add(time.Minute))
		if _, err := a.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := a.Desk.Certificate(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Stores {
			if s.DoneAt.IsZero() || s.Removed == 0 && (s.Store == "values" || s.Store == "events" || s.Store == "consent" || s.Store == "customer") {
				t.Errorf("store %s: %+v", s.Store, s)
			}
		}
		if _, err := a.Ledger.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		p, err := a.Ledger.Proof(ctx, c.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.Verify(p.Receipt, a.Ledger.VerifierKey(), a.Ledger.Origin()); err != nil {
			t.Errorf("the certificate does not verify: %v", err)
		}
		if _, err := a.Desk.Erase(ctx, request.NewErasure{Customer: ids[0], Via: "test", Actor: term.ByCustomer}); !errs.Is(err, errs.NotFound) {
			t.Errorf("erasing twice: %v, want NOT_FOUND", err)
		}
		if copied, err := a.Desk.Copy(ctx, ids[1], "en"); err != nil || len(copied.Stores) == 0 {
			t.Errorf("another customer's copy: %v", err)
		}
	})
}
