package intake

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// The CDNOW data are 18 months of purchases of an early online shop: columns set
// apart by runs of spaces, dates without separators, CRLF.
const cdnow = `
source: cdnow
event: Order Completed
currency: USD
times: YYYYMMDD
zone: America/New_York
columns:
  customer_id: identity user cdnow
  date: time
  number_of_cds: property discs
  dollar_value: property value
`

// cdnowEdits make the sample's charter keep orders long enough for the nineties.
var cdnowEdits = []string{
	"props: {order_id: id, value: money, family: family}\n    means:", "props: {order_id: id, value: money, family: family, discs: count}\n    means:",
	"keep: 24 months after last order", "keep: 50 years after last order",
}

func cdnowFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "CDNOW_master.txt"))
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("the CDNOW data are missing: ../shared/data/CDNOW_master.txt")
	}
	if err != nil {
		t.Skip("the CDNOW data are not here: ../shared/data/CDNOW_master.txt")
	}
	return text
}

// sums are what a file's rows come to.
type sums struct {
	customers, purchases, discs, cents int64
	first, last                        int64 // days, YYYYMMDD
}

// addUp reads the file without any of the importer's code.
func addUp(t *testing.T, text []byte) sums {
	t.Helper()
	s := sums{first: 99999999}
	seen := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Scan()
	for lines.Scan() {
		w := strings.Fields(lines.Text())
		whole, fraction, _ := strings.Cut(w[3], ".")
		cents, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		discs, _ := strconv.ParseInt(w[2], 10, 64)
		day, _ := strconv.ParseInt(w[1], 10, 64)
		seen[w[0]] = true
		s.purchases++
		s.discs += discs
		s.cents += cents
		s.first, s.last = min(s.first, day), max(s.last, day)
	}
	s.customers = int64(len(seen))
	return s
}

func TestCDNOW(t *testing.T) {
	text := cdnowFile(t)
	want := addUp(t, text)
	if want.customers != 23570 || want.purchases != 69659 {
		t.Fatalf("the file holds %+v", want)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, cdnowEdits...)
		dry, _ := h.run(string(text), cdnow, true)
		if dry.OK != want.purchases || dry.New != want.customers || dry.Events != want.purchases || len(dry.Errors) != 0 {
			t.Errorf("dry run: %+v", dry)
		}
		start := time.Now()
		r, failures := h.run(string(text), cdnow, false)
		t.Logf("imported in %v", time.Since(start).Round(time.Millisecond))
		if r.OK != want.purchases || r.New != want.customers || r.Events != want.purchases || r.Existing != 0 || r.Duplicates != 0 || len(r.Errors) != 0 {
			t.Fatalf("import: %+v\n%.500s", r, failures)
		}
		got := sums{
			customers: h.number("select count(*) from customer"),
			purchases: h.number("select count(*) from event"),
			cents:     h.number("select sum(amount) from event"),
			discs:     h.discs(),
			first:     h.day("select min(occurred_at) from event"),
			last:      h.day("select max(occurred_at) from event"),
		}
		if got != want {
			t.Errorf("stored %+v, the file holds %+v", got, want)
		}
		if n := h.number("select count(distinct customer_id) from event"); n != want.customers {
			t.Errorf("events of %d customers", n)
		}
		one := h.find(customer.UserID("cdnow", "00002"))
		if len(one) != 1 || h.number("select count(*) from event where customer_id = "+strconv.FormatInt(int64(one[0]), 10)) != 2 {
			t.Errorf("customer 00002 is %v", one)
		}
		again, _ := h.run(string(text), cdnow, false)
		if again.New != 0 || again.Events != 0 || again.Duplicates != want.purchases || again.Existing != want.customers {
			t.Errorf("again: %+v", again)
		}
	})
}

// day turns an instant into its day in New York, as the file writes days.
func (h *house) day(query string) int64 {
	h.t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	h.must(err)
	day, err := strconv.ParseInt(time.UnixMicro(h.number(query)).In(zone).Format("20060102"), 10, 64)
	h.must(err)
	return day
}

// discs adds up a property that has no column of its own.
func (h *house) discs() (n int64) {
	h.t.Helper()
	h.must(h.db.Read(h.t.Context(), func(tx *db.Tx) error {
		rows, err := tx.Query("select props from event")
		list, err := db.Collect(rows, err, func(scan db.Scan) (s string, err error) { return s, scan(&s) })
		for _, props := range list {
			_, after, _ := strings.Cut(props, `"discs":`)
			digits := strings.TrimRight(after, "}")
			digits, _, _ = strings.Cut(digits, ",")
			one, err := strconv.ParseInt(digits, 10, 64)
			if err != nil {
				return err
			}
			n += one
		}
		return err
	}))
	return n
}
