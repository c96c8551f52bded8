package gate

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// history draws a random life: acts and facts at random instants, among them
// the awkward ones (leap day, month ends, clock changes).
type history struct {
	*rapid.T
	at clock.Instant
}

// awkward gives instants that rules stumble over, of one year.
func awkward(year int) []clock.Instant {
	return []clock.Instant{
		clock.UTC(year, 2, 28, 23, 0, 0), clock.UTC(year, 2, 29, 0, 0, 0), clock.UTC(year, 1, 31, 12, 0, 0),
		clock.UTC(year, 3, 31, 0, 59, 59), clock.UTC(year, 3, 31, 1, 0, 0), clock.UTC(year, 10, 27, 1, 0, 0),
		clock.UTC(year, 11, 3, 8, 59, 59), clock.UTC(year, 11, 3, 9, 0, 0), clock.UTC(year, 12, 31, 22, 59, 59),
		clock.UTC(year, 12, 31, 23, 0, 0), clock.UTC(year, 3, 9, 10, 0, 0), clock.UTC(year, 8, 31, 23, 30, 0),
	}
}

// next moves on by a little, a lot, or to an awkward instant.
func (h *history) next() clock.Instant {
	switch rapid.IntRange(0, 3).Draw(h.T, "step") {
	case 0:
		h.at = h.at.Add(time.Duration(rapid.IntRange(1, 100).Draw(h.T, "seconds")) * time.Second)
	case 1:
		h.at = h.at.Add(time.Duration(rapid.IntRange(1, 400).Draw(h.T, "days")) * 24 * time.Hour)
	case 2:
		h.at = h.at.Add(time.Duration(rapid.IntRange(1, 72).Draw(h.T, "hours")) * time.Hour)
	default:
		h.at = max(h.at+1, rapid.SampledFrom(awkward(h.at.Time().Year()+rapid.IntRange(0, 1).Draw(h.T, "year"))).Draw(h.T, "awkward"))
	}
	return h.at
}

func (h *history) act() consent.Act {
	a := consent.Act{
		Kind:     rapid.SampledFrom(append([]consent.Kind{consent.Given, consent.Given, consent.Given}, consent.Kinds...)).Draw(h.T, "kind"),
		Strength: rapid.SampledFrom([]consent.Strength{consent.Documented, consent.Documented, consent.Attested, consent.NoEvidence}).Draw(h.T, "strength"),
		Method:   rapid.SampledFrom([]consent.Method{consent.ByConfirmed, consent.ByAPI, consent.ByForm, consent.ByPortal, consent.ByParent}).Draw(h.T, "method"),
	}
	a.Purpose = rapid.SampledFrom([]term.Purpose{"letter", "letter", "tips"}).Draw(h.T, "purpose")
	a.Channel = rapid.SampledFrom([]term.Channel{term.Email, term.Email, term.SMS, ""}).Draw(h.T, "channel")
	if a.Channel == "" && rapid.Bool().Draw(h.T, "to partner") {
		a.Recipient = "partner"
	}
	if rapid.IntRange(0, 5).Draw(h.T, "old") == 0 {
		a.AssertedAt = h.at.Add(-300 * 24 * time.Hour)
	}
	if a.Kind.Raises() {
		a.ControlDefault, a.Action = consent.Unset, consent.Tick
		if rapid.IntRange(0, 7).Draw(h.T, "preticked") == 0 {
			a.ControlDefault = consent.Set
		}
	}
	return a
}

func (h *history) fact() customer.Fact {
	f := customer.Fact{Kind: rapid.SampledFrom(append([]customer.FactKind{customer.Interaction, customer.Interaction, customer.Purchase},
		customer.FactKinds...)).Draw(h.T, "fact")}
	value := func(of ...string) { f.Detail = customer.WithValue(rapid.SampledFrom(of).Draw(h.T, "value")) }
	switch f.Kind {
	case customer.Age:
		born := clock.DateOf(h.at.Time()).AddMonths(-rapid.IntRange(120, 230).Draw(h.T, "months old"))
		f.Detail = customer.AgeDetail(born, clock.DateOf(h.at.Time()), rapid.SampledFrom([]int{13, 14, 16}).Draw(h.T, "consent at"), customer.DeclaredAge)
		if rapid.IntRange(0, 3).Draw(h.T, "old form") == 0 {
			value("adult", "minor", "unknown")
			f.Detail["adult_on"] = rapid.SampledFrom([]string{"2026-02-28", "2024-02-29", ""}).Draw(h.T, "adult on")
		}
	case customer.Residence:
		value("DE", "AT", "CA", "US-CA", "XX", "")
		f.Detail["evidence"] = rapid.SampledFrom([]string{"declared", "address", "network", "network"}).Draw(h.T, "evidence")
	case customer.SoftOptIn:
		f.Controller = rapid.SampledFrom([]term.Controller{"halm", "halm", "sister", ""}).Draw(h.T, "seller")
		f.Detail = map[string]string{"value": rapid.SampledFrom([]string{"on", "on", "off"}).Draw(h.T, "value"), "ref": rapid.SampledFrom([]string{"o1", "o2", ""}).Draw(h.T, "ref"),
			"family": rapid.SampledFrom([]string{"coffee", "beans", "gear"}).Draw(h.T, "family"), "optout_offered": "on"}
	case customer.Inquiry:
		f.Detail = map[string]string{"ref": rapid.SampledFrom([]string{"i1", "i2", ""}).Draw(h.T, "ref")}
		f.At = h.at.Add(-time.Duration(rapid.IntRange(0, 200).Draw(h.T, "ago")) * 24 * time.Hour)
	case customer.Indirect:
		f.Detail = map[string]string{"source": rapid.SampledFrom([]string{"fair", "partner"}).Draw(h.T, "from")}
	case customer.Notified:
		f.Detail = map[string]string{"notice": "ntc_told", "version": rapid.SampledFrom([]string{"1", "2", ""}).Draw(h.T, "version")}
	case customer.Purchase:
		f.Detail = map[string]string{"family": rapid.SampledFrom([]string{"coffee", "gear"}).Draw(h.T, "family"), "ref": rapid.SampledFrom([]string{"o1", ""}).Draw(h.T, "ref")}
		f.At = h.at.Add(-time.Duration(rapid.IntRange(0, 800).Draw(h.T, "ago")) * 24 * time.Hour)
	case customer.Contract:
		f.Until = h.at.Add(time.Duration(rapid.IntRange(1, 500).Draw(h.T, "term")) * 24 * time.Hour)
	case customer.Interaction:
		f.At = clock.DateOf(h.at.Time()).Start(time.UTC)
	case customer.Address:
		value("confirmed", "unconfirmed", "bounced", "invalid")
		f.Channel = term.Email
	case customer.Pause:
		value(customer.On, customer.Off)
		f.Until = h.at.Add(30 * 24 * time.Hour)
		f.At = h.at.Add(time.Duration(rapid.IntRange(0, 10).Draw(h.T, "later")) * 24 * time.Hour)
	default:
		value(customer.On, customer.On, customer.Off)
		f.Channel = rapid.SampledFrom([]term.Channel{"", term.Email}).Draw(h.T, "fact channel")
	}
	if f.Kind == customer.Restriction && f.Value() == customer.Off {
		f.Detail["notice"] = "ntc_told"
	}
	return f
}

// requests lists every question about the customer that the law has an answer to.
func requests(l *Law) []Request {
	var out []Request
	for _, p := range l.purposes {
		for _, s := range p.slots() {
			for _, op := range term.Operations {
				if (op == term.Share) == (s.recipient != "") && (s.channel == "" || op == term.Serve || op == term.Use) {
					out = append(out, Request{Customer: 7, Controller: "halm", Purpose: p.id, Operation: op, Channel: s.channel, Recipient: s.recipient})
				}
			}
		}
	}
	return out
}

// look finds the stored standing that a request compares with.
func look(rows []Standing, s screened, at clock.Instant) Standing {
	for _, st := range rows {
		if s.purpose != nil && st.Purpose == s.purpose.id && st.Channel == s.slot.channel && st.Recipient == s.slot.recipient && st.From <= at && at < st.Until {
			return st
		}
	}
	return Standing{Until: clock.Never}
}

// instants are where a stored standing is most likely wrong: around its own
// edges, and anywhere in the next years.
func instants(t *rapid.T, rows []Standing, now clock.Instant) []clock.Instant {
	out := []clock.Instant{now, now + 1, now.Add(3 * 366 * 24 * time.Hour)}
	for _, s := range rows {
		if s.Until != clock.Never {
			out = append(out, s.Until-1, s.Until, s.Until+1)
		}
	}
	for range 6 {
		out = append(out, now.Add(time.Duration(rapid.Int64Range(0, int64(4*365*24*time.Hour)).Draw(t, "later"))))
	}
	for _, a := range append(awkward(now.Time().Year()), awkward(now.Time().Year()+2)...) {
		out = append(out, max(a, now))
	}
	return out
}

// The law of the gate: the standing stored at the last write, compared at any
// later instant, is what Decide says from the facts at that instant. A standing
// of rules that changed since allows nothing that Decide denies.
func TestStandingComparedIsDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{T: t, at: clock.UTC(2023, 11, 1, 0, 0, 0)}
		d := plainDraft
		d.adultsOnly = rapid.Bool().Draw(t, "adults only")
		s := newStory(h.at)
		for range rapid.IntRange(0, 14).Draw(t, "writes") {
			if rapid.Bool().Draw(t, "act or fact") {
				a := h.act()
				a.CharterVersion = rapid.Int64Range(1, 2).Draw(t, "words")
				s.say(h.next(), a)
			} else {
				f := h.fact()
				s.fact(h.next(), f)
			}
		}
		d.children, d.strict = rapid.IntRange(0, 5).Draw(t, "children") == 0, rapid.IntRange(0, 5).Draw(t, "strict") == 0
		d.tipsModel = rapid.SampledFrom([]rulepack.Permission{rulepack.AfterSale, rulepack.Implied, rulepack.OptOut}).Draw(t, "model")
		if rapid.Bool().Draw(t, "news") {
			d.news = []charter.News{{Version: 2, At: h.at}, {Recipient: "nobody", Version: 2, At: h.at}, {Channel: term.Email, Version: 1, At: 1}}
		}
		d.version, d.floor = 2, rapid.Int64Range(0, 2).Draw(t, "floor")
		law := d.law(noTB{})
		rows := Project(s.Facts, law, h.at)
		for _, at := range instants(t, rows, h.at) {
			agree(t, s.Facts, law, rows, at)
		}
		later := d
		later.version, later.floor = 3, rapid.Int64Range(0, 3).Draw(t, "next floor")
		later.life = rapid.SampledFrom([]int{24, 6}).Draw(t, "next life")
		later.tipsModel = rapid.SampledFrom([]rulepack.Permission{rulepack.AfterSale, rulepack.OptOut, rulepack.OptIn}).Draw(t, "next model")
		if later.floor < d.floor {
			return
		}
		next := later.law(noTB{})
		for _, at := range instants(t, rows, h.at) {
			agreeDenied(t, s.Facts, next, rows, at)
		}
	})
}

// agree holds what a stored standing says at an instant against Decide.
func agree(t *rapid.T, f Facts, law *Law, rows []Standing, at clock.Instant) {
	for _, r := range requests(law) {
		sc := law.screen(r)
		want, got := Decide(f, law, r, at), sc.compare(law, r, look(rows, sc, at), at)
		if got.Outcome != want.Outcome || !slices.Equal(got.Reasons, want.Reasons) || got.Basis != want.Basis ||
			got.Until != want.Until || !slices.Equal(got.Evidence, want.Evidence) {
			t.Fatalf("%v at %v:\nstored  %+v\ndecided %+v", r, at, got, want)
		}
	}
}

// agreeDenied holds that a standing of old rules allows nothing that Decide
// denies under the rules in force.
func agreeDenied(t *rapid.T, f Facts, law *Law, rows []Standing, at clock.Instant) {
	for _, r := range requests(law) {
		sc := law.screen(r)
		want, got := Decide(f, law, r, at), sc.compare(law, r, look(rows, sc, at), at)
		if got.Allowed() && !want.Allowed() {
			t.Fatalf("%v at %v: an old standing allows, Decide says %v", r, at, want.Reasons)
		}
	}
}

// noTB lets rapid's inner function build laws; building them does not fail.
type noTB struct{ testing.TB }

func (noTB) Helper() {}

// The same law over the database: histories written through the gate's writers,
// with charters applied in between that widen and narrow.
func TestStandingStoredIsDecide(t *testing.T) {
	variants := [][]string{
		withSMS(),
		append(withSMS(), "gets: {letter: [email], orders: [email]}", "gets: {letter: [email, country], orders: [email]}"),
		append(withSMS(), "keep: 24 months after last contact", "keep: 12 months after last contact"),
		append(withSMS(), "people: adults ", "people: all ages "),
	}
	dbtest.Each(t, func(outer *testing.T, d *db.DB) {
		w := newShop(outer, d, clock.UTC(2023, 11, 1, 0, 0, 0))
		rapid.Check(outer, func(t *rapid.T) {
			h := &history{T: t, at: w.clock.Now().Add(24 * time.Hour)}
			w.clock.Set(h.at)
			people := []id.Customer{w.bare(), w.bare()}
			for range rapid.IntRange(1, 10).Draw(t, "writes") {
				w.clock.Set(h.next())
				c := rapid.SampledFrom(people).Draw(t, "who")
				switch rapid.IntRange(0, 8).Draw(t, "what") {
				case 0:
					w.apply(rapid.SampledFrom(variants).Draw(t, "charter")...)
				case 1, 2, 3, 4:
					w.try(c, h.act())
				default:
					w.fact(c, h.fact())
				}
			}
			for _, c := range people {
				w.holds(t, c, agreeDenied)
			}
			_, err := w.gate.Restand(context.Background())
			w.must(err)
			for _, c := range people {
				w.holds(t, c, agree)
			}
		})
	})
}

// bare makes a customer of whom nothing is known.
func (w *shop) bare() id.Customer {
	c := id.NewCustomer()
	w.write(func(tx *db.Tx) error {
		return customer.Insert(tx, []customer.Customer{{ID: c, Known: true, CreatedAt: w.clock.Now()}})
	})
	w.fact(c, customer.Fact{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "locale"}})
	return c
}

// try records an act that the charter may refuse.
func (w *shop) try(c id.Customer, a consent.Act) {
	a.Customer, a.Actor = c, term.ByCustomer
	if a.Purpose != "letter" {
		a.Purpose = "letter"
	}
	a.Recipient = ""
	_ = w.db.Write(context.Background(), func(tx *db.Tx) error {
		_, _, err := w.gate.Record(tx, a)
		return err
	})
}

// holds checks a customer's stored standing against their stored facts.
func (w *shop) holds(t *rapid.T, c id.Customer, check func(*rapid.T, Facts, *Law, []Standing, clock.Instant)) {
	var f Facts
	var law *Law
	var rows []Standing
	w.must(w.db.Read(context.Background(), func(tx *db.Tx) error {
		row, err := customer.Get(tx, c)
		if err != nil {
			return err
		}
		f = Facts{Customer: c, Since: row.CreatedAt}
		if f.Records, err = consent.Of(tx, c); err != nil {
			return err
		}
		if f.Facts, err = customer.FactsOf(tx, c); err != nil {
			return err
		}
		if rows, err = standingOf(tx, c); err != nil {
			return err
		}
		if err := sameInRows(tx, c, rows); err != nil {
			return err
		}
		law, _, err = w.gate.law(tx)
		return err
	}))
	for _, at := range instants(t, rows, w.clock.Now()) {
		check(t, f, law, rows, at)
	}
}
