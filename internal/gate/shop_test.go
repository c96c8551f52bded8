package gate

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
	"candor/internal/outbox"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// shop is a gate over a real database, with a clock that the test sets.
type shop struct {
	t     testing.TB
	db    *db.DB
	clock *clock.Fake
	gate  *Gate
	log   *ledger.Log
	jobs  *job.Queue
	store *charter.Store
	acts  *journal.Journal
	ring  *keyring.Ring
	packs *rulepack.Set
	dir   string
}

// newShop opens a gate and puts the sample's charter in force.
func newShop(t testing.TB, d *db.DB, at clock.Instant) *shop {
	t.Helper()
	w := &shop{t: t, db: d, clock: clock.NewFake(at), ring: keyring.Generate(), dir: t.TempDir()}
	var err error
	w.packs, err = rulepack.Load()
	w.must(err)
	w.log, err = ledger.Open(context.Background(), d, ledger.Options{Origin: "halm.example/test",
		SignerFile: filepath.Join(w.dir, "signer"), AnchorDir: w.dir, Clock: w.clock})
	w.must(err)
	w.acts, err = journal.Open(context.Background(), journal.Options{Place: filepath.Join(w.dir, "journal"), Ring: w.ring, Clock: w.clock})
	w.must(err)
	w.store = charter.NewStore(w.log, w.packs)
	w.jobs = job.NewQueue(d, w.clock)
	w.gate = w.open(d, w.jobs)
	t.Cleanup(func() { _ = w.acts.Close() })
	w.apply(withSMS()...)
	return w
}

// open makes a further gate over a database, as another server does.
func (w *shop) open(d *db.DB, q *job.Queue) *Gate {
	w.t.Helper()
	g, err := New(Config{DB: d, Ring: w.ring, Keys: filepath.Join(w.t.TempDir(), "keys.db"), Charter: w.store, Packs: w.packs,
		Ledger: w.log, Journal: w.acts, Jobs: q, Outbox: outbox.Open(d, w.clock), Clock: w.clock})
	w.must(err)
	w.t.Cleanup(func() { _ = g.Close() })
	return g
}

// withSMS adds a second channel to the sample's letter.
func withSMS() []string {
	return []string{
		"  country: {kind: country,", "  phone: {kind: phone, keep_in: vault, from: [signup]}\n  country: {kind: country,",
		"after a sale of coffee}   # may we write", "after a sale of coffee}\n    sms: opt-in",
		"      email: to send it", "      email: to send it\n      phone: to send it",
	}
}

// apply puts the sample's charter in force with some of its text replaced, old
// and new by turns.
func (w *shop) apply(replace ...string) charter.Applied {
	w.t.Helper()
	c := w.edited(replace...)
	var out charter.Applied
	w.write(func(tx *db.Tx) (err error) {
		out, err = w.store.Apply(tx, c, w.clock.Now(), "staff:test")
		return err
	})
	return out
}

func (w *shop) edited(replace ...string) *charter.Charter {
	w.t.Helper()
	promise, house := sample.Documents()
	text := string(promise)
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			w.t.Fatalf("the sample's charter has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	for _, name := range []string{"shoes", "cover", "health_offers"} {
		if strings.Contains(text, "\n  "+name+":\n") {
			house = []byte(strings.Replace(string(house), "senders:", "senders:\n  "+name+": {email: {name: Halm, address: letter@halm.example, dkim: candor}}\n#", 1))
		}
	}
	c, problems := charter.Parse([]byte(text), house)
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	return c
}

func (w *shop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *shop) write(fn func(*db.Tx) error) {
	w.t.Helper()
	w.must(w.db.Write(context.Background(), fn))
}

// customer makes a customer of age in Germany, whose address is their own.
func (w *shop) customer() id.Customer {
	w.t.Helper()
	c := id.NewCustomer()
	w.write(func(tx *db.Tx) error {
		return customer.Insert(tx, []customer.Customer{{ID: c, Known: true, CreatedAt: w.clock.Now()}})
	})
	w.fact(c, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
	w.fact(c, customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "declared"}})
	return c
}

func (w *shop) fact(c id.Customer, f customer.Fact) Effects {
	w.t.Helper()
	f.Customer, f.Actor = c, "source:test"
	var out Effects
	w.write(func(tx *db.Tx) (err error) {
		out, err = w.gate.AddFact(tx, f)
		return err
	})
	return out
}

func (w *shop) record(c id.Customer, a consent.Act) (consent.Record, Effects) {
	w.t.Helper()
	a.Customer, a.Actor = c, term.ByCustomer
	if a.Method == "" {
		a.Method, a.Strength = consent.ByPortal, consent.Documented
	}
	if a.Kind.Raises() && a.ControlDefault == "" {
		a.ControlDefault, a.Action = consent.Unset, consent.Tick
	}
	var r consent.Record
	var e Effects
	w.write(func(tx *db.Tx) (err error) {
		r, e, err = w.gate.Record(tx, a)
		return err
	})
	return r, e
}

func (w *shop) decide(c id.Customer, p term.Purpose, op term.Operation, ch term.Channel) Decision {
	w.t.Helper()
	var out Decision
	w.must(w.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		out, err = w.gate.Decide(tx, Request{Customer: c, Controller: "halm", Purpose: p, Operation: op, Channel: ch})
		return err
	}))
	return out
}

func (w *shop) records(c id.Customer) []consent.Record {
	w.t.Helper()
	var out []consent.Record
	w.must(w.db.Read(context.Background(), func(tx *db.Tx) (err error) {
		out, err = consent.Of(tx, c)
		return err
	}))
	return out
}

// count runs a query for one number.
func (w *shop) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	w.must(w.db.Read(context.Background(), func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) }))
	return n
}

// verifyReceipt checks a receipt as candor verify does, and that a changed one
// fails.
func (w *shop) verifyReceipt(got []byte, r consent.Record) {
	w.t.Helper()
	v, err := receipt.Verify(got, w.log.VerifierKey(), w.log.Origin())
	w.must(err)
	if !strings.Contains(string(v.Record), r.ID.String()) {
		w.t.Error("the receipt proves another record")
	}
	changed := strings.Replace(string(got), `"kind":"given"`, `"kind":"refused"`, 1)
	if changed == string(got) {
		w.t.Fatal("nothing was changed")
	}
	if _, err := receipt.Verify([]byte(changed), w.log.VerifierKey(), w.log.Origin()); err == nil {
		w.t.Error("a changed receipt passes")
	}
}
