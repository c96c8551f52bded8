package campaign

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
)

// buys puts an order of each customer on record, now.
func (o *office) buys(list ...id.Customer) {
	o.T.Helper()
	now := o.Clock.Now()
	arrivals := make([]gate.Arrival, len(list))
	for i, c := range list {
		arrivals[i] = gate.Arrival{Customer: c, At: now, Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, At: now, Confidence: 100},
			Events: []event.New{{Name: "Order Completed", OccurredAt: now, MessageID: fmt.Sprintf("o-%s-%d", c, now),
				Props: map[string]any{"order_id": "1", "value": int64(900), "family": "beans"}, Amount: 900, Currency: "EUR", Family: "beans"}}}
	}
	taken, err := o.gateTake(arrivals)
	o.Must(err)
	for _, t := range taken {
		if t.Refused != nil || t.Inserted != 1 {
			o.T.Fatalf("an order was not taken: %+v", t)
		}
	}
}

func (o *office) gateTake(list []gate.Arrival) ([]gate.Taken, error) {
	return o.Gate.Take(context.Background(), list)
}

// split gives the people of a campaign by whether they were left out.
func (o *office) split(c id.Campaign, people []id.Customer) (written, left []id.Customer) {
	o.T.Helper()
	held := map[id.Customer]bool{}
	o.Read(func(tx *db.Tx) error {
		rows, err := tx.Query("select customer_id from send where program_id = $1 and state = 'held_out'", c)
		list, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		for _, p := range list {
			held[p] = true
		}
		return err
	})
	for _, p := range people {
		if held[p] {
			left = append(left, p)
		} else {
			written = append(written, p)
		}
	}
	return written, left
}

// A campaign leaves out a share by chance; what it brought is the difference in
// orders, with its interval, and what it cost stands beside.
func TestResultsCompareWithThoseLeftOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		people := o.Readers(200)
		half := 50
		c := letter()
		c.Holdout = &half
		which := o.launch(c)
		if _, err := o.book.Results(context.Background(), which, "staff:test"); err != nil {
			t.Fatal(err)
		}
		o.planAll(which)
		_, err := o.sender.Drain(context.Background())
		o.Must(err)
		written, left := o.split(which, people)
		if len(left) < 70 || len(left) > 130 || len(o.sink.Mails()) != len(written) {
			t.Fatalf("%d written to, %d left out, %d mails", len(written), len(left), len(o.sink.Mails()))
		}
		o.Clock.Advance(24 * time.Hour)
		o.buys(written[:40]...)
		o.buys(left[:15]...)
		for _, p := range written[40:52] {
			o.Withdraw(p)
		}
		r, err := o.book.Results(context.Background(), which, "staff:test")
		o.Must(err)
		if r.Written.People != int64(len(written)) || r.Written.Orders != 40 || r.LeftOut.Orders != 15 || r.Written.Stops != 12 || r.Cost.Stops != 12 {
			t.Errorf("results %+v", r)
		}
		m1, m0 := 40/float64(len(written)), 15/float64(len(left))
		if math.Abs(r.Lift.Per1000-1000*(m1-m0)) > 0.1 || r.Lift.Low >= r.Lift.Per1000 || r.Lift.High <= r.Lift.Per1000 || !r.Lift.Shows {
			t.Errorf("lift %+v", r.Lift)
		}
		// Welch by hand: a share's variance is p(1-p)·n/(n-1).
		v := func(p float64, n int) float64 { return p * (1 - p) * float64(n) / float64(n-1) / float64(n) }
		if half := 1.96 * 1000 * math.Sqrt(v(m1, len(written))+v(m0, len(left))); math.Abs(r.Lift.High-r.Lift.Per1000-half) > 0.5 {
			t.Errorf("half of the interval is %.1f, want %.1f", r.Lift.High-r.Lift.Per1000, half)
		}
		if n := o.Count("select count(*) from use_run where what = 'results'"); n != 2 {
			t.Errorf("%d runs on record", n)
		}
	})
}

func TestResultsHideSmallNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Readers(30)
		half := 50
		c := letter()
		c.Holdout = &half
		which := o.launch(c)
		o.planAll(which)
		r, err := o.book.Results(context.Background(), which, "staff:test")
		o.Must(err)
		if w := r.Written; !w.Small && !w.Few || w.Small && w.People != 0 || w.Orders != 0 || r.Lift != (Lift{}) || !strings.Contains(r.Note, "too few") {
			t.Errorf("results %+v", r)
		}
	})
}

func TestSmallCampaignsLeaveOutNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Readers(12)
		change := letter()
		change.Holdout = nil
		which := o.launch(change)
		c, err := o.book.Get(context.Background(), which)
		o.Must(err)
		if c.Holdout != 0 {
			t.Errorf("%d percent are left out", c.Holdout)
		}
		over := 51
		change.Holdout = &over
		if _, err := o.book.Create(context.Background(), change, "staff:test"); errs.CodeOf(err) != "campaign_holdout" {
			t.Errorf("half and one: %v", err)
		}
	})
}

// The lot is the same each time and falls as often as asked for.
func TestTheLotIsFair(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := Campaign{ID: id.New[id.Campaign](), Holdout: defaultHoldout}
		n := 0
		for range 20000 {
			who := id.NewCustomer()
			if o.book.leftOut(c, who) {
				n++
				if !o.book.leftOut(c, who) {
					t.Fatal("the lot changed")
				}
			}
		}
		if n < 1830 || n > 2170 { // four standard deviations
			t.Errorf("%d of 20,000 are left out", n)
		}
	})
}
