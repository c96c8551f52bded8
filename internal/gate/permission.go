package gate

import (
	"slices"

	"candor/internal/clock"
)

// Permission to contact without a yes: after a sale of similar goods (ePrivacy
// 13(2), PECR 22(3)), and by implied consent (CASL 10(9), 10(10)). Both rest on
// typed facts with their evidence, and end with a no.

// offered looks for a sale of similar goods in which the address was given and
// the exit offered.
func (q query) offered(goods []string) bool {
	return slices.ContainsFunc(q.offers, func(o offer) bool {
		_, similar := slices.BinarySearch(goods, o.family)
		return o.at <= q.at && (len(goods) == 0 || similar)
	})
}

// checkImplied looks for a purchase, a contract or an inquiry that is recent
// enough on the day of sending.
func (q query) checkImplied(v *verdict) {
	ended := false
	for _, i := range q.implied(q.r) {
		if i.from <= q.at && q.at < i.until {
			return
		}
		ended = ended || i.until <= q.at
	}
	if ended {
		v.add(impliedEnded, opServe)
	} else {
		v.add(noImplied, opServe)
	}
}

// implied lists when implied consent holds under a rule. A purchase without a
// reference proves nothing.
func (l *life) implied(r *rule) []span {
	if r.Implied.IsZero() {
		return nil
	}
	var out []span
	for _, s := range l.sales {
		if s.until > s.at || s.ref != "" {
			out = append(out, span{from: s.at, until: r.impliedEnd(s.until, true)})
		}
	}
	for _, at := range l.inquiries {
		out = append(out, span{from: at, until: r.impliedEnd(at, false)})
	}
	return out
}

// impliedEnd is when implied consent is over: as the anniversary begins, in the
// zone of the market where that is earliest. Its last day is the one before.
func (r *rule) impliedEnd(at clock.Instant, purchase bool) clock.Instant {
	if at == clock.Never {
		return at
	}
	period := r.Implied.Inquiry
	if purchase {
		period = r.Implied.Purchase
	}
	ends := clock.Never
	for _, z := range r.zones {
		ends = min(ends, period.ValidUntil(clock.DateOf(at.In(z)), z))
	}
	return ends
}

func (l *life) impliedEnds(r *rule) []clock.Instant {
	var out []clock.Instant
	for _, i := range l.implied(r) {
		out = append(out, i.until)
	}
	return out
}
