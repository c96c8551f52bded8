package audience

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/term"
)

// benchPeople is the size of the store that counts are measured on.
const benchPeople = 100_000

// benchNow is when they are counted.
var benchNow = clock.UTC(2026, time.March, 10, 12, 0, 0)

var benchConditions = map[string]string{
	"traits":    `plan == "pro" && country in ["DE", "AT"]`,
	"recent":    `plan == "pro" && count("Order Completed", days(90)) >= 2`,
	"lapsed":    `since_last("Order Completed") > days(365)`,
	"never":     `country == "DE" && count("Order Completed") == 0`,
	"spenders":  `sum("Order Completed", "value", days(365)) >= money(100, "EUR")`,
	"three":     `plan == "pro" && country == "DE" && count("Order Completed", days(90)) >= 1`,
	"alternate": `vip || count("Order Completed", days(30)) >= 3 || !(stage in ["new", "lapsed"])`,
}

// drawMany makes people with five orders and views each, on average.
func drawMany(n int) []stored {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	out := make([]stored, n)
	for i := range out {
		p := stored{id: id.Customer(rnd.Int64() | 1)}
		p.Traits = map[term.Field]Trait{
			"plan":    {Text: pick("free", "free", "free", "basic", "pro")},
			"country": {Text: pick("DE", "DE", "AT", "FR", "US")},
			"vip":     {Whole: int64(rnd.IntN(50) / 49)},
		}
		for range rnd.IntN(11) {
			p.Events = append(p.Events, Happening{
				Name: term.Event(pick("Order Completed", "Product Viewed")), At: benchNow.Add(-time.Duration(rnd.Int64N(int64(3 * 365 * 24 * time.Hour)))),
				Amount: rnd.Int64N(10_000), Currency: "EUR", Family: pick("beans", "grinders"),
			})
		}
		out[i] = p
	}
	return out
}

// BenchmarkCountSQL counts an audience of 100,000 customers with 500,000 events,
// in both ways of reaching the events.
func BenchmarkCountSQL(b *testing.B) {
	people := drawMany(benchPeople)
	for name, place := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLitePlace, "postgres": dbtest.PostgresPlace} {
		d, err := db.Open(ctx, place(b))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = d.Close() })
		storePeople(b, d, testSchema(), people)
		analyse(b, d)
		for what, expression := range benchConditions {
			c := compileFor(b, expression)
			for _, p := range []plan{probe, grouped} {
				b.Run(fmt.Sprintf("%s/%s/%s", name, what, []string{"probe", "grouped"}[p]), func(b *testing.B) {
					for b.Loop() {
						countBySQL(b, d, c, p)
					}
				})
			}
		}
	}
}

func countBySQL(b *testing.B, d *db.DB, c *Condition, p plan) (n int64) {
	q := c.query(benchNow, p, 1)
	err := d.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("select count(*) from "+q.from+" where "+q.where, q.args...).Scan(&n)
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func analyse(b *testing.B, d *db.DB) {
	if err := d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec("analyze"); return err }); err != nil {
		b.Fatal(err)
	}
}
