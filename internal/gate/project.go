package gate

import (
	"slices"

	"candor/internal/clock"
)

// Project works out a customer's standing: for every slot of every purpose what
// is allowed from now on, in intervals, if nothing more happens. The first
// interval has no beginning, so that a server whose clock is a little behind
// still finds it. It is a pure function.
func Project(f Facts, l *Law, now clock.Instant) []Standing {
	life := fold(f, l)
	times := append([]clock.Instant{now}, life.breakpoints(now)...)
	slots := 0
	for _, p := range l.purposes {
		slots += 1 + len(p.channels) + len(p.recipients)
	}
	out := make([]Standing, 0, 3*slots)
	for _, p := range l.purposes {
		for _, s := range p.slots() {
			out = life.project(out, p, s, times)
		}
	}
	return out
}

// slots lists what a purpose's standing is kept for: the purpose itself, each of
// its channels, each of its recipients.
func (p *purposeLaw) slots() []slot {
	out := make([]slot, 1, 1+len(p.channels)+len(p.recipients))
	for _, ch := range p.channels {
		out = append(out, slot{channel: ch})
	}
	for _, r := range p.recipients {
		out = append(out, slot{recipient: r.ID})
	}
	return out
}

// project appends one slot's intervals, joining neighbours that are alike.
func (l *life) project(out []Standing, p *purposeLaw, s slot, times []clock.Instant) []Standing {
	first := len(out)
	for i, t := range times {
		v := l.verdict(p, s, t)
		st := Standing{
			StandingKey: StandingKey{l.law.Controller, p.id, s.channel, s.recipient, ""},
			From:        t, Until: clock.Never, Ops: v.allowed(), Because: v.text(),
			Basis: string(v.basis), Evidence: v.evidence,
			CharterVersion: l.law.Version, PackVersion: l.law.Packs, Rules: p.print,
		}
		if i == 0 {
			st.From = 0
		}
		if n := len(out); n > first {
			if out[n-1].alike(st) {
				continue
			}
			out[n-1].Until = st.From
		}
		out = append(out, st)
	}
	return out
}

// alike reports whether two intervals differ in their times only.
func (s Standing) alike(o Standing) bool {
	s.From, s.Until = o.From, o.Until
	return s == o
}

// breakpoints lists, in order, the instants after now at which anything can
// change by itself.
func (l *life) breakpoints(now clock.Instant) []clock.Instant {
	var out []clock.Instant
	add := func(t clock.Instant) {
		if t > now && t != clock.Never {
			out = append(out, t)
		}
	}
	for _, s := range l.spans {
		add(s.from)
		add(s.until)
	}
	for _, h := range l.hints {
		add(h.from)
		add(h.until)
	}
	l.beginnings(add)
	add(l.age.adultFrom)
	for _, p := range l.law.purposes {
		for _, r := range l.rulesOf(p) {
			l.breakpointsOf(p, r, add)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// beginnings adds when facts begin to count: those of one write may be recorded
// a moment after it.
func (l *life) beginnings(add func(clock.Instant)) {
	for _, s := range l.sales {
		add(s.at)
	}
	for _, o := range l.offers {
		add(o.at)
	}
	for _, at := range l.inquiries {
		add(at)
	}
	for _, at := range l.indirect {
		add(at)
	}
	for _, t := range l.told {
		add(t.at)
	}
}

// breakpointsOf adds those of one purpose under one rule.
func (l *life) breakpointsOf(p *purposeLaw, r *rule, add func(clock.Instant)) {
	add(l.keepEnds(p, r))
	add(l.noticeDue())
	for _, at := range l.impliedEnds(r) {
		add(at)
	}
	for _, s := range p.slots() {
		c := l.consent(p, r, s.channel, s.recipient)
		add(c.ends)
		add(c.pending)
	}
}
