package gate

import (
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
)

// startsWithSale reports whether a retention counts from an order or contract,
// so that without one there is nothing to keep.
func startsWithSale(s charter.Start) bool {
	switch s {
	case charter.FromLastOrder, charter.FromOrder, charter.FromOrderYear, charter.FromContractEnd:
		return true
	}
	return false
}

// keepEnds is when a purpose's time for keeping the customer's data is over: 0
// when it has nothing to count from.
func (l *life) keepEnds(p *purposeLaw, r *rule) clock.Instant {
	k := keepKey{p, r}
	ends, ok := l.keeps[k]
	if !ok {
		ends = l.countKeep(p, r)
		l.keeps[k] = ends
	}
	return ends
}

func (l *life) countKeep(p *purposeLaw, r *rule) clock.Instant {
	switch r.From {
	case charter.FromLastOrder, charter.FromOrder:
		return l.keepAfter(r, l.lastSale(false))
	case charter.FromContractEnd:
		return l.keepAfter(r, l.lastSale(true))
	case charter.FromOrderYear:
		last := l.lastSale(false)
		if last == 0 {
			return clock.Never // the missing order is its own reason
		}
		return r.Keep.ValidUntil(clock.On(last.In(r.zone).Year()+1, time.January, 1), r.zone)
	case charter.FromLastContact:
		return l.keepSince(r, l.lastContact(p))
	case charter.FromConsentEnd:
		return l.keepSince(r, l.lastConsent(p, r))
	}
	return l.keepSince(r, l.since)
}

func (l *life) keepAfter(r *rule, sale clock.Instant) clock.Instant {
	if sale == 0 {
		return clock.Never // the missing order is its own reason
	}
	return l.keepSince(r, sale)
}

func (l *life) keepSince(r *rule, start clock.Instant) clock.Instant {
	if start == 0 || start == clock.Never {
		return start
	}
	return r.validUntil(r.Keep, start)
}

// lastSale is the last order, or the end of the last contract.
func (l *life) lastSale(contractEnd bool) clock.Instant {
	var last clock.Instant
	for _, s := range l.sales {
		if contractEnd {
			last = max(last, s.until)
		} else {
			last = max(last, s.at)
		}
	}
	return last
}

// lastConsent is when the last consent of a purpose ended or will end; where
// none was given, when data were first collected.
func (l *life) lastConsent(p *purposeLaw, r *rule) clock.Instant {
	last := l.since
	for _, k := range consent.Keys(l.records) {
		if k.Controller != l.law.Controller || k.Purpose != p.id {
			continue
		}
		c := l.consent(p, r, k.Channel, k.Recipient)
		if c.state.Status == consent.Agreed {
			last = max(last, c.ends)
		} else {
			last = max(last, c.state.Rests.RecordedAt)
		}
	}
	return last
}
