package gate

import (
	"maps"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/term"
)

// AddFact puts a fact about a customer on record and changes what is allowed in
// the same transaction. A second positive interaction of a day, a signal that
// is already honoured, and a fact that changes nothing are not written again.
// Lifting a restriction needs the notice that the person was told (GDPR 18(3)):
// CONFLICT without it.
func (g *Gate) AddFact(tx *db.Tx, f customer.Fact) (Effects, error) {
	h, err := g.hold(tx, f.Customer)
	if err != nil {
		return Effects{}, err
	}
	if err := h.fact(f); err != nil {
		return Effects{}, err
	}
	return h.settle()
}

// fact writes one fact of the customer held.
func (h *hold) fact(f customer.Fact) error {
	f.Customer = h.id
	f.RecordedAt = h.factTime()
	if f.At == 0 {
		f.At = h.at
	}
	if f.Kind == customer.Interaction {
		f.At = clock.DateOf(f.At.Time()).Start(time.UTC)
	}
	if h.known(f) {
		return nil
	}
	if f.Kind == customer.Restriction && f.Value() == customer.Off && f.Detail["notice"] == "" {
		return errs.New(errs.Conflict, "restriction_notice", "tell the person before the restriction ends, and name the notice")
	}
	if f.ID == 0 {
		f.ID = id.New[id.Fact]()
	}
	h.writes.facts = append(h.writes.facts, f)
	h.facts.Facts = append(h.facts.Facts, f)
	return h.proveFact(f)
}

// factTime is now, but always later than the customer's facts so far: the order
// of recording decides which fact counts.
func (h *hold) factTime() clock.Instant {
	if n := len(h.facts.Facts); n > 0 {
		return max(h.at, h.facts.Facts[n-1].RecordedAt+1)
	}
	return h.at
}

// known reports whether a fact says nothing new.
func (h *hold) known(f customer.Fact) bool {
	switch f.Kind {
	case customer.Purchase, customer.Contract:
		return f.ID != 0 && h.hasFact(f.ID)
	case customer.Age:
		return h.answered(f)
	case customer.Residence:
		if isHint(f) {
			return h.hinted(f)
		}
	case customer.Interaction:
		for _, k := range h.facts.Facts {
			if k.Kind == f.Kind && k.At == f.At && k.Purpose == f.Purpose {
				return true
			}
		}
		return false
	}
	return h.saidBefore(f)
}

// answered reports whether an age says nothing new. In one session the first
// answer to the question stands: nobody grows older by going back.
func (h *hold) answered(f customer.Fact) bool {
	if f.Detail["method"] == customer.AskedAge {
		for _, k := range h.facts.Facts {
			if k.Kind == customer.Age && k.Detail["method"] == customer.AskedAge && k.Detail["session"] == f.Detail["session"] &&
				customer.Band(k.Value()).Protects(customer.Band(f.Value())) {
				return true
			}
		}
	}
	return h.saidBefore(f)
}

// hinted reports whether the network hinted at the same place that day already.
func (h *hold) hinted(f customer.Fact) bool {
	for _, k := range h.facts.Facts {
		if isHint(k) && k.Value() == f.Value() && clock.DateOf(k.RecordedAt.Time()) == clock.DateOf(h.at.Time()) {
			return true
		}
	}
	return false
}

// saidBefore reports whether the last fact of the same key says the same.
func (h *hold) saidBefore(f customer.Fact) bool {
	for i := len(h.facts.Facts) - 1; i >= 0; i-- {
		k := h.facts.Facts[i]
		if k.Kind != f.Kind || k.Controller != f.Controller || k.Purpose != f.Purpose || k.Channel != f.Channel ||
			k.Detail["evidence"] != f.Detail["evidence"] {
			continue
		}
		if f.Kind == customer.GPC {
			return k.Value() == f.Value()
		}
		if f.Kind == customer.Suppressed && h.askedAgain(f.Channel, k.RecordedAt) {
			return false
		}
		return k.Until == f.Until && maps.Equal(k.Detail, f.Detail) && (k.At == f.At || k.At <= h.at && f.At <= h.at)
	}
	return false
}

// askedAgain reports whether the customer, since then, agreed to messages on a
// channel in a way that lifts a suppression.
func (h *hold) askedAgain(ch term.Channel, since clock.Instant) bool {
	return slices.ContainsFunc(h.facts.Records, func(r consent.Record) bool {
		return r.Counts() && r.Channel == ch && r.RecordedAt > since && provenYes(r)
	})
}

func (h *hold) hasFact(n id.Fact) bool {
	for _, k := range h.facts.Facts {
		if k.ID == n {
			return true
		}
	}
	return false
}

// protections are the facts that must survive a restore of yesterday's backup.
var protections = map[customer.FactKind]journal.Kind{
	customer.Restriction: journal.Restriction, customer.Hold: journal.Restriction, customer.Deceased: journal.Restriction,
	customer.Care: journal.Restriction, customer.GPC: journal.Objection, customer.Objection: journal.Objection,
	customer.Suppressed: journal.Suppression,
}

// protect has the journal remember an act of the customer, with the addresses
// by which a database that never met them can honour it. Of an erasure that
// turns the person's past away it remembers all their ids.
func (h *hold) protect(a journal.Act, bury bool) (err error) {
	if h.replay {
		return nil
	}
	a.Customer = h.id
	if a.Names, err = h.names(bury); err != nil {
		return err
	}
	if bury {
		if err := h.g.bury(h.tx, a); err != nil {
			return err
		}
	}
	h.g.journal.Append(h.tx, a)
	return nil
}

// Stated is the content of a KindFact entry. It holds nobody's id.
type Stated struct {
	Kind    customer.FactKind `json:"kind"`
	Value   string            `json:"value"`
	Purpose string            `json:"purpose,omitempty"`
	Channel string            `json:"channel,omitempty"`
	At      clock.Instant     `json:"at"`
	Until   clock.Instant     `json:"until,omitzero"`
	Source  string            `json:"source,omitempty"`
}

// proveFact has a protecting fact written to the ledger, and to the journal when
// it takes effect.
func (h *hold) proveFact(f customer.Fact) error {
	kind, protects := protections[f.Kind]
	if !protects {
		return nil
	}
	if f.Value() != customer.Off && f.Kind != customer.Suppressed && f.Source != erasureSource {
		err := h.protect(journal.Act{Kind: kind, What: string(f.Kind), Controller: f.Controller, Purpose: f.Purpose, Channel: f.Channel, At: f.RecordedAt}, false)
		if err != nil {
			return err
		}
	}
	_, err := h.prove(KindFact, f.RecordedAt, Stated{f.Kind, f.Value(), string(f.Purpose), string(f.Channel), f.At, f.Until, f.Source})
	return err
}
