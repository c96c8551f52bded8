package insight

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var ctx = context.Background()

// buyer is a customer of a test.
type buyer struct {
	orders []bought
	denied bool // their data may not be used
}

type bought struct {
	at    clock.Instant
	cents int64
}

// open makes the sample business with some buyers, as a gate would have left
// them, at a time.
func open(t *testing.T, d *db.DB, now clock.Instant, buyers []buyer) *Service {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	clk := clock.NewFake(now)
	dir, ring := t.TempDir(), keyring.Generate()
	packs, err := rulepack.Load()
	must(err)
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "halm.example/test", SignerFile: filepath.Join(dir, "signer"), AnchorDir: dir, Clock: clk})
	must(err)
	acts, err := journal.Open(ctx, journal.Options{Place: filepath.Join(dir, "journal"), Ring: ring, Clock: clk})
	must(err)
	t.Cleanup(func() { _ = acts.Close() })
	store, jobs := charter.NewStore(log, packs), job.NewQueue(d, clk)
	g, err := gate.New(gate.Config{DB: d, Ring: ring, Keys: filepath.Join(dir, "keys.db"), Charter: store, Packs: packs,
		Ledger: log, Journal: acts, Jobs: jobs, Outbox: outbox.Open(d, clk), Clock: clk})
	must(err)
	t.Cleanup(func() { _ = g.Close() })
	must(d.Write(ctx, func(tx *db.Tx) error {
		if _, err := store.Apply(tx, sample.Halm(), now, "staff:test"); err != nil {
			return err
		}
		in, err := store.Current(tx)
		if err != nil {
			return err
		}
		rules, err := g.RulesOf(in, gate.Reach{Purpose: "letter", Operation: term.Use, At: now})
		if err != nil {
			return err
		}
		var customers, standings, events [][]any
		for i, b := range buyers {
			who, ops := id.Customer(i+1), gate.OpsOf(term.Use)
			if b.denied {
				ops = 0
			}
			customers = append(customers, []any{who, 0, 1, 1, 0})
			standings = append(standings, []any{who, "halm", "letter", "", "", 0, 0, clock.Never, int64(ops), "", "consent", rules})
			for n, o := range b.orders {
				events = append(events, []any{who, n, "Order Completed", o.at, o.at, 0, "{}", o.cents, "EUR", "coffee", 0})
			}
		}
		for _, ins := range []struct {
			head string
			rows [][]any
		}{
			{"insert into customer (customer_id, rev, known, created_at, seen_day) values", customers},
			{"insert into standing (customer_id, controller, purpose, channel, recipient, nth, from_at, until_at, ops, reasons, basis, rules) values", standings},
			{"insert into event (customer_id, dedupe, name, occurred_at, received_at, source_id, props, amount, currency, family, origin) values", events},
		} {
			if _, err := tx.InsertMany(ins.head, "", ins.rows); err != nil {
				return err
			}
		}
		return nil
	}))
	return New(Config{DB: d, Gate: g, Charter: store, Jobs: jobs, Clock: clk})
}

func (s *Service) last(t *testing.T) Answer {
	t.Helper()
	var out Answer
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = s.Last(tx, "halm", "letter")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cdnow reads a part of the customers of an early online shop, of 18 months. They
// live 29 years later, since nothing of 1997 may still be kept.
func cdnow(t *testing.T) []buyer {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "CDNOW_master.txt"))
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("the CDNOW data are missing: ../shared/data/CDNOW_master.txt")
	}
	if err != nil {
		t.Skip("the CDNOW data are not here: ../shared/data/CDNOW_master.txt")
	}
	defer func() { _ = file.Close() }()
	zone := sample.Halm().Business.Location()
	var out []buyer
	before := ""
	lines := bufio.NewScanner(file)
	lines.Scan()
	for lines.Scan() {
		w := strings.Fields(lines.Text())
		number, _ := strconv.Atoi(w[0])
		if number%10 != 0 {
			continue
		}
		if w[0] != before {
			out, before = append(out, buyer{}), w[0]
		}
		day, err := time.ParseInLocation("20060102", w[1], zone)
		if err != nil {
			t.Fatal(err)
		}
		dollars, _ := strconv.ParseFloat(w[3], 64)
		b := &out[len(out)-1]
		b.orders = append(b.orders, bought{clock.At(day.AddDate(29, 0, 0).Add(time.Hour)), int64(dollars*100 + 0.5)})
	}
	return out
}

// What is counted of 2,357 real customers is what a few lines of Go count of the
// file; whoever's data may not be used is in none of it.
func TestOrdersOfARealShopAreCountedRight(t *testing.T) {
	buyers := cdnow(t)
	now := clock.UTC(2027, 7, 1, 12, 0, 0)
	denied := 0
	for i := range buyers {
		if i%7 == 0 {
			buyers[i].denied = true
			denied++
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, now, buyers)
		if err := s.Count(ctx, "staff:test"); err != nil {
			t.Fatal(err)
		}
		got := s.last(t)
		if got.Currency != "EUR" || got.At != now {
			t.Errorf("currency %q at %s", got.Currency, got.At)
		}
		if want := gridOf(buyers, now); got.Grid != want {
			t.Errorf("the grid is\n%+v, want\n%+v", got.Grid, want)
		}
		if want := cohortsOf(buyers, now); !reflect.DeepEqual(got.Cohorts, want) {
			t.Errorf("the cohorts are\n%+v, want\n%+v", got.Cohorts, want)
		}
		var runs int
		err := d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow("select count(*) from use_run where what = 'insight' and purpose = 'letter' and actor = 'staff:test'").Scan(&runs)
		})
		if err != nil || runs != 1 {
			t.Errorf("%d uses are on record, %v", runs, err)
		}
	})
}

func gridOf(buyers []buyer, now clock.Instant) (out Grid) {
	var n, total [5][5]int64
	var all int64
	for _, b := range buyers {
		if b.denied {
			continue
		}
		var last clock.Instant
		var spent int64
		for _, o := range b.orders {
			last, spent = max(last, o.at), spent+o.cents
		}
		r, f := 0, 0
		for r < 4 && now.Sub(last) >= time.Duration([]int{30, 90, 180, 365}[r])*24*time.Hour {
			r++
		}
		for f < 4 && len(b.orders) >= []int{2, 3, 5, 10}[f] {
			f++
		}
		n[r][f]++
		total[r][f] += spent
		all += spent
	}
	for r := range n {
		for f := range n[r] {
			if n[r][f] >= 10 {
				out[r][f] = Cell{(n[r][f] + 5) / 10 * 10, total[r][f] / n[r][f], 1000 * total[r][f] / all, false}
			} else if n[r][f] > 0 {
				out[r][f].Few = true
			}
		}
	}
	return out
}

func cohortsOf(buyers []buyer, now clock.Instant) (out []Cohort) {
	zone := sample.Halm().Business.Location()
	const quarter = 91 * 24 * time.Hour
	for start := time.Date(2025, 10, 1, 0, 0, 0, 0, zone); !start.After(now.Time()); start = start.AddDate(0, 3, 0) {
		end := clock.At(start.AddDate(0, 3, 0))
		c := Cohort{From: clock.DateOf(start)}
		var size int64
		came, spent := map[int]map[int]bool{}, map[int]int64{}
		for i, b := range buyers {
			if b.denied || len(b.orders) == 0 || b.orders[0].at < clock.At(start) || b.orders[0].at >= end {
				continue
			}
			size++
			for _, o := range b.orders {
				nth := int(o.at.Sub(b.orders[0].at) / quarter)
				if came[nth] == nil {
					came[nth] = map[int]bool{}
				}
				came[nth][i] = true
				spent[nth] += o.cents
			}
		}
		if c.Few = size < 10; !c.Few {
			c.People = (size + 5) / 10 * 10
			var worth int64
			for nth := 0; !end.Time().Add(time.Duration(nth+1) * quarter).After(now.Time()); nth++ {
				worth += spent[nth]
				back := int64(-1)
				if n := int64(len(came[nth])); n >= 10 || n == 0 {
					back = (1000*n + size/2) / size
				}
				c.Back, c.Worth = append(c.Back, back), append(c.Worth, worth/size)
			}
		}
		out = append(out, c)
	}
	return out
}

// Few people leave nothing behind that could be worked out again, and before the
// first count there is no answer.
func TestFewPeopleAreNotShown(t *testing.T) {
	now := clock.UTC(2027, 7, 1, 12, 0, 0)
	var buyers []buyer
	for range 9 {
		buyers = append(buyers, buyer{orders: []bought{{now.Add(-200 * 24 * time.Hour), 990}}})
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, now, buyers)
		err := d.Read(ctx, func(tx *db.Tx) error { _, err := s.Last(tx, "halm", "letter"); return err })
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("before the first count: %v", err)
		}
		if err := s.Count(ctx, term.ByEngine); err != nil {
			t.Fatal(err)
		}
		got := s.last(t)
		if got.Grid.People() != 0 || got.Grid[3][0] != (Cell{Few: true}) {
			t.Errorf("nine people are shown: %+v", got.Grid)
		}
		for _, c := range got.Cohorts {
			if !c.Few || c.People != 0 || c.Back != nil || c.Worth != nil {
				t.Errorf("nine people are shown: %+v", c)
			}
		}
	})
}
