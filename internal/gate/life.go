package gate

import (
	"slices"
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
	family  string
	offered bool // the right to refuse advertising was offered with it
	at      clock.Instant
	until   clock.Instant // of a contract; the instant of a purchase
	fact    id.Fact
}

// life is a customer's facts, folded for one law: what holds from when to when.
type life struct {
	law          *Law
	records      []consent.Record
	market       term.Market
	spans        []span
	sales        []sale
	interactions []interaction // ascending
	address      map[term.Channel]addressState
	adultFrom    clock.Instant // when the customer is of age; Never when not, or not known
	ageKnown     bool
	signal       clock.Instant // when Global Privacy Control was first recorded, or 0
	since        clock.Instant
	consents     map[consent.Key]*consented    // worked out once
	keeps        map[*purposeLaw]clock.Instant // worked out once
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
	out := &life{law: l, records: f.Records, since: f.Since, adultFrom: clock.Never,
		address: map[term.Channel]addressState{}, consents: map[consent.Key]*consented{}, keeps: map[*purposeLaw]clock.Instant{}}
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
		default:
			k := factKey{fact.Kind, fact.Purpose, fact.Channel, fact.Detail["evidence"]}
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
	out.market = l.packs.Choose(home).Market
	return out
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
			if p := l.law.byName[f.Purpose]; g == profilingObjected && p != nil && !p.marketing {
				g = opposed
			}
			l.spans = append(l.spans, span{g, f.Purpose, f.Channel, f.At, until, f.RecordedAt})
		}
		return
	}
	switch f.Kind {
	case customer.Age:
		l.grow(f)
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
	s := sale{family: f.Detail["family"], offered: f.Detail["optout_offered"] == customer.On, at: at, until: at, fact: f.ID}
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

// grow reads the age: the band, and the day from which a minor is of age.
func (l *life) grow(f customer.Fact) {
	switch f.Value() {
	case "adult":
		l.ageKnown, l.adultFrom = true, 0
	case "minor":
		l.ageKnown, l.adultFrom = true, clock.Never
		if day, err := clock.ParseDate(f.Detail["adult_on"]); err == nil {
			l.adultFrom = day.AddDays(1).Start(utcMinus12) // over in every zone
		}
	default:
		l.ageKnown, l.adultFrom = false, clock.Never
	}
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
	case "network":
		home.Network = place
	}
}
