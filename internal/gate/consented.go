package gate

import (
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/term"
)

// utcMinus12 is the last zone of the Earth to end a day.
var utcMinus12 = time.FixedZone("-12", -12*3600)

// consented is what one consent is worth: a failed check, or nothing, and until
// when.
type consented struct {
	state   consent.State
	failed  ground        // why it is not usable, when usable is false
	usable  bool          // until ends
	ends    clock.Instant // of an agreement; Never for others
	pending clock.Instant // until when an unconfirmed request may be kept, or 0
}

// consent gives what the consent of one key is worth under a rule, not looking
// at the time.
func (l *life) consent(p *purposeLaw, r *rule, ch term.Channel, to term.Recipient) *consented {
	k := consent.Key{Controller: l.law.Controller, Purpose: p.id, Channel: ch, Recipient: to}
	cached := consentKey{k, r}
	if c, ok := l.consents[cached]; ok {
		return c
	}
	c := &consented{state: consent.StateOf(l.records, k), ends: clock.Never}
	l.consents[cached] = c
	c.failed, c.usable = worth(c.state, p)
	if c.state.Status == consent.Agreed {
		c.ends = l.consentEnds(p, r, c.state.Rests)
		if c.usable && l.needsExpress(p, to) && !express(c.state.Rests) {
			c.failed, c.usable = notExpress, false
		}
		l.youth(c, r)
	}
	if c.state.Pending {
		c.pending = c.state.Request.RecordedAt.Add(r.Pending)
	}
	return c
}

// worth says whether a consent can be used at all, and why not.
func worth(s consent.State, p *purposeLaw) (ground, bool) {
	switch s.Status {
	case consent.Agreed:
		switch {
		case !s.Rests.Strength.Reaches(p.evidence):
			return unproven, false
		case s.Rests.CharterVersion < p.floor:
			return widened, false
		}
		return expired, true // expired is why, once it has ended
	case consent.Pending:
		return pending, false
	case consent.Declined:
		return refused, false
	case consent.Taken:
		return withdrawn, false
	case consent.Opposed:
		return objected, false
	case consent.Lapsed:
		return lapsed, false
	case consent.Discarded:
		return invalidated, false
	}
	return noConsent, false
}

// needsExpress: special data, and a transfer that rests on consent alone, need an
// express statement of their own (GDPR 9(2)(a), 49(1)(a)).
func (l *life) needsExpress(p *purposeLaw, to term.Recipient) bool {
	r, _ := p.recipient(to)
	return p.explicit || r.Explicit
}

// express reports whether a consent is an express statement: signed, typed or
// recorded, or ticked and confirmed through a second message.
func express(r consent.Record) bool {
	switch r.Action {
	case consent.Sign, consent.VerbalRecorded, consent.Statement:
		return true
	}
	return r.Method == consent.ByConfirmed
}

// at gives the failed check at an instant.
func (c *consented) at(t clock.Instant) (ground, bool) {
	if c.usable && t < c.ends {
		return 0, true
	}
	return c.failed, false
}

// no reports whether the person has said no.
func (c *consented) no() bool {
	switch c.state.Status {
	case consent.Taken, consent.Opposed, consent.Declined:
		return true
	}
	return false
}

// consentEnds is when an agreement's term is over: so long after the last
// positive interaction, counted by the day. What comes after the end does not
// revive it.
func (l *life) consentEnds(p *purposeLaw, r *rule, given consent.Record) clock.Instant {
	at := given.RecordedAt
	if given.AssertedAt != 0 {
		at = min(at, given.AssertedAt)
	}
	ends := r.validUntil(r.Life, at)
	for _, i := range l.interactions {
		if i.purpose != "" && i.purpose != p.id || i.day < at {
			continue
		}
		if i.day >= ends {
			break
		}
		ends = max(ends, r.Life.ValidUntil(clock.DateOf(i.day.Time()), r.zone))
	}
	return ends
}

// addressProblem says why a channel's address cannot be used for this purpose.
// An address is confirmed by a fact, or by a consent whose request was confirmed
// through it.
func (l *life) addressProblem(ch term.Channel, confirm bool) (ground, bool) {
	state := l.address[ch]
	switch state.value {
	case "bounced", "invalid":
		return bounced, true
	case "confirmed":
		return 0, false
	}
	if !confirm {
		return 0, false
	}
	formOnly := false
	for _, r := range l.records {
		if !r.Counts() || r.Channel != ch || !r.Kind.Raises() || r.RecordedAt < state.recordedAt {
			continue
		}
		if r.Method == consent.ByConfirmed {
			return 0, false
		}
		formOnly = formOnly || r.Method == consent.ByForm
	}
	return unconfirmed, formOnly || state.value == "unconfirmed"
}

// lastContact is the last thing the customer did that concerns a purpose.
func (l *life) lastContact(p *purposeLaw) clock.Instant {
	last := l.since
	for _, i := range l.interactions {
		if i.purpose == "" || i.purpose == p.id {
			last = max(last, i.day)
		}
	}
	for _, s := range l.sales {
		last = max(last, s.at)
	}
	for _, r := range l.records {
		if r.Counts() && r.Purpose == p.id && (r.Kind.Raises() || r.Kind == consent.Requested) {
			last = max(last, r.RecordedAt)
		}
	}
	return last
}
