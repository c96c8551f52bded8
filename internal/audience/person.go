package audience

import (
	"slices"

	"candor/internal/clock"
	"candor/internal/term"
)

// Person is what a condition looks at when it is evaluated in memory for one
// customer. A field that is not known is absent.
type Person struct {
	Traits map[term.Field]Trait
	Events []Happening
}

// Trait is a known value: of a text its Text, of everything else its Whole (a
// flag 0 or 1, a moment in microseconds UTC, money in its smallest units).
type Trait struct {
	Text  string
	Whole int64
}

// Happening is one event of the person.
type Happening struct {
	Name     term.Event
	At       clock.Instant
	Amount   int64 // of its money property, in minor units
	Currency string
	Family   string // of its family property
}

func (n all) holds(p *Person, at clock.Instant) bool {
	for _, k := range n.kids {
		if !k.holds(p, at) {
			return false
		}
	}
	return true
}

func (n some) holds(p *Person, at clock.Instant) bool {
	for _, k := range n.kids {
		if k.holds(p, at) {
			return true
		}
	}
	return false
}

func (n no) holds(p *Person, at clock.Instant) bool { return !n.kid.holds(p, at) }
func (n fixed) holds(*Person, clock.Instant) bool   { return bool(n) }

func (n inStage) holds(p *Person, at clock.Instant) bool {
	for _, r := range n.rules {
		if r.rule.holds(p, at) {
			return r.counts
		}
	}
	return false
}

func (n test) holds(p *Person, at clock.Instant) bool {
	if n.value.from == fromField {
		t, known := p.Traits[n.value.field.ID]
		if !known || n.known {
			return known
		}
		if n.value.kind() == KindText {
			return slices.Contains(n.texts, t.Text) != (n.op == ne)
		}
		return n.holdsWhole(t.Whole, at)
	}
	return n.holdsWhole(n.value.over(p.Events, at), at)
}

// holdsWhole compares a known whole number, or a moment that may be unset.
func (n test) holdsWhole(v int64, at clock.Instant) bool {
	if n.value.kind() == KindMoment {
		return n.span(at).has(v)
	}
	if n.op == in {
		return slices.Contains(n.whole, v)
	}
	return compare(v, n.op, n.whole[0])
}

// span gives the moments that satisfy a comparison of moments.
func (n test) span(at clock.Instant) span {
	if n.value.age {
		return ageSpan(n.op, n.whole[0], at)
	}
	return spanOf(n.op, n.whole[0])
}

// over takes the value from the events up to an instant; unset when it is a
// moment and there is none.
func (v value) over(events []Happening, at clock.Instant) int64 {
	var count, sum int64
	first, last := int64(unset), int64(unset)
	from := v.since(at)
	for _, e := range events {
		if e.Name != v.event.Name || e.At > at || int64(e.At) < from {
			continue
		}
		if v.family == "" || slices.Contains(v.goods, e.Family) {
			count++
		}
		if e.Currency == v.currency {
			sum += e.Amount
		}
		if first == unset || int64(e.At) < first {
			first = int64(e.At)
		}
		last = max(last, int64(e.At))
	}
	switch v.from {
	case fromCount:
		return count
	case fromSum:
		return sum
	case fromFirst:
		return first
	}
	return last
}

func compare(a int64, o op, b int64) bool {
	switch o {
	case eq:
		return a == b
	case ne:
		return a != b
	case lt:
		return a < b
	case le:
		return a <= b
	case gt:
		return a > b
	}
	return a >= b
}
