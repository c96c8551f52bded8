package gate

import (
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/term"
)

// Decide answers a request from a customer's facts and the law in force, at an
// instant: a pure function with all reasons. What the gate stores and compares
// is this function's answers worked out ahead.
func Decide(f Facts, l *Law, r Request, at clock.Instant) Decision {
	s := l.screen(r)
	if s.settled {
		return s.decide(l, r, Standing{Until: clock.Never}, at)
	}
	life := fold(f, l)
	times := append([]clock.Instant{at}, life.breakpoints(at)...)
	return s.decide(l, r, life.project(nil, s.purpose, s.slot, times)[0], at)
}

// screened is what of a request does not depend on the customer: decided once
// for all customers of a run.
type screened struct {
	purpose *purposeLaw
	slot    slot
	op      Ops
	fields  []term.Field // that may be read when the answer is ALLOW
	stale   []term.Field // too old to be acted upon
	failed  []ground
	settled bool // the customer's standing adds nothing
}

// screen checks a request against the charter.
func (l *Law) screen(r Request) screened {
	s := screened{op: OpsOf(r.Operation)}
	if s.op == 0 {
		return s.settle(prohibited)
	}
	if r.Controller != l.Controller {
		return s.settle(noBasis)
	}
	if s.op&(opRights|opClaims|opSafety) != 0 {
		return l.screenDuty(s, r)
	}
	p, ok := l.byName[r.Purpose]
	if !ok {
		return s.settle(noBasis)
	}
	s.purpose = p
	s.screenSlot(r)
	s.screenFields(l, r)
	return s
}

// screenDuty is for what is owed to the person or to a court whatever the
// purpose: it reaches all fields.
func (l *Law) screenDuty(s screened, r Request) screened {
	s.settled = true
	s.fields = l.fields
	if len(r.Fields) > 0 {
		s.fields = r.Fields
	}
	for _, f := range r.Fields {
		if _, ok := slices.BinarySearch(l.fields, f); !ok {
			s.failed = append(s.failed, fieldUnknown)
		}
	}
	if _, ok := l.byName[r.Purpose]; !ok && r.Purpose != "" {
		s.failed = append(s.failed, noBasis)
	}
	return s
}

func (s screened) settle(g ground) screened {
	s.failed, s.settled = append(s.failed, g), true
	return s
}

// screenSlot finds the cell of the purpose that a request is about.
func (s *screened) screenSlot(r Request) {
	if r.Channel != "" && !slices.Contains(s.purpose.channels, r.Channel) {
		s.settled = true
		if s.purpose.marketing {
			s.failed = append(s.failed, channelNotAsked)
		} else {
			s.failed = append(s.failed, wrongPurpose)
		}
	}
	if r.Promotes && !s.purpose.marketing {
		s.failed = append(s.failed, promotes)
	}
	_, known := s.purpose.recipient(r.Recipient)
	if !known && (r.Recipient != "" || s.op == opShare) {
		s.failed, s.settled = append(s.failed, recipientUnknown), true
	}
	switch s.op {
	case opShare:
		s.slot.recipient = r.Recipient
	case opServe, opUse:
		s.slot.channel = r.Channel
	}
}

// screenFields checks that the purpose lists each field, and gives it to the
// recipient.
func (s *screened) screenFields(l *Law, r Request) {
	may := s.purpose.fields
	to, shares := s.purpose.recipient(r.Recipient)
	if shares {
		may = to.Gets
	}
	s.fields = r.Fields
	if len(r.Fields) == 0 {
		s.fields = may
	}
	for _, f := range r.Fields {
		_, allowed := slices.BinarySearch(may, f)
		_, ours := slices.BinarySearch(s.purpose.fields, f)
		_, declared := slices.BinarySearch(l.fields, f)
		switch {
		case allowed:
		case shares && ours:
			s.failed = append(s.failed, fieldNotGiven)
		case declared:
			s.failed = append(s.failed, wrongPurpose)
		default:
			s.failed = append(s.failed, fieldUnknown)
		}
	}
}

// decide joins what does not depend on the customer with their standing.
func (s screened) decide(l *Law, r Request, st Standing, at clock.Instant) Decision {
	d := Decision{Reasons: []Reason{}, Fields: []term.Field{}, Evidence: []string{}, Basis: st.Basis,
		Until: st.Until, CharterVersion: l.Version, PackVersion: l.Packs, At: at}
	failed := slices.Clone(s.failed)
	if !s.settled {
		failed = append(failed, st.grounds(s.op)...)
	}
	d.Reasons = reasonsOf(failed)
	if len(d.Reasons) > 0 {
		return d
	}
	d.Outcome = Allow
	d.Fields, d.Stale = slices.Clone(s.fields), s.stale
	if st.Evidence != "" {
		d.Evidence = strings.Split(st.Evidence, ",")
	}
	if s.settled {
		d.Basis = string(r.Operation)
	}
	return d
}

// grounds lists why a standing denies an operation. A standing that neither
// allows nor explains denies all the same.
func (s Standing) grounds(op Ops) []ground {
	if s.Ops&op != 0 && s.Because == "" {
		return nil
	}
	f, err := parseFailures(s.Because)
	if err != nil {
		return []ground{failClosed}
	}
	var out []ground
	for g, ops := range f {
		if ops&op != 0 {
			out = append(out, ground(g))
		}
	}
	if len(out) == 0 && s.Ops&op == 0 {
		return []ground{failClosed}
	}
	return out
}
