package gate

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/rulepack"
)

// checkTold keeps data from a use that the person does not know of yet: what
// became wider since the data were collected (GDPR 13(3), 14(4)), and data that
// came from elsewhere (GDPR 14). Where consent is the basis, the words of the ask
// have told; an older consent is not usable anyway.
func (q query) checkTold(v *verdict) {
	if q.r.Basis != charter.Consent {
		for _, n := range q.p.news {
			if q.since < n.At && q.at >= n.At && !q.knows(n.Version) {
				q.denyNews(v, n)
			}
		}
	}
	for _, at := range q.indirect {
		if at > q.at || q.toldSince(at) {
			continue
		}
		v.add(unsourced, opServe|opShare)
		if q.at >= q.noticeDue() {
			v.add(unsourced, opWork)
		}
	}
}

// denyNews: a part that is one channel or recipient denies that alone.
func (q query) denyNews(v *verdict, n charter.News) {
	switch {
	case n.Channel == "" && n.Recipient == "":
		v.add(untold, opWork)
	case n.Channel != "" && n.Channel == q.s.channel:
		v.add(untold, opServe)
	case n.Recipient != "" && n.Recipient == q.s.recipient:
		v.add(untold, opShare)
	}
}

// knows reports whether the customer was told of a version of the charter, or of
// a later one.
func (q query) knows(version int64) bool {
	for _, t := range q.told {
		if t.version >= version && t.at <= q.at && (t.purpose == "" || t.purpose == q.p.id) {
			return true
		}
	}
	return false
}

func (q query) toldSince(at clock.Instant) bool {
	for _, t := range q.told {
		if t.at >= at && t.at <= q.at {
			return true
		}
	}
	return false
}

// noticeDue is when the first person whose data came from elsewhere must have
// been told at the latest, whatever is sent; Never when there is nothing to tell.
func (l *life) noticeDue() clock.Instant {
	due := clock.Never
	pack, ok := l.law.packs.Pack(l.home.Market)
	if !ok {
		return due
	}
	for _, at := range l.indirect {
		told := false
		for _, t := range l.told {
			told = told || t.at >= at
		}
		if told {
			continue
		}
		due = min(due, l.indirectDue(pack, at))
	}
	return due
}

func (l *life) indirectDue(pack *rulepack.Pack, at clock.Instant) clock.Instant {
	d, err := pack.Due(rulepack.IndirectNotice, rulepack.Event{At: at, Zone: l.law.zone})
	if err != nil { // a law without this clock: the strictest one's
		d, err = l.law.packs.Strict().Due(rulepack.IndirectNotice, rulepack.Event{At: at, Zone: l.law.zone})
	}
	if err != nil {
		return at
	}
	return d.Safe
}
