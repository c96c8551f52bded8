package signal

import (
	"slices"
	"strings"
	"time"
)

// Input is one of several that speak of the same purpose, as it is kept.
type Input struct {
	From From      `json:"from"`
	Says string    `json:"says"` // yes or no
	At   time.Time `json:"at"`   // when the person chose so, as far as is known
	// Binding is a no that no order may pass over: the person's own, Global Privacy
	// Control, an opt-out of an American law (SIG-01, SIG-03).
	Binding bool `json:"-"`
}

// What an input says.
const (
	Yes = "yes"
	No  = "no"
)

// Resolution is which input counts, and which lose.
type Resolution struct {
	Counts    Input
	Overruled []Input
}

// Resolve decides between inputs that speak of one purpose. A binding no counts
// whatever the order says. A yes of the person's own counts against a no only when
// it is later. Otherwise the first in the declared order counts. There is at least
// one input.
func Resolve(order []From, inputs []Input) Resolution {
	live := slices.DeleteFunc(slices.Clone(inputs), func(i Input) bool { return outdated(i, inputs) })
	rank := func(i Input) int {
		if i.Binding {
			return slices.Index(order, i.From) - len(order)
		}
		return slices.Index(order, i.From)
	}
	slices.SortStableFunc(live, func(a, b Input) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Says, b.Says) // a no first
	})
	out := Resolution{Counts: live[0]}
	for _, i := range inputs {
		if i.Says != out.Counts.Says {
			out.Overruled = append(out.Overruled, i)
		}
	}
	return out
}

// outdated: a yes of the person's own that is not later than a no.
func outdated(i Input, all []Input) bool {
	return i.From == Explicit && i.Says == Yes && slices.ContainsFunc(all, func(x Input) bool { return x.Says == No && !i.At.After(x.At) })
}
