package insight

import (
	"fmt"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/term"
)

// fewest is the number of people below which nothing is said of them.
const fewest = 10

// people rounds a number of people as it may be shown: 0 when there are too few.
func people(n int64) int64 {
	if n < fewest {
		return 0
	}
	return (n + 5) / 10 * 10
}

// question is one count for one purpose.
type question struct {
	*Service
	charter  *charter.Charter
	purpose  term.Purpose
	order    term.Event
	currency string
	at       clock.Instant
}

// usable gives a select of the customers whose data may be used now, with its
// arguments, which are the first of a statement.
func (q question) usable() (string, []any, error) {
	text, args, err := q.Gate.StandingSQL(q.charter, gate.Reach{Purpose: q.purpose, Operation: term.Use, At: q.at}, 1)
	return customer.Table + " c join (" + text + ") st on st.customer_id = c.customer_id", args, err
}

// usual is the currency of most of their orders.
func (q question) usual(tx *db.Tx) (string, error) {
	who, args, err := q.usable()
	if err != nil {
		return "", err
	}
	n := len(args)
	rows, err := tx.Query(fmt.Sprintf(`select e.currency, count(*) from %s join event e on e.customer_id = st.customer_id and e.name = $%d
		where st.allowed = 1 group by e.currency order by 2 desc, 1 limit 1`, who, n+1), append(args, q.order)...)
	found, err := db.Collect(rows, err, func(scan db.Scan) (currency string, err error) {
		var n int64
		return currency, scan(&currency, &n)
	})
	if len(found) == 0 {
		return "", err
	}
	return found[0], err
}

// The bands of the grid: how long ago the last order was, and how many there
// were.
var (
	Recency   = []string{"30 days", "90 days", "180 days", "a year", "longer ago"}
	Frequency = []string{"1 order", "2 orders", "3 or 4", "5 to 9", "10 or more"}

	recencyDays = []int{30, 90, 180, 365}
	orderCounts = []int{2, 3, 5, 10} // the least of each band but the first
)

// Grid is how recently and how often people bought, and how much: rows by
// recency, columns by frequency.
type Grid [5][5]Cell

// Cell is the people of one place of the grid. What rests on fewer than ten is 0.
type Cell struct {
	People int64 `json:"people"` // rounded to tens
	Spent  int64 `json:"spent"`  // by each of them, on average, in minor units
	Share  int64 `json:"share"`  // of all that was spent, in thousandths
	Few    bool  `json:"few"`    // somebody, but fewer than ten
}

// People is everybody with an order.
func (g Grid) People() (n int64) {
	for _, row := range g {
		for _, c := range row {
			n += c.People
		}
	}
	return n
}

// AtLeast is how many ordered so often that they are in a band of frequency or a
// later one.
func (g Grid) AtLeast(band int) (n int64) {
	for _, row := range g {
		for _, c := range row[band:] {
			n += c.People
		}
	}
	return n
}

func (q question) grid(tx *db.Tx) (Grid, error) {
	var out Grid
	who, args, err := q.usable()
	if err != nil {
		return out, err
	}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	recency, frequency := "case", "case"
	for i, days := range recencyDays {
		recency += fmt.Sprintf(" when max(e.occurred_at) > %s then %d", arg(q.at.Add(-time.Duration(days)*24*time.Hour)), i)
	}
	for i, least := range orderCounts {
		frequency += fmt.Sprintf(" when count(*) < %s then %d", arg(least), i)
	}
	text := fmt.Sprintf(`select g.recency, g.frequency, count(*), cast(sum(g.total) as bigint) from (
		select %s else 4 end as recency, %s else 4 end as frequency, sum(e.amount) as total
		from %s join event e on e.customer_id = st.customer_id and e.name = %s
		where st.allowed = 1 and e.currency = %s and e.occurred_at <= %s group by st.customer_id) g group by g.recency, g.frequency`,
		recency, frequency, who, arg(q.order), arg(q.currency), arg(q.at))
	rows, err := tx.Query(text, args...)
	var totals [5][5]int64
	var all int64
	err = db.Each(rows, err, func(scan db.Scan) error {
		var r, f int
		var n, total int64
		if err := scan(&r, &f, &n, &total); err != nil {
			return err
		}
		all += total
		c := &out[r][f]
		if c.People, c.Few = people(n), n < fewest; !c.Few {
			c.Spent, totals[r][f] = total/n, total
		}
		return nil
	})
	for r := range out {
		for f := range out[r] {
			if all > 0 {
				out[r][f].Share = 1000 * totals[r][f] / all
			}
		}
	}
	return out, err
}
