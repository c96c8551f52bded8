package index

import "math"

// column holds a whole number for each customer of a chunk, bit by bit: slice b
// is the set of those whose number has bit b (a bit-sliced index: O'Neil and
// Quass, "Improved Query Performance with Variant Indexes", 1997). A slice that
// nobody is in is nil, so a column costs as many bits a customer as its numbers
// differ in. Number 0 stands for "not known".
type column struct{ slices [64]*Set }

// set gives the customer at a place a number.
func (c *column) set(place int, number uint64) {
	for b := range c.slices {
		switch {
		case number>>b&1 == 1:
			if c.slices[b] == nil {
				c.slices[b] = new(Set)
			}
			c.slices[b].add(place)
		case c.slices[b] != nil:
			c.slices[b].remove(place)
		}
	}
}

// get is the number of the customer at a place.
func (c *column) get(place int) (number uint64) {
	for b, slice := range c.slices {
		if slice != nil && slice.Has(place) {
			number |= 1 << b
		}
	}
	return number
}

// equal leaves in s those with this number.
func (c *column) equal(number uint64, s *Set) {
	for b, slice := range c.slices {
		switch {
		case number>>b&1 == 0:
			if slice != nil {
				s.Drop(slice)
			}
		case slice != nil:
			s.Keep(slice)
		default:
			*s = Set{}
			return
		}
	}
}

// atMost leaves in s those whose number is not above a limit. From the highest
// bit down, a customer is undecided while their bits are those of the limit, and
// below it once the limit has a bit that they have not.
func (c *column) atMost(limit uint64, s *Set) {
	for i, undecided := range s {
		if undecided == 0 {
			continue
		}
		below := uint64(0)
		for b := 63; b >= 0 && undecided != 0; b-- {
			has := uint64(0)
			if slice := c.slices[b]; slice != nil {
				has = slice[i]
			}
			if limit>>b&1 == 1 {
				below |= undecided &^ has
				undecided &= has
			} else {
				undecided &^= has
			}
		}
		s[i] = below | undecided
	}
}

// between leaves in s those whose number is one from lo to hi.
func (c *column) between(lo, hi uint64, s *Set) {
	if lo > hi {
		*s = Set{}
		return
	}
	if lo > 0 {
		under := *s
		c.atMost(lo-1, &under)
		s.Drop(&under)
	}
	if hi < math.MaxUint64 {
		c.atMost(hi, s)
	}
}

// each calls fn for each number that somebody in s has, with those who have it.
// It splits the set at one bit after the other.
func (c *column) each(p *pool, s *Set, fn func(number uint64, who *Set)) {
	if !s.Empty() {
		c.split(p, s, 63, 0, fn)
	}
}

func (c *column) split(p *pool, s *Set, b int, number uint64, fn func(uint64, *Set)) {
	for b >= 0 && c.slices[b] == nil {
		b--
	}
	if b < 0 {
		fn(number, s)
		return
	}
	half := p.Take()
	defer p.Give(half)
	*half = *s
	half.Keep(c.slices[b])
	if !half.Empty() {
		c.split(p, half, b-1, number|1<<b, fn)
	}
	*half = *s
	half.Drop(c.slices[b])
	if !half.Empty() {
		c.split(p, half, b-1, number, fn)
	}
}

// Signed gives the number under which a whole number is kept: in the same order,
// and the smallest, which stands for "not known", as 0.
func Signed(n int64) uint64 { return uint64(n) ^ 1<<63 }
