package audience

import (
	"math"
	"slices"

	"candor/internal/audience/index"
	"candor/internal/clock"
)

// The third way to evaluate a condition, beside SQL and the person in memory:
// sift leaves in a set of a chunk's customers those who meet the clause. Clauses
// over events come last, so that only those left over are looked up.

func (n all) sift(v *index.View, at clock.Instant, s *index.Set) {
	for _, last := range []bool{false, true} {
		for _, k := range n.kids {
			if onEvents(k) == last && !s.Empty() {
				k.sift(v, at, s)
			}
		}
	}
}

func (n some) sift(v *index.View, at clock.Instant, s *index.Set) {
	open, one := v.Take(), v.Take()
	*open = *s
	for _, last := range []bool{false, true} {
		for _, k := range n.kids {
			if onEvents(k) == last && !open.Empty() {
				*one = *open
				k.sift(v, at, one)
				open.Drop(one)
			}
		}
	}
	s.Drop(open)
	v.Give(open)
	v.Give(one)
}

func (n no) sift(v *index.View, at clock.Instant, s *index.Set) {
	one := v.Take()
	*one = *s
	n.kid.sift(v, at, one)
	s.Drop(one)
	v.Give(one)
}

func (n fixed) sift(_ *index.View, _ clock.Instant, s *index.Set) {
	if !n {
		*s = index.Set{}
	}
}

// sift goes through the rules in their order, each over those whom none before
// held for.
func (n inStage) sift(v *index.View, at clock.Instant, s *index.Set) {
	open, one := v.Take(), v.Take()
	*open = *s
	for _, r := range n.rules {
		if open.Empty() {
			break
		}
		*one = *open
		r.rule.sift(v, at, one)
		open.Drop(one)
		if !r.counts {
			s.Drop(one)
		}
	}
	s.Drop(open)
	v.Give(open)
	v.Give(one)
}

// onEvents reports whether a clause looks at what happened.
func onEvents(n node) bool {
	switch n := n.(type) {
	case all:
		return slices.ContainsFunc(n.kids, onEvents)
	case some:
		return slices.ContainsFunc(n.kids, onEvents)
	case no:
		return onEvents(n.kid)
	case inStage:
		return slices.ContainsFunc(n.rules, func(r stageRule) bool { return onEvents(r.rule) })
	case test:
		return n.value.from != fromField
	}
	return false
}

func (n test) sift(v *index.View, at clock.Instant, s *index.Set) {
	if n.value.from != fromField {
		n.siftEvents(v, at, s)
		return
	}
	slot, kind := n.value.field.Slot, n.value.kind()
	switch {
	case n.known || n.op == ne || n.op == lt || n.op == le:
		v.Between(slot, 1, math.MaxUint64, s) // known
	}
	switch {
	case n.known:
	case kind == KindText && n.op != ne:
		v.Texts(slot, n.texts, s)
	case kind == KindText:
		drop(v, s, func(o *index.Set) { v.Texts(slot, n.texts, o) })
	case kind == KindMoment:
		n.span(at).sift(v, slot, s)
	case n.op == ne:
		drop(v, s, func(o *index.Set) { between(v, slot, n.whole[0], n.whole[0], o) })
	case n.op == in:
		sift := func(o *index.Set) {
			for _, w := range n.whole {
				drop(v, o, func(o *index.Set) { between(v, slot, w, w, o) })
			}
		}
		drop(v, s, sift)
	default:
		lo, hi := bounds(n.op, n.whole[0])
		between(v, slot, lo, hi, s)
	}
}

// bounds gives the whole numbers, but for unset, that compare so with n.
func bounds(o op, n int64) (lo, hi int64) {
	lo, hi = unset+1, math.MaxInt64
	switch o {
	case eq:
		return n, n
	case lt:
		return lo, n - 1
	case le:
		return lo, n
	case gt:
		if n == math.MaxInt64 {
			return 1, 0
		}
		return n + 1, hi
	}
	return max(lo, n), hi
}

// sift leaves those whose moment is known and in the span.
func (m span) sift(v *index.View, slot string, s *index.Set) {
	if !m.outside {
		between(v, slot, m.lo, min(m.hi, m.cap), s)
		return
	}
	between(v, slot, unset+1, m.cap, s)
	drop(v, s, func(o *index.Set) { between(v, slot, m.lo, m.hi, o) })
}

func between(v *index.View, slot string, lo, hi int64, s *index.Set) {
	if lo > hi {
		*s = index.Set{}
		return
	}
	v.Between(slot, index.Signed(lo), index.Signed(hi), s)
}

// drop takes out of s those whom a sieve would leave.
func drop(v *index.View, s *index.Set, sift func(*index.Set)) {
	one := v.Take()
	*one = *s
	sift(one)
	s.Drop(one)
	v.Give(one)
}

// siftEvents looks at the events of each customer that is left. They are kept by
// the minute, which is exact because a window begins with one, and because the
// index holds no event that is still to come.
func (n test) siftEvents(v *index.View, at clock.Instant, s *index.Set) {
	from := n.value.since(at)
	if from > unset+1 && !index.BeginsMinute(from) {
		v.Refuse()
		return
	}
	happened := v.Events(string(n.value.event.Name))
	first := index.MinuteOf(clock.Instant(max(0, from)))
	switch n.value.from {
	case fromCount:
		n.siftCounts(v, happened, first, s)
	case fromSum:
		n.siftSums(v, happened, first, s)
	default:
		n.siftMoments(happened, at, first, s)
	}
}

// window gives the part of ascending minutes that begins with first.
func window(minutes []uint32, first uint32) int {
	i := len(minutes)
	for i > 0 && minutes[i-1] >= first {
		i--
	}
	return i
}

func (n test) siftCounts(v *index.View, e index.Events, first uint32, s *index.Set) {
	holds := n.numbers()
	if n.value.family == "" {
		s.Filter(func(p int) bool {
			m := e.Minutes(p)
			return holds.has(int64(len(m) - window(m, first)))
		})
		return
	}
	meant := v.Labels(func(l index.Label) bool { return slices.Contains(n.value.goods, l.Family) })
	s.Filter(func(p int) bool {
		m, labels := e.Minutes(p), e.Labels(p)
		count := int64(0)
		for i := window(m, first); i < len(m); i++ {
			if meant[labels[i]] {
				count++
			}
		}
		return holds.has(count)
	})
}

func (n test) siftSums(v *index.View, e index.Events, first uint32, s *index.Set) {
	holds := n.numbers()
	meant := v.Labels(func(l index.Label) bool { return l.Currency == n.value.currency })
	s.Filter(func(p int) bool {
		m, labels, amounts := e.Minutes(p), e.Labels(p), e.Amounts(p)
		sum := int64(0)
		for i := window(m, first); i < len(m); i++ {
			if meant[labels[i]] {
				sum += amounts[i]
			}
		}
		return holds.has(sum)
	})
}

func (n test) siftMoments(e index.Events, at clock.Instant, first uint32, s *index.Set) {
	span := n.span(at)
	s.Filter(func(p int) bool {
		m := e.Minutes(p)
		i := window(m, first)
		if i == len(m) {
			return false
		}
		if n.value.from == fromLast {
			i = len(m) - 1
		}
		return span.has(index.InstantOf(m[i]))
	})
}

// numbers is a set of whole numbers: those from lo to hi, the others when outside,
// or those listed.
type numbers struct {
	lo, hi  int64
	outside bool
	listed  []int64
}

// numbers gives those that satisfy the comparison.
func (n test) numbers() numbers {
	switch n.op {
	case in:
		return numbers{listed: n.whole}
	case ne:
		return numbers{lo: n.whole[0], hi: n.whole[0], outside: true}
	}
	lo, hi := bounds(n.op, n.whole[0])
	return numbers{lo: lo, hi: hi}
}

func (n *numbers) has(v int64) bool {
	if n.listed != nil {
		return slices.Contains(n.listed, v)
	}
	return (n.lo <= v && v <= n.hi) != n.outside
}
