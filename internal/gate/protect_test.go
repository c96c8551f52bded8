package gate

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/ledger"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// One act ends all marketing on all channels, and what is not marketing goes on.
func TestStopAllEndsEverythingInOneTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		w.record(c, letterMail)
		sms := letterMail
		sms.Channel = term.SMS
		w.record(c, sms)
		w.fact(c, customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"family": "coffee"}})
		var heard []StandingKey
		w.gate.OnTightened(func(_ *db.Tx, fewer map[id.Customer][]StandingKey) (map[id.Customer][]string, error) {
			heard = append(heard, fewer[c]...)
			return map[id.Customer][]string{c: {"already left"}}, nil
		})
		before := w.count("select count(*) from consent_record")

		undo := errs.New(errs.Internal, "undo", "undo")
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			if _, _, err := w.gate.StopAll(tx, c, "halm", term.ByCustomer, "portal"); err != nil {
				return err
			}
			return undo
		})
		if err != undo || w.count("select count(*) from consent_record") != before {
			t.Fatalf("an undone transaction left records behind (%v)", err)
		}
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))

		heard = nil
		var effects Effects
		w.write(func(tx *db.Tx) (err error) {
			_, effects, err = w.gate.StopAll(tx, c, "halm", term.ByCustomer, "portal")
			return err
		})
		if len(effects.Left) == 0 || effects.Revocations == 0 || len(heard) == 0 {
			t.Errorf("effects %+v, hook heard %v", effects, heard)
		}
		records := w.records(c)
		for _, ch := range []term.Channel{term.Email, term.SMS, ""} {
			s := consent.StateOf(records, consent.Key{Controller: "halm", Purpose: "letter", Channel: ch})
			if s.Status != consent.Taken && s.Status != consent.Opposed {
				t.Errorf("channel %q is %s", ch, s.Status)
			}
			if d := w.decide(c, "letter", term.Serve, ch); d.Allowed() || !d.Has(errs.Objected) && !d.Has(errs.Withdrawn) {
				t.Errorf("channel %q: %v %v", ch, d.Outcome, d.Reasons)
			}
		}
		w.wantAllowed(w.decide(c, "orders", term.Serve, term.Email))
		n := len(records)
		w.write(func(tx *db.Tx) error {
			_, _, err := w.gate.StopAll(tx, c, "halm", term.ByCustomer, "portal")
			return err
		})
		if again := len(w.records(c)); again != n {
			t.Errorf("stopping twice wrote %d more records", again-n)
		}
	})
}

// A withdrawal tells each recipient of the purpose, the hooks, the ledger and
// the journal, in its own transaction.
func TestWithdrawalReachesEveryone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		w.record(c, letterMail)
		r, e := w.record(c, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn})
		if e.Revocations != 1 || w.count("select count(*) from job where kind = $1", JobRevoke) != 1 {
			t.Errorf("%d revocations, want 1: the relay", e.Revocations)
		}
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.Withdrawn)
		if again, e := w.record(c, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn}); again.ID != r.ID || e.Revocations != 0 {
			t.Error("withdrawing twice is not idempotent")
		}
		var kept []journal.Kind
		w.must(w.acts.Replay(0, func(a journal.Act) error {
			kept = append(kept, a.Kind)
			if a.Customer != c {
				t.Error("the journal names another customer")
			}
			return nil
		}))
		if len(kept) != 1 || kept[0] != journal.Withdrawal {
			t.Errorf("the journal holds %v", kept)
		}
		entries, err := w.log.List(context.Background(), ledger.Filter{Kind: KindConsent})
		w.must(err)
		if len(entries) != 2 {
			t.Fatalf("%d ledger entries, want 2", len(entries))
		}
		for _, row := range entries {
			var content map[string]any
			w.must(json.Unmarshal(row.Content, &content))
			if content["customer"] != nil || content["Customer"] != nil {
				t.Error("a ledger entry names the customer")
			}
		}
	})
}

func TestReceiptProvesTheRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c, ctx := w.customer(), context.Background()
		r, _ := w.record(c, letterMail)
		if _, err := w.gate.Receipt(ctx, c, r.ID); errs.CodeOf(err) != ledger.ProofPending {
			t.Errorf("before the checkpoint: %v, want %s", err, ledger.ProofPending)
		}
		_, err := w.log.Sequence(ctx)
		w.must(err)
		got, err := w.gate.Receipt(ctx, c, r.ID)
		w.must(err)
		w.verifyReceipt(got, r)
		if _, err := w.gate.Receipt(ctx, w.customer(), r.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("another customer's record: %v, want NOT_FOUND", err)
		}
	})
}

// Suppression acts on the address: for all its holders, for ever, and on
// marketing only.
func TestSuppressionIsOfTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		mail, err := customer.Email("ada@example.org")
		w.must(err)
		take := func(ns string) id.Customer {
			user, err := customer.UserID("shop", ns)
			w.must(err)
			got, err := w.gate.Take(context.Background(), []Arrival{{Provenance: customer.Provenance{Source: "shop", Method: "api", At: w.clock.Now()},
				Identities: []customer.Identity{user, mail}, At: w.clock.Now()}})
			w.must(err)
			return got[0].Customer
		}
		c := take("1001")
		w.record(c, letterMail)
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		w.write(func(tx *db.Tx) error {
			return w.gate.Suppress(tx, EndpointSuppression{Address: mail, Reason: "asked", Actor: term.ByCustomer})
		})
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.Suppressed)
		w.fact(c, customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"family": "coffee"}})
		w.wantAllowed(w.decide(c, "orders", term.Serve, term.Email))
	})
}

// Nothing is allowed when the gate cannot know.
func TestFailsClosed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		w.record(c, letterMail)
		r := ask("letter", term.Serve, term.Email)
		r.Customer = c
		closedFor := func(why string) {
			t.Helper()
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				p, got, err := w.gate.Use(tx, r)
				if got.Allowed() || !got.Has(errs.FailClosed) || p.Check("email") == nil {
					t.Errorf("%s: %v %v, and the pass opens: %v", why, got.Outcome, got.Reasons, p.Check("email") == nil)
				}
				if errs.CodeOf(err) != errs.FailClosed {
					t.Errorf("%s: error %v, want %s", why, err, errs.FailClosed)
				}
				return err
			})
			if err == nil {
				t.Errorf("%s: no error", why)
			}
		}
		packs := w.gate.packs
		w.gate.packs = new(rulepack.Set)
		clear(w.gate.laws)
		closedFor("the market's pack is missing")
		w.gate.packs = packs
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("alter table standing_whole rename to standing_lost")
			return err
		})
		closedFor("standing cannot be read")
		w.write(func(tx *db.Tx) error {
			_, err := tx.Exec("alter table standing_lost rename to standing_whole")
			return err
		})
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		w.write(func(tx *db.Tx) error { _, err := tx.Exec("delete from standing_whole"); return err })
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.FailClosed)
		w.wantDenied(w.decide(id.NewCustomer(), "letter", term.Serve, term.Email), errs.NoBasis)
	})
}

func TestPass(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c := w.customer()
		w.record(c, letterMail)
		r := ask("letter", term.Serve, term.Email)
		r.Customer, r.Fields = c, []term.Field{"email"}
		var p Pass
		w.write(func(tx *db.Tx) (err error) { p, _, err = w.gate.Use(tx, r); return err })
		if p.Check("email") != nil || p.Check("roast") == nil || (Pass{}).Check("email") == nil {
			t.Error("a pass opens what it was asked for and nothing else")
		}
		w.must(d.Read(context.Background(), func(tx *db.Tx) error {
			uses, err := w.gate.Uses(tx, c, 10)
			if len(uses) != 1 || uses[0].Purpose != "letter" || len(uses[0].Fields) != 1 {
				t.Errorf("uses on record: %+v", uses)
			}
			return err
		}))
		w.clock.Advance(passLives)
		if errs.CodeOf(p.Check("email")) != errs.Stale {
			t.Error("the pass does not expire")
		}
		r.Actor = ""
		err := d.Write(context.Background(), func(tx *db.Tx) error { _, _, err := w.gate.Use(tx, r); return err })
		if errs.CodeOf(err) != "no_actor" {
			t.Errorf("use without an actor: %v", err)
		}
	})
}

// A thousand grants and as many withdrawals by two servers at once: whoever
// reads later agrees with the order of the records.
func TestConcurrentGrantsAndWithdrawals(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		ctx := context.Background()
		first, err := db.Open(ctx, place)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = first.Close() }()
		w := newShop(t, first, day(2026, 3, 2))
		gates := []*Gate{w.gate, w.gate}
		dbs := []*db.DB{first, first}
		if first.Dialect() == db.Postgres {
			second, err := db.Open(ctx, place)
			w.must(err)
			defer func() { _ = second.Close() }()
			gates[1], dbs[1] = w.open(second, job.NewQueue(second, w.clock)), second
		}
		list := make([]id.Customer, 8)
		for i := range list {
			list[i] = w.customer()
		}
		const pairs = 1000
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range pairs {
			for n, kind := range []consent.Kind{consent.Given, consent.Withdrawn} {
				wg.Add(1)
				go func() {
					defer wg.Done()
					<-start
					server := (i + n) % 2
					a := consent.Act{Customer: list[i%len(list)], Purpose: "letter", Channel: term.Email, Kind: kind, Method: consent.ByPortal,
						Strength: consent.Documented, ControlDefault: consent.Unset, Action: consent.Tick, Actor: term.ByCustomer}
					err := dbs[server].Write(ctx, func(tx *db.Tx) error {
						_, _, err := gates[server].Record(tx, a)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}()
			}
		}
		close(start)
		wg.Wait()
		given := 0
		for _, c := range list {
			records := w.records(c)
			if n := consent.Verify(records); n != 0 {
				t.Errorf("the chain breaks at %d of %d", n, len(records))
			}
			last := records[len(records)-1]
			for _, r := range records {
				if r.Kind == consent.Given {
					given++
				}
				if r.Rev > last.Rev {
					t.Error("the last record does not have the highest revision")
				}
			}
			for i, g := range gates {
				w.must(dbs[i].Read(ctx, func(tx *db.Tx) error {
					r := ask("letter", term.Serve, term.Email)
					r.Customer = c
					d, err := g.Decide(tx, r)
					if d.Allowed() != (last.Kind == consent.Given) {
						t.Errorf("server %d says %v, the last record says %s", i, d.Outcome, last.Kind)
					}
					return err
				}))
			}
		}
		if given != pairs {
			t.Errorf("%d grants on record, %d were answered with success", given, pairs)
		}
	})
}

// The trap of a joined recheck: who waited for the lock behind a withdrawal must
// see it.
func TestWithdrawalBetweenLockAndReread(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		c, ctx := w.customer(), context.Background()
		w.record(c, letterMail)
		r := ask("letter", term.Serve, term.Email)
		r.Customer = c
		withdrawn, began, done := make(chan struct{}), make(chan struct{}), make(chan Decision, 1)
		go func() {
			<-withdrawn
			var got Decision
			err := d.Write(ctx, func(tx *db.Tx) (err error) {
				// The first statement fixes what a snapshot would show.
				var n int
				if err := tx.QueryRow("select count(*) from consent_record where customer_id = $1", c).Scan(&n); err != nil {
					return err
				}
				select {
				case <-began:
				default:
					close(began)
				}
				_, got, err = w.gate.Use(tx, r)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			done <- got
		}()
		act := consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn, Method: consent.ByOneClick,
			Strength: consent.Documented, Actor: term.ByCustomer}
		var once sync.Once
		w.write(func(tx *db.Tx) error {
			if _, _, err := w.gate.Record(tx, act); err != nil {
				return err
			}
			once.Do(func() { close(withdrawn) })
			if d.Dialect() == db.Postgres { // hold the lock until the other transaction has begun and read
				select {
				case <-began:
				case <-time.After(5 * time.Second):
				}
			}
			return nil
		})
		if got := <-done; got.Allowed() || !got.Has(errs.Withdrawn) {
			t.Errorf("after the withdrawal: %v %v", got.Outcome, got.Reasons)
		}
	})
}

func TestBeginErasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		mail, err := customer.Email("ada@example.org")
		w.must(err)
		got, err := w.gate.Take(context.Background(), []Arrival{{Provenance: customer.Provenance{Source: "shop", Method: "api", At: w.clock.Now()},
			Identities: []customer.Identity{mail}, At: w.clock.Now()}})
		w.must(err)
		c := got[0].Customer
		w.record(c, letterMail)
		w.write(func(tx *db.Tx) error {
			_, err := w.gate.BeginErasure(tx, Erasure{Customer: c, Actor: term.ByCustomer})
			return err
		})
		d1 := w.decide(c, "letter", term.Serve, term.Email)
		for _, code := range []errs.Code{errs.Objected, errs.Suppressed, errs.Restricted} {
			w.wantDenied(d1, code)
		}
		w.wantAllowed(w.decide(c, "", term.Rights, ""))
		kinds := map[journal.Kind]int{}
		w.must(w.acts.Replay(0, func(a journal.Act) error { kinds[a.Kind]++; return nil }))
		if kinds[journal.Erasure] != 1 || kinds[journal.Suppression] != 1 {
			t.Errorf("the journal holds %v", kinds)
		}
	})
}
