package vault

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/term"
)

var now = clock.UTC(2026, 3, 1, 12, 0, 0)

func newVault(t *testing.T, ring *keyring.Ring) (*Vault, *clock.Fake) {
	t.Helper()
	c := clock.NewFake(now)
	v, err := Open(context.Background(), filepath.Join(t.TempDir(), "keys.db"), ring, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v, c
}

func keyOf(t *testing.T, v *Vault, c id.Customer) Key {
	t.Helper()
	keys, err := v.Keys(context.Background(), []id.Customer{c})
	if err != nil {
		t.Fatal(err)
	}
	return keys[c]
}

func TestPropertyWhatIsSealedOpensForItsCustomerAndFieldOnly(t *testing.T) {
	v, _ := newVault(t, keyring.Generate())
	a, b := id.NewCustomer(), id.NewCustomer()
	ka, kb := keyOf(t, v, a), keyOf(t, v, b)
	rapid.Check(t, func(r *rapid.T) {
		plain := rapid.String().Draw(r, "value")
		f := term.Field(rapid.StringMatching(`[a-z]{1,8}`).Draw(r, "field"))
		sealed := ka.Seal(f, personal.Seal(plain))
		if got, err := ka.Open(f, sealed); err != nil || got.Reveal() != plain {
			r.Fatalf("opened %q, %v", got.Reveal(), err)
		}
		if bytes.Equal(sealed, ka.Seal(f, personal.Seal(plain))) {
			r.Fatal("the same value seals to the same bytes: the nonce repeats")
		}
		if len(plain) > 3 && bytes.Contains(sealed, []byte(plain)) {
			r.Fatal("the value stands in clear")
		}
		if _, err := kb.Open(f, sealed); err == nil {
			r.Fatal("another customer's key opens it")
		}
		if _, err := ka.Open(f+"x", sealed); err == nil {
			r.Fatal("it opens as another field")
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(r, "at")
		changed := bytes.Clone(sealed)
		changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		if _, err := ka.Open(f, changed); err == nil {
			r.Fatal("a changed byte goes unnoticed")
		}
		if _, err := ka.Open(f, sealed[:i]); err == nil {
			r.Fatal("a cut value opens")
		}
	})
}

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	for _, place := range []string{filepath.Join(t.TempDir(), "keys.db"), dbtest.EmptyPostgresPlace(t)} {
		ring := keyring.Generate()
		open := func() *Vault {
			v, err := Open(context.Background(), place, ring, clock.NewFake(now))
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		v := open()
		c := id.NewCustomer()
		var wg sync.WaitGroup
		sealed := make(chan []byte, 8)
		for range 8 {
			wg.Go(func() { sealed <- keyOf(t, v, c).Seal("name", personal.Seal("Jane")) })
		}
		wg.Wait()
		_ = v.Close()
		again := open()
		defer func() { _ = again.Close() }()
		k := keyOf(t, again, c)
		for range 8 {
			if got, err := k.Open("name", <-sealed); err != nil || got.Reveal() != "Jane" {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestADestroyedKeyOpensNothingAtOnce(t *testing.T) {
	v, _ := newVault(t, keyring.Generate())
	d := dbtest.SQLite(t)
	c := id.NewCustomer()
	put(t, d, v, c, "name", "crm", "Jane", now)
	read := func() error {
		return d.Read(context.Background(), func(tx *db.Tx) error {
			_, err := v.Values(context.Background(), tx, c, []term.Field{"name"})
			return err
		})
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if had, err := v.Destroy(context.Background(), c); err != nil || !had {
		t.Fatalf("%v %v", had, err)
	}
	if err := read(); !errs.Is(err, errs.NotFound) {
		t.Errorf("after the key was destroyed: %v", err)
	}
	if had, err := v.Destroy(context.Background(), c); err != nil || had {
		t.Errorf("twice: %v %v", had, err)
	}
}

func TestAKeyReadWhileItIsDestroyedDoesNotComeBack(t *testing.T) {
	c := newCache()
	who := id.NewCustomer()
	mark := c.mark()
	c.drop(who)
	c.put(who, Key{}, now, mark)
	if _, ok := c.get(who, now); ok {
		t.Error("a destroyed key is in the cache")
	}
	c.put(who, Key{}, now, c.mark())
	if _, ok := c.get(who, now); !ok {
		t.Error("a key is not cached")
	}
	if _, ok := c.get(who, now.Add(2*opened)); ok {
		t.Error("a key is cached for too long")
	}
}

func put(t *testing.T, d *db.DB, v *Vault, c id.Customer, f term.Field, source, value string, at clock.Instant) []term.Field {
	t.Helper()
	k := keyOf(t, v, c)
	var superseded map[id.Customer][]term.Field
	err := d.Write(context.Background(), func(tx *db.Tx) (err error) {
		if rows, err := customer.ByID(tx, []id.Customer{c}); err != nil || len(rows) == 0 {
			if err := customer.Insert(tx, []customer.Customer{{ID: c, Rev: 1, Known: true, CreatedAt: now}}); err != nil {
				return err
			}
		}
		superseded, err = Put(tx, []Sealed{{
			Customer: c, Field: f, ValueID: int64(id.New[id.Event]()), Bytes: k.Seal(f, personal.Seal(value)),
			Provenance: customer.Provenance{Source: source, Method: customer.Stated, At: at, Confidence: customer.Certain}, RecordedAt: now,
		}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return superseded[c]
}

func TestOneValueIsBelievedAndTheOthersAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v, _ := newVault(t, keyring.Generate())
		c := id.NewCustomer()
		for i, step := range []struct {
			source, value, believed string
			superseded              bool
		}{
			{"crm", "Paris", "Paris", false},
			{customer.Subject, "Lyon", "Lyon", false},
			{"crm", "Paris", "Lyon", true},
			{customer.Subject, "Metz", "Metz", false},
		} {
			got := put(t, d, v, c, "city", step.source, step.value, now+clock.Instant(i))
			if (len(got) > 0) != step.superseded {
				t.Errorf("%s said %s: superseded %v", step.source, step.value, got)
			}
			_ = d.Read(context.Background(), func(tx *db.Tx) error {
				all, err := v.All(context.Background(), tx, c)
				active := 0
				for _, o := range all {
					if o.Active {
						active++
						if o.Value.Reveal() != step.believed {
							t.Errorf("believed %s, want %s", o.Value.Reveal(), step.believed)
						}
					}
				}
				if err != nil || active != 1 || len(all) > 2 {
					t.Errorf("%d values, %d believed, %v", len(all), active, err)
				}
				return nil
			})
		}
	})
}

func TestPurgeFieldDeletesInSteps(t *testing.T) {
	d := dbtest.SQLite(t)
	v, _ := newVault(t, keyring.Generate())
	for range 5 {
		c := id.NewCustomer()
		put(t, d, v, c, "name", "crm", "Jane", now)
		put(t, d, v, c, "shoe", "crm", "42", now)
	}
	var after id.Customer
	var total int64
	for {
		err := d.Write(context.Background(), func(tx *db.Tx) (err error) {
			var gone int64
			after, gone, err = PurgeField(tx, "shoe", after, 2)
			total += gone
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if after == 0 {
			break
		}
	}
	_ = d.Read(context.Background(), func(tx *db.Tx) error {
		if got, err := StoredFields(tx); err != nil || total != 5 || len(got) != 1 || got[0] != "name" {
			t.Errorf("%d gone, left %v, %v", total, got, err)
		}
		return nil
	})
}
