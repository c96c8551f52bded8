package index

import "math/bits"

// ChunkSize is how many customers one chunk holds.
const ChunkSize = 1 << 16

const words = ChunkSize / 64

// Set is a set of customers of one chunk, a bit each: 8 KB, so that the sets a
// condition needs stay in the processor's cache.
type Set [words]uint64

// Has reports whether a place is in the set.
func (s *Set) Has(place int) bool { return s[place>>6]>>(place&63)&1 == 1 }

func (s *Set) add(place int)    { s[place>>6] |= 1 << (place & 63) }
func (s *Set) remove(place int) { s[place>>6] &^= 1 << (place & 63) }

// Keep leaves those that are in the other set too.
func (s *Set) Keep(o *Set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// Drop leaves those that are not in the other set.
func (s *Set) Drop(o *Set) {
	for i := range s {
		s[i] &^= o[i]
	}
}

// Add takes in those of the other set.
func (s *Set) Add(o *Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

// Count is how many are in the set.
func (s *Set) Count() int64 {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}

// Differ counts those in one of two sets and not in the other.
func (s *Set) Differ(o *Set) int64 {
	n := 0
	for i, w := range s {
		n += bits.OnesCount64(w ^ o[i])
	}
	return int64(n)
}

// Empty reports whether nobody is in the set.
func (s *Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Filter leaves those for whom keep is true, asking in the order of places.
func (s *Set) Filter(keep func(place int) bool) {
	for i, w := range s {
		for rest := w; rest != 0; rest &= rest - 1 {
			if bit := bits.TrailingZeros64(rest); !keep(i<<6 | bit) {
				s[i] &^= 1 << bit
			}
		}
	}
}

// pool lends sets, so that a query makes few.
type pool struct{ free []*Set }

// Take lends a set; what is in it is not said. Give takes it back.
func (p *pool) Take() *Set {
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s
	}
	return new(Set)
}

// Give takes back a set that Take lent.
func (p *pool) Give(s *Set) { p.free = append(p.free, s) }
