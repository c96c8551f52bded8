package gate

import (
	"maps"
	"slices"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
)

const (
	// remembered bounds the identities and the customers in memory.
	remembered = 100_000
	// believed is how long a memory is used without looking again. The
	// transaction that relies on it checks it anyway.
	believed = 30 * time.Second
)

// memory holds who has which identity, so that a batch of events of known
// devices needs no look-up. What it says is a guess: the writing transaction
// checks it, and starts over with an empty memory when it was wrong.
type memory struct {
	mu      sync.Mutex
	holders map[string]remember[[]id.Customer]
	people  map[id.Customer]remember[person]
	changes uint64
	dropped map[any]uint64 // when a customer or an identity changed last
	before  uint64         // changes up to here are not in dropped any more
}

type remember[T any] struct {
	what  T
	until clock.Instant
}

func newMemory() *memory {
	return &memory{holders: map[string]remember[[]id.Customer]{}, people: map[id.Customer]remember[person]{}, dropped: map[any]uint64{}}
}

// forget empties the memory.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	m.before = m.changes
	clear(m.holders)
	clear(m.people)
	clear(m.dropped)
}

// drop forgets customers and identities that changed.
func (m *memory) drop(who []id.Customer, keys []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	if len(m.dropped) > remembered {
		m.before = m.changes
		clear(m.dropped)
	}
	for _, c := range who {
		delete(m.people, c)
		m.dropped[c] = m.changes
	}
	for _, k := range keys {
		delete(m.holders, k)
		m.dropped[k] = m.changes
	}
}

func (m *memory) mark() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes
}

// recall puts what is remembered into the planner and gives the identities
// that are not.
func (m *memory) recall(p *planner, ids []named, now clock.Instant) (missing []named) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range ids {
		r, ok := m.holders[n.key]
		if !ok || now > r.until || !m.recallPeople(p, r.what, now) {
			missing = append(missing, n)
			continue
		}
		p.holders[n.key] = r.what
	}
	return missing
}

func (m *memory) recallPeople(p *planner, list []id.Customer, now clock.Instant) bool {
	for _, c := range list {
		if p.people[c] != nil {
			continue
		}
		r, ok := m.people[c]
		if !ok || now > r.until {
			return false
		}
		who := r.what.clone()
		p.people[c] = &who
	}
	return true
}

// learn remembers what was just read, unless it changed since the mark.
func (m *memory) learn(p *planner, ids []named, now clock.Instant, mark uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mark < m.before {
		return
	}
	if len(m.holders) > remembered || len(m.people) > remembered {
		clear(m.holders)
		clear(m.people)
	}
	until := now.Add(believed)
	for _, n := range ids {
		held := p.holders[n.key]
		if len(held) == 0 || m.dropped[n.key] > mark {
			continue
		}
		m.holders[n.key] = remember[[]id.Customer]{slices.Clone(held), until}
		for _, c := range held {
			if who := p.people[c]; who != nil && m.dropped[c] <= mark {
				m.people[c] = remember[person]{who.clone(), until}
			}
		}
	}
}

func (w person) clone() person {
	w.names, w.marked = maps.Clone(w.names), maps.Clone(w.marked)
	return w
}

// lookUp reads, in one transaction and a few queries, who holds identities and
// what the planner needs of them.
func lookUp(tx *db.Tx, p *planner, ids []named, more []id.Customer) error {
	var sums [][]byte
	for _, n := range ids {
		sums = append(sums, n.sums...)
	}
	found, err := customer.Lookup(tx, sums)
	if err != nil {
		return err
	}
	who := slices.Clone(more)
	for _, n := range ids {
		var held []id.Customer
		for _, s := range n.sums {
			for _, c := range found[string(s)] {
				if !slices.Contains(held, c) {
					held = append(held, c)
				}
			}
		}
		p.holders[n.key] = held
		who = append(who, held...)
	}
	slices.Sort(who)
	rows, err := lookUpPeople(tx, p, slices.Compact(who))
	if err != nil {
		return err
	}
	for _, n := range ids { // those who are being erased are nobody
		p.holders[n.key] = slices.DeleteFunc(p.holders[n.key], func(c id.Customer) bool { return p.people[c] == nil })
	}
	return lookUpGraves(tx, p, ids, rows)
}

func lookUpPeople(tx *db.Tx, p *planner, list []id.Customer) (map[id.Customer]customer.Customer, error) {
	rows, err := customer.ByID(tx, list)
	if err != nil {
		return nil, err
	}
	held, err := customer.IdentitiesOf(tx, list)
	if err != nil {
		return nil, err
	}
	signals, err := customer.Having(tx, customer.GPC, list)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		row, ok := rows[c]
		if !ok {
			continue
		}
		who := &person{id: c, known: row.Known, gpc: signals[c], seen: row.SeenDay, names: map[string]bool{}, marked: map[string]bool{}}
		for _, h := range held[c] {
			if h.Kind.Names() && !h.Kind.Endpoint() {
				who.names[string(h.Kind)+":"+h.Namespace] = true
			}
			if h.Mark != customer.MarkNone {
				who.marked[string(h.Digest)] = true
			}
		}
		p.people[c] = who
	}
	return rows, nil
}
