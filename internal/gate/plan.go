package gate

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/id"
	"candor/internal/signal"
)

// The planner decides, without a database, who a batch of arrivals is about:
// which customers are made, which identities are given to whom, which visitor's
// history is joined to which person. It never joins two people, and a claim
// changes nobody who is known.

// person is what the planner knows of a customer.
type person struct {
	id     id.Customer
	known  bool
	fresh  bool            // made by this plan
	names  map[string]bool // "user:shop": the namespaces of ids that name the person
	marked map[string]bool // digests of identities that prove nothing
	gpc    bool
	heard  []signal.Said // the signals of the arrival before
	seen   clock.Instant // day of the last positive interaction
	erased clock.Instant // when somebody with one of their ids was erased, before them; or 0
}

// named is an identity with its digests worked out.
type named struct {
	customer.Identity
	key  string // digest under the newest key
	sums [][]byte
	role bool
}

func (n named) space() string { return string(n.Kind) + ":" + n.Namespace }

// naming reports whether the identity is an id that one person alone has.
func (n named) naming() bool { return n.Kind.Names() && !n.Kind.Endpoint() }

// doubts reports whether the customer holds the identity with a mark that says
// it proves nothing.
func (w *person) doubts(n named) bool {
	return slices.ContainsFunc(n.sums, func(s []byte) bool { return w.marked[string(s)] })
}

type merge struct{ from, into id.Customer }

type release struct {
	from id.Customer
	who  named
}

type claim struct {
	to    id.Customer
	who   named
	first bool
	mark  string
}

// plan is what is to be done for a batch. Its order is that of the fields.
type plan struct {
	targets  []target
	fresh    []id.Customer
	releases []release
	merges   []merge
	promoted []id.Customer
	claims   []claim
}

// target is what the plan says of one arrival.
type target struct {
	customer id.Customer   // 0 when nobody
	fresh    bool          // made for this arrival
	merged   id.Customer   // the visitor joined to the customer
	signal   []id.Customer // whom a GPC signal concerns besides the customer
	notes    []Note
	past     bool // belongs to somebody who was erased
}

type planner struct {
	holders map[string][]id.Customer
	people  map[id.Customer]*person
	erased  map[string]clock.Instant // identities nobody holds, of people erased then
	apart   map[merge]bool           // who may not be joined to whom: no purpose allows it
	now     clock.Instant
	make    func() id.Customer
	plan    plan
}

func (p *planner) take(a *Arrival, ids []named) {
	var t target
	if p.past(a, ids) {
		t.past = true
	} else if a.Claim {
		t = p.claimed(a, ids)
	} else {
		t = p.trusted(a, ids)
	}
	p.plan.targets = append(p.plan.targets, t)
}

// claimed finds the device's own profile and nobody else. Those whom the claim
// names are touched by a signal only.
func (p *planner) claimed(a *Arrival, ids []named) target {
	var t target
	for _, n := range ids {
		switch held := p.holders[n.key]; {
		case n.Kind.Names():
			if a.GPC {
				t.signal = append(t.signal, held...)
			}
		case t.customer != 0:
		case len(held) > 0:
			t.customer = held[0]
		default:
			t.customer, t.fresh = p.newPerson(false), true
			p.give(t.customer, n, customer.MarkNone)
		}
	}
	return t
}

func (p *planner) trusted(a *Arrival, ids []named) target {
	var t target
	t.customer = a.Customer
	names := slices.ContainsFunc(ids, func(n named) bool { return n.Kind.Names() })
	if t.customer == 0 {
		p.identify(&t, ids)
	}
	if t.customer == 0 && (names || len(ids) > 0) {
		t.customer, t.fresh = p.newPerson(names), true
	}
	if t.customer == 0 {
		return t
	}
	who := p.people[t.customer]
	if names && !who.known {
		who.known = true
		p.plan.promoted = append(p.plan.promoted, who.id)
	}
	for _, n := range ids {
		p.attach(&t, who, n, names || a.Customer != 0)
	}
	return t
}

// identify finds the customer an arrival is about: by an id that names a
// person, else by an address, else by a device.
func (p *planner) identify(t *target, ids []named) {
	owners := p.owners(ids, named.naming)
	switch {
	case len(owners) > 1:
		t.notes = append(t.notes, Note{NoteAmbiguous, "user_id"})
		fallthrough
	case len(owners) == 1:
		t.customer = owners[0]
		return
	}
	if p.byAddress(t, ids); t.customer != 0 {
		return
	}
	named := slices.ContainsFunc(ids, func(n named) bool { return n.Kind.Names() })
	for _, n := range ids {
		for _, c := range p.holders[n.key] {
			who := p.people[c]
			if n.Kind.Names() || named && (who.known || who.doubts(n)) {
				continue
			}
			t.customer = c
			return
		}
	}
}

// byAddress finds the one person who holds an address. An address of a
// function, and one that several hold, names nobody; then the arrival belongs
// to the customer who is that address and nothing more, if there is one.
func (p *planner) byAddress(t *target, ids []named) {
	holders := p.owners(ids, func(n named) bool { return n.Kind.Endpoint() })
	if len(holders) == 0 {
		return
	}
	sure := len(holders) == 1
	for _, n := range ids {
		if n.Kind.Endpoint() && (n.role || p.people[holders[0]].doubts(n)) {
			sure = false
		}
	}
	var spaces []string
	for _, n := range ids {
		if n.naming() {
			spaces = append(spaces, n.space())
		}
	}
	var fitting []id.Customer
	for _, c := range holders {
		who := p.people[c]
		if sure && !slices.ContainsFunc(spaces, func(s string) bool { return who.names[s] }) || !sure && len(spaces) == 0 && len(who.names) == 0 {
			fitting = append(fitting, c)
		}
	}
	if len(fitting) == 1 {
		t.customer = fitting[0]
		return
	}
	t.notes = append(t.notes, Note{NoteAmbiguous, string(customer.EmailAddress)})
}

// owners gives the distinct holders of the chosen identities, in their order.
func (p *planner) owners(ids []named, choose func(named) bool) []id.Customer {
	var out []id.Customer
	for _, n := range ids {
		if !choose(n) {
			continue
		}
		for _, c := range p.holders[n.key] {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// attach gives one identity of an arrival to the customer it is about, or says
// why not.
func (p *planner) attach(t *target, who *person, n named, named bool) {
	held := p.holders[n.key]
	if slices.Contains(held, who.id) {
		return
	}
	switch {
	case n.Kind.Endpoint():
		mark := customer.MarkNone
		if n.role {
			mark = customer.MarkRole
		}
		p.give(who.id, n, mark)
	case n.naming():
		if len(held) > 0 || who.names[n.space()] {
			t.notes = append(t.notes, Note{NoteAmbiguous, string(n.Kind)})
			return
		}
		p.give(who.id, n, customer.MarkNone)
	case len(held) == 0:
		p.give(who.id, n, customer.MarkNone)
	default:
		p.stitch(t, who, n, p.people[held[0]], named)
	}
}

// stitch joins a visitor's history to the person who showed who they are on the
// same device. A device on which two people did so belongs to neither.
func (p *planner) stitch(t *target, who *person, n named, visitor *person, named bool) {
	switch {
	case visitor.doubts(n):
		if visitor.gpc {
			t.signal = append(t.signal, who.id)
		}
	case p.apart[merge{visitor.id, who.id}]:
		t.notes = append(t.notes, Note{NoteUnlinked, string(n.Kind)})
		if visitor.gpc {
			t.signal = append(t.signal, who.id)
		}
	case !visitor.known:
		if !visitor.fresh {
			t.merged = visitor.id
		}
		p.join(visitor, who)
	case named:
		t.notes = append(t.notes, Note{NoteAmbiguous, string(n.Kind)})
		p.takeBack(visitor.id, n)
		p.holders[n.key] = nil
		other := p.newPerson(false)
		p.give(other, n, customer.MarkShared)
	default:
		t.notes = append(t.notes, Note{NoteAmbiguous, string(n.Kind)})
	}
}

// takeBack takes an identity from a customer, or from the plan when it was only
// about to be given.
func (p *planner) takeBack(c id.Customer, n named) {
	for i, claimed := range p.plan.claims {
		if claimed.to == c && claimed.who.key == n.key {
			p.plan.claims = slices.Delete(p.plan.claims, i, i+1)
			return
		}
	}
	p.plan.releases = append(p.plan.releases, release{c, n})
}

// join makes one customer of a visitor and a person, in the plan and in what
// the plan holds already.
func (p *planner) join(from, into *person) {
	if from.fresh {
		p.plan.fresh = slices.DeleteFunc(p.plan.fresh, func(c id.Customer) bool { return c == from.id })
	} else {
		p.plan.merges = append(p.plan.merges, merge{from.id, into.id})
	}
	swap := func(c *id.Customer) {
		if *c == from.id {
			*c = into.id
		}
	}
	for i := range p.plan.claims {
		swap(&p.plan.claims[i].to)
	}
	for i := range p.plan.merges {
		swap(&p.plan.merges[i].into)
	}
	for i := range p.plan.targets {
		t := &p.plan.targets[i]
		swap(&t.customer)
		for j := range t.signal {
			swap(&t.signal[j])
		}
	}
	for key, held := range p.holders {
		if i := slices.Index(held, from.id); i >= 0 {
			held = slices.Clone(held)
			held[i] = into.id
			p.holders[key] = held
		}
	}
	into.gpc = into.gpc || from.gpc
	into.seen = max(into.seen, from.seen)
	delete(p.people, from.id)
}

func (p *planner) newPerson(known bool) id.Customer {
	c := p.make()
	p.people[c] = &person{id: c, known: known, fresh: true, names: map[string]bool{}, marked: map[string]bool{}}
	p.plan.fresh = append(p.plan.fresh, c)
	return c
}

func (p *planner) give(c id.Customer, n named, mark string) {
	held := p.holders[n.key]
	p.plan.claims = append(p.plan.claims, claim{to: c, who: n, first: len(held) == 0, mark: mark})
	p.holders[n.key] = append(slices.Clone(held), c)
	who := p.people[c]
	if mark != customer.MarkNone {
		who.marked[n.key] = true
	}
	if n.naming() {
		who.names[n.space()] = true
	}
}
