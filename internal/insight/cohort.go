package insight

import (
	"fmt"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
)

// Cohort is those whose first order fell into one quarter of the year. What
// follows is counted for each of them from their own first order on, in periods
// of 91 days; a period is counted once it is over for everybody of the cohort.
type Cohort struct {
	From   clock.Date `json:"from"`   // first day of the quarter
	People int64      `json:"people"` // rounded to tens
	Few    bool       `json:"few"`    // fewer than ten: nothing else is said
	Back   []int64    `json:"back"`   // how many in 1,000 ordered in the period; -1 when fewer than ten did
	Worth  []int64    `json:"worth"`  // what one of them had spent by its end, on average, in minor units
}

const (
	cohortsShown = 8
	period       = 91 * 24 * time.Hour
	periodMicros = int64(period / time.Microsecond)
)

// Few stands for a share that rests on fewer than ten people.
const Few = -1

// quarters gives the starts of the last quarters and of the next, ascending.
func quarters(at clock.Instant, zone *time.Location) []clock.Date {
	today := clock.DateOf(at.In(zone))
	first := clock.On(today.Year, (today.Month-1)/3*3+1, 1)
	out := make([]clock.Date, cohortsShown+1)
	for i := range out {
		out[i] = clock.DateOf(time.Date(first.Year, first.Month+time.Month(3*(i-cohortsShown+1)), 1, 0, 0, 0, 0, time.UTC))
	}
	return out
}

// cohorts counts, for each cohort and period since the first order, who ordered
// and for how much.
func (q question) cohorts(tx *db.Tx) ([]Cohort, error) {
	zone := q.charter.Business.Location()
	starts := quarters(q.at, zone)
	who, args, err := q.usable()
	if err != nil {
		return nil, err
	}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	cohort := "case"
	for i, d := range starts {
		cohort += fmt.Sprintf(" when f.first_at < %s then %d", arg(d.Start(zone)), i-1)
	}
	name, currency, now := arg(q.order), arg(q.currency), arg(q.at)
	text := fmt.Sprintf(`select o.cohort, o.nth, count(*), cast(sum(o.spent) as bigint) from (
		select f.customer_id, %s else -1 end as cohort, (e.occurred_at - f.first_at) / %s as nth, sum(e.amount) as spent
		from (select st.customer_id, min(b.occurred_at) as first_at from %s join event b on b.customer_id = st.customer_id and b.name = %s
			where st.allowed = 1 and b.currency = %s group by st.customer_id) f
		join event e on e.customer_id = f.customer_id and e.name = %s and e.currency = %s and e.occurred_at <= %s
		group by 1, 2, 3) o where o.cohort >= 0 group by o.cohort, o.nth`, cohort, arg(periodMicros), who, name, currency, name, currency, now)
	rows, err := tx.Query(text, args...)
	counts := make([]map[int64]counted, cohortsShown)
	for i := range counts {
		counts[i] = map[int64]counted{}
	}
	err = db.Each(rows, err, func(scan db.Scan) error {
		var cohort, nth int64
		var c counted
		err := scan(&cohort, &nth, &c.people, &c.spent)
		if err == nil && cohort < cohortsShown {
			counts[cohort][nth] = c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Cohort, cohortsShown)
	for i := range out {
		out[i] = cohortOf(starts[i], starts[i+1].Start(zone), counts[i], q.at)
	}
	return out, nil
}

// counted is who ordered in one period, and for how much.
type counted struct{ people, spent int64 }

// cohortOf puts a cohort's periods together. Everybody orders in the first, which
// is how many they are.
func cohortOf(from clock.Date, until clock.Instant, counts map[int64]counted, now clock.Instant) Cohort {
	n := counts[0].people
	out := Cohort{From: from, People: people(n), Few: n < fewest}
	if out.Few {
		return out
	}
	var spent int64
	for nth := int64(0); until.Add(time.Duration(nth+1)*period) <= now; nth++ {
		c := counts[nth]
		spent += c.spent
		share := int64(Few)
		switch {
		case c.people >= fewest:
			share = (1000*c.people + n/2) / n
		case c.people == 0:
			share = 0
		}
		out.Back = append(out.Back, share)
		out.Worth = append(out.Worth, spent/n)
	}
	return out
}
