package charter

import (
	"slices"

	"candor/internal/rulepack"
	"candor/internal/term"
)

// WideningKind says in which way a promise differs from another.
type WideningKind string

// The kinds of widenings.
const (
	NewPurpose    WideningKind = "purpose"
	NewController WideningKind = "controller" // another legal name or address
	NewField      WideningKind = "field"
	MoreInField   WideningKind = "field content" // another kind, a greater sensitivity, new properties
	LongerKeep    WideningKind = "retention"
	LongerConsent WideningKind = "consent life"
	OtherBasis    WideningKind = "basis"
	NewProfiling  WideningKind = "profiling"
	LessEvidence  WideningKind = "evidence" // weaker proof of a consent is enough
	NewChannel    WideningKind = "channel"
	LessAsked     WideningKind = "permission"
	NewRecipient  WideningKind = "recipient"
	MoreRecipient WideningKind = "recipient role" // another company behind the name, or more than a processor
	MoreGiven     WideningKind = "recipient data"
	OtherCountry  WideningKind = "country"
	LaxerLaw      WideningKind = "law"
)

// Widening is a way in which a purpose promises less than before, so that
// consents given before must be given anew.
type Widening struct {
	Kind WideningKind `json:"kind"`
	What string       `json:"what"` // the name or the words that are new

	channel   term.Channel // where it is about one channel or one recipient only
	recipient term.Recipient
}

// widened compares a charter with the one it follows, purpose by purpose. Before
// the first, every purpose is new.
func widened(before, after *Charter) map[term.Purpose][]Widening {
	out := map[term.Purpose][]Widening{}
	for i := range after.Purposes {
		p := &after.Purposes[i]
		w := wide{}
		if before == nil {
			w.add(NewPurpose, string(p.ID))
		} else if was, ok := before.Purpose(p.ID); !ok {
			w.add(NewPurpose, string(p.ID))
		} else {
			w.purpose(before, was, after, p)
			w.recipients(before, after, p.ID)
		}
		if len(w) > 0 {
			out[p.ID] = w
		}
	}
	return out
}

type wide []Widening

func (w *wide) add(kind WideningKind, what string) { *w = append(*w, Widening{Kind: kind, What: what}) }

func (w *wide) about(ch term.Channel, kind WideningKind) {
	*w = append(*w, Widening{Kind: kind, What: string(ch), channel: ch})
}

func (w *wide) given(r *Recipient, kind WideningKind, what string) {
	*w = append(*w, Widening{Kind: kind, What: what, recipient: r.ID})
}

func (w *wide) purpose(before *Charter, was *Purpose, after *Charter, is *Purpose) {
	if before.Business.Controller != after.Business.Controller {
		w.add(NewController, after.Business.Controller)
	}
	if before.Business.Strict && !after.Business.Strict {
		w.add(LaxerLaw, "each market")
	}
	for _, u := range is.Uses {
		if _, used := was.uses(u.Name, u.Event); !used {
			w.add(NewField, u.Name)
		} else if wider(before, after, u) {
			w.add(MoreInField, u.Name)
		}
	}
	if longer(was.Keep, is.Keep) || longerUse(before, after, is) {
		w.add(LongerKeep, is.Keep.Words)
	}
	if is.Life != was.Life && (is.Life.IsZero() || !was.Life.IsZero() && months(is.Life) > months(was.Life)) {
		w.add(LongerConsent, is.Life.String())
	}
	for _, m := range marketsOf(after, is.basis, was.basis) {
		if b := is.Basis(m); b.Kind != was.Basis(m).Kind {
			w.add(OtherBasis, string(b.Kind))
			break
		}
	}
	if was.Evidence == Documented && is.Evidence != Documented {
		w.add(LessEvidence, string(is.Evidence))
	}
	if is.Profiling && !was.Profiling {
		w.add(NewProfiling, string(is.ID))
	}
	w.channels(after, was, is)
}

// channels: a new one, or a permission that asks for less.
func (w *wide) channels(after *Charter, was, is *Purpose) {
	for _, ch := range is.Channels() {
		if _, had := was.channels[ch]; !had {
			w.about(ch, NewChannel)
			continue
		}
		for _, m := range marketsOf(after, is.channels[ch], was.channels[ch]) {
			a, _ := was.Permission(ch, m)
			b, _ := is.Permission(ch, m)
			if laxer(a.Model, b.Model) || a.Model == b.Model && a.Family != b.Family {
				w.about(ch, LessAsked)
				break
			}
		}
	}
}

// laxer reports whether permission b asks for less than a. Service is another
// thing altogether: any change to or from it is taken as one.
func laxer(a, b rulepack.Permission) bool {
	if a == b {
		return false
	}
	if a == rulepack.Service || b == rulepack.Service {
		return true
	}
	return rulepack.MoreProtective(a, b) == a
}

// wider reports whether a field or event holds more than it did: another kind,
// a greater sensitivity, new properties.
func wider(before, after *Charter, u Use) bool {
	if u.Event {
		was, _ := before.Event(term.Event(u.Name))
		is, _ := after.Event(term.Event(u.Name))
		for name, kind := range is.Props {
			if was.Props[name] != kind || added(was.Of[name], is.Of[name]) {
				return true
			}
		}
		return false
	}
	was, _ := before.Field(term.Field(u.Name))
	is, _ := after.Field(term.Field(u.Name))
	return was.Kind != is.Kind || was.Sensitivity != is.Sensitivity || was.KeepIn == Vault && is.KeepIn == Trait
}

func added(was, is []string) bool {
	return slices.ContainsFunc(is, func(v string) bool { return !slices.Contains(was, v) })
}

// longer: a longer period, or another start, which nobody can compare.
func longer(was, is Retention) bool {
	return was.From != is.From || months(is.Period) > months(was.Period)
}

// longerUse reports whether an event's own, shorter retention grew.
func longerUse(before, after *Charter, p *Purpose) bool {
	for _, u := range p.Uses {
		was, had := before.KeepOf(p.ID, u.Name)
		is, _ := after.KeepOf(p.ID, u.Name)
		if had && u.Event && longer(was, is) {
			return true
		}
	}
	return false
}

func marketsOf[V any](c *Charter, maps ...map[term.Market]V) []term.Market {
	out := append([]term.Market{anyMarket}, c.Business.Markets...)
	for _, m := range maps {
		for k := range m {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return out
}

// recipients: a new one, more data, another country or role, sale or sharing.
func (w *wide) recipients(before, after *Charter, p term.Purpose) {
	for i := range after.Recipients {
		is := &after.Recipients[i]
		if len(is.Gets[p]) == 0 {
			continue
		}
		was, had := before.Recipient(is.ID)
		if !had || len(was.Gets[p]) == 0 {
			w.given(is, NewRecipient, string(is.ID))
			continue
		}
		if was.Name != is.Name || was.Role == Processor && is.Role != Processor || is.Sale && !was.Sale || is.Sharing && !was.Sharing {
			w.given(is, MoreRecipient, string(is.ID))
		}
		if added(was.Gets[p], is.Gets[p]) {
			w.given(is, MoreGiven, string(is.ID))
		}
		if was.Country != is.Country || was.Safeguard != is.Safeguard {
			w.given(is, OtherCountry, string(is.ID))
		}
	}
}
