package gate

import (
	"cmp"
	"slices"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/term"
)

// StopAll ends all marketing of a controller to a customer on every channel, in
// one transaction (PRF-02): what was agreed is withdrawn, to everything else the
// customer objects (GDPR 21(2)), profiling for marketing included. It gives the
// records that now stand, those of an earlier no among them.
func (g *Gate) StopAll(tx *db.Tx, c id.Customer, by term.Controller, actor term.Actor, source string) ([]consent.Record, Effects, error) {
	h, err := g.hold(tx, c)
	if err != nil {
		return nil, Effects{}, err
	}
	if by != "" && by != h.law.Controller {
		return nil, Effects{}, errs.New(errs.Invalid, errs.NoBasis, "there is no such brand").On("controller")
	}
	records, err := h.stopAll(actor, source)
	if err != nil {
		return nil, Effects{}, err
	}
	effects, err := h.settle()
	return records, effects, err
}

func (h *hold) stopAll(actor term.Actor, source string) ([]consent.Record, error) {
	var out []consent.Record
	for _, p := range h.law.purposes {
		if !p.marketing {
			continue
		}
		for _, k := range h.stoppable(p) {
			r, err := h.record(consent.Act{Controller: k.Controller, Purpose: k.Purpose, Channel: k.Channel, Recipient: k.Recipient,
				Kind: h.no(k), Method: methodOf(source), Strength: consent.Documented, Actor: actor, Source: source,
				Evidence: "stop everything"})
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// stoppable lists what of a purpose a person can say no to: the purpose itself,
// each channel, and each recipient that it was agreed for.
func (h *hold) stoppable(p *purposeLaw) []consent.Key {
	out := []consent.Key{{Controller: h.law.Controller, Purpose: p.id}}
	for _, ch := range p.channels {
		out = append(out, consent.Key{Controller: h.law.Controller, Purpose: p.id, Channel: ch})
	}
	for _, k := range consent.Keys(h.facts.Records) {
		if k.Controller == h.law.Controller && k.Purpose == p.id && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	// The purpose comes last, since a no to all of it is a no to each part and
	// would hide which parts had been agreed.
	return append(out[1:], out[0])
}

// no is the kind of a no: an agreement is withdrawn, anything else is objected to.
func (h *hold) no(k consent.Key) consent.Kind {
	s := consent.StateOf(h.facts.Records, k)
	if s.Status == consent.Agreed || s.Status == consent.Taken && !s.Pending {
		return consent.Withdrawn
	}
	return consent.Objected
}

func methodOf(source string) consent.Method {
	switch source {
	case "portal":
		return consent.ByPortal
	case "one-click":
		return consent.ByOneClick
	case "gpc":
		return consent.BySignal
	case "link":
		return consent.ByLink
	}
	return consent.ByAPI
}

// EndpointSuppression asks never to write to an address with marketing again.
// The address is given itself, or by its keyed digest as links in messages hold
// it; the digest serves after its customers were erased.
type EndpointSuppression struct {
	Address     customer.Identity
	Endpoint    []byte // digest of use Suppression
	EndpointKey int64  // the version of its key
	Channel     term.Channel
	Controller  term.Controller // "" for every one
	Purpose     term.Purpose    // "" for all marketing
	Reason      string
	Actor       term.Actor
	At          clock.Instant // 0 for now
}

// Endpoint gives the digest by which an address is suppressed, for links.
func (g *Gate) Endpoint(i customer.Identity) keyring.Digest { return g.book.Endpoint(i) }

// Suppress records it and lowers, in the same transaction, every customer who
// holds the address. The record holds a keyed digest and outlives all of them
// (MIN-08).
func (g *Gate) Suppress(tx *db.Tx, s EndpointSuppression) error {
	if s.At == 0 {
		s.At = g.clock.Now()
	}
	sums := [][]byte{s.Endpoint}
	digest := keyring.Digest{KeyID: s.EndpointKey, Sum: s.Endpoint}
	if !s.Address.Value.IsZero() {
		sums, digest = g.book.EndpointsOf(s.Address), g.book.Endpoint(s.Address)
		s.Channel = cmp.Or(s.Channel, s.Address.Kind.Channel())
	}
	row := customer.Suppression{Endpoint: digest, Controller: s.Controller, Channel: s.Channel, Scope: s.Purpose, Reason: s.Reason, At: s.At}
	if err := g.putSuppression(tx, row); err != nil {
		return err
	}
	var holders []id.Customer
	for _, sum := range sums {
		found, err := customer.HoldersOf(tx, sum)
		if err != nil {
			return err
		}
		holders = append(holders, found...)
	}
	slices.Sort(holders)
	for _, c := range slices.Compact(holders) {
		if err := g.suppressFor(tx, c, row, s.Actor); err != nil {
			return err
		}
	}
	return nil
}

// Suppressed gives what an address is suppressed for.
func (g *Gate) Suppressed(tx *db.Tx, i customer.Identity) ([]customer.Suppression, error) {
	return g.book.Suppressions(tx, i)
}

// suppressedEntry is the content of a KindSuppression entry: not the address,
// not its digest.
type suppressedEntry struct {
	Channel    term.Channel    `json:"channel"`
	Controller term.Controller `json:"controller,omitempty"`
	Purpose    term.Purpose    `json:"purpose,omitempty"`
	Reason     string          `json:"reason"`
}

func (g *Gate) putSuppression(tx *db.Tx, s customer.Suppression) error {
	g.journal.Append(tx, journal.Act{Kind: journal.Suppression, Endpoint: s.Endpoint.Sum, EndpointKey: s.Endpoint.KeyID, Controller: s.Controller,
		Purpose: s.Scope, Channel: s.Channel, At: s.At})
	return g.insertSuppression(tx, s)
}

func (g *Gate) insertSuppression(tx *db.Tx, s customer.Suppression) error {
	if err := customer.InsertSuppression(tx, s); err != nil {
		return err
	}
	_, err := g.ledger.Append(tx, KindSuppression, s.At, suppressedEntry{s.Channel, s.Controller, s.Scope, s.Reason})
	return err
}

func (g *Gate) suppressFor(tx *db.Tx, c id.Customer, s customer.Suppression, actor term.Actor) error {
	h, err := g.hold(tx, c)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := h.fact(s.Fact(c, actor, h.at)); err != nil {
		return err
	}
	_, err = h.settle()
	return err
}

// Erasure begins the erasure of a customer.
type Erasure struct {
	Customer id.Customer
	Actor    term.Actor
	Quiet    bool // keep no suppression: the address was never confirmed, nobody asked for silence
	Request  id.Request
	// Replay says that the journal tells of it: what it suppressed follows from
	// the journal too, and is not written there again.
	Replay bool
}

// erasureSource is the source of what an erasure puts on record. The journal
// remembers the erasure itself.
const erasureSource = "erasure"

// BeginErasure stops everything for a customer whose data are to be erased, in
// one transaction: marketing is stopped, the data are restricted, their
// addresses are suppressed for marketing, and the protection journal knows
// before the answer does. The rows go later, step by step.
func (g *Gate) BeginErasure(tx *db.Tx, e Erasure) (Effects, error) {
	h, err := g.hold(tx, e.Customer)
	if err != nil {
		return Effects{}, err
	}
	h.replay = e.Replay
	if !e.Quiet && !e.Replay {
		if _, err := h.stopAll(e.Actor, erasureSource); err != nil {
			return Effects{}, err
		}
		if err := h.suppressEndpoints(e.Actor); err != nil {
			return Effects{}, err
		}
	}
	restriction := customer.Fact{Kind: customer.Restriction, Detail: customer.WithValue(customer.On), Actor: e.Actor, Source: erasureSource}
	if err := h.fact(restriction); err != nil {
		return Effects{}, err
	}
	act := journal.Act{Kind: journal.Erasure, Controller: h.law.Controller, At: h.at, Request: e.Request}
	if err := h.protect(act, !e.Quiet); err != nil {
		return Effects{}, err
	}
	return h.settle()
}

// suppressEndpoints suppresses every address of the customer held for marketing.
func (h *hold) suppressEndpoints(actor term.Actor) error {
	held, err := customer.IdentitiesOf(h.tx, []id.Customer{h.id})
	if err != nil {
		return err
	}
	for _, i := range held[h.id] {
		if len(i.Endpoint) == 0 {
			continue
		}
		s := customer.Suppression{Endpoint: keyring.Digest{KeyID: i.KeyID, Sum: i.Endpoint}, Controller: h.law.Controller,
			Channel: i.Kind.Channel(), Reason: "erasure", At: h.at}
		if err := h.g.putSuppression(h.tx, s); err != nil {
			return err
		}
		if err := h.fact(s.Fact(h.id, actor, h.at)); err != nil {
			return err
		}
	}
	return nil
}
