package audience

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"candor/internal/audience/index"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// What is asked about many people at once is answered from the index while it is
// fresh, and in the database otherwise: each function here has its twin in SQL,
// and reports whether it could answer.

// PlanOf says what an index of the audiences of the charter in force holds: what
// conditions may look at for some purpose.
func PlanOf(store *charter.Store) func(tx *db.Tx) (*index.Plan, error) {
	return func(tx *db.Tx) (*index.Plan, error) {
		c, err := store.Current(tx)
		if err != nil {
			return nil, err
		}
		p := &index.Plan{Version: versionOf(c), Controller: c.Business.ID}
		for _, f := range c.Fields {
			if f.KeepIn == charter.Trait && f.Slot != "" {
				p.Slots = append(p.Slots, f.Slot)
			}
		}
		for i := range c.Events {
			money, family := columnsOf(&c.Events[i])
			p.Events = append(p.Events, index.EventKind{Name: string(c.Events[i].Name), Money: money != "", Family: family})
		}
		for _, f := range c.Families {
			p.Families = append(append(p.Families, f.ID), f.Goods...)
		}
		return p, nil
	}
}

func versionOf(c *charter.Charter) string { return fmt.Sprint(c.Version, " ", c.Hash()) }

// countIndexed is countSQL from the index.
func (f *funnel) countIndexed() ([]stood, bool, error) {
	x, ok := f.service.index.Fresh(versionOf(f.charter), f.at)
	if !ok || f.condition.aged {
		return nil, false, nil
	}
	r := gate.Reach{Purpose: f.condition.purpose, Channel: f.question.Channel, Operation: term.Serve, At: f.at}
	rules, err := f.service.gate.RulesOf(f.charter, r)
	if err != nil {
		return nil, false, err
	}
	out, ok := stoodIn(x, f.condition, r, rules)
	return out, ok, nil
}

// stoodIn groups those who meet a condition by their standing and whether they
// have an address.
func stoodIn(x *index.Index, c *Condition, r gate.Reach, rules int64) ([]stood, bool) {
	all := tally[stood]{}
	ok := x.Scan(func(next func() *index.View) {
		own := map[stood]int64{}
		for v := next(); v != nil; v = next() {
			s := v.Take()
			v.Everybody(s)
			c.root.sift(v, r.At, s)
			v.Each(index.StandingColumn(r.Purpose, r.Channel), s, func(number uint64, who *index.Set) {
				g := stoodOf(v, number, rules)
				v.Each(index.AddressColumn(r.Channel), who, func(number uint64, who *index.Set) {
					g.address = number == 1
					own[g] += who.Count()
				})
			})
			v.Give(s)
		}
		all.add(own)
	})
	var out []stood
	for g, n := range all.counts {
		g.n = n
		out = append(out, g)
	}
	return out, ok
}

// stoodOf is what the standing of a number says.
func stoodOf(v *index.View, number uint64, rules int64) stood {
	state, ok := v.State(number)
	if !ok {
		return stood{current: -1}
	}
	g := stood{ops: gate.Ops(state.Ops), reasons: state.Reasons}
	if state.Rules == rules {
		g.current = 1
	}
	return g
}

// tally adds up what several goroutines counted.
type tally[K comparable] struct {
	mu     sync.Mutex
	counts map[K]int64
}

func (t *tally[K]) add(own map[K]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[K]int64{}
	}
	for k, n := range own {
		t.counts[k] += n
	}
}

// membersIndexed gives the first customers that Members would give.
func (f *funnel) membersIndexed(limit int) ([]id.Customer, bool, error) {
	x, ok := f.service.index.Fresh(versionOf(f.charter), f.at)
	if !ok || f.condition.aged {
		return nil, false, nil
	}
	r := gate.Reach{Purpose: f.condition.purpose, Channel: f.question.Channel, Operation: term.Serve, At: f.at}
	rules, err := f.service.gate.RulesOf(f.charter, r)
	if err != nil {
		return nil, false, err
	}
	out, ok := membersIn(x, f.condition, r, rules, limit)
	return out, ok, nil
}

func membersIn(x *index.Index, c *Condition, r gate.Reach, rules int64, limit int) ([]id.Customer, bool) {
	return x.Page(0, limit, func(v *index.View, s *index.Set) {
		c.root.sift(v, r.At, s)
		permitted(v, r, rules, c.operations(), s)
		leave(v, s, index.AddressColumn(r.Channel), func(number uint64) bool { return number == 1 })
	})
}

// permitted leaves those whose standing allows these operations.
func permitted(v *index.View, r gate.Reach, rules int64, ops []term.Operation, s *index.Set) {
	leave(v, s, index.StandingColumn(r.Purpose, r.Channel), func(number uint64) bool {
		g := stoodOf(v, number, rules)
		return g.current == 1 && !slices.ContainsFunc(ops, func(op term.Operation) bool { return !g.ops.Has(op) })
	})
}

// leave leaves those whose number in a column will do.
func leave(v *index.View, s *index.Set, column string, will func(number uint64) bool) {
	v.Each(column, s, func(number uint64, who *index.Set) {
		if !will(number) {
			s.Drop(who)
		}
	})
}

// differIndexed is differSQL from the index.
func (f *funnel) differIndexed(list []*Condition) ([]int64, bool) {
	x, ok := f.service.index.Fresh(versionOf(f.charter), f.at)
	if !ok || f.condition.aged || slices.ContainsFunc(list, func(c *Condition) bool { return c.aged }) {
		return nil, false
	}
	all := tally[int]{}
	ok = x.Scan(func(next func() *index.View) {
		own := map[int]int64{}
		for v := next(); v != nil; v = next() {
			this, earlier := v.Take(), v.Take()
			v.Everybody(this)
			f.condition.root.sift(v, f.at, this)
			for i, c := range list {
				v.Everybody(earlier)
				c.root.sift(v, f.at, earlier)
				own[i] += this.Differ(earlier)
			}
			v.Give(this)
			v.Give(earlier)
		}
		all.add(own)
	})
	out := make([]int64, len(list))
	for i := range out {
		out[i] = all.counts[i]
	}
	return out, ok
}

// stagesIndexed is countStages from the index.
func (s *Service) stagesIndexed(in *charter.Charter, l *Lifecycle, p term.Purpose, at clock.Instant) (map[int]int64, bool, error) {
	x, ok := s.index.Fresh(versionOf(in), at)
	if !ok || slices.ContainsFunc(l.rules, func(c *Condition) bool { return c.aged }) {
		return nil, false, nil
	}
	r := gate.Reach{Purpose: p, Operation: term.Use, At: at}
	rules, err := s.gate.RulesOf(in, r)
	if err != nil {
		return nil, false, err
	}
	all := tally[int]{}
	ok = x.Scan(func(next func() *index.View) {
		own := map[int]int64{}
		for v := next(); v != nil; v = next() {
			open, one := v.Take(), v.Take()
			v.Everybody(open)
			permitted(v, r, rules, []term.Operation{term.Use}, open)
			for i, rule := range l.rules {
				*one = *open
				rule.root.sift(v, at, one)
				open.Drop(one)
				own[i] += one.Count()
			}
			own[len(l.rules)] += open.Count()
			v.Give(open)
			v.Give(one)
		}
		all.add(own)
	})
	maps.DeleteFunc(all.counts, func(_ int, n int64) bool { return n == 0 })
	return all.counts, ok, nil
}
