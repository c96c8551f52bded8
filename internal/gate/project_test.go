package gate

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// history draws a random life: acts and facts at random instants, among them
// the awkward ones (leap day, month ends, clock changes).
type history struct {
	*rapid.T
	at clock.Instant
}

var awkward = []clock.Instant{
	clock.UTC(2024, 2, 29, 0, 0, 0), clock.UTC(2024, 2, 29, 23, 59, 59), clock.UTC(2024, 1, 31, 12, 0, 0),
	clock.UTC(2024, 3, 31, 0, 59, 59), clock.UTC(2024, 3, 31, 1, 0, 0), clock.UTC(2024, 10, 27, 1, 0, 0),
	clock.UTC(2024, 11, 3, 8, 59, 59), clock.UTC(2024, 11, 3, 9, 0, 0), clock.UTC(2024, 12, 31, 22, 59, 59),
	clock.UTC(2024, 12, 31, 23, 0, 0), clock.UTC(2025, 3, 9, 10, 0, 0), clock.UTC(2026, 2, 28, 23, 0, 0),
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
		h.at = max(h.at+1, rapid.SampledFrom(awkward).Draw(h.T, "awkward"))
	}
	return h.at
}

func (h *history) act() consent.Act {
	a := consent.Act{
		Kind:     rapid.SampledFrom(append([]consent.Kind{consent.Given, consent.Given, consent.Given}, consent.Kinds...)).Draw(h.T, "kind"),
		Strength: rapid.SampledFrom([]consent.Strength{consent.Documented, consent.Documented, consent.Attested, consent.NoEvidence}).Draw(h.T, "strength"),
		Method:   rapid.SampledFrom([]consent.Method{consent.ByConfirmed, consent.ByAPI, consent.ByForm, consent.ByPortal}).Draw(h.T, "method"),
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
		value("adult", "minor", "unknown")
		f.Detail["adult_on"] = rapid.SampledFrom([]string{"2026-02-28", "2024-02-29", ""}).Draw(h.T, "adult on")
	case customer.Residence:
		value("DE", "US-CA", "XX", "")
		f.Detail["evidence"] = rapid.SampledFrom([]string{"declared", "address", "network"}).Draw(h.T, "evidence")
	case customer.Purchase:
		f.Detail = map[string]string{"family": rapid.SampledFrom([]string{"coffee", "gear"}).Draw(h.T, "family"), "optout_offered": "on"}
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
	for _, a := range awkward {
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
		d.version, d.floor = 2, rapid.Int64Range(0, 2).Draw(t, "floor")
		law := d.law(noTB{})
		rows := Project(s.Facts, law, h.at)
		for _, at := range instants(t, rows, h.at) {
			for _, r := range requests(law) {
				sc := law.screen(r)
				want, got := Decide(s.Facts, law, r, at), sc.compare(law, r, look(rows, sc, at), at)
				if got.Outcome != want.Outcome || !slices.Equal(got.Reasons, want.Reasons) || got.Basis != want.Basis ||
					got.Until != want.Until || !slices.Equal(got.Evidence, want.Evidence) {
					t.Fatalf("%v at %v:\nstored  %+v\ndecided %+v", r, at, got, want)
				}
			}
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
			for _, r := range requests(next) {
				sc := next.screen(r)
				want, got := Decide(s.Facts, next, r, at), sc.compare(next, r, look(rows, sc, at), at)
				if got.Allowed() && !want.Allowed() {
					t.Fatalf("%v at %v under the next charter: stored allows, Decide says %v", r, at, want.Reasons)
				}
			}
		}
	})
}

// noTB lets rapid's inner function build laws; building them does not fail.
type noTB struct{ testing.TB }

func (noTB) Helper() {}
