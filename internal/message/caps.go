package message

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
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

// limitsFor gives the bounds on a message for a purpose on a channel.
func limitsFor(c *charter.Charter, p term.Purpose, ch term.Channel) []limit {
	var out []limit
	for _, k := range c.House.Caps {
		if k.Channel == ch && capDays[k.Per] > 0 {
			out = append(out, limit{"", int64(k.AtMost), capDays[k.Per]})
		}
	}
	if len(out) == 0 {
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

// place is what a count belongs to.
type place struct {
	customer   id.Customer
	controller term.Controller
	channel    term.Channel
	purpose    term.Purpose
	day        int64
}

func dayOf(at clock.Instant) int64 { return int64(at) / (24 * 3600 * 1e6) }

// takePlace counts a message when every limit leaves room and reports whether it
// did. The caller holds the customer's lock; the bound in the statement keeps the
// count right even where one does not.
func takePlace(tx *db.Tx, p place, limits []limit) (bool, error) {
	rows, err := tx.Query(`select purpose, day, n from contact_count where customer_id = $1 and controller = $2 and channel = $3
		and purpose in ('', $4) and day > $5`, p.customer, p.controller, p.channel, p.purpose, p.day-30)
	type count struct {
		purpose term.Purpose
		day, n  int64
	}
	counts, err := db.Collect(rows, err, func(scan db.Scan) (c count, err error) { return c, scan(&c.purpose, &c.day, &c.n) })
	if err != nil {
		return false, err
	}
	room := map[term.Purpose]int64{"": 1 << 30, p.purpose: 1 << 30}
	for _, l := range limits {
		left := l.n
		for _, c := range counts {
			if c.purpose == l.purpose && c.day > p.day-l.days {
				left -= c.n
			}
		}
		room[l.purpose] = min(room[l.purpose], left)
	}
	if room[""] <= 0 || room[p.purpose] <= 0 {
		return false, nil
	}
	for _, c := range counts {
		if c.day == p.day { // the statement compares with the whole of the day's row
			room[c.purpose] += c.n
		}
	}
	for _, purpose := range []term.Purpose{"", p.purpose} {
		n, err := tx.Exec(`insert into contact_count (customer_id, controller, channel, purpose, day, n) values ($1, $2, $3, $4, $5, 1)
			on conflict (customer_id, controller, channel, purpose, day) do update set n = contact_count.n + 1 where contact_count.n < $6`,
			p.customer, p.controller, p.channel, purpose, p.day, room[purpose])
		if err != nil {
			return false, err
		}
		if n == 0 {
			return false, errs.New(errs.Conflict, errs.FreqCap, "another worker took the last place; try again")
		}
	}
	return true, nil
}

// forgetCounts deletes counts that no limit looks at any more.
func forgetCounts(tx *db.Tx, now clock.Instant) error {
	if _, err := tx.Exec("delete from contact_count where day <= $1", dayOf(now)-30); err != nil {
		return err
	}
	_, err := tx.Exec("delete from service_count where hour < $1", hourOf(now)-48)
	return err
}
