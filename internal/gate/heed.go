package gate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/signal"
	"candor/internal/term"
)

// heed takes what a browser and the consent tool of its page say together. Each
// input that is new to the customer is put on record as a fact, with what it says
// of which purpose. Where inputs differ about a purpose they are resolved by the
// declared order; a no that counts becomes a refusal, with the inputs that lost.
// A yes raises nothing, since nobody here saw it happen, and is kept only where
// it says otherwise than another input or than before.
//
// What was heard before is not acted upon again, so that a choice the person makes
// later is not undone by the same signal on the next page (SIG-03).
func (b *batch) heed(h *hold, s said) error {
	inputs := make([]input, len(s.signals))
	news := false
	for i, x := range s.signals {
		inputs[i] = h.hear(x)
		news = news || inputs[i].news && !inputs[i].quiet
		for _, section := range x.Unread {
			b.out[s.arrival].Notes = append(b.out[s.arrival].Notes, Note{NoteUnread, strconv.Itoa(section)})
		}
		if len(inputs[i].detail) == 1 && x.From != signal.ByGPC {
			b.out[s.arrival].Notes = append(b.out[s.arrival].Notes, Note{NoteUnmapped, string(x.From)})
		}
	}
	if !news {
		return nil
	}
	actor, source := actorOf(&b.list[s.arrival]), sourceName(&b.list[s.arrival])
	for _, in := range inputs {
		if in.From != signal.ByGPC && in.OptsOut() {
			err := h.fact(customer.Fact{Kind: customer.GPC, Detail: customer.WithValue(customer.On), Actor: actor, Source: string(in.From)})
			if err != nil {
				return err
			}
		}
	}
	for i := range h.charter.Purposes {
		r, err := h.resolve(&h.charter.Purposes[i], inputs, actor)
		if err != nil {
			return err
		}
		if r.ID != 0 {
			b.out[s.arrival].Records = append(b.out[s.arrival].Records, r)
		}
	}
	return h.keepHeard(inputs, actor, source)
}

// input is what one of them says, with what is kept of it.
type input struct {
	signal.Said
	news   bool
	quiet  bool          // a yes that ends no earlier no: alone it is not kept
	again  bool          // kept already on this day
	at     clock.Instant // when it was first heard so
	detail map[string]string
}

// hear works out what an input says of the charter's purposes, and whether that
// is new.
func (h *hold) hear(s signal.Said) input {
	out := input{Said: s, news: true, at: h.at, detail: customer.WithValue(string(s.From))}
	put := func(name string, list []string) {
		if len(list) > 0 {
			out.detail[name] = strings.Join(list, ",")
		}
	}
	says := map[string][]string{}
	for _, p := range h.charter.Purposes {
		if in, speaks := s.Of(string(p.ID), p.Signals, p.RestsOnConsent(), h.at.Time()); speaks {
			says[in.Says] = append(says[in.Says], string(p.ID))
		}
	}
	put(signal.No, says[signal.No])
	put(signal.Yes, says[signal.Yes])
	var opted []string
	for _, o := range signal.OptOuts {
		if s.US[o] && s.From != signal.ByGPC {
			opted = append(opted, string(o))
		}
	}
	put("opted_out", opted)
	if len(out.detail) == 1 { // it says nothing that concerns this charter
		out.news = false
		return out
	}
	out.quiet = out.detail[signal.No] == "" && opted == nil
	if !s.Updated.IsZero() {
		out.detail["updated"] = s.Updated.Format(time.DateOnly)
	}
	for i := len(h.facts.Facts) - 1; i >= 0; i-- {
		f := h.facts.Facts[i]
		if f.Kind != customer.Signal || f.Value() != string(s.From) {
			continue
		}
		out.quiet = false
		if out.sameAs(f) {
			out.news, out.at = false, f.RecordedAt
		}
		break
	}
	out.again = slices.ContainsFunc(h.facts.Facts, func(f customer.Fact) bool {
		return f.Kind == customer.Signal && out.sameAs(f) && clock.DateOf(f.RecordedAt.Time()) == clock.DateOf(h.at.Time())
	})
	return out
}

func (in *input) sameAs(f customer.Fact) bool {
	for _, name := range []string{"value", signal.No, signal.Yes, "opted_out", "updated"} {
		if f.Detail[name] != in.detail[name] {
			return false
		}
	}
	return true
}

// resolve decides about one purpose, and records a no that counts.
func (h *hold) resolve(p *charter.Purpose, inputs []input, actor term.Actor) (consent.Record, error) {
	var list []signal.Input
	var of []int
	for i, s := range inputs {
		if in, speaks := s.Of(string(p.ID), p.Signals, p.RestsOnConsent(), s.at.Time()); speaks {
			list, of = append(list, in), append(of, i)
		}
	}
	if len(list) == 0 {
		return consent.Record{}, nil
	}
	if own, ok := h.ownYes(p.ID); ok {
		list = append(list, signal.Input{From: signal.Explicit, Says: signal.Yes, At: own.Time().UTC()})
	}
	r := signal.Resolve(h.charter.House.Signals, list)
	for n, i := range of {
		if list[n].Says != r.Counts.Says {
			inputs[i].detail["overruled"] = strings.TrimPrefix(inputs[i].detail["overruled"]+","+string(p.ID), ",")
		}
	}
	if r.Counts.Says == signal.Yes {
		return consent.Record{}, nil
	}
	source := string(r.Counts.From)
	if r.Counts.From == signal.Explicit {
		source = "signal"
	}
	return h.record(consent.Act{Purpose: p.ID, Kind: consent.Refused, Method: consent.BySignal, Strength: consent.Attested,
		Source: source, Actor: actor, AssertedAt: clock.At(r.Counts.At), Overruled: r.Overruled})
}

// ownYes is when the person last agreed to a purpose, of what still stands.
func (h *hold) ownYes(p term.Purpose) (clock.Instant, bool) {
	for i := len(h.facts.Records) - 1; i >= 0; i-- {
		r := h.facts.Records[i]
		if r.Purpose == p && r.Counts() && r.Kind.Raises() && r.Recipient == "" && consent.StateOf(h.facts.Records, r.Key()).Rests.ID == r.ID {
			return r.RecordedAt, true
		}
	}
	return 0, false
}

// keepHeard puts the inputs that are new on record, with where they lost.
func (h *hold) keepHeard(inputs []input, actor term.Actor, source string) error {
	for _, in := range inputs {
		if !in.news || in.again {
			continue
		}
		if err := h.fact(customer.Fact{Kind: customer.Signal, Detail: in.detail, Actor: actor, Source: source}); err != nil {
			return err
		}
	}
	return nil
}
