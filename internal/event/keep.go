package event

import (
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// raw is how long an event is kept that no declaration speaks of.
var raw = charter.Retention{Period: rulepack.Period{Months: 13}, From: charter.FromCollection}

// Life is what a customer's retention counts from besides the event itself.
// Zero instants are unknown.
type Life struct {
	LastOrder   clock.Instant // latest event that means an order
	LastContact clock.Instant // latest positive interaction
	ContractEnd clock.Instant // clock.Never while one runs
	ConsentEnd  clock.Instant // clock.Never while one holds
}

// Keep says for how long events are kept under a charter. An event may be read
// for a purpose for as long as that purpose keeps it, and is deleted when no
// purpose keeps it any more. Days are those of the business.
type Keep struct {
	zone  *time.Location
	rules map[term.Event]*rule
	order map[term.Event]bool
}

type rule struct {
	purposes map[term.Purpose]charter.Retention
	rest     charter.Retention // where no purpose keeps it
}

// NewKeep derives the rules from a charter.
func NewKeep(c *charter.Charter) (*Keep, error) {
	zone, err := time.LoadLocation(c.Business.Zone)
	if err != nil {
		return nil, err
	}
	k := &Keep{zone: zone, rules: map[term.Event]*rule{}, order: map[term.Event]bool{}}
	for i := range c.Events {
		e := &c.Events[i]
		r := &rule{purposes: map[term.Purpose]charter.Retention{}, rest: e.Keep}
		if e.Keep.Period.IsZero() {
			r.rest = raw
		}
		for j := range c.Purposes {
			p := c.Purposes[j].ID
			if keep, ok := c.KeepOf(p, string(e.Name)); ok && !keep.Period.IsZero() {
				r.purposes[p] = keep
			}
		}
		k.rules[e.Name] = r
		k.order[e.Name] = e.Is(charter.MeansOrder)
	}
	return k, nil
}

// Until is when the event's time is over for a purpose: 0 when the purpose does
// not use it. For purpose "" it is when the last purpose's time is over.
func (k *Keep) Until(e Event, p term.Purpose, l Life) clock.Instant {
	r, ok := k.rules[e.Name]
	if !ok {
		if p != "" {
			return 0
		}
		return k.end(raw, e, l)
	}
	if p != "" {
		keep, ok := r.purposes[p]
		if !ok {
			return 0
		}
		return k.end(keep, e, l)
	}
	if len(r.purposes) == 0 {
		return k.end(r.rest, e, l)
	}
	var until clock.Instant
	for _, keep := range r.purposes {
		until = max(until, k.end(keep, e, l))
	}
	return until
}

// Readable reports whether the event may be read for a purpose at an instant.
func (k *Keep) Readable(e Event, p term.Purpose, l Life, at clock.Instant) bool {
	return at < k.Until(e, p, l)
}

func (k *Keep) end(keep charter.Retention, e Event, l Life) clock.Instant {
	start := e.OccurredAt
	switch keep.From {
	case charter.FromLastOrder:
		start = max(start, l.LastOrder)
	case charter.FromLastContact:
		start = max(start, l.LastContact)
	case charter.FromContractEnd:
		start = max(start, l.ContractEnd)
	case charter.FromConsentEnd:
		start = max(start, l.ConsentEnd)
	}
	if start == clock.Never {
		return clock.Never
	}
	day := clock.DateOf(start.In(k.zone))
	if keep.From == charter.FromOrderYear {
		day = clock.On(day.Year+1, time.January, 1)
	}
	return keep.Period.ValidUntil(day, k.zone)
}

// Since gives an instant before which events of a name can no longer be read
// for a purpose whatever the customer did since: what a count over many
// customers bounds its events with. Where retention counts from something later
// than the event, it is 0 and the gate's standing decides.
func (k *Keep) Since(name term.Event, p term.Purpose, at clock.Instant) clock.Instant {
	r, ok := k.rules[name]
	if !ok {
		return clock.Never
	}
	keep, ok := r.purposes[p]
	if !ok {
		return clock.Never
	}
	switch keep.From {
	case charter.FromCollection, charter.FromOrder, charter.FromOrderYear:
		return k.firstKept(keep, at)
	}
	return 0
}

// firstKept searches the first day whose events are still kept, days being
// monotonic: a later day is never over earlier.
func (k *Keep) firstKept(keep charter.Retention, at clock.Instant) clock.Instant {
	today := clock.DateOf(at.In(k.zone))
	over := func(d clock.Date) bool {
		return k.end(keep, Event{OccurredAt: d.Start(k.zone)}, Life{}) <= at
	}
	lo := today.AddMonths(-keep.Period.Months - 13).AddDays(-keep.Period.Days - 1 - keep.Period.Hours/24)
	hi := today.AddDays(1)
	for lo.AddDays(1).Compare(hi) < 0 {
		mid := middle(lo, hi)
		if over(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	if over(lo) {
		return hi.Start(k.zone)
	}
	return lo.Start(k.zone)
}

func middle(lo, hi clock.Date) clock.Date {
	days := int(hi.Start(time.UTC).Sub(lo.Start(time.UTC)) / (24 * time.Hour))
	return lo.AddDays(days / 2)
}

// horizon is an instant before which an event of a name may be over for every
// purpose; younger ones surely are not. It bounds what Expire looks at.
func (k *Keep) horizon(name term.Event, at clock.Instant) clock.Instant {
	r, ok := k.rules[name]
	if !ok {
		return k.firstKept(raw, at)
	}
	if len(r.purposes) == 0 {
		return k.firstKept(r.rest, at)
	}
	first := clock.Never
	for _, keep := range r.purposes {
		first = min(first, k.firstKept(keep, at))
	}
	return first
}
