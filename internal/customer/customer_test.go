package customer

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

var now = clock.UTC(2026, 3, 1, 12, 0, 0)

func write(t *testing.T, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func someone(t *testing.T, d *db.DB, known bool) id.Customer {
	t.Helper()
	c := id.NewCustomer()
	write(t, d, func(tx *db.Tx) error {
		return Insert(tx, []Customer{{ID: c, Rev: 1, Known: known, CreatedAt: now}})
	})
	return c
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := someone(t, d, true)
		write(t, d, func(tx *db.Tx) error {
			if rev, err := Lock(tx, c); err != nil || rev != 2 {
				t.Errorf("rev %d, %v", rev, err)
			}
			if _, err := Lock(tx, id.NewCustomer()); !errs.Is(err, errs.NotFound) {
				t.Errorf("a customer who does not exist: %v", err)
			}
			return nil
		})
	})
}

func TestAnAddressMayBelongToSeveralAndAUserIDToOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(keyring.Generate())
		a1, a2 := someone(t, d, true), someone(t, d, true)
		mail, user := must(Email("family@example.org")), must(UserID("shop", "1"))
		first := b.Hold(mail, a1, "crm", now)
		first.First = true
		write(t, d, func(tx *db.Tx) error { return Claim(tx, []Held{first, b.Hold(user, a1, "crm", now)}) })
		write(t, d, func(tx *db.Tx) error { return Claim(tx, []Held{b.Hold(mail, a2, "crm", now)}) })
		err := d.Write(context.Background(), func(tx *db.Tx) error { return Claim(tx, []Held{b.Hold(user, a2, "crm", now)}) })
		if err != error(ErrRaced) {
			t.Errorf("a second owner of a user id: %v", err)
		}
		write(t, d, func(tx *db.Tx) error {
			want := []id.Customer{a1, a2}
			slices.Sort(want)
			if got := must(b.Find(tx, mail)); !slices.Equal(got, want) {
				t.Errorf("holders of the address: %v", got)
			}
			if got := must(HoldersOf(tx, b.Endpoint(mail).Sum)); len(got) != 2 {
				t.Errorf("holders by endpoint: %v", got)
			}
			if got := must(b.Find(tx, user)); !slices.Equal(got, []id.Customer{a1}) {
				t.Errorf("owner of the id: %v", got)
			}
			return nil
		})
	})
}

func TestOnlyDigestsOfIdentitiesAreStored(t *testing.T) {
	d := dbtest.SQLite(t)
	b := NewBook(keyring.Generate())
	c := someone(t, d, true)
	write(t, d, func(tx *db.Tx) error {
		return Claim(tx, []Held{b.Hold(must(Email("jane@example.org")), c, "crm", now)})
	})
	write(t, d, func(tx *db.Tx) error {
		for _, h := range must(IdentitiesOf(tx, []id.Customer{c}))[c] {
			if len(h.Digest) != 32 || len(h.Endpoint) != 32 || bytes.Equal(h.Digest, h.Endpoint) || bytes.Contains(h.Digest, []byte("jane")) {
				t.Errorf("%v", h)
			}
		}
		return nil
	})
}

func TestConcurrentClaimsOfOneIdentityHaveOneWinner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(keyring.Generate())
		mail := must(Email("jane@example.org"))
		var wg sync.WaitGroup
		won := make(chan id.Customer, 16)
		for range 16 {
			wg.Go(func() {
				c := id.NewCustomer()
				err := d.Write(context.Background(), func(tx *db.Tx) error {
					if err := Insert(tx, []Customer{{ID: c, Rev: 1, CreatedAt: now}}); err != nil {
						return err
					}
					h := b.Hold(mail, c, "form", now)
					h.First = true
					return Claim(tx, []Held{h})
				})
				if err == nil {
					won <- c
				} else if errs.CodeOf(err) != ErrRaced.Code {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Errorf("%d writers made a customer of one address", len(won))
		}
	})
}

func TestFactsAreReadInTheOrderOfRecording(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := someone(t, d, true)
		for i, v := range []string{On, Off, On} {
			write(t, d, func(tx *db.Tx) error {
				return InsertFact(tx, Fact{ID: id.New[id.Fact](), Customer: c, Kind: Restriction, At: now - clock.Instant(i), Detail: WithValue(v),
					Actor: term.ByCustomer, Source: "portal", RecordedAt: now + clock.Instant(i)})
			})
		}
		write(t, d, func(tx *db.Tx) error {
			got := must(FactsOf(tx, c))
			if len(got) != 3 || got[0].Value() != On || got[1].Value() != Off || got[2].Value() != On {
				t.Errorf("%v", got)
			}
			if !must(Having(tx, Restriction, []id.Customer{c}))[c] {
				t.Error("the last fact says on")
			}
			return nil
		})
	})
}

func TestSuppressionOutlivesTheCustomerAndARotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(must(keyring.Parse([]byte(`[{"id":1,"key":"` + key1 + `"}]`))))
		rotated := NewBook(must(keyring.Parse([]byte(`[{"id":1,"key":"` + key1 + `"},{"id":2,"key":"` + key2 + `"}]`))))
		mail := must(Email("jane@example.org"))
		c := someone(t, d, true)
		write(t, d, func(tx *db.Tx) error {
			s := Suppression{Endpoint: b.Endpoint(mail), Channel: term.Email, Reason: "erasure", At: now}
			if err := InsertSuppression(tx, s); err != nil {
				return err
			}
			if err := InsertSuppression(tx, s); err != nil { // the same again
				return err
			}
			_, err := Rights{}.Erase(tx.Context(), tx, c)
			return err
		})
		write(t, d, func(tx *db.Tx) error {
			for _, book := range []*Book{b, rotated} {
				if got := must(book.Suppressions(tx, mail)); len(got) != 1 || got[0].Channel != term.Email {
					t.Errorf("%v", got)
				}
			}
			if got := must(b.Suppressions(tx, must(Email("other@example.org")))); len(got) != 0 {
				t.Errorf("%v", got)
			}
			return nil
		})
	})
}

const (
	key1 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	key2 = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
)

func TestNoteAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(keyring.Generate())
		c := someone(t, d, true)
		mail := must(Email("jane@example.org"))
		write(t, d, func(tx *db.Tx) error { return Claim(tx, []Held{b.Hold(mail, c, "crm", now)}) })
		for _, step := range []struct {
			value              string
			confirmed, invalid clock.Instant
		}{{"confirmed", now, 0}, {"bounced", now, now}, {"confirmed", now, 0}, {"unconfirmed", 0, 0}} {
			write(t, d, func(tx *db.Tx) error {
				return NoteAddress(tx, Fact{Customer: c, Kind: Address, Channel: term.Email, At: now, Detail: WithValue(step.value)})
			})
			write(t, d, func(tx *db.Tx) error {
				h := must(IdentitiesOf(tx, []id.Customer{c}))[c][0]
				if h.ConfirmedAt != step.confirmed || h.InvalidAt != step.invalid {
					t.Errorf("%s: %v %v", step.value, h.ConfirmedAt, h.InvalidAt)
				}
				return nil
			})
		}
	})
}

func field(f term.Field, kind charter.FieldKind, slot string) *charter.Field {
	return &charter.Field{ID: f, Kind: kind, KeepIn: charter.Trait, Slot: slot, Of: []string{"light", "dark"}}
}

func TestTraitOfChecksTheDeclaration(t *testing.T) {
	for _, c := range []struct {
		f  *charter.Field
		v  any
		ok bool
	}{
		{field("roast", charter.KindChoice, "t1"), "light", true},
		{field("roast", charter.KindChoice, "t1"), "burnt", false},
		{field("country", charter.KindCountry, "t2"), "de", true},
		{field("country", charter.KindCountry, "t2"), "Germany", false},
		{field("vip", charter.KindFlag, "n1"), true, true},
		{field("vip", charter.KindFlag, "n1"), int64(7), false},
		{field("orders", charter.KindCount, "n2"), int64(0), true},
		{field("orders", charter.KindCount, "n2"), 1.5, false},
		{field("orders", charter.KindCount, "n2"), "many", false},
		{field("orders", charter.KindCount, "n2"), NotSet, false},
		{field("since", charter.KindDate, "n3"), "2026-01-02", true},
		{field("since", charter.KindDate, "n25"), "2026-01-02", false},
		{field("since", charter.KindDate, ""), "2026-01-02", false},
		{&charter.Field{ID: "name", Kind: charter.KindName, KeepIn: charter.Vault}, "Jane", false},
	} {
		if _, err := TraitOf(c.f, c.v); (err == nil) != c.ok {
			t.Errorf("%s = %v: %v", c.f.ID, c.v, err)
		}
	}
}

func trait(c id.Customer, source, value string, at clock.Instant) TraitValue {
	return TraitValue{Customer: c, Field: "city", Slot: "t3", Text: value, Number: NotSet,
		Provenance: Provenance{Source: source, Method: Imported, At: at, Confidence: Certain}, RecordedAt: now}
}

func TestTraitsKeepWhatSourcesSay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := someone(t, d, true)
		city := field("city", charter.KindText, "t3")
		for _, step := range []struct{ source, value, believed string }{
			{"crm", "Paris", "Paris"}, {Subject, "Lyon", "Lyon"}, {"crm", "Nice", "Lyon"}, {Subject, "Metz", "Metz"},
		} {
			write(t, d, func(tx *db.Tx) error {
				_, err := SetTraits(tx, []TraitValue{trait(c, step.source, step.value, now)})
				return err
			})
			write(t, d, func(tx *db.Tx) error {
				if got, err := TraitOfCustomer(tx, c, city); err != nil || got != step.believed {
					t.Errorf("after %s said %s: %v, %v", step.source, step.value, got, err)
				}
				return nil
			})
		}
		write(t, d, func(tx *db.Tx) error {
			all := must(TraitValuesOf(tx, c))
			if len(all) != 2 || all[0].Active || all[0].Text != "Nice" || !all[1].Active {
				t.Errorf("%v", all)
			}
			return nil
		})
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := SetTraits(tx, []TraitValue{trait(c, "", "Rome", now)})
			return err
		})
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("a value without a source: %v", err)
		}
	})
}

// The value believed does not depend on the order or the grouping in which
// sources are heard.
func TestPropertyBeliefDoesNotDependOnOrder(t *testing.T) {
	d := dbtest.SQLite(t)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(r, "values")
		var list []TraitValue
		for i := range n {
			v := trait(0, rapid.SampledFrom([]string{"crm", "shop", Subject}).Draw(r, "source"), string(rune('a'+i)), now+clock.Instant(i))
			v.Confidence = rapid.SampledFrom([]int{50, 100}).Draw(r, "confidence")
			list = append(list, v)
		}
		believed := func(order []TraitValue, step int) any {
			c := id.NewCustomer()
			var got any
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				if err := Insert(tx, []Customer{{ID: c, Rev: 1, CreatedAt: now}}); err != nil {
					return err
				}
				for part := range slices.Chunk(order, step) {
					part = slices.Clone(part)
					for i := range part {
						part[i].Customer = c
					}
					if _, err := SetTraits(tx, part); err != nil {
						return err
					}
				}
				var err error
				got, err = TraitOfCustomer(tx, c, field("city", charter.KindText, "t3"))
				return err
			})
			if err != nil {
				r.Fatal(err)
			}
			return got
		}
		one := believed(list, 1)
		other := believed(rapid.Permutation(list).Draw(r, "order"), rapid.IntRange(1, n).Draw(r, "step"))
		if one != other {
			r.Fatalf("%v or %v", one, other)
		}
	})
}

func TestPurgeFieldClearsTheColumnAndWhatSourcesSaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var all []id.Customer
		for range 7 {
			c := someone(t, d, true)
			all = append(all, c)
			write(t, d, func(tx *db.Tx) error {
				shoe := TraitValue{Customer: c, Field: "shoe_size", Slot: "n2", Number: 42, Provenance: Provenance{Source: "crm", At: now}}
				_, err := SetTraits(tx, []TraitValue{trait(c, "crm", "Paris", now), trait(c, "shop", "Lyon", now), shoe})
				return err
			})
		}
		var after id.Customer
		for {
			write(t, d, func(tx *db.Tx) (err error) {
				after, _, err = PurgeField(tx, "city", after, 3)
				return err
			})
			if after == 0 {
				break
			}
		}
		write(t, d, func(tx *db.Tx) error {
			if got := must(StoredFields(tx)); !slices.Equal(got, []term.Field{"shoe_size"}) {
				t.Errorf("stored: %v", got)
			}
			rows := must(traitRows(tx, all))
			for _, c := range all {
				if rows[c].text[2] != "" || rows[c].number[1] != 42 {
					t.Errorf("%v", rows[c])
				}
			}
			return nil
		})
	})
}

func TestEraseLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(keyring.Generate())
		c := someone(t, d, true)
		mail := must(Email("jane@example.org"))
		write(t, d, func(tx *db.Tx) error {
			if err := Claim(tx, []Held{b.Hold(mail, c, "crm", now)}); err != nil {
				return err
			}
			if _, err := SetTraits(tx, []TraitValue{trait(c, "crm", "Paris", now)}); err != nil {
				return err
			}
			return InsertFact(tx, Fact{ID: id.New[id.Fact](), Customer: c, Kind: Age, Detail: WithValue("adult"), Actor: "engine", RecordedAt: now})
		})
		write(t, d, func(tx *db.Tx) error {
			if s, err := (Rights{}).Export(tx.Context(), tx, c); err != nil || len(s.Rows) != 4 {
				t.Errorf("export: %d rows, %v", len(s.Rows), err)
			}
			return nil
		})
		write(t, d, func(tx *db.Tx) error {
			if n, err := (Rights{}).Erase(tx.Context(), tx, c); err != nil || n != 7 {
				t.Errorf("erased %d rows, %v", n, err)
			}
			n, err := Rights{}.Erase(tx.Context(), tx, c)
			if n != 0 {
				t.Errorf("erased again: %d", n)
			}
			return err
		})
		write(t, d, func(tx *db.Tx) error {
			for _, table := range (Rights{}).Tables() {
				var n int64
				if err := tx.QueryRow("select count(*) from "+table+" where customer_id = $1", c).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s: %d rows left, %v", table, n, err)
				}
			}
			return nil
		})
	})
}

func TestMoveKeepsOrigin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := NewBook(keyring.Generate())
		visitor, person := someone(t, d, false), someone(t, d, true)
		device := must(Anonymous("device-1234"))
		write(t, d, func(tx *db.Tx) error {
			if err := Claim(tx, []Held{b.Hold(device, visitor, "sdk", now)}); err != nil {
				return err
			}
			if _, err := SetTraits(tx, []TraitValue{trait(person, "crm", "Paris", now), trait(visitor, "sdk", "Oslo", now-1)}); err != nil {
				return err
			}
			return InsertFact(tx, Fact{ID: id.New[id.Fact](), Customer: visitor, Kind: GPC, Detail: WithValue(On), Actor: "customer", RecordedAt: now})
		})
		write(t, d, func(tx *db.Tx) error { return Move(tx, visitor, person) })
		write(t, d, func(tx *db.Tx) error {
			if _, err := Get(tx, visitor); !errs.Is(err, errs.NotFound) {
				t.Errorf("the visitor is still there: %v", err)
			}
			if got := must(b.Find(tx, device)); !slices.Equal(got, []id.Customer{person}) {
				t.Errorf("device: %v", got)
			}
			facts := must(FactsOf(tx, person))
			if len(facts) != 1 || facts[0].Origin != visitor {
				t.Errorf("%v", facts)
			}
			if got := must(TraitOfCustomer(tx, person, field("city", charter.KindText, "t3"))); got != "Paris" {
				t.Errorf("city %v", got)
			}
			return nil
		})
	})
}

func TestProvenanceOrder(t *testing.T) {
	crm, subject := Provenance{Source: "crm", At: now, Confidence: 100}, Provenance{Source: Subject, At: now - 1000, Confidence: 50}
	if crm.Beats(subject) || !subject.Beats(crm) {
		t.Error("the person's own word does not win")
	}
	if guess := (Provenance{Source: "model", At: now + 1, Confidence: 20}); guess.Beats(crm) {
		t.Error("a guess beats a certain value")
	}
}
