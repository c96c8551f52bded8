package gate

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Prompt is a question that the business puts to a person of its own accord: a
// banner, a mail, a call. What a person opens by themselves, such as the
// preference centre or a form, is none.
type Prompt struct {
	Purpose   term.Purpose
	Channel   term.Channel
	Recipient term.Recipient
}

// MayPrompt says from when on a person may be asked: after a no, not before the
// bar of their market has passed, and then once (CON-11). It gives the instant
// asked about when they may be asked now. It returns INVALID for a purpose that
// the charter does not have.
func (g *Gate) MayPrompt(tx *db.Tx, c id.Customer, p Prompt, at clock.Instant) (clock.Instant, error) {
	law, _, err := g.law(tx)
	if err != nil {
		return 0, err
	}
	f := Facts{Customer: c}
	if f.Records, err = consent.Of(tx, c); err != nil {
		return 0, err
	}
	if f.Facts, err = customer.FactsOf(tx, c); err != nil {
		return 0, err
	}
	return promptFrom(f, law, p, at)
}

func promptFrom(f Facts, l *Law, p Prompt, at clock.Instant) (clock.Instant, error) {
	purpose, ok := l.byName[p.Purpose]
	if !ok {
		return 0, errs.New(errs.Invalid, errs.NoBasis, "the charter has no such purpose").On("purpose")
	}
	who := fold(f, l)
	to, _ := purpose.recipient(p.Recipient)
	sale := p.Recipient != "" && !to.Processor
	from := at
	said := false
	for _, r := range f.Records {
		if !r.Counts() || r.Controller != l.Controller || !p.about(r) {
			continue
		}
		if isNo(r.Kind) || said && isPrompt(r.Act) {
			said = true
			from = max(from, who.barred(purpose, at, r.RecordedAt, sale))
		}
	}
	if sale && who.signal != 0 { // an opt-out of sale by the browser's signal
		from = max(from, who.barred(purpose, at, who.signal, true))
	}
	return from, nil
}

// about reports whether a record bears on a question: one about all of the
// purpose does.
func (p Prompt) about(r consent.Record) bool {
	return r.Purpose == p.Purpose && (r.Channel == p.Channel && r.Recipient == p.Recipient || r.Channel == "" && r.Recipient == "")
}

func isNo(k consent.Kind) bool {
	return slices.Contains([]consent.Kind{consent.Refused, consent.Withdrawn, consent.Objected}, k)
}

// isPrompt: somebody was asked who had not acted.
func isPrompt(a consent.Act) bool {
	return a.Kind == consent.Requested && a.Action == "" && a.Method != consent.ByForm && a.Method != consent.ByPortal
}

// barred is when a bar that began with a no is over: with the end of the
// corresponding day, in the zone of the market where that is latest.
func (l *life) barred(p *purposeLaw, at, no clock.Instant, sale bool) clock.Instant {
	r := p.in(l.market(at))
	pack, ok := l.law.packs.Pack(r.Market)
	if !ok {
		pack = l.law.packs.Strict()
	}
	kind := rulepack.Refusal
	if sale {
		kind = rulepack.SaleRefusal
	}
	var over clock.Instant
	for _, z := range r.zones {
		over = max(over, pack.ReaskBar(kind).BarredUntil(clock.DateOf(no.In(z)), z))
	}
	return over
}

// askedTooSoon refuses to put a prompt on record that comes before its time: who
// sends the question asks here first, in the same transaction.
func (h *hold) askedTooSoon(a consent.Act) error {
	if !isPrompt(a) {
		return nil
	}
	from, err := promptFrom(h.facts, h.law, Prompt{a.Purpose, a.Channel, a.Recipient}, h.at)
	if err == nil && from > h.at {
		err = errs.New(errs.Conflict, AskedTooSoon, "the person said no; nobody may ask again before %s", from.Time().UTC().Format("2006-01-02"))
	}
	return err
}
