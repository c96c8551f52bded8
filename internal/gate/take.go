package gate

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/signal"
)

// takeTries is how often a batch that another writer overtook is worked out
// anew.
const takeTries = 6

// mostArrivals bounds what shares a transaction.
const mostArrivals = 512

// errStale says that what was remembered or read is no longer so.
var errStale = errs.New(errs.Conflict, "overtaken", "somebody else changed the same customers at the same moment; try again")

// Take takes in what sources tell: it finds or makes the customers, seals values
// under their keys, stores events once each, joins a visitor's history to the
// person who showed who they are, records facts and consents, and changes what
// is allowed, all of a batch in one transaction. When it returns, all is on disk.
//
// What is wrong with one arrival is said in its Taken and touches no other. An
// error means that nothing of the batch was stored and it can be sent again.
//
// Small batches that callers bring at the same moment share a transaction.
func (g *Gate) Take(ctx context.Context, list []Arrival) ([]Taken, error) {
	switch {
	case len(list) == 0:
		return nil, nil
	case len(list) > mostArrivals/2:
		return g.take(ctx, list)
	}
	return g.arrivals.ask(ctx, list...)
}

func (g *Gate) take(ctx context.Context, list []Arrival) ([]Taken, error) {
	var err error
	twice := false
	for range takeTries {
		b := &batch{g: g, now: g.clock.Now(), list: list, twice: twice}
		if err = b.prepare(ctx); err != nil {
			return nil, err
		}
		if err = g.db.Write(ctx, b.write); err == nil {
			g.memory.drop(b.changed())
			return b.out, nil
		}
		if errors.Is(err, errToldTwice) {
			twice = true
			continue
		}
		if !errors.Is(err, errStale) && !errors.Is(err, customer.ErrRaced) {
			return nil, err
		}
		g.memory.forget()
	}
	return nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the same customers change too often; nothing was stored, try again")
}

// batch is one attempt to take arrivals in. prepare does everything costly;
// write may run more than once.
type batch struct {
	g       *Gate
	now     clock.Instant
	list    []Arrival
	ids     [][]named
	charter *charter.Charter
	keep    *event.Keep
	planner *planner
	relied  map[id.Customer]bool // customers that exist, and whether they were known
	base    []Taken              // what is settled before the transaction
	out     []Taken
	said    []said
	touched map[id.Customer]bool // whose standing may change
	twice   bool                 // some of the events are known to be there already

	events []event.Row
	owner  []int              // of each event: its arrival
	heard  map[event.Key]bool // events of which something follows, each told once
	values []valueOf
	sealed []vault.Sealed
	traits []customer.TraitValue
}

// said is a fact or an act of a customer, in the order of arrival.
type said struct {
	arrival  int
	customer id.Customer
	fact     customer.Fact
	act      consent.Act
	isAct    bool
	signals  []signal.Said
	after    event.Key // only when this event is new; zero always
}

func (b *batch) prepare(ctx context.Context) error {
	if err := b.work(ctx, nil); err != nil {
		return err
	}
	apart, err := b.unlinkable(ctx)
	if err == nil && len(apart) > 0 {
		err = b.work(ctx, apart)
	}
	if err != nil {
		return err
	}
	b.base = make([]Taken, len(b.list))
	b.touched, b.heard = map[id.Customer]bool{}, map[event.Key]bool{}
	for i := range b.list {
		b.arrive(i)
	}
	for _, m := range b.planner.plan.merges {
		b.touched[m.into] = true
	}
	for _, c := range b.planner.plan.claims {
		if c.who.Kind.Names() {
			b.touched[c.to] = true
		}
	}
	return b.seal(ctx)
}

// work plans who the batch is about, joining none of those that are to stay apart.
func (b *batch) work(ctx context.Context, apart map[merge]bool) error {
	b.planner = &planner{holders: map[string][]id.Customer{}, people: map[id.Customer]*person{}, erased: map[string]clock.Instant{},
		apart: apart, now: b.now, make: id.NewCustomer}
	if err := b.resolve(ctx); err != nil {
		return err
	}
	b.relied = make(map[id.Customer]bool, len(b.planner.people))
	for c, who := range b.planner.people {
		b.relied[c] = who.known
	}
	for i := range b.list {
		b.planner.take(&b.list[i], b.ids[i])
	}
	return nil
}

// resolve finds the holders of all identities of the batch, from memory or in
// one query.
func (b *batch) resolve(ctx context.Context) error {
	var all []named
	var direct []id.Customer
	b.ids = make([][]named, len(b.list))
	for i := range b.list {
		for _, x := range b.list[i].Identities {
			b.ids[i] = append(b.ids[i], b.g.name(x))
		}
		all = append(all, b.ids[i]...)
		if c := b.list[i].Customer; c != 0 {
			direct = append(direct, c)
		}
	}
	mark := b.g.memory.mark()
	missing := b.g.memory.recall(b.planner, all, b.now)
	_, c, err := b.g.lawNow(ctx)
	if err != nil {
		return err
	}
	b.charter = c
	if len(missing)+len(direct) > 0 {
		if err := b.g.db.Read(ctx, func(tx *db.Tx) error { return lookUp(tx, b.planner, missing, direct) }); err != nil {
			return err
		}
	}
	b.g.memory.learn(b.planner, missing, b.now, mark)
	b.keep, err = b.g.keepOf(b.charter)
	return err
}

// name works out an identity's digests.
func (g *Gate) name(x customer.Identity) named {
	n := named{Identity: x, role: x.Role()}
	for _, d := range g.book.Digests(x) {
		n.sums = append(n.sums, d.Sum)
	}
	n.key = string(n.sums[0])
	return n
}

// write stores the batch.
func (b *batch) write(tx *db.Tx) error {
	b.out = slices.Clone(b.base)
	for i := range b.out {
		b.out[i].Notes = slices.Clone(b.base[i].Notes)
	}
	if err := b.lock(tx); err != nil {
		return err
	}
	if err := b.people(tx); err != nil {
		return err
	}
	fresh, err := b.happen(tx)
	if err != nil {
		return err
	}
	b.count(fresh)
	if err := b.keepValues(tx); err != nil {
		return err
	}
	if err := b.publishCorrections(tx); err != nil {
		return err
	}
	if err := b.g.outbox.Changed(tx, b.told()...); err != nil {
		return err
	}
	return b.record(tx, fresh)
}

// told lists everybody the batch changes anything of.
func (b *batch) told() []id.Customer {
	list := append(b.toLock(), b.planner.plan.fresh...)
	for i := range b.events {
		list = append(list, b.events[i].Customer)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// errToldTwice says that some of a batch's events are there already.
var errToldTwice = errs.New(errs.Conflict, "told_twice", "some of these events are there already")

// happen stores the events and gives the keys of those that are new. Events are
// rarely told twice, so which ones were is asked only when some were.
func (b *batch) happen(tx *db.Tx) (map[event.Key]bool, error) {
	if b.twice {
		return event.Insert(tx, b.events)
	}
	all, err := event.InsertNew(tx, b.events)
	if err != nil || !all {
		return nil, cmp.Or(err, error(errToldTwice))
	}
	fresh := make(map[event.Key]bool, len(b.events))
	for i := range b.events {
		fresh[b.events[i].Key()] = true
	}
	return fresh, nil
}

// lock locks the customers that change, in ascending order, and then checks
// that everybody relied on is as planned.
func (b *batch) lock(tx *db.Tx) error {
	changing := b.toLock()
	locked, err := customer.LockAll(tx, changing)
	if err != nil {
		return err
	}
	if len(locked) < len(changing) {
		return errStale
	}
	ids := make([]id.Customer, 0, len(b.relied))
	for c := range b.relied {
		ids = append(ids, c)
	}
	slices.Sort(ids)
	rows, err := customer.ByID(tx, ids)
	if err != nil {
		return err
	}
	for _, c := range ids {
		row, ok := rows[c]
		if !ok || row.Known != b.relied[c] {
			return errStale
		}
	}
	return nil
}

// toLock lists those who exist already and change by more than an event.
func (b *batch) toLock() []id.Customer {
	set := map[id.Customer]bool{}
	add := func(c id.Customer) {
		if _, exists := b.relied[c]; exists {
			set[c] = true
		}
	}
	p := &b.planner.plan
	for c := range b.touched {
		add(c)
	}
	for _, m := range p.merges {
		add(m.from)
		add(m.into)
	}
	for _, r := range p.releases {
		add(r.from)
	}
	for _, c := range p.promoted {
		add(c)
	}
	for _, c := range p.claims {
		add(c.to)
	}
	for _, v := range b.sealed {
		add(v.Customer)
	}
	for _, v := range b.traits {
		add(v.Customer)
	}
	out := make([]id.Customer, 0, len(set))
	for c := range set {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// people makes, joins and names customers as planned.
func (b *batch) people(tx *db.Tx) error {
	p := &b.planner.plan
	rows := make([]customer.Customer, len(p.fresh))
	for i, c := range p.fresh {
		rows[i] = customer.Customer{ID: c, Rev: 1, Known: b.planner.people[c].known, CreatedAt: b.now}
	}
	if err := customer.Insert(tx, rows); err != nil {
		return err
	}
	for _, r := range p.releases {
		for _, sum := range r.who.sums {
			if err := customer.Release(tx, r.from, sum); err != nil {
				return err
			}
		}
	}
	for _, m := range p.merges {
		if err := b.g.join(tx, m); err != nil {
			return err
		}
	}
	for _, c := range p.promoted {
		if err := customer.MakeKnown(tx, c); err != nil {
			return err
		}
	}
	held := make([]customer.Held, len(p.claims))
	for i, c := range p.claims {
		held[i] = b.g.book.Hold(c.who.Identity, c.to, b.sourceOf(c), b.now)
		held[i].First, held[i].Mark = c.first, c.mark
	}
	return customer.Claim(tx, held)
}

// join moves all of a visitor to the person they turned out to be.
func (g *Gate) join(tx *db.Tx, m merge) error {
	if err := event.Move(tx, m.from, m.into); err != nil {
		return err
	}
	if err := g.mergeLocked(tx, m.from, m.into); err != nil {
		return err
	}
	return customer.Move(tx, m.from, m.into)
}

func (b *batch) sourceOf(c claim) string {
	for i, ids := range b.ids {
		for _, n := range ids {
			if n.key == c.who.key && b.planner.plan.targets[i].customer == c.to {
				return sourceName(&b.list[i])
			}
		}
	}
	return ""
}

func (b *batch) count(fresh map[event.Key]bool) {
	seen := make(map[event.Key]bool, len(fresh))
	for i := range b.events {
		k := b.events[i].Key()
		out := &b.out[b.owner[i]]
		if fresh[k] && !seen[k] {
			seen[k] = true
			out.Inserted++
		} else {
			out.Duplicates++
		}
	}
}

// changed lists what the memory must forget after the batch.
func (b *batch) changed() ([]id.Customer, []string) {
	var who []id.Customer
	var keys []string
	p := &b.planner.plan
	for _, c := range p.claims {
		who, keys = append(who, c.to), append(keys, c.who.key)
	}
	for _, r := range p.releases {
		who, keys = append(who, r.from), append(keys, r.who.key)
	}
	for c := range b.touched {
		who = append(who, c)
	}
	if len(p.merges) > 0 {
		for _, list := range b.ids {
			for _, n := range list {
				keys = append(keys, n.key)
			}
		}
		for _, m := range p.merges {
			who = append(who, m.from, m.into)
		}
	}
	return append(who, p.promoted...), keys
}
