package audience

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// benchFunnels are what a marketer of the sample business would ask.
var benchFunnels = map[string]string{
	"three":  `country == "DE" && roast == "dark" && count("Order Completed", days(90)) >= 1`,
	"traits": `country == "DE" && roast == "dark"`,
	"lapsed": `since_last("Order Completed") > days(365)`,
}

// storeMany fills a shop with customers, traits, orders and standings, straight
// into the tables: the gate's way takes an hour for a million.
func (w *shop) storeMany(n int) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	var c *charter.Charter
	w.read(func(tx *db.Tx) (err error) { c, err = w.store.Current(tx); return err })
	rules, err := w.gate.RulesOf(c, gate.Reach{Purpose: "letter", Channel: term.Email, Operation: term.Serve})
	w.must(err)
	sc, err := SchemaOf(c, "letter")
	w.must(err)
	now := w.clock.Now()
	for done := 0; done < n; done += 10_000 {
		var customers, identities, traits, standings, events [][]any
		w.write(func(tx *db.Tx) error {
			columns, err := columnsOfTrait(tx)
			if err != nil {
				return err
			}
			for i := range min(10_000, n-done) {
				p := stored{id: id.NewCustomer()}
				p.Traits = map[term.Field]Trait{"country": {Text: pick("DE", "DE", "AT", "FR", "US")}, "roast": {Text: pick("dark", "medium", "light")}}
				customers = append(customers, []any{p.id, 0, 1, 1, 0})
				identities = append(identities, []any{p.id, fmt.Append(nil, done+i), 1, "email", "", "", fmt.Append(nil, done+i), "test", now, now, 0, 0})
				traits = append(traits, traitRow(sc, columns, p))
				ops, reasons, until := gate.OpsOf(term.Serve, term.Use, term.Store), "", now.Add(time.Duration(rnd.IntN(730*24))*time.Hour)
				if rnd.IntN(3) == 0 {
					ops, reasons = gate.OpsOf(term.Store), pick("E_WITHDRAWN/CON-07=2", "E_NO_CONSENT/CON-01=2", "E_NO_CONSENT/CON-11=2")
				}
				standings = append(standings, []any{p.id, c.Business.ID, "letter", term.Email, "", 0, until, ops, reasons, "consent", rules, 0},
					[]any{p.id, c.Business.ID, "letter", term.Email, "", "", until, clock.Never, gate.OpsOf(term.Store), "E_CONSENT_EXPIRED/CON-10=2", "consent", "", c.Version, "1", rules, 1})
				for e := range rnd.IntN(11) {
					at := now.Add(-time.Duration(rnd.Int64N(int64(3 * 365 * 24 * time.Hour))))
					events = append(events, []any{p.id, e, pick("Order Completed", "Product Viewed"), at, at, 0, "{}", rnd.Int64N(9_000), "EUR", pick("beans", "gear"), 0})
				}
			}
			for _, ins := range []struct {
				head string
				rows [][]any
			}{
				{"insert into customer (customer_id, rev, known, created_at, seen_day) values", customers},
				{"insert into identity (customer_id, digest, key_id, kind, namespace, mark, endpoint, source, added_at, confirmed_at, invalid_at, origin) values", identities},
				{"insert into trait (" + strings.Join(columns, ", ") + ") values", traits},
				{"insert into standing (customer_id, controller, purpose, channel, recipient, from_at, until_at, ops, reasons, basis, rules, nth) values", standings},
				{"insert into event (customer_id, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family, origin) values", events},
			} {
				if _, err := tx.InsertMany(ins.head, "", ins.rows); err != nil {
					return err
				}
			}
			return nil
		})
	}
	w.write(func(tx *db.Tx) error { _, err := tx.Exec("analyze"); return err })
}

// BenchmarkFunnel counts an audience with standing, reasons and addresses, and
// gives its first page: in the database, and from the index read from it.
func BenchmarkFunnel(b *testing.B) {
	for engine, place := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLitePlace, "postgres": dbtest.PostgresPlace} {
		for _, n := range []int{10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprint(engine, "/", n), func(b *testing.B) {
				d, err := db.Open(ctx, place(b))
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = d.Close() })
				w := newShop(b, d)
				w.storeMany(n)
				w.follow()
				began := time.Now()
				w.sync()
				read := time.Since(began)
				for what, condition := range benchFunnels {
					fromIndex, fromSQL := w.funnelOf(condition)
					if fromSQL.reachable == 0 || fromIndex.reachable != fromSQL.reachable {
						b.Fatalf("index %s, database %s", fromIndex, fromSQL)
					}
					b.Run(what+"/index", func(b *testing.B) {
						defer reportCPU(b)()
						for b.Loop() {
							_, _, err := fromIndex.countIndexed()
							w.must(err)
							_, _, err = fromIndex.membersIndexed(50)
							w.must(err)
						}
						b.ReportMetric(read.Seconds(), "s-to-read")
					})
					b.Run(what+"/sql", func(b *testing.B) {
						defer reportCPU(b)()
						for b.Loop() {
							w.read(func(tx *db.Tx) error {
								if _, err := fromSQL.countSQL(tx); err != nil {
									return err
								}
								_, err := w.Members(tx, fromSQL.condition, term.Email, 0, 50)
								return err
							})
						}
					})
				}
			})
		}
	}
}
