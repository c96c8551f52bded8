package gate

import (
	"encoding/json"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/term"
)

// kept is what a joining would lose: it makes undoing possible.
type kept struct {
	Records []keptRecord          `json:"records"`
	Traits  []customer.TraitValue `json:"traits"`  // the visitor's
	Covered []customer.TraitValue `json:"covered"` // the customer's, where the visitor had some too
	Ended   []ended               `json:"ended"`   // agreements of the customer that the visitor's noes ended
}

// keptRecord is a whole consent record, with what its own JSON leaves out.
type keptRecord struct {
	consent.Record
	Entry id.Entry `json:"entry"`
	Salt  []byte   `json:"salt"`
	Prev  []byte   `json:"prev"`
	Hash  []byte   `json:"hash"`
}

// ended names an agreement and the record that ended it.
type ended struct {
	Yes id.Record `json:"yes"`
	No  id.Record `json:"no"`
}

// merged is a row of the table.
type merged struct {
	origin    id.Customer
	at, since clock.Instant
	kept      kept
}

// mergeLocked joins what a visitor said to what the customer they turned out to
// be said: of two choices the more protective holds until the person decides
// (PRF-08). Every no is kept; a yes is not carried over, since linking two
// profiles is not consent. The visitor's own records are put by. What the gate
// derived about the visitor goes. The caller has locked both and works out the
// standing of into afterwards.
func (g *Gate) mergeLocked(tx *db.Tx, from, into id.Customer) error {
	h, err := g.hold(tx, into)
	if err != nil {
		return err
	}
	visitor, err := customer.Get(tx, from)
	if err != nil {
		return err
	}
	m := merged{origin: from, at: h.at, since: visitor.CreatedAt}
	said, err := consent.Of(tx, from)
	if err != nil {
		return err
	}
	for _, r := range said {
		m.kept.Records = append(m.kept.Records, keptRecord{r, r.Entry, r.Salt, r.Prev, r.Hash})
	}
	if err := h.takeNoes(said, &m.kept); err != nil {
		return err
	}
	facts, err := customer.FactsOf(tx, from)
	if err != nil {
		return err
	}
	if err := h.takeProtections(from, facts); err != nil {
		return err
	}
	if err := m.traits(tx, from, into); err != nil {
		return err
	}
	if err := m.insert(tx, from, into); err != nil {
		return err
	}
	if _, err := g.ledger.Append(tx, KindMerge, h.at, map[string]any{"what": "joined", "records": len(said)}); err != nil {
		return err
	}
	if err := h.flush(g, tx); err != nil {
		return err
	}
	if _, err := (consent.Source{}).Erase(tx.Context(), tx, from); err != nil {
		return err
	}
	_, err = Traces{}.Erase(tx.Context(), tx, from)
	return err
}

// takeNoes records each no of the visitor, and notes what it ended.
func (h *hold) takeNoes(said []consent.Record, k *kept) error {
	for _, r := range said {
		if !r.Counts() || !r.Kind.Lowers() {
			continue
		}
		a := r.Act
		a.Source = "merge"
		before := consent.StateOf(h.facts.Records, a.Key())
		no, err := h.record(a)
		if err != nil {
			return err
		}
		if before.Status == consent.Agreed {
			k.Ended = append(k.Ended, ended{before.Rests.ID, no.ID})
		}
	}
	return nil
}

// takeProtections repeats what protects the visitor and what the customer's own,
// later facts would hide: an objection, a restriction, an age. They are the
// visitor's still, by their origin.
func (h *hold) takeProtections(from id.Customer, facts []customer.Fact) error {
	latest := map[factKey]customer.Fact{}
	for _, f := range facts {
		latest[keyOf(f)] = f
	}
	own := map[factKey]customer.Fact{}
	for _, f := range h.facts.Facts {
		own[keyOf(f)] = f
	}
	for _, f := range facts {
		k := keyOf(f)
		mine, has := own[k]
		if latest[k].ID != f.ID || !has || !protects(f, mine, h.at) {
			continue
		}
		f.ID, f.Source, f.Origin = 0, "merge", from
		if err := h.fact(f); err != nil {
			return err
		}
	}
	return nil
}

// protects reports whether a visitor's fact is more protective than the
// customer's own of the same key.
func protects(f, own customer.Fact, at clock.Instant) bool {
	if f.Kind == customer.Age {
		return customer.Band(f.Value()).Protects(customer.Band(own.Value()))
	}
	_, blocks := blocks[f.Kind]
	return blocks && f.Value() != customer.Off && (f.Until == 0 || f.Until > at) && own.Value() == customer.Off
}

func (m *merged) traits(tx *db.Tx, from, into id.Customer) (err error) {
	if m.kept.Traits, err = customer.TraitValuesOf(tx, from); err != nil || len(m.kept.Traits) == 0 {
		return err
	}
	own, err := customer.TraitValuesOf(tx, into)
	for _, v := range own {
		if slices.ContainsFunc(m.kept.Traits, func(x customer.TraitValue) bool { return x.Field == v.Field }) {
			m.kept.Covered = append(m.kept.Covered, v)
		}
	}
	return err
}

// insert writes the row, with those of visitors who had been joined before.
func (m merged) insert(tx *db.Tx, from, into id.Customer) error {
	text, err := json.Marshal(m.kept)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`insert into merged (customer_id, origin, at, since, kept)
		select $2, origin, at, since, kept from merged where customer_id = $1`, from, into); err != nil {
		return err
	}
	_, err = tx.Exec(`insert into merged (customer_id, origin, at, since, kept) values ($1, $2, $3, $4, $5)`,
		into, m.origin, m.at, m.since, string(text))
	return err
}

func mergedInto(tx *db.Tx, c id.Customer) ([]merged, error) {
	rows, err := tx.Query(`select origin, at, since, kept from merged where customer_id = $1 order by at, origin`, c)
	return db.Collect(rows, err, func(scan db.Scan) (m merged, err error) {
		var text string
		if err = scan(&m.origin, &m.at, &m.since, &text); err == nil {
			err = json.Unmarshal([]byte(text), &m.kept)
		}
		return m, err
	})
}

// Split undoes the joining of a visitor: identities, events, facts, traits and
// consent records that came from them are theirs again, as they were, and an
// agreement of the customer's that only the joining ended is usable again,
// unless the person decided since. It returns NOT_FOUND when nothing was joined.
func (g *Gate) Split(tx *db.Tx, from, origin id.Customer) error {
	h, err := g.hold(tx, from)
	if err != nil {
		return err
	}
	list, err := mergedInto(tx, from)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(m merged) bool { return m.origin == origin })
	if at < 0 {
		return errs.New(errs.NotFound, "not_joined", "no such profile was joined to this customer")
	}
	m := list[at]
	if err := customer.Insert(tx, []customer.Customer{{ID: origin, Rev: 1, CreatedAt: m.since}}); err != nil {
		return err
	}
	if err := event.MoveBack(tx, from, origin); err != nil {
		return err
	}
	if err := customer.MoveBack(tx, from, origin); err != nil {
		return err
	}
	if err := m.giveBackTraits(tx, from, origin); err != nil {
		return err
	}
	for _, r := range m.kept.Records {
		r.Record.Customer, r.Record.Entry, r.Record.Salt, r.Record.Prev, r.Record.Hash = origin, r.Entry, r.Salt, r.Prev, r.Hash
		if err := consent.Insert(tx, r.Record); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`delete from merged where customer_id = $1 and origin = $2`, from, origin); err != nil {
		return err
	}
	if _, err := g.ledger.Append(tx, KindMerge, h.at, map[string]any{"what": "parted", "records": len(m.kept.Records)}); err != nil {
		return err
	}
	return g.settleParted(tx, h, m)
}

// settleParted restores the agreements that the joining ended and works out the
// standing of both.
func (g *Gate) settleParted(tx *db.Tx, h *hold, m merged) error {
	for _, e := range m.kept.Ended {
		i := slices.IndexFunc(h.facts.Records, func(r consent.Record) bool { return r.ID == e.Yes })
		if i < 0 {
			continue
		}
		a := h.facts.Records[i].Act
		if consent.StateOf(h.facts.Records, a.Key()).Rests.ID != e.No {
			continue // the person decided since
		}
		a.Source, a.AssertedAt, a.Actor = "split", min(a.AssertedAt, h.facts.Records[i].RecordedAt), term.ByEngine
		if _, err := h.put(a); err != nil {
			return err
		}
	}
	h.facts.Facts = slices.DeleteFunc(h.facts.Facts, func(f customer.Fact) bool { return f.Origin == m.origin })
	if _, err := h.settle(); err != nil {
		return err
	}
	return g.restand(tx, []id.Customer{m.origin})
}

// giveBackTraits: what the visitor's sources said goes back, and what it covered
// is believed again.
func (m merged) giveBackTraits(tx *db.Tx, from, origin id.Customer) error {
	now, err := customer.TraitValuesOf(tx, from)
	if err != nil || len(m.kept.Traits) == 0 {
		return err
	}
	own := slices.Clone(m.kept.Covered)
	for _, v := range m.kept.Traits {
		for _, n := range now {
			theirs := func(x customer.TraitValue) bool { return x.Field == n.Field && x.Source == n.Source }
			if n.Field == v.Field && !slices.ContainsFunc(m.kept.Traits, theirs) && !slices.ContainsFunc(own, theirs) {
				own = append(own, n)
			}
		}
		if err := customer.DeleteTrait(tx, from, &charter.Field{ID: v.Field, Slot: v.Slot}); err != nil {
			return err
		}
	}
	theirs := slices.Clone(m.kept.Traits)
	for i := range theirs {
		theirs[i].Customer = origin
	}
	for i := range own {
		own[i].Customer = from
	}
	_, err = customer.SetTraits(tx, append(theirs, own...))
	return err
}
