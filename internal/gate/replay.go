package gate

import (
	"bytes"
	"slices"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/term"
)

// replaySource is what is put on record as the source of a protection that came
// back from the journal.
const replaySource = "journal"

// Replay makes an act of the protection journal hold again in a database that
// has forgotten it, and changes nothing in one that has not. It takes all acts
// but erasures, which ErasedAgain finds and the desk for requests does. Where the
// database has never met the person, their addresses are suppressed instead: it
// protects more, and nobody is written to.
func (g *Gate) Replay(tx *db.Tx, a journal.Act) error {
	if a.Customer == 0 || a.Kind == journal.Suppression {
		return g.suppressAgain(tx, a, journal.Name{Digest: a.Endpoint, KeyID: a.EndpointKey, Channel: a.Channel})
	}
	h, err := g.hold(tx, a.Customer)
	if err == nil {
		h.replay = true
		err = h.again(a)
	}
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Invalid) { // unknown person, or a purpose of a later charter
		for _, n := range a.Names {
			if n.Channel == "" || a.Channel != "" && a.Channel != n.Channel {
				continue
			}
			if err := g.suppressAgain(tx, a, n); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}

// again puts one act on record unless something as recent is there.
func (h *hold) again(a journal.Act) error {
	if a.What != "" {
		f := customer.Fact{Kind: customer.FactKind(a.What), Controller: a.Controller, Purpose: a.Purpose, Channel: a.Channel, At: a.At,
			Detail: customer.WithValue(customer.On), Actor: term.ByEngine, Source: replaySource}
		if slices.ContainsFunc(h.facts.Facts, func(k customer.Fact) bool {
			return k.Kind == f.Kind && k.Controller == f.Controller && k.Purpose == f.Purpose && k.Channel == f.Channel && k.RecordedAt >= a.At
		}) {
			return nil
		}
		if err := h.fact(f); err != nil {
			return err
		}
		_, err := h.settle()
		return err
	}
	k := consent.Key{Controller: a.Controller, Purpose: a.Purpose, Channel: a.Channel, Recipient: a.Recipient}
	if slices.ContainsFunc(h.facts.Records, func(r consent.Record) bool { return r.Key() == k && r.RecordedAt >= a.At }) {
		return nil
	}
	kind := consent.Objected
	if a.Kind == journal.Withdrawal {
		kind = h.no(k)
	}
	_, err := h.record(consent.Act{Controller: k.Controller, Purpose: k.Purpose, Channel: k.Channel, Recipient: k.Recipient, Kind: kind,
		Method: consent.ByEngine, Strength: consent.Documented, Actor: term.ByEngine, Source: replaySource, AssertedAt: a.At,
		Evidence: "protection journal"})
	if err != nil {
		return err
	}
	_, err = h.settle()
	return err
}

func (g *Gate) suppressAgain(tx *db.Tx, a journal.Act, n journal.Name) error {
	s := customer.Suppression{Endpoint: keyring.Digest{KeyID: n.KeyID, Sum: n.Digest}, Controller: a.Controller, Channel: n.Channel,
		Scope: a.Purpose, Reason: replaySource, At: a.At}
	kept, err := customer.SuppressionsOf(tx, [][]byte{n.Digest})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(kept[string(n.Digest)], func(k customer.Suppression) bool {
		return k.Controller == s.Controller && k.Channel == s.Channel && k.Scope == s.Scope
	}) {
		if err := g.insertSuppression(tx, s); err != nil {
			return err
		}
	}
	holders, err := customer.HoldersOf(tx, n.Digest)
	if err != nil {
		return err
	}
	for _, c := range holders {
		h, err := g.hold(tx, c)
		if errs.Is(err, errs.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		h.replay = true
		if slices.ContainsFunc(h.facts.Facts, func(k customer.Fact) bool {
			return k.Kind == customer.Suppressed && k.Controller == s.Controller && k.Purpose == s.Scope && k.Channel == s.Channel && k.RecordedAt >= a.At
		}) {
			continue
		}
		if err := h.fact(s.Fact(c, term.ByEngine, h.at)); err != nil {
			return err
		}
		if _, err := h.settle(); err != nil {
			return err
		}
	}
	return nil
}

// ErasedAgain finds, for an erasure that a database has forgotten, the customers
// it has of the person: the one that was erased, and visitors that were joined to
// them after the backup. It keeps what turns away the person's past: the digests
// by which they were found.
func (g *Gate) ErasedAgain(tx *db.Tx, a journal.Act) ([]id.Customer, error) {
	var own [][]byte
	for _, n := range a.Names {
		if n.Channel == "" {
			own = append(own, n.Digest)
		}
	}
	if err := g.bury(tx, a); err != nil {
		return nil, err
	}
	out := []id.Customer{a.Customer}
	found, err := customer.Lookup(tx, own)
	if err != nil {
		return nil, err
	}
	held := map[id.Customer]bool{}
	for _, holders := range found {
		for _, c := range holders {
			held[c] = true
		}
	}
	names, err := customer.IdentitiesOf(tx, sortedIDs(held))
	if err != nil {
		return nil, err
	}
	for c, list := range names {
		// An address may be several people's; any other id is one person's.
		if c != a.Customer && slices.ContainsFunc(list, func(x customer.Held) bool {
			return !x.Kind.Endpoint() && containsSum(own, x.Digest) && x.AddedAt <= a.At
		}) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	present, err := customer.ByID(tx, out)
	return slices.DeleteFunc(out, func(c id.Customer) bool { _, ok := present[c]; return !ok }), err
}

// bury keeps the digests of an erased person for as long as backups last.
func (g *Gate) bury(tx *db.Tx, a journal.Act) error {
	var graves []customer.Grave
	for _, n := range a.Names {
		if n.Channel == "" {
			graves = append(graves, customer.Grave{Digest: n.Digest, KeyID: n.KeyID, ErasedAt: a.At, Until: a.At.Add(customer.GraveLasts)})
		}
	}
	return customer.Bury(tx, graves)
}

func sortedIDs(set map[id.Customer]bool) []id.Customer {
	out := make([]id.Customer, 0, len(set))
	for c := range set {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

func containsSum(list [][]byte, sum []byte) bool {
	return slices.ContainsFunc(list, func(b []byte) bool { return bytes.Equal(b, sum) })
}

// names lists the digests of a customer for the journal: with their ids, or the
// addresses alone.
func (h *hold) names(ids bool) ([]journal.Name, error) {
	held, err := h.identities()
	if err != nil {
		return nil, err
	}
	var out []journal.Name
	for _, i := range held {
		if ids {
			out = append(out, journal.Name{Digest: i.Digest, KeyID: i.KeyID})
		}
		if len(i.Endpoint) > 0 {
			out = append(out, journal.Name{Digest: i.Endpoint, KeyID: i.KeyID, Channel: i.Kind.Channel()})
		}
	}
	return out[:min(len(out), mostNames)], nil
}

// mostNames bounds what one line of the journal holds.
const mostNames = 4000
