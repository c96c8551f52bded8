package index

import (
	"slices"

	"candor/internal/clock"
)

// Happening is one event of a customer as the index keeps it.
type Happening struct {
	Minute uint32 // since 1970, rounded down
	Label  uint16 // currency and family; see Index.Label
	Amount int64
}

// MinuteOf is the minute an instant is in. Comparing minutes with an instant that
// begins one is comparing instants.
func MinuteOf(at clock.Instant) uint32 { return uint32(max(0, int64(at)/perMinute)) }

const perMinute = int64(60_000_000)

// arena holds the events of one name of a chunk's customers side by side. A
// customer whose events change gets a new stretch at the end; the old one is
// dead, and once a third is dead the arena is written anew.
type arena struct {
	spans  []span // by place; nil while nobody has such an event
	dead   int
	minute []uint32
	amount []int64  // nil for events without money
	label  []uint16 // nil for events with neither money nor family
}

type span struct{ from, n uint32 }

// set gives the customer at a place these events, in the order of their minutes.
func (a *arena) set(place int, list []Happening, money, labels bool) {
	if a.spans == nil {
		if len(list) == 0 {
			return
		}
		a.spans = make([]span, ChunkSize)
	}
	a.dead += int(a.spans[place].n)
	a.spans[place] = span{uint32(len(a.minute)), uint32(len(list))}
	for _, h := range list {
		a.minute = append(a.minute, h.Minute)
		if money {
			a.amount = append(a.amount, h.Amount)
		}
		if labels {
			a.label = append(a.label, h.Label)
		}
	}
	if a.dead > 1024 && a.dead > len(a.minute)/3 {
		a.pack()
	}
}

// pack writes the arena anew, in the order of places and without room to spare.
func (a *arena) pack() {
	minute := make([]uint32, 0, len(a.minute)-a.dead)
	var amount []int64
	var label []uint16
	if a.amount != nil {
		amount = make([]int64, 0, cap(minute))
	}
	if a.label != nil {
		label = make([]uint16, 0, cap(minute))
	}
	for i, s := range a.spans {
		a.spans[i].from = uint32(len(minute))
		minute = append(minute, a.minute[s.from:s.from+s.n]...)
		if amount != nil {
			amount = append(amount, a.amount[s.from:s.from+s.n]...)
		}
		if label != nil {
			label = append(label, a.label[s.from:s.from+s.n]...)
		}
	}
	a.minute, a.amount, a.label, a.dead = minute, amount, label, 0
}

// get gives the events of the customer at a place.
func (a *arena) get(place int) (out []Happening) {
	if a.spans == nil {
		return nil
	}
	s := a.spans[place]
	for i := s.from; i < s.from+s.n; i++ {
		h := Happening{Minute: a.minute[i]}
		if a.amount != nil {
			h.Amount = a.amount[i]
		}
		if a.label != nil {
			h.Label = a.label[i]
		}
		out = append(out, h)
	}
	return out
}

// Events is one event's part of a chunk.
type Events struct{ a *arena }

// Minutes gives the minutes in which it happened to the customer at a place, in
// order.
func (e Events) Minutes(place int) []uint32 {
	if e.a == nil || e.a.spans == nil {
		return nil
	}
	s := e.a.spans[place]
	return e.a.minute[s.from : s.from+s.n]
}

// Labels gives, side by side with Minutes, what was said with it.
func (e Events) Labels(place int) []uint16 {
	if e.a == nil || e.a.label == nil {
		return nil
	}
	s := e.a.spans[place]
	return e.a.label[s.from : s.from+s.n]
}

// Amounts gives the amounts, side by side with Minutes.
func (e Events) Amounts(place int) []int64 {
	if e.a == nil || e.a.amount == nil {
		return nil
	}
	s := e.a.spans[place]
	return e.a.amount[s.from : s.from+s.n]
}

func sortHappenings(list []Happening) {
	slices.SortFunc(list, func(a, b Happening) int {
		switch {
		case a.Minute != b.Minute:
			return int(int64(a.Minute) - int64(b.Minute))
		case a.Label != b.Label:
			return int(a.Label) - int(b.Label)
		case a.Amount < b.Amount:
			return -1
		case a.Amount > b.Amount:
			return 1
		}
		return 0
	})
}

// InstantOf is when a minute begins.
func InstantOf(minute uint32) int64 { return int64(minute) * perMinute }

// BeginsMinute reports whether an instant begins a minute.
func BeginsMinute(at int64) bool { return at%perMinute == 0 }
