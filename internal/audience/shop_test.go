package audience

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/personal"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// shop is the sample business with a gate and an audience service.
type shop struct {
	t     testing.TB
	db    *db.DB
	clock *clock.Fake
	store *charter.Store
	gate  *gate.Gate
	log   *ledger.Log
	box   *outbox.Box
	*Service
	people int
}

func newShop(t testing.TB, d *db.DB) *shop {
	t.Helper()
	w := &shop{t: t, db: d, clock: clock.NewFake(clock.UTC(2026, time.March, 10, 12, 0, 0))}
	dir, ring := t.TempDir(), keyring.Generate()
	packs, err := rulepack.Load()
	w.must(err)
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "halm.example/test", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: w.clock})
	w.must(err)
	acts, err := journal.Open(ctx, journal.Options{Place: filepath.Join(dir, "journal"), Ring: ring, Clock: w.clock})
	w.must(err)
	t.Cleanup(func() { _ = acts.Close() })
	w.store, w.log, w.box = charter.NewStore(log, packs), log, outbox.Open(d, w.clock)
	log.Also(w.box)
	w.gate, err = gate.New(gate.Config{DB: d, Ring: ring, Keys: filepath.Join(dir, "keys.db"), Charter: w.store, Packs: packs,
		Ledger: log, Journal: acts, Jobs: job.NewQueue(d, w.clock), Outbox: w.box, Clock: w.clock})
	w.must(err)
	t.Cleanup(func() { _ = w.gate.Close() })
	w.Service = New(Config{DB: d, Gate: w.gate, Charter: w.store, Clock: w.clock})
	w.apply()
	return w
}

// apply puts the sample's charter in force with some of its text replaced, old
// and new by turns.
func (w *shop) apply(replace ...string) *charter.Charter {
	w.t.Helper()
	promise, house := sample.Documents()
	if strings.Contains(strings.Join(replace, ""), "newsletter_de:") {
		house = bytes.Replace(house, []byte("\n  letter: {email:"), []byte("\n  newsletter_de: {email: {name: Halm News, address: news@halm.example, dkim: candor}}\n  letter: {email:"), 1)
	}
	text := string(promise)
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			w.t.Fatalf("the sample's charter has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	c, problems := charter.Parse([]byte(text), house)
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	w.write(func(tx *db.Tx) error {
		_, err := w.store.Apply(tx, c, w.clock.Now(), "staff:test")
		return err
	})
	return c
}

// who says how a customer of a test differs from one who agreed to everything.
type who struct {
	acts      []consent.Kind
	noAge     bool
	noAddress bool
	gpc       bool
	facts     []customer.Fact
	orders    int // completed yesterday
	roast     string
}

// arrive makes customers in Germany and gives their ids.
func (w *shop) arrive(n int, k who) []id.Customer {
	w.t.Helper()
	var list []gate.Arrival
	yesterday := w.clock.Now().Add(-24 * time.Hour)
	for range n {
		w.people++
		a := gate.Arrival{
			Source: 1, Provenance: customer.Provenance{Source: "test", Method: "api", At: yesterday, Confidence: 100},
			Traits: map[term.Field]any{"country": "DE"}, GPC: k.gpc, At: w.clock.Now(),
			Facts: append([]customer.Fact{{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "declared"}}}, k.facts...),
		}
		if k.roast != "" {
			a.Traits["roast"] = k.roast
		}
		if !k.noAge {
			a.Facts = append(a.Facts, customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
		}
		user, err := customer.UserID("shop", fmt.Sprint(1000+w.people))
		w.must(err)
		a.Identities = append(a.Identities, user)
		if !k.noAddress {
			address := fmt.Sprintf("person%d@example.org", w.people)
			mail, err := customer.Email(address)
			w.must(err)
			a.Identities = append(a.Identities, mail)
			a.Values = map[term.Field]personal.Value{"email": personal.Seal(address)}
			a.Values = map[term.Field]personal.Value{"email": mail.Value}
		}
		for i := range k.orders {
			a.Events = append(a.Events, event.New{Name: "Order Completed", OccurredAt: yesterday, MessageID: fmt.Sprint(w.people, "-", i),
				Amount: 1999, Currency: "EUR", Family: "beans"})
		}
		list = append(list, a)
	}
	taken, err := w.gate.Take(ctx, list)
	w.must(err)
	var out []id.Customer
	for _, t := range taken {
		if t.Refused != nil {
			w.t.Fatal(t.Refused)
		}
		for _, kind := range k.acts {
			w.record(t.Customer, kind)
		}
		out = append(out, t.Customer)
	}
	return out
}

func (w *shop) record(c id.Customer, kind consent.Kind) {
	w.t.Helper()
	a := consent.Act{Customer: c, Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: kind,
		Method: consent.ByPortal, Strength: consent.Documented, Actor: term.ByCustomer}
	if kind.Raises() {
		a.ControlDefault, a.Action = consent.Unset, consent.Tick
	}
	w.write(func(tx *db.Tx) error {
		_, _, err := w.gate.Record(tx, a)
		return err
	})
}

func (w *shop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *shop) write(fn func(*db.Tx) error) {
	w.t.Helper()
	w.must(w.db.Write(ctx, fn))
}

func (w *shop) read(fn func(*db.Tx) error) {
	w.t.Helper()
	w.must(w.db.Read(ctx, fn))
}

// rows counts rows.
func (w *shop) rows(query string, args ...any) (n int) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) })
	return n
}

// ask previews for the letter by e-mail.
func (w *shop) ask(condition string, personal bool) Funnel {
	w.t.Helper()
	f, err := w.Preview(ctx, Question{Purpose: "letter", Channel: term.Email, Condition: condition, Actor: "staff:test", Personal: personal, Lang: "en"})
	w.must(err)
	return f
}
