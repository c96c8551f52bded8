package gate

import (
	"slices"
	"sync"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// draft is a small law of a coffee roaster, to be varied by tests.
type draft struct {
	version    int64
	floor      int64 // of the letter
	life       int   // months of a consent
	adultsOnly bool
	tipsModel  rulepack.Permission
	news       []charter.News // of the tips
	strict     bool
	children   bool
}

var loadPacks = sync.OnceValues(func() (*rulepack.Set, error) { return rulepack.Load() })

var plainDraft = draft{version: 1, life: 24, tipsModel: rulepack.AfterSale}

func (d draft) law(t testing.TB) *Law {
	t.Helper()
	packs, err := loadPacks()
	if err != nil {
		t.Fatal(err)
	}
	l := &Law{Controller: "halm", Version: d.version, Packs: packs.Version(), packs: packs, AdultsOnly: d.adultsOnly, Strict: d.strict, Children: d.children, zone: time.UTC,
		byName: map[term.Purpose]*purposeLaw{}, fields: []term.Field{"address", "country", "email", "name", "roast"}}
	add := func(p *purposeLaw, basis charter.BasisKind, keep int, from charter.Start, contacts map[term.Channel]contact) {
		p.rules, p.strict = map[term.Market]*rule{}, d.strict
		for market, zone := range map[term.Market]string{"EU": "Europe/Berlin", "CA": "America/St_Johns", "US-CA": "America/Los_Angeles", rulepack.Strict: "Europe/Athens"} {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			r := &rule{Market: market, Basis: basis, Contact: strictIn(market, contacts), Life: rulepack.Period{Months: d.life},
				Keep: rulepack.Period{Months: keep}, From: from, Pending: 14 * 24 * time.Hour, ZoneName: zone, zone: loc, zones: []*time.Location{loc},
				Ages: rulepack.Ages{Consent: 16}, Implied: implied}
			p.rules[market] = r
		}
		for ch := range contacts {
			p.channels = append(p.channels, ch)
		}
		slices.Sort(p.channels)
		p.print = fingerprint(l.Controller, l.AdultsOnly, d.strict, d.children, d.news, p.id, p.floor, p.channels, basis, keep, from, contacts, d.life)
		l.purposes = append(l.purposes, p)
		l.byName[p.id] = p
	}
	add(&purposeLaw{id: "bookkeeping", fields: []term.Field{"address", "name"}}, charter.LegalObligation, 96, charter.FromOrderYear, nil)
	add(&purposeLaw{id: "letter", marketing: true, floor: d.floor, fields: []term.Field{"country", "email", "roast"},
		recipients: []recipientLaw{{ID: "partner", Gets: []term.Field{"email"}}, {ID: "relay", Gets: []term.Field{"email"}, Processor: true}}},
		charter.Consent, 24, charter.FromLastContact, map[term.Channel]contact{term.Email: {Model: rulepack.OptIn, Confirm: true}, term.SMS: {Model: rulepack.OptIn, Confirm: true}})
	add(&purposeLaw{id: "orders", fields: []term.Field{"address", "email", "name"},
		recipients: []recipientLaw{{ID: "carrier", Gets: []term.Field{"address", "name"}, Processor: true}}},
		charter.Contract, 24, charter.FromLastOrder, map[term.Channel]contact{term.Email: {Model: rulepack.Service}})
	add(&purposeLaw{id: "tips", marketing: true, news: d.news, fields: []term.Field{"email"}}, charter.LegitimateInterests, 36, charter.FromCollection,
		map[term.Channel]contact{term.Email: {Model: d.tipsModel, Goods: []string{"beans", "coffee"}, Confirm: true}})
	l.Print = fingerprint(l.Version)
	return l
}

// strictIn asks for a yes everywhere in the strict market.
func strictIn(m term.Market, contacts map[term.Channel]contact) map[term.Channel]contact {
	if m != rulepack.Strict {
		return contacts
	}
	out := map[term.Channel]contact{}
	for ch, c := range contacts {
		if c.Model != rulepack.Service {
			c.Model = rulepack.OptIn
		}
		out[ch] = c
	}
	return out
}

// story builds facts for pure tests.
type story struct{ Facts }

func newStory(since clock.Instant) *story {
	return &story{Facts{Customer: 7, Since: since}}
}

func (s *story) say(at clock.Instant, a consent.Act) *story {
	a.Customer, a.Controller = 7, "halm"
	if a.Strength == "" {
		a.Strength = consent.Documented
	}
	if a.CharterVersion == 0 {
		a.CharterVersion = 1
	}
	if a.Kind.Raises() && a.ControlDefault == "" {
		a.ControlDefault, a.Action = consent.Unset, consent.Tick
	}
	r := consent.Record{Act: a, ID: id.Record(len(s.Records) + 1), Rev: int64(len(s.Records) + 1), RecordedAt: at, Validity: consent.Judge(a)}
	r, err := consent.Next(r, s.Records)
	if err != nil {
		panic(err)
	}
	s.Records = append(s.Records, r)
	return s
}

func (s *story) fact(at clock.Instant, f customer.Fact) *story {
	f.Customer, f.RecordedAt, f.ID = 7, at, id.Fact(len(s.Facts.Facts)+1)
	if f.At == 0 {
		f.At = at
	}
	s.Facts.Facts = append(s.Facts.Facts, f)
	return s
}

func given(p term.Purpose, ch term.Channel) consent.Act {
	return consent.Act{Purpose: p, Channel: ch, Kind: consent.Given, Method: consent.ByConfirmed}
}

func ask(p term.Purpose, op term.Operation, ch term.Channel) Request {
	return Request{Customer: 7, Controller: "halm", Purpose: p, Operation: op, Channel: ch, Actor: "program:test"}
}

func day(y int, m time.Month, d int) clock.Instant { return clock.UTC(y, m, d, 12, 0, 0) }

func codes(d Decision) []errs.Code {
	var out []errs.Code
	for _, r := range d.Reasons {
		out = append(out, r.Code)
	}
	return out
}

// softOptIn is the record of a sale in which the address was given.
func softOptIn(ref, family string) customer.Fact {
	f, err := customer.Offer{Ref: ref, Family: family, Offered: true}.Fact(customer.Fact{Controller: "halm"})
	if err != nil {
		panic(err)
	}
	return f
}

// implied is Canada's implied consent, for every market of a draft.
var implied = rulepack.ImpliedConsent{Purchase: rulepack.Period{Months: 24}, Inquiry: rulepack.Period{Months: 6}}

func on() map[string]string { return customer.WithValue(customer.On) }

func TestDecide(t *testing.T) {
	start, now := day(2025, 1, 10), day(2025, 6, 1)
	bought := func(s *story) *story {
		s.fact(day(2025, 2, 1), customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"family": "coffee", "ref": "o1"}})
		return s.fact(day(2025, 2, 1), softOptIn("o1", "coffee"))
	}
	agreed := func(s *story) *story { return s.say(day(2025, 1, 11), given("letter", term.Email)) }
	adult := func(s *story) *story {
		return s.fact(day(2025, 1, 12), customer.Fact{Kind: customer.Age, Detail: customer.WithValue("adult")})
	}
	mark := func(kind customer.FactKind, detail map[string]string) func(*story) *story {
		return func(s *story) *story { return s.fact(day(2025, 5, 1), customer.Fact{Kind: kind, Detail: detail}) }
	}
	addr := func(v string) func(*story) *story {
		return func(s *story) *story {
			return s.fact(day(2025, 5, 1), customer.Fact{Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue(v)})
		}
	}
	letter, letterUse := ask("letter", term.Serve, term.Email), ask("letter", term.Use, "")
	orders := ask("orders", term.Serve, term.Email)
	share := func(p term.Purpose, to term.Recipient, fields ...term.Field) Request {
		return Request{Customer: 7, Controller: "halm", Purpose: p, Operation: term.Share, Recipient: to, Fields: fields}
	}
	tests := []struct {
		name  string
		facts []func(*story) *story
		r     Request
		want  []errs.Code
	}{
		{"nothing said", nil, letter, []errs.Code{errs.NoConsent}},
		{"agreed", []func(*story) *story{agreed}, letter, nil},
		{"agreed on another channel", []func(*story) *story{agreed}, ask("letter", term.Serve, term.SMS), []errs.Code{errs.NoConsent}},
		{"a channel nobody is asked for", []func(*story) *story{agreed}, ask("letter", term.Serve, term.Post), []errs.Code{errs.NoConsent}},
		{"no contract", nil, orders, []errs.Code{errs.NoBasis}},
		{"a purchase", []func(*story) *story{bought}, orders, nil},
		{"unknown purpose", nil, ask("gossip", term.Use, ""), []errs.Code{errs.NoBasis}},
		{"unknown operation", nil, ask("letter", "sell", ""), []errs.Code{errs.Prohibited}},
		{"another brand", nil, Request{Customer: 7, Controller: "sister", Purpose: "letter", Operation: term.Serve}, []errs.Code{errs.NoBasis}},
		{"books are kept", []func(*story) *story{bought}, ask("bookkeeping", term.Store, ""), nil},
		{"books are not for use", []func(*story) *story{bought}, ask("bookkeeping", term.Use, ""), []errs.Code{errs.PurposeMismatch}},
		{"after a sale of coffee", []func(*story) *story{bought}, ask("tips", term.Serve, term.Email), []errs.Code{errs.NoConsent}},
		{"after a sale, in the EU", []func(*story) *story{bought, mark(customer.Residence, map[string]string{"value": "DE", "evidence": "declared"})},
			ask("tips", term.Serve, term.Email), nil},
		{"suppressed", []func(*story) *story{agreed, mark(customer.Suppressed, on())}, letter, []errs.Code{errs.Suppressed}},
		{"suppressed, but an order", []func(*story) *story{bought, mark(customer.Suppressed, on())}, orders, nil},
		{"bounced", []func(*story) *story{bought, addr("bounced")}, orders, []errs.Code{errs.Suppressed}},
		{"address not confirmed since", []func(*story) *story{agreed, addr("unconfirmed")}, letter, []errs.Code{errs.NoConsent}},
		{"restricted", []func(*story) *story{agreed, mark(customer.Restriction, on())}, letter, []errs.Code{errs.Restricted}},
		{"restricted, stored", []func(*story) *story{agreed, mark(customer.Restriction, on())}, ask("letter", term.Store, ""), nil},
		{"restricted, rights", []func(*story) *story{mark(customer.Restriction, on())}, ask("", term.Rights, ""), nil},
		{"restricted, claims", []func(*story) *story{mark(customer.Restriction, on())}, ask("orders", term.Claims, ""), nil},
		{"died", []func(*story) *story{agreed, mark(customer.Deceased, on())}, letter, []errs.Code{errs.Restricted}},
		{"died, the order goes on", []func(*story) *story{bought, mark(customer.Deceased, on())}, orders, nil},
		{"left in peace", []func(*story) *story{agreed, mark(customer.Care, on())}, letter, []errs.Code{errs.Restricted}},
		{"corrected", []func(*story) *story{agreed, mark(customer.Deceased, on()), mark(customer.Deceased, customer.WithValue(customer.Off))}, letter, nil},
		{"objected", []func(*story) *story{agreed, adult, mark(customer.Objection, on())}, letterUse, []errs.Code{errs.Objected}},
		{"signal, agreed contact goes on", []func(*story) *story{agreed, adult, mark(customer.GPC, on())}, letter, nil},
		{"signal, no profiling", []func(*story) *story{agreed, adult, mark(customer.GPC, on())}, letterUse, []errs.Code{errs.Objected}},
		{"age unknown, no profiling", []func(*story) *story{agreed}, letterUse, []errs.Code{errs.AgeUnknown}},
		{"adult", []func(*story) *story{agreed, adult}, letterUse, nil},
		{"two reasons at once", []func(*story) *story{mark(customer.Restriction, on())}, letter, []errs.Code{errs.Restricted, errs.NoConsent}},
		{"a field of another purpose", []func(*story) *story{agreed}, Request{Customer: 7, Controller: "halm", Purpose: "letter", Operation: term.Serve,
			Channel: term.Email, Fields: []term.Field{"address"}}, []errs.Code{errs.PurposeMismatch}},
		{"a field nobody declared", []func(*story) *story{agreed}, Request{Customer: 7, Controller: "halm", Purpose: "letter", Operation: term.Serve,
			Channel: term.Email, Fields: []term.Field{"shoe"}}, []errs.Code{errs.FieldNotAllowed}},
		{"the processor", []func(*story) *story{agreed}, share("letter", "relay", "email"), nil},
		{"the processor gets less", []func(*story) *story{agreed}, share("letter", "relay", "roast"), []errs.Code{errs.FieldNotAllowed}},
		{"a recipient that is not promised", []func(*story) *story{bought}, share("orders", "relay"), []errs.Code{errs.Recipient}},
		{"sharing with nobody", []func(*story) *story{bought}, share("orders", ""), []errs.Code{errs.Recipient}},
		{"a partner needs a consent that names it", []func(*story) *story{agreed}, share("letter", "partner"), []errs.Code{errs.NoConsent}},
		{"signal, no sale", []func(*story) *story{agreed, mark(customer.GPC, on())}, share("letter", "partner"), []errs.Code{errs.OptOutSale, errs.NoConsent}},
	}
	d := plainDraft
	d.adultsOnly = true
	law := d.law(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory(start)
			for _, f := range tt.facts {
				s = f(s)
			}
			got := Decide(s.Facts, law, tt.r, now)
			want := slices.Clone(tt.want)
			have := codes(got)
			slices.Sort(want)
			slices.Sort(have)
			if !slices.Equal(have, want) || got.Allowed() != (len(want) == 0) {
				t.Errorf("got %v %v, want %v", got.Outcome, have, want)
			}
		})
	}
}
