package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/schema"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/term"
)

// erased erases a customer and does the work to its end.
func erased(t *testing.T, a *App, clk *demo.Clock, c id.Customer) request.Certified {
	t.Helper()
	r, err := a.Desk.Erase(ctx, request.NewErasure{Customer: c, Via: "test", Actor: term.ByCustomer})
	if err != nil {
		t.Fatal(err)
	}
	clk.Set(clk.Now().Add(time.Minute))
	if _, err := a.Jobs.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := a.Desk.Certificate(ctx, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// buys lets a person order with an address, as the shop's server reports it.
func buys(t *testing.T, a *App, raw string) id.Customer {
	t.Helper()
	i := address(t, raw)
	now := a.Clock.Now()
	taken, err := a.Gate.Take(ctx, []gate.Arrival{{
		Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, At: now, Confidence: customer.Certain},
		Identities: []customer.Identity{i}, Values: map[term.Field]personal.Value{"email": i.Value, "name": personal.Seal("Ada Stein")}, At: now,
		Facts: []customer.Fact{{Kind: customer.Purchase, At: now, Detail: map[string]string{"family": "coffee"}}},
	}})
	if err != nil || taken[0].Refused != nil {
		t.Fatal(err, taken)
	}
	return taken[0].Customer
}

func decide(t *testing.T, a *App, c id.Customer, p term.Purpose) (d gate.Decision) {
	t.Helper()
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = a.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: p, Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// MIN-08: given an erasure and then a purchase with the same address, when a
// promotion is due it is denied as suppressed, and the order's own mail is
// allowed. What is kept is a keyed digest, channel, scope, reason and date, and
// nothing lists it.
func TestMIN08_AKeyedMarkOutlivesTheErasure(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(1, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		clk.Set(now)
		erased(t, a, clk, ids[0])
		again := buys(t, a, people[0].Email)
		if again == ids[0] {
			t.Fatal("the erased customer came back")
		}
		if d := decide(t, a, again, "letter"); d.Allowed() || !d.Has(errs.Suppressed) {
			t.Errorf("a promotion: %v %v, want DENY E_SUPPRESSED", d.Outcome, d.Reasons)
		}
		if d := decide(t, a, again, "orders"); !d.Allowed() {
			t.Errorf("the order's own mail: %v", d.Reasons)
		}
		if d := decide(t, a, buys(t, a, "somebody.else@post.example"), "letter"); d.Has(errs.Suppressed) {
			t.Error("an address that nobody suppressed is suppressed")
		}
		keptLittle(t, a, people[0].Email)
	})
}

// keptLittle looks at what the mark holds, and whether anything lists it.
func keptLittle(t *testing.T, a *App, raw string) {
	t.Helper()
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(tables, func(x schema.Table) bool { return x.Name == "suppression" })
	var columns []string
	for _, c := range tables[at].Columns {
		columns = append(columns, c.Name)
	}
	if want := []string{"digest", "key_id", "controller", "channel", "scope", "reason", "at"}; !slices.Equal(columns, want) {
		t.Errorf("a mark holds %v, want %v", columns, want)
	}
	sum := a.Ring.Digest(keyring.Suppression, "email", raw).Sum
	for _, other := range []keyring.Use{keyring.Identity, keyring.Secret} {
		if string(a.Ring.Digest(other, "email", raw).Sum) == string(sum) {
			t.Error("marks can be joined with other digests")
		}
	}
	var spec struct{ Paths map[string]any }
	if err := json.Unmarshal(visit(a, http.MethodGet, "/api/openapi.json", nil).Body.Bytes(), &spec); err != nil || len(spec.Paths) == 0 {
		t.Fatal(err)
	}
	for path := range spec.Paths {
		if strings.Contains(path, "suppress") {
			t.Errorf("%s may list marks", path)
		}
	}
	for _, s := range a.sources() {
		if slices.Contains(s.Tables(), "suppression") {
			t.Errorf("the store %s exports marks", s.Store())
		}
	}
}

// An erased person's life is not taken once more. What they do later makes a new,
// unlinked customer and no permission for marketing.
func TestAnErasedAddressComesBackWithoutPermission(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(2, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		seeder := &demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}
		ids, err := seeder.Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		clk.Set(now)
		c := erased(t, a, clk, ids[0])
		if len(c.Kept) == 0 || c.KeyGone == 0 || c.BackupEnds.Sub(c.Erased) > 90*24*time.Hour {
			t.Errorf("the certificate does not say what was kept and until when: %+v", c.Certificate)
		}
		if _, err := seeder.Run(ctx, people[:1], clk.Now()); errs.CodeOf(err) != gate.NotePast {
			t.Errorf("the same life once more: %v", err)
		}
		clk.Set(now.Add(time.Hour))
		p := customer.Provenance{Source: "shop", Method: customer.Observed, Confidence: customer.Certain, At: clk.Now()}
		later, err := a.Gate.Take(ctx, []gate.Arrival{{Provenance: p, Identities: []customer.Identity{mailTo(t, people[0].Email)}}})
		if err != nil || later[0].Refused != nil || !later[0].New {
			t.Fatalf("a later visit: %+v, %v", later, err)
		}
		if d := decide(t, a, later[0].Customer, "letter"); d.Allowed() || !d.Has(errs.Suppressed) {
			t.Errorf("after a later visit: %v %v", d.Outcome, d.Reasons)
		}
	})
}
