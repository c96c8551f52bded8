package message

import (
	"fmt"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Caps bound how many marketing messages one person gets, over all purposes and
// within one. They count when a message is handed over, under the customer's
// lock, so that two workers cannot both take the last place.

// capDays are the windows in whole days of UTC.
var capDays = map[string]int64{"day": 1, "week": 7, "month": 30}

// defaultCaps hold where house.yaml names none for the channel.
var defaultCaps = []charter.Cap{{AtMost: 1, Per: "day"}, {AtMost: 3, Per: "week"}, {AtMost: 8, Per: "month"}}

// limit is one bound: at most n in days, over all purposes or in one.
type limit struct {
	purpose term.Purpose // "" over all
	n       int64
	days    int64
}

// limitsFor gives the bounds on a message for a purpose on a channel: the
// house's, the purpose's own, and those of the law, which nothing raises.
func limitsFor(c *charter.Charter, p term.Purpose, ch term.Channel, law []rulepack.MessageCap) []limit {
	var out []limit
	for _, k := range law {
		out = append(out, limit{"", int64(k.AtMost), int64(k.Days)})
	}
	named := len(out)
	for _, k := range c.House.Caps {
		if k.Channel == ch && capDays[k.Per] > 0 {
			out = append(out, limit{"", int64(k.AtMost), capDays[k.Per]})
		}
	}
	if len(out) == named {
		for _, k := range defaultCaps {
			out = append(out, limit{"", int64(k.AtMost), capDays[k.Per]})
		}
	}
	if purpose, ok := c.Purpose(p); ok && purpose.Rhythm.AtMost > 0 && capDays[purpose.Rhythm.Per] > 0 {
		out = append(out, limit{p, int64(purpose.Rhythm.AtMost), capDays[purpose.Rhythm.Per]})
	}
	return out
}

// asChosen adds the rhythm that the person chose for a purpose.
func asChosen(limits []limit, w gate.Wishes, p term.Purpose) []limit {
	if days := gate.RhythmDays(w.Rhythm[p]); days > 0 {
		return append(limits, limit{p, 1, days})
	}
	return limits
}

// place is what a message counts for: a person, and a purpose.
type place struct {
	customer   id.Customer
	controller term.Controller
	channel    term.Channel
	purpose    term.Purpose // "" for all of them
}

func dayOf(at clock.Instant) int64 { return int64(at) / (24 * 3600 * 1e6) }

// counts are the counts of a group's customers, read under their locks. What is
// taken is written at the end.
type counts struct {
	day   int64
	found map[place]map[int64]int64       // by day
	taken map[place]int64                 // today, in this group
	total map[id.Customer]map[int64]int64 // over all brands, channels and purposes, by day; what is taken too
	bound map[place]int64                 // the most that today's count may come to
}

// boundless is more than anybody is sent in a day.
const boundless = 1 << 30

func readCounts(tx *db.Tx, list []id.Customer, day int64) (*counts, error) {
	c := &counts{day: day, found: map[place]map[int64]int64{}, taken: map[place]int64{}, total: map[id.Customer]map[int64]int64{}, bound: map[place]int64{}}
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query(`select customer_id, controller, channel, purpose, day, n from contact_count where day > $1
			and customer_id in (`+marks+`)`, args...)
		return db.Each(rows, err, func(scan db.Scan) error {
			var p place
			var day, n int64
			err := scan(&p.customer, &p.controller, &p.channel, &p.purpose, &day, &n)
			if c.found[p] == nil {
				c.found[p] = map[int64]int64{}
			}
			c.found[p][day] = n
			if p.purpose == "" {
				c.add(p.customer, day, n)
			}
			return err
		})
	}, day-30)
	return c, err
}

func (c *counts) add(who id.Customer, day, n int64) {
	if c.total[who] == nil {
		c.total[who] = map[int64]int64{}
	}
	c.total[who][day] += n
}

// left is what a limit leaves. One over all purposes is over all brands and
// channels too.
func (c *counts) left(p place, l limit) int64 {
	left, used := l.n-c.taken[p], c.found[p]
	if l.purpose == "" {
		left, used = l.n, c.total[p.customer]
	}
	for day, n := range used {
		if day > c.day-l.days {
			left -= n
		}
	}
	return left
}

// take counts a message when every limit leaves room and reports whether it did.
func (c *counts) take(p place, limits []limit) bool {
	all := p
	all.purpose = ""
	room := map[place]int64{all: boundless, p: boundless}
	for _, l := range limits {
		at := p
		at.purpose = l.purpose
		room[at] = min(room[at], c.left(at, l))
	}
	if room[all] <= 0 || room[p] <= 0 {
		return false
	}
	for at, left := range room {
		c.bound[at] = min(boundless, c.found[at][c.day]+c.taken[at]+left)
		c.taken[at]++
		if at.purpose == "" {
			c.add(p.customer, c.day, 1)
		}
	}
	return true
}

// write adds what was taken. The bound in the statement keeps the count right
// even where a lock does not.
func (c *counts) write(tx *db.Tx) error {
	byBound := map[int64][][]any{}
	for p, n := range c.taken {
		byBound[c.bound[p]] = append(byBound[c.bound[p]], []any{p.customer, p.controller, p.channel, p.purpose, c.day, n})
	}
	for bound, rows := range byBound {
		n, err := tx.InsertMany(`insert into contact_count (customer_id, controller, channel, purpose, day, n) values`,
			fmt.Sprintf(`on conflict (customer_id, controller, channel, purpose, day) do update set n = contact_count.n + excluded.n
			where contact_count.n + excluded.n <= %d`, bound), rows)
		if err != nil {
			return err
		}
		if n != int64(len(rows)) {
			return errs.New(errs.Conflict, errs.FreqCap, "another worker took the last place; try again")
		}
	}
	return nil
}

// forgetCounts deletes counts that no limit looks at any more.
func forgetCounts(tx *db.Tx, now clock.Instant) error {
	if _, err := tx.Exec("delete from contact_count where day <= $1", dayOf(now)-30); err != nil {
		return err
	}
	_, err := tx.Exec("delete from service_count where hour < $1", hourOf(now)-48)
	return err
}
