package index

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"candor/internal/id"
)

// View is one chunk, for a condition to narrow. It is used by one goroutine.
type View struct {
	x *Index
	n int
	c *chunk
	pool
	refused *atomic.Bool
}

// Scan shows every chunk to one of several workers, each on a goroutine of its
// own: next gives a chunk at a time, and nil when there are none left. The index
// does not change meanwhile. It reports false when the index can't answer what
// was asked of it; the result is then worth nothing.
func (x *Index) Scan(worker func(next func() *View)) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var given atomic.Int64
	refused := new(atomic.Bool)
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(x.chunks)) {
		all.Go(func() {
			v := &View{x: x, refused: refused}
			worker(func() *View {
				v.n = int(given.Add(1)) - 1
				if v.n >= len(x.chunks) || refused.Load() {
					return nil
				}
				v.c = x.chunks[v.n]
				return v
			})
		})
	}
	all.Wait()
	return !refused.Load()
}

// Page gives, in the order of their ids, at most limit customers after one of
// them who are left when pick has narrowed a chunk's set.
func (x *Index) Page(after id.Customer, limit int, pick func(v *View, s *Set)) ([]id.Customer, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var out []id.Customer
	v := &View{x: x, refused: new(atomic.Bool)}
	begin, _ := slices.BinarySearch(x.ids[:x.sorted], after+1)
	for n, c := range x.chunks {
		first, end := n*ChunkSize, min((n+1)*ChunkSize, len(x.ids))
		inOrder := end <= x.sorted
		if inOrder && (end <= begin || len(out) >= limit) {
			continue
		}
		v.n, v.c = n, c
		s := v.Take()
		*s = c.live
		pick(v, s)
		s.Filter(func(p int) bool {
			if x.ids[first+p] > after && (len(out) < limit || !inOrder) {
				out = append(out, x.ids[first+p])
			}
			return true
		})
		v.Give(s)
	}
	slices.Sort(out)
	return out[:min(len(out), limit)], !v.refused.Load()
}

// Everybody fills a set with all customers of the chunk.
func (v *View) Everybody(s *Set) { *s = v.c.live }

// Refuse says that the index can't answer.
func (v *View) Refuse() { v.refused.Store(true) }

// Texts leaves in s those whose text in a column is one of these.
func (v *View) Texts(column string, texts []string, s *Set) {
	n, ok := v.x.layout.columns[column]
	if !ok || v.x.layout.wide[n] {
		v.Refuse()
		return
	}
	out, one := v.Take(), v.Take()
	*out = Set{}
	for _, t := range texts {
		if code := v.x.layout.texts[n][t]; code != 0 {
			*one = *s
			v.at(n).equal(code, one)
			out.Add(one)
		}
	}
	*s = *out
	v.Give(out)
	v.Give(one)
}

// Between leaves in s those whose number in a column is one from lo to hi. Of a
// text that is known the number is at least 1.
func (v *View) Between(column string, lo, hi uint64, s *Set) {
	n, ok := v.x.layout.columns[column]
	if !ok || v.x.layout.wide[n] {
		v.Refuse()
		return
	}
	v.at(n).between(lo, hi, s)
}

// Within is Between for a column that nobody may have a number in: zeros then.
func (v *View) Within(column string, lo, hi uint64, s *Set) {
	n, ok := v.x.layout.columns[column]
	if !ok {
		n = -1
	}
	v.at(n).between(lo, hi, s)
}

// Each calls fn for each number that somebody in s has in a column, with those
// who have it. A column that nobody has a number in is one of zeros.
func (v *View) Each(column string, s *Set, fn func(number uint64, who *Set)) {
	n, ok := v.x.layout.columns[column]
	if !ok {
		n = -1
	}
	v.at(n).each(&v.pool, s, fn)
}

// State gives a state by its number; false for 0, which is none.
func (v *View) State(number uint64) (State, bool) {
	if number == 0 {
		return State{}, false
	}
	return v.x.layout.states[number-1], true
}

// Events gives what is held of an event.
func (v *View) Events(name string) Events {
	n, ok := v.x.layout.events[name]
	if !ok || v.x.layout.crowded {
		v.Refuse()
		return Events{}
	}
	return Events{&v.c.events[n]}
}

// Labels tells of every label, by number, whether it is meant.
func (v *View) Labels(meant func(Label) bool) []bool {
	out := make([]bool, len(v.x.layout.labels))
	for i, l := range v.x.layout.labels {
		out[i] = meant(l)
	}
	return out
}

var nobody = new(column)

func (v *View) at(n int) *column {
	if n < 0 || n >= len(v.c.columns) || v.c.columns[n] == nil {
		return nobody
	}
	return v.c.columns[n]
}
