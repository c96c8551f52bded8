package gate

import (
	"slices"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// shoeShop is the sample with two newsletters that may follow a sale in Britain
// and an implied consent in Canada.
func shoeShop() []string {
	return append(withSMS(),
		"[EU, UK, US-CA]", "[EU, UK, CA, US-CA]",
		"  gear:   [grinders, brewers]", "  gear:   [grinders, brewers]\n  footwear: [running_shoes, trail_shoes]\n  insurance: [life_insurance]",
		"personalisation:  ", newsletter("shoes", "footwear")+newsletter("cover", "insurance")+"personalisation:  ")
}

func newsletter(name, family string) string {
	return "  " + name + `:
    title: {en: Offers, de: Angebote}
    basis: {default: consent, UK: legitimate interests, CA: legitimate interests, assessment: lia/offers.md, interest: {en: to sell, de: zu verkaufen}}
    email: {default: opt-in, UK: after a sale of ` + family + `, CA: implied consent}
    uses: {email: to send it}
    keep: 36 months after last contact
`
}

func (w *shop) livesIn(c id.Customer, place string) {
	w.fact(c, customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": place, "evidence": "declared"}})
}

func (w *shop) sold(c id.Customer, by term.Controller, o customer.Offer) error {
	w.t.Helper()
	f, err := o.Fact(customer.Fact{Customer: c, Controller: by, Actor: "source:test"})
	if err == nil {
		w.fact(c, f)
	}
	return err
}

func TestMSG02_ASaleOfSimilarGoodsIsAGroundOfItsOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		w.apply(shoeShop()...)
		buyer := w.customer()
		w.livesIn(buyer, "GB")
		w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.NoBasis)
		shoes := customer.Offer{Ref: "order-1", Family: "running_shoes", Offered: true}
		w.must(w.sold(buyer, "halm", shoes))
		w.wantAllowed(w.decide(buyer, "shoes", term.Serve, term.Email)) // trail shoes are of the same family
		w.wantDenied(w.decide(buyer, "cover", term.Serve, term.Email), errs.NoBasis)

		// Any missing part is none of it.
		for _, missing := range []customer.Offer{{Family: "running_shoes", Offered: true}, {Ref: "order-1", Offered: true}, {Ref: "order-1", Family: "running_shoes"}} {
			if err := w.sold(buyer, "halm", missing); errs.CodeOf(err) != errs.NoBasis {
				t.Errorf("%+v gives %v", missing, err)
			}
		}
		if err := w.sold(buyer, "", shoes); errs.CodeOf(err) != errs.NoBasis {
			t.Errorf("a sale of nobody gives %v", err)
		}
		for name, left := range map[string]string{"ref": "ref", "family": "family", "offer": "optout_offered"} {
			c := w.customer()
			w.livesIn(c, "GB")
			f, _ := shoes.Fact(customer.Fact{Controller: "halm"})
			delete(f.Detail, left)
			w.fact(c, f)
			w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoBasis)
			_ = name
		}

		// The sister company made this sale, so it permits us nothing; and ours
		// permits the sister nothing.
		other := w.customer()
		w.livesIn(other, "GB")
		w.must(w.sold(other, "sister", shoes))
		w.wantDenied(w.decide(other, "shoes", term.Serve, term.Email), errs.NoBasis)
		sister := w.decideFor(Request{Customer: buyer, Controller: "sister", Purpose: "shoes", Operation: term.Serve, Channel: term.Email})
		w.wantDenied(sister, errs.NoBasis)

		// A no ends it, and a later sale does not bring it back.
		w.record(buyer, consent.Act{Purpose: "shoes", Channel: term.Email, Kind: consent.Objected})
		w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.Objected)
		w.must(w.sold(buyer, "halm", customer.Offer{Ref: "order-2", Family: "trail_shoes", Offered: true}))
		w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.Objected)

		// Germany's market does not say so in this charter.
		german := w.customer()
		w.must(w.sold(german, "halm", shoes))
		w.wantDenied(w.decide(german, "shoes", term.Serve, term.Email), errs.NoConsent)
	})
}

func (w *shop) decideFor(r Request) Decision {
	w.t.Helper()
	var out Decision
	w.must(w.db.Read(w.t.Context(), func(tx *db.Tx) (err error) {
		out, err = w.gate.Decide(tx, r)
		return err
	}))
	return out
}

func TestMSG03_ImpliedConsentRunsOutCountedFromTheDayOfSending(t *testing.T) {
	toronto := zoneOf(t, "America/Toronto")
	at := func(y int, m time.Month, d, hour int) clock.Instant {
		return clock.At(time.Date(y, m, d, hour, 0, 0, 0, toronto))
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, at(2024, 5, 10, 9))
		w.apply(shoeShop()...)
		buyer, asker, nobody, loose := w.customer(), w.customer(), w.customer(), w.customer()
		for _, c := range []id.Customer{buyer, asker, nobody, loose} {
			w.livesIn(c, "CA")
		}
		w.fact(buyer, customer.Fact{Kind: customer.Purchase, At: at(2024, 5, 10, 12), Detail: map[string]string{"ref": "order-1"}})
		w.fact(asker, customer.Fact{Kind: customer.Inquiry, At: at(2024, 5, 10, 12), Detail: map[string]string{"ref": "question-1"}})
		w.fact(loose, customer.Fact{Kind: customer.Purchase, At: at(2024, 5, 10, 12), Detail: map[string]string{}})
		w.clock.Set(at(2024, 5, 10, 13))
		w.wantDenied(w.decide(nobody, "shoes", term.Serve, term.Email), errs.NoConsent)
		w.wantDenied(w.decide(loose, "shoes", term.Serve, term.Email), errs.NoConsent)
		w.wantAllowed(w.decide(asker, "shoes", term.Serve, term.Email))

		w.clock.Set(at(2024, 11, 9, 12))
		w.wantAllowed(w.decide(asker, "shoes", term.Serve, term.Email))
		w.clock.Set(at(2024, 11, 10, 12))
		w.wantDenied(w.decide(asker, "shoes", term.Serve, term.Email), errs.ConsentExpired)

		w.clock.Set(at(2026, 5, 9, 12))
		w.wantAllowed(w.decide(buyer, "shoes", term.Serve, term.Email))
		// The tenth begins first in St. John's, an hour and a half before Toronto.
		w.clock.Set(at(2026, 5, 9, 22).Add(30*time.Minute - time.Microsecond))
		w.wantAllowed(w.decide(buyer, "shoes", term.Serve, term.Email))
		w.clock.Set(at(2026, 5, 9, 22).Add(30 * time.Minute))
		w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.ConsentExpired)
		for _, later := range []clock.Instant{at(2026, 5, 10, 12), at(2026, 5, 11, 12)} {
			w.clock.Set(later)
			w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.ConsentExpired)
		}

		// A new event renews; an express yes does not need one; a no ends all.
		w.fact(buyer, customer.Fact{Kind: customer.Purchase, At: at(2026, 5, 11, 13), Detail: map[string]string{"ref": "order-2"}})
		w.clock.Set(at(2026, 5, 11, 14))
		w.wantAllowed(w.decide(buyer, "shoes", term.Serve, term.Email))
		w.record(nobody, consent.Act{Purpose: "shoes", Channel: term.Email, Kind: consent.Given})
		w.wantAllowed(w.decide(nobody, "shoes", term.Serve, term.Email))
		w.record(buyer, consent.Act{Purpose: "shoes", Channel: term.Email, Kind: consent.Withdrawn})
		w.wantDenied(w.decide(buyer, "shoes", term.Serve, term.Email), errs.Withdrawn)
	})
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// A hint of the network, once raised, stays for thirty days, whatever the
// network says meanwhile.
func TestAHintOfTheNetworkStaysThirtyDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		w.apply(shoeShop()...)
		c := w.customer()
		w.livesIn(c, "GB")
		w.must(w.sold(c, "halm", customer.Offer{Ref: "order-1", Family: "running_shoes", Offered: true}))
		seen := func(place string) {
			w.fact(c, customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": place, "evidence": "network"}})
		}
		seen("GB")
		w.wantAllowed(w.decide(c, "shoes", term.Serve, term.Email))
		seen("DE")
		w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoConsent)
		w.clock.Advance(24 * time.Hour)
		seen("GB")
		w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoConsent)
		w.clock.Set(day(2026, 3, 2).Add(30*24*time.Hour - 1))
		w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoConsent)
		w.clock.Set(day(2026, 4, 1).Add(time.Minute))
		w.wantAllowed(w.decide(c, "shoes", term.Serve, term.Email))
		seen("DE")
		w.clock.Advance(20 * 24 * time.Hour)
		seen("DE") // seen again: another thirty days
		w.clock.Advance(20 * 24 * time.Hour)
		w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoConsent)
	})
}

func TestMINAGE01_OnlyTheBandIsKeptAndTheFirstAnswerStands(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 10))
		w.apply(append(withSMS(), "people: adults ", "people: all ages ")...)
		today := clock.On(2026, 3, 10)
		answer := func(c id.Customer, years int, session string) {
			detail := customer.AgeYearsDetail(years, today, 16, customer.AskedAge)
			detail["session"] = session
			w.fact(c, customer.Fact{Kind: customer.Age, Detail: detail})
		}
		visitor := w.unaged()
		w.record(visitor, letterMail)
		w.wantDenied(w.decide(visitor, "letter", term.Use, ""), errs.AgeUnknown) // a mixed audience
		answer(visitor, 12, "s1")
		answer(visitor, 18, "s1") // back, and eighteen
		w.wantDenied(w.decide(visitor, "letter", term.Use, ""), errs.Age)
		if got := w.band(visitor); got != customer.Child {
			t.Errorf("after twelve, then eighteen in one session the band is %q", got)
		}
		facts := w.factsOf(visitor)
		for _, f := range facts {
			for k := range f.Detail {
				if f.Kind == customer.Age && !slices.Contains([]string{"value", "method", "adult_from", "consent_at", "session"}, k) {
					t.Errorf("an age fact keeps %s", k)
				}
			}
		}
		answer(visitor, 18, "s2") // another session is another try
		if got := w.band(visitor); got != customer.Adult {
			t.Errorf("in another session the band is %q", got)
		}

		// Where children are addressed everybody is protected as a child.
		w.apply(append(withSMS(), "people: adults ", "people: children ")...)
		if _, err := w.gate.Restand(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wantDenied(w.decide(visitor, "letter", term.Use, ""), errs.Age)
	})
}

// unaged is a customer in Germany of whose age nothing is known.
func (w *shop) unaged() id.Customer {
	c := w.bare()
	w.livesIn(c, "DE")
	return c
}

func (w *shop) factsOf(c id.Customer) []customer.Fact {
	w.t.Helper()
	var out []customer.Fact
	w.must(w.db.Read(w.t.Context(), func(tx *db.Tx) (err error) {
		out, err = customer.FactsOf(tx, c)
		return err
	}))
	return out
}

func (w *shop) band(c id.Customer) customer.Band {
	var out customer.Band
	for _, f := range w.factsOf(c) {
		if f.Kind == customer.Age {
			out = customer.Band(f.Value())
		}
	}
	return out
}

func TestMINAGE02_UnderTheAgeOfTheCountryAParentConsents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 10))
		w.apply(append(withSMS(), "people: adults ", "people: all ages ")...)
		ages := func(place string) int {
			eu, _ := w.packs.Pack("EU")
			return eu.Ages().ConsentAt(place)
		}
		fourteen := func(place string) id.Customer {
			c := w.bare()
			w.livesIn(c, place)
			w.fact(c, customer.Fact{Kind: customer.Age, Detail: customer.AgeYearsDetail(14, clock.On(2026, 3, 10), ages(place), customer.DeclaredAge)})
			w.record(c, letterMail)
			return c
		}
		w.wantAllowed(w.decide(fourteen("AT"), "letter", term.Serve, term.Email))
		w.wantDenied(w.decide(fourteen("DE"), "letter", term.Serve, term.Email), errs.Age)
		w.wantDenied(w.decide(fourteen(""), "letter", term.Serve, term.Email), errs.Age) // somewhere in the EU: sixteen
		for place, want := range map[string]int{"BE": 13, "EE": 13, "FI": 13, "LV": 13, "MT": 13, "PT": 13, "SE": 13, "AT": 14, "BG": 14, "CY": 14,
			"ES": 14, "IT": 14, "LT": 14, "CZ": 15, "DK": 15, "FR": 15, "GR": 15, "SI": 15, "DE": 16, "HR": 16, "HU": 16, "IE": 16, "LU": 16, "NL": 16,
			"PL": 16, "RO": 16, "SK": 16, "": 16} {
			if got := ages(place); got != want {
				t.Errorf("in %q people consent alone from %d, want %d", place, got, want)
			}
		}
		if uk, _ := w.packs.Pack("UK"); uk.Ages().ConsentAt("GB") != 13 {
			t.Error("in the UK from 13")
		}

		child := fourteen("DE")
		parent := letterMail
		parent.Method, parent.Strength = consent.ByParent, consent.Documented
		w.record(child, parent)
		w.wantAllowed(w.decide(child, "letter", term.Serve, term.Email))
		// One's own withdrawal always counts.
		own := fourteen("DE")
		w.record(own, parent)
		w.record(own, consent.Act{Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn})
		w.wantDenied(w.decide(own, "letter", term.Serve, term.Email), errs.Withdrawn)

		// Sixteen in April 2028, by the month: sixty days to answer, then the
		// parent's consent is over; the person's own counts.
		sixteen := clock.On(2028, time.April, 1).Start(utcMinus12)
		w.fact(child, customer.Fact{Kind: customer.Interaction, At: day(2026, 3, 10)})
		w.clock.Set(day(2027, 6, 1))
		w.fact(child, customer.Fact{Kind: customer.Interaction})
		w.clock.Set(sixteen.Add(60*24*time.Hour - time.Microsecond))
		w.wantAllowed(w.decide(child, "letter", term.Serve, term.Email))
		w.clock.Set(sixteen.Add(60 * 24 * time.Hour))
		w.wantDenied(w.decide(child, "letter", term.Serve, term.Email), errs.ConsentExpired)
		w.record(child, letterMail)
		w.wantAllowed(w.decide(child, "letter", term.Serve, term.Email))
	})
}

func TestNOT05_NobodyIsUsedForMoreBeforeBeingTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		var people []id.Customer
		for range 100 {
			c := w.bare()
			w.livesIn(c, "DE")
			w.fact(c, customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"ref": "order"}})
			people = append(people, c)
		}
		w.clock.Advance(time.Hour)
		insurer := append(withSMS(), "recipients:  ",
			"recipients:\n  insurer: {name: Insura AG, what: {en: insures parcels, de: versichert Pakete}, role: processor, country: DE, gets: {orders: [name]}}\n# ")
		applied := w.apply(insurer...)
		told := func(c id.Customer) {
			w.fact(c, customer.Fact{Kind: customer.Notified, Detail: map[string]string{"notice": "ntc_change", "version": "2", "mail": "4711"}})
		}
		if applied.Version != 3 && applied.Version != 2 {
			t.Fatalf("version %d", applied.Version)
		}
		for _, c := range people[:80] {
			told(c)
		}
		if _, err := w.gate.Restand(t.Context()); err != nil {
			t.Fatal(err)
		}
		share := func(c id.Customer) Decision {
			return w.decideFor(Request{Customer: c, Controller: "halm", Purpose: "orders", Operation: term.Share, Recipient: "insurer"})
		}
		for i, c := range people {
			if i < 80 {
				w.wantAllowed(share(c))
			} else {
				w.wantDenied(share(c), errs.NoNotice)
			}
			w.wantAllowed(w.decide(c, "orders", term.Serve, term.Email)) // what they knew of goes on
		}
		// A mail that came back told nobody; what came back of another changes nothing.
		back := func(mail string) {
			w.fact(people[7], customer.Fact{Kind: customer.Notified, Detail: map[string]string{"notice": "mail", "mail": mail, "value": customer.Off}})
		}
		back("4712")
		w.wantAllowed(share(people[7]))
		back("4711")
		w.wantDenied(share(people[7]), errs.NoNotice)
		told(people[7])
		w.wantAllowed(share(people[7]))
		// Who comes after the change was told when their data were collected.
		w.clock.Advance(time.Hour)
		after := w.bare()
		w.livesIn(after, "DE")
		w.fact(after, customer.Fact{Kind: customer.Purchase, Detail: map[string]string{"ref": "order"}})
		w.wantAllowed(share(after))
		// A text taken back and put in force again is news again.
		w.apply(withSMS()...)
		w.clock.Advance(time.Hour)
		w.apply(insurer...)
		if _, err := w.gate.Restand(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wantDenied(share(people[0]), errs.NoNotice)
	})
}

func TestNOT02_DataFromElsewhereWaitForTheNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 8, 31))
		w.apply(shoeShop()...)
		c := w.customer()
		w.livesIn(c, "DE")
		w.record(c, letterMail)
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
		w.fact(c, customer.Fact{Kind: customer.Indirect, Detail: map[string]string{"source": "fair"}})
		w.clock.Set(day(2026, 9, 10))
		w.wantDenied(w.decide(c, "letter", term.Serve, term.Email), errs.NoNotice) // the campaign lacks the source notice
		w.wantAllowed(w.decide(c, "letter", term.Use, ""))
		due := clock.On(2026, time.September, 30).End(zoneOf(t, "Europe/Berlin"))
		w.clock.Set(due - 1)
		w.wantAllowed(w.decide(c, "letter", term.Use, ""))
		if got := w.decide(c, "letter", term.Use, "").Until; got != due {
			t.Errorf("the clock ends %v, want %v", got, due)
		}
		w.clock.Set(due)
		w.wantDenied(w.decide(c, "letter", term.Use, ""), errs.NoNotice)
		w.fact(c, customer.Fact{Kind: customer.Notified, Detail: map[string]string{"notice": "ntc_source", "source": "fair"}})
		w.wantAllowed(w.decide(c, "letter", term.Serve, term.Email))
	})
}

func TestCON09_SpecialDataNeedAnExpressStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		w.apply(append(withSMS(),
			"  country: {kind: country,", "  allergy: {kind: text, keep_in: vault, sensitivity: special, category: \"protected characteristics\", title: {en: Allergies, de: Allergien}, from: [signup]}\n  country: {kind: country,",
			"personalisation:  ", `  health_offers:
    title: {en: Offers for allergies, de: Angebote bei Allergien}
    basis: consent
    email: opt-in
    uses: {email: to send it, allergy: to leave out what harms}
    keep: 24 months after last contact
personalisation:  `)...)
		c := w.customer()
		plain := letterMail
		plain.Purpose = "health_offers"
		w.record(c, plain)
		health := Request{Customer: c, Controller: "halm", Purpose: "health_offers", Operation: term.Serve, Channel: term.Email, Fields: []term.Field{"allergy"}}
		w.wantDenied(w.decideFor(health), errs.Sensitive)
		w.record(c, consent.Act{Purpose: "health_offers", Channel: term.Email, Kind: consent.Requested, Method: consent.ByForm, ControlDefault: consent.Unset, Action: consent.Tick})
		w.wantDenied(w.decideFor(health), errs.Sensitive)
		w.record(c, consent.Act{Purpose: "health_offers", Channel: term.Email, Kind: consent.Given, Method: consent.ByConfirmed, Strength: consent.Documented})
		w.wantAllowed(w.decideFor(health)) // ticked, and confirmed by a second message
		typed := w.customer()
		plain.Action = consent.Statement
		plain.ControlDefault = consent.Unset
		w.record(typed, plain)
		health.Customer = typed
		w.wantAllowed(w.decideFor(health))
	})
}

// In a business that chose the strictest rules, nobody's market makes a
// difference.
func TestStrictEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		w.apply(append(shoeShop(), "people: adults ", "people: adults\n  law: strict ")...)
		c := w.customer()
		w.livesIn(c, "GB")
		w.must(w.sold(c, "halm", customer.Offer{Ref: "order-1", Family: "running_shoes", Offered: true}))
		w.wantDenied(w.decide(c, "shoes", term.Serve, term.Email), errs.NoConsent)
		if got := w.gateLaw().byName["shoes"].in("UK"); got.Market != rulepack.Strict {
			t.Errorf("the rule is %s's", got.Market)
		}
	})
}

// The choice between the law of each market and STRICT is made with the reach of
// both in sight.
func TestTheReachOfBothLaws(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d, day(2026, 3, 2))
		w.apply(shoeShop()...)
		for i := range 5 { // British buyers, of whom two said yes as well
			c := w.customer()
			w.livesIn(c, "GB")
			w.must(w.sold(c, "halm", customer.Offer{Ref: "order", Family: "trail_shoes", Offered: true}))
			if i < 2 {
				w.record(c, consent.Act{Purpose: "shoes", Channel: term.Email, Kind: consent.Given, Method: consent.ByPortal, Strength: consent.Documented})
			}
		}
		w.record(w.customer(), consent.Act{Purpose: "shoes", Channel: term.Email, Kind: consent.Given})
		w.customer()
		for range 2 { // whichever is in force
			got, err := w.gate.ReachOfLaws(t.Context(), "shoes", term.Email)
			if err != nil || got != (LawReach{EachMarket: 6, Strict: 3}) {
				t.Errorf("%+v, %v; want 6 and 3", got, err)
			}
			w.apply(append(shoeShop(), "people: adults ", "people: adults\n  law: strict ")...)
		}
	})
}

func (w *shop) gateLaw() *Law {
	var out *Law
	w.must(w.db.Read(w.t.Context(), func(tx *db.Tx) (err error) {
		out, _, err = w.gate.law(tx)
		return err
	}))
	return out
}
