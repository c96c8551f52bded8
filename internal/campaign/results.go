package campaign

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// Results is what a campaign brought, measured without following anybody: the
// orders of those it was meant for against the orders of those left out by
// chance, from the day each was planned. Everybody drawn counts, whether or not
// their message arrived, so that the comparison stays fair (intention to treat).
// Only people whose data may be used for the purpose are counted.
type Results struct {
	Campaign id.Campaign   `json:"campaign_id"`
	Until    clock.Instant `json:"until"` // the last instant counted
	Written  Group         `json:"written_to"`
	LeftOut  Group         `json:"left_out"`
	Lift     Lift          `json:"lift"`
	Cost     Cost          `json:"cost"`
	Note     string        `json:"note,omitempty"` // why nothing can be said, or what limits it
}

// Group is one side of the comparison. Numbers under 10 are not shown (MIN-04):
// Small is true for a group of fewer people, whose other numbers are 0 then; Few
// when their orders are fewer, which are 0 then.
type Group struct {
	People    int64   `json:"people"`
	Orders    int64   `json:"orders"`
	PerPerson float64 `json:"orders_per_person"`
	Stops     int64   `json:"stops"` // people who said no to the purpose since
	Small     bool    `json:"small,omitempty"`
	Few       bool    `json:"few_orders,omitempty"`

	squares float64
}

// Lift is the difference in orders per 1,000 people, with the interval that
// holds the true one in 95 of 100 such campaigns.
type Lift struct {
	Per1000 float64 `json:"orders_per_1000"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Shows   bool    `json:"shows"` // the interval does not hold 0
}

// Cost is what stands beside the gain.
type Cost struct {
	Stops      int64   `json:"stops"`    // people written to who said no since; 0 when under 10
	StopsPer1k float64 `json:"per_1000"` // of those written to, beyond those left out
	Bounced    int64   `json:"bounced"`  // refused by the recipient's server, or came back
	Spam       int64   `json:"called_spam"`
	Denied     int64   `json:"not_sent"` // the gate said no at the last moment
}

const (
	counted  = 30 * 24 * time.Hour // orders after planning that are counted
	fewest   = 10                  // people or orders below which a number is not shown
	sureness = 1.959964            // standard errors on each side of a 95 % interval
)

// Results compares. It writes one use entry for the run. It returns CONFLICT
// before the launch.
func (b *Book) Results(ctx context.Context, which id.Campaign, by term.Actor) (Results, error) {
	out := Results{Campaign: which}
	var c Campaign
	err := b.db.Read(ctx, func(tx *db.Tx) (err error) {
		if c, err = get(tx, which); err != nil {
			return err
		}
		if c.State == Draft {
			return errState(c.State, "measured")
		}
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		return b.measure(tx, in, c, &out)
	})
	if err != nil {
		return out, err
	}
	return out, b.db.Write(ctx, func(tx *db.Tx) error {
		_, err := b.gate.UseRun(tx, gate.Run{Controller: c.Controller, Purpose: c.Purpose, Operation: term.Use, Channel: c.Channel,
			What: "results", Customers: (out.Written.People + 5) / 10 * 10, Actor: by})
		return err
	})
}

func (b *Book) measure(tx *db.Tx, in *charter.Charter, c Campaign, out *Results) error {
	out.Until = min(b.clock.Now(), c.LaunchedAt.Add(counted))
	tallies, err := message.Tallies(tx, Program, int64(c.ID))
	if err != nil {
		return err
	}
	for _, t := range tallies {
		out.Cost.Spam += t.Spam
		switch t.State {
		case message.Refused, message.Returned:
			out.Cost.Bounced += t.Count
		case message.Denied:
			out.Cost.Denied += t.Count
		}
	}
	orders := ordersOf(in, c.Purpose)
	if len(orders) == 0 {
		out.Note = "The charter does not let this purpose use orders, so what the campaign brought cannot be told."
	}
	groups, err := b.groups(tx, in, c, orders, out.Until)
	if errs.Is(err, errs.Forbidden) {
		out.Note = "The charter does not let this purpose use data, so nothing can be compared."
		return nil
	}
	if err != nil {
		return err
	}
	out.Written, out.LeftOut = groups[0], groups[1]
	out.compare(len(orders) > 0)
	return nil
}

// ordersOf lists the events that are purchases and that the purpose may use.
func ordersOf(in *charter.Charter, p term.Purpose) []term.Event {
	purpose, ok := in.Purpose(p)
	if !ok {
		return nil
	}
	var out []term.Event
	for i := range in.Events {
		e := &in.Events[i]
		if e.Is(charter.MeansOrder) && uses(purpose, e.Name) {
			out = append(out, e.Name)
		}
	}
	return out
}

func uses(p *charter.Purpose, e term.Event) bool {
	_, ok := p.UsesEvent(e)
	return ok
}

// groups counts those written to and those left out.
func (b *Book) groups(tx *db.Tx, in *charter.Charter, c Campaign, orders []term.Event, until clock.Instant) (out [2]Group, err error) {
	args := []any{Program, int64(c.ID), until, c.Purpose}
	marks := []string{"''"}
	for _, e := range orders {
		args = append(args, e)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	may, more, err := b.gate.ReachSQL(in, gate.Reach{Purpose: c.Purpose, Channel: c.Channel, Operation: term.Use, Column: "s.customer_id", At: b.clock.Now()}, len(args)+1)
	if err != nil {
		return out, err
	}
	rows, err := tx.Query(`select g.held, count(*), cast(sum(g.orders) as bigint), cast(sum(g.orders * g.orders) as bigint), cast(sum(g.stopped) as bigint) from (
		select case when s.state = 'held_out' then 1 else 0 end as held,
			(select count(*) from event e where e.customer_id = s.customer_id and e.name in (`+strings.Join(marks, ", ")+`)
				and e.occurred_at >= s.planned_at and e.occurred_at <= $3) as orders,
			case when exists (select 1 from consent_record r where r.customer_id = s.customer_id and r.purpose = $4
				and r.kind in ('withdrawn', 'objected') and r.recorded_at >= s.planned_at and r.recorded_at <= $3) then 1 else 0 end as stopped
		from send s where s.program = $1 and s.program_id = $2 and (`+may+` or exists (select 1 from consent_record q
			where q.customer_id = s.customer_id and q.purpose = $4 and q.kind in ('withdrawn', 'objected') and q.recorded_at >= s.planned_at))
		) g group by g.held`, append(args, more...)...)
	if err != nil {
		return out, err
	}
	type line struct {
		held                           int64
		people, orders, squares, stops int64
	}
	lines, err := db.Collect(rows, nil, func(scan db.Scan) (l line, err error) {
		return l, scan(&l.held, &l.people, &l.orders, &l.squares, &l.stops)
	})
	for _, l := range lines {
		out[l.held] = Group{People: l.people, Orders: l.orders, Stops: l.stops, squares: float64(l.squares)}
	}
	return out, err
}

// compare works out the lift and hides what is small.
func (r *Results) compare(measured bool) {
	w, h := &r.Written, &r.LeftOut
	if w.People > 0 {
		r.Cost.Stops = w.Stops
		r.Cost.StopsPer1k = round1(1000 * (share(w.Stops, w.People) - share(h.Stops, h.People)))
	}
	switch {
	case !measured:
	case h.People == 0:
		r.Note = "Nobody was left out, so what the campaign brought cannot be told from what would have come anyway."
	case w.People < fewest || h.People < fewest || w.Orders < fewest || h.Orders < fewest:
		r.Note = "There are too few people or orders to tell. Look again in some days, or leave out more next time."
	default:
		r.Lift = liftOf(*w, *h)
	}
	for _, g := range []*Group{w, h} {
		g.PerPerson = round3(share(g.Orders, g.People))
		switch {
		case g.People < fewest:
			*g = Group{Small: true}
		case measured && g.Orders < fewest:
			g.Orders, g.PerPerson, g.Few = 0, 0, true
		}
		if g.Stops < fewest {
			g.Stops = 0
		}
	}
	if r.Cost.Stops < fewest {
		r.Cost.Stops, r.Cost.StopsPer1k = 0, 0
	}
}

// liftOf is the difference of two means with its normal interval (Welch).
func liftOf(w, h Group) Lift {
	diff := share(w.Orders, w.People) - share(h.Orders, h.People)
	spread := sureness * math.Sqrt(w.variance()/float64(w.People)+h.variance()/float64(h.People))
	l := Lift{Per1000: round1(1000 * diff), Low: round1(1000 * (diff - spread)), High: round1(1000 * (diff + spread))}
	l.Shows = diff-spread > 0 || diff+spread < 0
	return l
}

// variance is the sample's variance of orders per person.
func (g Group) variance() float64 {
	n := float64(g.People)
	mean := float64(g.Orders) / n
	return (g.squares - n*mean*mean) / (n - 1)
}

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }

func round3(v float64) float64 { return math.Round(v*1000) / 1000 }
