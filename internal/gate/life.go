package gate

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Facts is all that a decision about one customer rests on.
type Facts struct {
	Customer id.Customer
	Since    clock.Instant    // when data were first collected
	Records  []consent.Record // all, in their order
	Facts    []customer.Fact  // all, in the order they were recorded
}

// span is a fact that holds for a time.
type span struct {
	ground  ground
	purpose term.Purpose // "" for every one
	channel term.Channel // "" for every one
	from    clock.Instant
	until   clock.Instant
	since   clock.Instant // when it was recorded
}

func (s span) holds(p term.Purpose, ch term.Channel, at clock.Instant) bool {
	return (s.purpose == "" || s.purpose == p) && (s.channel == "" || s.channel == ch) && s.from <= at && at < s.until
}

// sale is a purchase or a contract.
type sale struct {
	ref   string
	at    clock.Instant
	until clock.Instant // of a contract; the instant of a purchase
	fact  id.Fact
}

// life is a customer's facts, folded for one law: what holds from when to when.
type life struct {
	law          *Law
	records      []consent.Record
	home         rulepack.Jurisdiction // without what the network hints at
	places       []string              // where they may live, by all evidence but the network's
	hints        []span                // when the network hints that another law may apply: STRICT
	spans        []span
	sales        []sale
	offers       []offer
	inquiries    []clock.Instant
	told         []told
	indirect     []clock.Instant // when data were obtained elsewhere
	interactions []interaction   // ascending
	address      map[term.Channel]addressState
	age          age
	signal       clock.Instant // when Global Privacy Control was first recorded, or 0
	since        clock.Instant
	consents     map[consentKey]*consented // worked out once
	keeps        map[keepKey]clock.Instant // worked out once
}

type consentKey struct {
	consent.Key
	rule *rule
}

type keepKey struct {
	p *purposeLaw
	r *rule
}

// offer is a sale in which the address was given and the exit offered.
type offer struct {
	family string
	at     clock.Instant
	fact   id.Fact
}

// told is a notice that was delivered.
type told struct {
	purpose term.Purpose // "" for every one
	version int64        // of the charter it told of
	at      clock.Instant
	mail    string // the mail that told, or ""
}

type interaction struct {
	purpose term.Purpose
	day     clock.Instant
}

type addressState struct {
	value      string
	recordedAt clock.Instant
}

type factKey struct {
	kind    customer.FactKind
	purpose term.Purpose
	channel term.Channel
	more    string
}

// fold reads a customer's facts under a law. Facts about another controller do
// not count. Of facts with the same key the one recorded last counts.
func fold(f Facts, l *Law) *life {
	out := &life{law: l, records: f.Records, since: f.Since, age: age{adultFrom: clock.Never},
		address: map[term.Channel]addressState{}, consents: map[consentKey]*consented{}, keeps: map[keepKey]clock.Instant{}}
	latest := map[factKey]customer.Fact{}
	var keys []factKey
	for _, fact := range f.Facts {
		if fact.Controller != "" && fact.Controller != l.Controller {
			continue
		}
		switch fact.Kind {
		case customer.Purchase, customer.Contract:
			out.sell(fact)
		case customer.Interaction:
			out.interactions = append(out.interactions, interaction{fact.Purpose, min(fact.At, fact.RecordedAt)})
		case customer.GPC:
			out.see(fact)
		case customer.Notified:
			out.tell(fact)
		default:
			if isHint(fact) {
				continue
			}
			k := keyOf(fact)
			if _, ok := latest[k]; !ok {
				keys = append(keys, k)
			}
			latest[k] = fact
		}
	}
	slices.SortFunc(out.interactions, func(a, b interaction) int { return compare(a.day, b.day) })
	home := rulepack.Evidence{}
	for _, k := range keys {
		out.take(latest[k], &home)
	}
	out.home, out.places = l.packs.Choose(home), placesOf(home)
	out.hint(f.Facts, home)
	return out
}

func placesOf(e rulepack.Evidence) []string {
	all := []string{e.Declared, e.Address, e.Phone}
	if e.Declared+e.Address+e.Phone == "" {
		all = []string{e.Locale}
	}
	return slices.DeleteFunc(all, func(p string) bool { return p == "" })
}

func keyOf(f customer.Fact) factKey {
	k := factKey{kind: f.Kind, purpose: f.Purpose, channel: f.Channel, more: f.Detail["evidence"]}
	switch f.Kind {
	case customer.SoftOptIn, customer.Inquiry:
		k.more = f.Detail["ref"]
	case customer.Indirect:
		k.more = f.Detail["source"]
	}
	return k
}

func compare[T ~int64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// ByProfiling, as Detail["evidence"] of an objection, means the choosing alone:
// the person still gets what goes to everybody.
const ByProfiling = "profiling"

// blocks says which facts keep data from use, and as what.
var blocks = map[customer.FactKind]ground{
	customer.Restriction: restricted, customer.Hold: held, customer.Deceased: deceased, customer.Care: cared,
	customer.Dispute: disputed, customer.Pause: paused, customer.Suppressed: suppressed, customer.Objection: profilingObjected,
}

func (l *life) take(f customer.Fact, home *rulepack.Evidence) {
	until := f.Until
	if until == 0 {
		until = clock.Never
	}
	if g, ok := blocks[f.Kind]; ok {
		if f.Value() != customer.Off {
			if g == profilingObjected && f.Detail["evidence"] == ByProfiling {
				g = unchosen
			}
			if p := l.law.byName[f.Purpose]; g == profilingObjected && p != nil && !p.marketing {
				g = opposed
			}
			l.spans = append(l.spans, span{g, f.Purpose, f.Channel, f.At, until, f.RecordedAt})
		}
		return
	}
	switch f.Kind {
	case customer.Age:
		l.age = ageOf(f)
	case customer.SoftOptIn:
		if o, ok := customer.OfferOf(f); ok {
			l.offers = append(l.offers, offer{o.Family, min(f.At, f.RecordedAt), f.ID})
		}
	case customer.Inquiry:
		if f.Detail["ref"] != "" && f.Value() != customer.Off {
			l.inquiries = append(l.inquiries, min(f.At, f.RecordedAt))
		}
	case customer.Indirect:
		if f.Value() != customer.Off {
			l.indirect = append(l.indirect, min(f.At, f.RecordedAt))
		}
	case customer.Residence:
		live(home, f)
	case customer.Address:
		l.address[f.Channel] = addressState{f.Value(), f.RecordedAt}
	}
}

// sell notes a purchase or a contract. What is claimed for the future counts
// from when it was recorded.
func (l *life) sell(f customer.Fact) {
	at := min(f.At, f.RecordedAt)
	s := sale{ref: f.Detail["ref"], at: at, until: at, fact: f.ID}
	if f.Kind == customer.Contract {
		s.until = f.Until
		if s.until == 0 {
			s.until = clock.Never
		}
	}
	l.sales = append(l.sales, s)
}

// see notes an opt-out signal. Nothing but a later, specific consent lifts it,
// and the signal's absence least of all (11 CCR §7025(c)(5)).
func (l *life) see(f customer.Fact) {
	if f.Value() != customer.Off && (l.signal == 0 || f.RecordedAt < l.signal) {
		l.signal = f.RecordedAt
	}
}

// tell notes a notice that was delivered. A mail that came back has told nobody.
func (l *life) tell(f customer.Fact) {
	mail := f.Detail["mail"]
	if f.Value() == customer.Off {
		l.told = slices.DeleteFunc(l.told, func(t told) bool { return t.mail == mail })
		return
	}
	version, _ := strconv.ParseInt(f.Detail["version"], 10, 64)
	l.told = append(l.told, told{f.Purpose, version, min(f.At, f.RecordedAt), mail})
}

func live(home *rulepack.Evidence, f customer.Fact) {
	place := strings.ToUpper(f.Value())
	switch f.Detail["evidence"] {
	case "declared":
		home.Declared = place
	case "address":
		home.Address = place
	case "phone":
		home.Phone = place
	case "locale":
		home.Locale = place
	}
}
