package messagetest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
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

// Start is when the tests' clock stands at first.
var Start = clock.UTC(2027, 3, 1, 10, 0, 0)

// World is the sample business, open: everything below a sender.
type World struct {
	T     testing.TB
	DB    *db.DB
	Clock *clock.Fake
	Ring  *keyring.Ring
	Log   *ledger.Log
	Store *charter.Store
	Jobs  *job.Queue
	Gate  *gate.Gate
	Terms *charter.Charter

	dir   string
	packs *rulepack.Set
	acts  *journal.Journal
}

// NewWorld opens the sample business on a database.
func NewWorld(t testing.TB, d *db.DB) *World {
	t.Helper()
	w := &World{T: t, DB: d, Clock: clock.NewFake(Start), Ring: keyring.Generate(), Terms: greeting(t), dir: t.TempDir()}
	var err error
	w.packs, err = rulepack.Load()
	w.Must(err)
	w.Log, err = ledger.Open(context.Background(), d, ledger.Options{Origin: "halm.example/test",
		SignerFile: filepath.Join(w.dir, "signer"), AnchorDir: w.dir, Clock: w.Clock})
	w.Must(err)
	w.acts, err = journal.Open(context.Background(), journal.Options{Place: filepath.Join(w.dir, "journal"), Ring: w.Ring, Clock: w.Clock})
	w.Must(err)
	t.Cleanup(func() { _ = w.acts.Close() })
	w.Store = charter.NewStore(w.Log, w.packs)
	w.Jobs = job.NewQueue(d, w.Clock)
	w.Gate, err = gate.New(gate.Config{DB: d, Ring: w.Ring, Keys: filepath.Join(w.dir, "keys.db"), Charter: w.Store, Packs: w.packs,
		Ledger: w.Log, Journal: w.acts, Jobs: w.Jobs, Outbox: outbox.Open(d, w.Clock), Clock: w.Clock})
	w.Must(err)
	t.Cleanup(func() { _ = w.Gate.Close() })
	w.Write(func(tx *db.Tx) error {
		_, err := w.Store.Apply(tx, w.Terms, w.Clock.Now(), "staff:test")
		return err
	})
	return w
}

// greeting is the sample's charter with the name among what the letter may use,
// so that a text of anyone's choosing reaches a mail.
func greeting(t testing.TB) *charter.Charter {
	t.Helper()
	promise, house := sample.Documents()
	const uses = "      email: to send it"
	if !strings.Contains(string(promise), uses) {
		t.Fatal("the sample's letter does not say that it uses the address")
	}
	c, problems := charter.Parse([]byte(strings.Replace(string(promise), uses, uses+"\n      name: to greet you", 1)), house)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// Must fails the test on an error.
func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Write runs a transaction.
func (w *World) Write(fn func(*db.Tx) error) {
	w.T.Helper()
	w.Must(w.DB.Write(context.Background(), fn))
}

// Read runs a reading transaction.
func (w *World) Read(fn func(*db.Tx) error) {
	w.T.Helper()
	w.Must(w.DB.Read(context.Background(), fn))
}

// Count runs a query for one number.
func (w *World) Count(query string, args ...any) int {
	w.T.Helper()
	var n int
	w.Read(func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) })
	return n
}

// Person is what a test says of a customer.
type Person struct {
	Email, Name, Country, Roast string
	Lang                        term.Lang
	Letter                      bool // agreed to the letter, at the address
	Unconfirmed                 bool // nobody confirmed the address
}

// People makes customers through the gate and gives their ids in order.
func (w *World) People(list ...Person) []id.Customer {
	w.T.Helper()
	var out []id.Customer
	for len(list) > 0 {
		part := list[:min(len(list), 200)]
		list = list[len(part):]
		arrivals := make([]gate.Arrival, len(part))
		for i, p := range part {
			arrivals[i] = w.arrival(p)
		}
		taken, err := w.Gate.Take(context.Background(), arrivals)
		w.Must(err)
		w.Write(func(tx *db.Tx) error {
			for i, t := range taken {
				if t.Refused != nil {
					return t.Refused
				}
				if !part[i].Letter {
					continue
				}
				a := w.Act(consent.Given, part[i].Lang)
				a.Customer = t.Customer
				if _, _, err := w.Gate.Record(tx, a); err != nil {
					return err
				}
			}
			return nil
		})
		for _, t := range taken {
			out = append(out, t.Customer)
		}
	}
	return out
}

func (w *World) arrival(p Person) gate.Arrival {
	w.T.Helper()
	address, err := customer.Email(p.Email)
	w.Must(err)
	now := w.Clock.Now()
	a := gate.Arrival{Provenance: customer.Provenance{Source: "src_test", Method: "import", At: now, Confidence: 100}, At: now,
		Identities: []customer.Identity{address}, Values: map[term.Field]personal.Value{"email": address.Value}, Traits: map[term.Field]any{}}
	if p.Name != "" {
		a.Values["name"] = personal.Seal(p.Name)
	}
	if p.Roast != "" {
		a.Traits["roast"] = p.Roast
	}
	a.Facts = []customer.Fact{
		{Kind: customer.Age, Detail: customer.WithValue("adult"), Source: "test"},
		{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "declared"}, Source: "test"},
	}
	if p.Unconfirmed {
		a.Facts = append(a.Facts, customer.Fact{Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("unconfirmed"), Source: "test"})
	}
	return a
}

// Act is what a person says about the letter by e-mail.
func (w *World) Act(kind consent.Kind, lang term.Lang) consent.Act {
	a := consent.Act{Controller: w.Terms.Business.ID, Purpose: "letter", Channel: term.Email, Kind: kind, Lang: lang,
		Method: consent.ByPortal, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"}
	if kind.Raises() {
		a.ControlDefault, a.Action = consent.Unset, consent.Tick
	}
	return a
}

// Withdraw ends a person's letter and gives what it brought about.
func (w *World) Withdraw(c id.Customer) gate.Effects {
	w.T.Helper()
	var out gate.Effects
	w.Write(func(tx *db.Tx) (err error) {
		a := w.Act(consent.Withdrawn, "en")
		a.Customer = c
		_, out, err = w.Gate.Record(tx, a)
		return err
	})
	return out
}

// Readers makes n people who agreed to the letter.
func (w *World) Readers(n int) []id.Customer {
	w.T.Helper()
	list := make([]Person, n)
	for i := range list {
		list[i] = Person{Email: fmt.Sprintf("reader%d@kunde.example", i), Name: "Ada", Lang: "en", Letter: true}
	}
	return w.People(list...)
}
