package vault

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"candor/internal/clock"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
)

const (
	key1 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	key2 = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
)

// openAs opens the key store with a ring given as text.
func openAs(t *testing.T, place, text string) *Vault {
	t.Helper()
	ring, err := keyring.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(context.Background(), place, ring, clock.NewFake(now))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A rotation that was stopped after each of its steps in turn, with keys wrapped
// under either root, goes on and ends; then the new root opens everything and the
// old one nothing.
func TestRotateGoesOnWhereItWasStopped(t *testing.T) {
	rewrapStep = 2
	defer func() { rewrapStep = 1000 }()
	first, both, second := `[{"id":1,"key":"`+key1+`"}]`, `[{"id":1,"key":"`+key1+`"},{"id":2,"key":"`+key2+`"}]`, `[{"id":2,"key":"`+key2+`"}]`
	for engine, place := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "keys.db"), "postgres": dbtest.EmptyPostgresPlace(t)} {
		t.Run(engine, func(t *testing.T) {
			v := openAs(t, place, first)
			sealed := map[id.Customer][]byte{}
			for range 9 {
				c := id.NewCustomer()
				sealed[c] = keyOf(t, v, c).Seal("name", personal.Seal("Jane"))
			}
			_ = v.Close()
			killed, rounds := errors.New("killed"), 0
			for err := killed; errors.Is(err, killed); rounds++ {
				v = openAs(t, place, both)
				err = v.Rotate(context.Background(), func(done int) error {
					if done > 2*rounds {
						return killed
					}
					return nil
				})
				for c, b := range sealed { // at each point everything opens
					if _, oops := keyOf(t, v, c).Open("name", b); oops != nil {
						t.Fatalf("round %d: %v", rounds, oops)
					}
				}
				_ = v.Close()
				if err != nil && !errors.Is(err, killed) {
					t.Fatal(err)
				}
			}
			if rounds < 5 {
				t.Errorf("stopped %d times only", rounds)
			}
			v = openAs(t, place, second)
			for c, b := range sealed {
				if _, err := keyOf(t, v, c).Open("name", b); err != nil {
					t.Errorf("under the new root: %v", err)
				}
			}
			_ = v.Close()
			old := openAs(t, place, first)
			defer func() { _ = old.Close() }()
			for c := range sealed {
				if _, err := old.Keys(context.Background(), []id.Customer{c}); !errs.Is(err, errs.NotFound) {
					t.Errorf("under the old root: %v", err)
				}
			}
			// A server that was not restarted makes no key under the old root.
			if _, err := old.Keys(context.Background(), []id.Customer{id.NewCustomer()}); !errs.Is(err, errs.Unavailable) {
				t.Errorf("a new key under the old root: %v", err)
			}
		})
	}
}
