package gate

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/customer"
	"candor/internal/id"
	"candor/internal/personal"
)

// planned is a planner whose customers are numbered from 1 and whose identities
// are named u:1 (user ids), e:... (addresses), a:... (devices).
type planned struct{ planner }

func newPlanned() *planned {
	next := id.Customer(0)
	return &planned{planner{holders: map[string][]id.Customer{}, people: map[id.Customer]*person{}, make: func() id.Customer {
		next++
		return next
	}}}
}

func identities(names ...string) []named {
	kinds := map[byte]customer.IdentityKind{'u': customer.User, 'c': customer.Custom, 'e': customer.EmailAddress, 'a': customer.Visitor}
	var out []named
	for _, n := range names {
		x := customer.Identity{Kind: kinds[n[0]], Value: personal.Seal(n)}
		if x.Kind == customer.User {
			x.Namespace = "shop"
		}
		out = append(out, named{Identity: x, key: n, sums: [][]byte{[]byte(n)}, role: n == "e:info"})
	}
	return out
}

// tell plans one arrival as a batch of its own, as if it had been written.
func (w *planned) tell(a Arrival, names ...string) target {
	w.plan = plan{}
	for _, who := range w.people {
		who.fresh = false
	}
	w.take(&a, identities(names...))
	return w.plan.targets[0]
}

func (t target) ambiguous() bool {
	return slices.ContainsFunc(t.notes, func(n Note) bool { return n.Code == NoteAmbiguous })
}

func TestWhoAnArrivalIsAbout(t *testing.T) {
	claim := Arrival{Claim: true}
	trusted := Arrival{}
	for _, c := range []struct {
		name   string
		steps  [][]string // trusted arrivals before
		about  Arrival
		ids    []string
		want   id.Customer
		merged id.Customer
		doubt  bool
	}{
		{"a new person", nil, trusted, []string{"u:1", "e:jane"}, 1, 0, false},
		{"a known id", [][]string{{"u:1"}}, trusted, []string{"u:1"}, 1, 0, false},
		{"a new address of a known id", [][]string{{"u:1", "e:jane"}}, trusted, []string{"u:1", "e:new"}, 1, 0, false},
		{"an address alone finds its only holder", [][]string{{"u:1", "e:jane"}}, trusted, []string{"e:jane"}, 1, 0, false},
		{"a new id with a subscriber's address", [][]string{{"e:jane"}}, trusted, []string{"u:1", "e:jane"}, 1, 0, false},
		{"another id with the same address is another person", [][]string{{"u:1", "e:family"}}, trusted, []string{"u:2", "e:family"}, 2, 0, true},
		{"an address of two people names neither", [][]string{{"u:1", "e:family"}, {"u:2", "e:family"}}, trusted, []string{"e:family"}, 3, 0, true},
		{"a role's address proves nobody", [][]string{{"u:1", "e:info"}}, trusted, []string{"e:info"}, 2, 0, true},
		{"two ids at once stay apart", [][]string{{"u:1"}, {"u:2"}}, trusted, []string{"u:1", "c:x", "u:2"}, 1, 0, true},
		{"a visitor who logs in is joined", [][]string{{"u:1"}, {"a:dev"}}, trusted, []string{"u:1", "a:dev"}, 1, 2, false},
		{"a visitor who registers is named", [][]string{{"a:dev"}}, trusted, []string{"u:1", "a:dev"}, 1, 0, false},
		{"a device is its person's", [][]string{{"u:1", "a:dev"}}, claim, []string{"a:dev"}, 1, 0, false},
		{"a claim of an id is the device's", [][]string{{"u:1"}}, claim, []string{"u:1", "a:dev"}, 2, 0, false},
		{"a claim without a device is nobody's", [][]string{{"u:1"}}, claim, []string{"u:1"}, 0, 0, false},
		{"a second person on a device", [][]string{{"u:1", "a:dev"}}, trusted, []string{"u:2", "a:dev"}, 2, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newPlanned()
			for _, s := range c.steps {
				w.tell(trusted, s...)
			}
			got := w.tell(c.about, c.ids...)
			if got.customer != c.want || got.merged != c.merged || got.ambiguous() != c.doubt {
				t.Errorf("customer %d, merged %d, notes %v", got.customer, got.merged, got.notes)
			}
		})
	}
}

func TestADeviceOfTwoPeopleIsNobodys(t *testing.T) {
	w := newPlanned()
	w.tell(Arrival{}, "u:1", "a:dev")
	w.tell(Arrival{}, "u:2", "a:dev")
	visit := w.tell(Arrival{Claim: true}, "a:dev")
	if who := w.people[visit.customer]; who.known {
		t.Errorf("a visit on a shared device is %d's", visit.customer)
	}
	if again := w.tell(Arrival{}, "u:1", "a:dev"); again.merged != 0 || again.customer == visit.customer {
		t.Errorf("a shared device's history was joined: %+v", again)
	}
}

func TestAClaimGivesNothingToTheKnown(t *testing.T) {
	w := newPlanned()
	w.tell(Arrival{}, "u:1", "e:jane", "a:dev")
	got := w.tell(Arrival{Claim: true, GPC: true}, "u:1", "e:jane", "a:other")
	if got.customer == 1 || len(w.plan.merges)+len(w.plan.promoted)+len(w.plan.releases) > 0 || len(w.plan.claims) != 1 || w.plan.claims[0].to == 1 {
		t.Errorf("%+v", w.plan)
	}
	if !slices.Contains(got.signal, 1) {
		t.Error("the signal does not reach the person claimed")
	}
}

// Whatever arrives in whatever order and grouping: no two people are joined, an
// id that names a person has one owner, and what was claimed names nobody.
func TestPropertyPeopleStayApart(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newPlanned()
		owner := map[string]id.Customer{}
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			w.plan = plan{}
			before := map[id.Customer]bool{}
			for c, who := range w.people {
				who.fresh = false
				before[c] = who.known
			}
			for range rapid.IntRange(1, 5).Draw(r, "arrivals") {
				a := Arrival{Claim: rapid.Bool().Draw(r, "claim"), GPC: rapid.Bool().Draw(r, "gpc")}
				var names []string
				for _, kind := range rapid.Permutation([]string{"u", "c", "e", "a"}).Draw(r, "kinds") {
					if rapid.Bool().Draw(r, "has") {
						names = append(names, fmt.Sprintf("%s:%d", kind, rapid.IntRange(1, 3).Draw(r, "n")))
					}
				}
				w.take(&a, identities(names...))
			}
			for _, m := range w.plan.merges {
				if before[m.from] {
					r.Fatalf("%d, a known person, was joined to %d", m.from, m.into)
				}
			}
			claimed := map[string]int{}
			for _, c := range w.plan.claims {
				if w.people[c.to] == nil {
					r.Fatalf("an identity is given to %d, who does not exist", c.to)
				}
				if c.first || !c.who.Kind.Endpoint() {
					claimed[c.who.key]++
				}
			}
			for key, n := range claimed {
				if n > 1 {
					r.Fatalf("%s is taken %d times in one batch", key, n)
				}
			}
			for _, x := range w.plan.targets {
				if x.customer != 0 && w.people[x.customer] == nil {
					r.Fatalf("an arrival belongs to %d, who does not exist", x.customer)
				}
			}
			for _, c := range w.plan.fresh {
				if w.people[c] == nil {
					r.Fatalf("%d is made and does not exist", c)
				}
			}
		}
		for key, held := range w.holders {
			if key[0] == 'e' {
				continue
			}
			if len(held) > 1 {
				r.Fatalf("%s belongs to %v", key, held)
			}
			if len(held) == 1 && (key[0] == 'u' || key[0] == 'c') {
				if !w.people[held[0]].known {
					r.Fatalf("%s names somebody who is not known", key)
				}
				owner[key] = held[0]
			}
		}
	})
}
