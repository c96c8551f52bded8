package gate

import (
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// The sets of operations that checks deny together.
const (
	opStore Ops = 1 << iota
	opServe
	opUse
	opShare
	opRights
	opClaims
	opSafety

	opWork   = opServe | opUse | opShare
	opData   = opStore | opWork
	opsKnown = opData | opRights | opClaims | opSafety
)

// slot is one cell of a purpose: a channel, a recipient, or neither.
type slot struct {
	channel   term.Channel
	recipient term.Recipient
}

// verdict is what holds in one slot at one instant. Answering the person, legal
// claims and warnings of danger are denied by nothing here.
type verdict struct {
	failures
	basis    charter.BasisKind
	evidence string
}

func (v *verdict) allowed() Ops { return opsKnown &^ v.denied() }

// query is one evaluation: a slot of a purpose at an instant.
type query struct {
	*life
	p  *purposeLaw
	r  *rule
	s  slot
	to recipientLaw
	at clock.Instant
}

// verdict makes every check that depends on the customer.
func (l *life) verdict(p *purposeLaw, s slot, at clock.Instant) verdict {
	q := query{life: l, p: p, r: p.in(l.market(at)), s: s, at: at}
	if s.recipient != "" {
		q.to, _ = p.recipient(s.recipient)
	}
	v := verdict{basis: q.r.Basis}
	q.checkBasis(&v)
	if s.channel != "" {
		q.checkContact(&v)
	}
	q.checkSpans(&v)
	q.checkSignal(&v)
	q.checkAge(&v)
	q.checkTold(&v)
	if at >= l.keepEnds(p, q.r) {
		v.add(retained, opWork)
		if v.failures[held] == 0 {
			v.add(retained, opStore)
		}
	}
	return v
}

func (q query) checkBasis(v *verdict) {
	switch q.r.Basis {
	case charter.Consent:
		q.checkConsent(v)
	case charter.Contract:
		q.checkSale(v)
	case charter.LegalObligation:
		if startsWithSale(q.r.From) {
			q.checkSale(v)
		}
		v.add(legalOnly, opServe|opUse)
	case charter.LegitimateInterests:
		for _, c := range q.refusals() {
			v.add(c.failed, opWork)
		}
	case charter.VitalInterests, charter.PublicTask:
	default:
		v.add(noBasis, opData)
	}
}

// checkConsent looks for a usable consent: of the recipient that wants the data
// for itself, of the channel, or of any channel where none is meant.
func (q query) checkConsent(v *verdict) {
	list := q.consents()
	waits := clock.Instant(0)
	for _, c := range list {
		if _, ok := c.at(q.at); ok {
			v.evidence = c.state.Rests.ID.String()
			return
		}
		waits = max(waits, c.pending)
	}
	ops := opData
	if q.at < waits {
		ops = opWork // an address that waits for its confirmation may be kept for some days
	}
	silent := true
	for _, c := range list {
		if c.failed != noConsent {
			v.add(c.failed, ops)
			silent = false
		}
	}
	if silent {
		v.add(noConsent, ops)
	}
}

func (q query) consents() []*consented {
	switch {
	case q.s.recipient != "" && !q.to.Processor:
		return []*consented{q.consent(q.p, q.r, "", q.s.recipient)}
	case q.s.channel != "":
		return []*consented{q.consent(q.p, q.r, q.s.channel, "")}
	}
	list := []*consented{q.consent(q.p, q.r, "", "")}
	for _, ch := range q.p.channels {
		list = append(list, q.consent(q.p, q.r, ch, ""))
	}
	return list
}

// refusals gives the noes that end processing for a legitimate interest: to the
// purpose, to the channel meant, or to every channel.
func (q query) refusals() []*consented {
	var out []*consented
	if c := q.consent(q.p, q.r, "", ""); c.no() {
		out = append(out, c)
	}
	if q.s.channel != "" {
		if c := q.consent(q.p, q.r, q.s.channel, ""); c.no() {
			out = append(out, c)
		}
		return out
	}
	if q.s.recipient != "" {
		if c := q.consent(q.p, q.r, "", q.s.recipient); c.no() {
			out = append(out, c)
		}
	}
	var all []*consented
	for _, ch := range q.p.channels {
		if c := q.consent(q.p, q.r, ch, ""); c.no() {
			all = append(all, c)
		}
	}
	if len(all) > 0 && len(all) == len(q.p.channels) {
		out = append(out, all...)
	}
	return out
}

// checkSale looks for a contract that runs or a purchase that was made.
func (q query) checkSale(v *verdict) {
	var last sale
	for _, s := range q.sales {
		if s.at <= q.at && (last.fact == 0 || s.at >= last.at) {
			last = s
		}
	}
	if last.fact == 0 {
		v.add(noBasis, opData)
		return
	}
	v.evidence = last.fact.String()
}

// checkContact is the second layer: may we write to the person on this channel
// (ePrivacy 13), and is the address theirs?
func (q query) checkContact(v *verdict) {
	rule := q.r.Contact[q.s.channel]
	if g, bad := q.addressProblem(q.s.channel, rule.Confirm); bad {
		v.add(g, opServe)
	}
	c := q.consent(q.p, q.r, q.s.channel, "")
	g, agreed := c.at(q.at)
	switch rule.Model {
	case rulepack.Service:
	case rulepack.OptOut:
		if c.no() {
			v.add(g, opServe)
		}
	case rulepack.AfterSale:
		if c.no() {
			v.add(g, opServe)
		} else if !agreed && !q.offered(rule.Goods) {
			v.add(noSale, opServe)
		}
	case rulepack.Implied:
		if c.no() {
			v.add(g, opServe)
		} else if !agreed {
			q.checkImplied(v)
		}
	default:
		if !agreed {
			v.add(g, opServe)
		}
	}
}

func (q query) checkSpans(v *verdict) {
	for _, s := range q.spans {
		if !s.holds(q.p.id, q.s.channel, q.at) || s.ground == restricted && q.consentedSince(s.since) || s.ground == suppressed && q.askedAgain(s) {
			continue
		}
		v.add(s.ground, q.denies(s.ground))
	}
}

// consentedSince reports whether the person agreed to this very use after it was
// restricted: that use alone goes on (GDPR 18(2)). What was agreed before lifts
// nothing.
func (q query) consentedSince(restricted clock.Instant) bool {
	for _, c := range q.consents() {
		if _, ok := c.at(q.at); ok && c.state.Rests.RecordedAt > restricted {
			return true
		}
	}
	return false
}

// askedAgain reports whether the person asked for messages again after their
// address was suppressed, and showed that it is theirs. Nothing less lifts a
// suppression, and it lifts it for this purpose and channel alone.
func (q query) askedAgain(s span) bool {
	if q.s.channel == "" {
		return false
	}
	c := q.consent(q.p, q.r, q.s.channel, "")
	_, ok := c.at(q.at)
	return ok && provenYes(c.state.Rests) && c.state.Rests.RecordedAt > s.since
}

// provenYes reports whether a record is an agreement of somebody who showed that
// the address is theirs: by the button behind the confirmation's link, or in the
// privacy centre after the typed code.
func provenYes(r consent.Record) bool {
	return r.Kind.Raises() && r.Strength == consent.Documented && (r.Method == consent.ByConfirmed || r.Method == consent.ByPortal)
}

// denies is what a fact keeps from being done for this purpose.
func (q query) denies(g ground) Ops {
	switch g {
	case restricted, held:
		return opWork
	case deceased:
		if q.p.marketing || q.r.Basis == charter.Consent || q.r.Basis == charter.LegitimateInterests {
			return opWork
		}
	case cared, profilingObjected:
		if q.p.marketing {
			return opWork
		}
	case unchosen:
		if q.p.marketing {
			return opUse
		}
	case opposed:
		if q.r.Basis == charter.LegitimateInterests || q.r.Basis == charter.PublicTask {
			return opWork
		}
	case disputed, paused:
		if q.p.marketing {
			return opServe
		}
	case suppressed:
		if q.p.marketing && q.s.channel != "" {
			return opServe
		}
	}
	return 0
}

// checkSignal applies Global Privacy Control: no profiling for marketing and no
// sale or sharing, unless the person, since then and in two steps, agreed to just
// that (SIG-03). Contact that was agreed to goes on.
func (q query) checkSignal(v *verdict) {
	if q.signal == 0 {
		return
	}
	if q.p.marketing && !q.agreedSince("") {
		v.add(signalled, opUse)
	}
	if q.s.recipient != "" && !q.to.Processor && !q.agreedSince(q.s.recipient) {
		v.add(signalledSale, opShare)
	}
}

func (q query) agreedSince(to term.Recipient) bool {
	c := q.consent(q.p, q.r, "", to)
	_, ok := c.at(q.at)
	return ok && provenYes(c.state.Rests) && c.state.Rests.RecordedAt > q.signal
}

// checkAge keeps minors, and those who may be, from being profiled and passed on
// for marketing. Where a business addresses children everybody is taken for one.
func (q query) checkAge(v *verdict) {
	if !q.p.marketing || q.at >= q.age.adultFrom && !q.law.Children {
		return
	}
	switch {
	case q.age.known || q.law.Children:
		v.add(minor, opUse|opShare)
		if q.law.AdultsOnly {
			v.add(minorContact, opServe)
		}
	default:
		v.add(ageUnknown, opUse)
	}
}
