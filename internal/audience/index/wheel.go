package index

import (
	"container/heap"

	"candor/internal/clock"
)

// wheel says whose rows change by time alone, and when: a permission that ends,
// a pause that is over, an event that is still to come. Instants are few (most
// are midnights of a market), customers many. A customer whose row changed since
// may stand at an instant that no longer matters; they are read once more then.
type wheel struct {
	instants instants
	places   map[clock.Instant][]uint32
}

// add notes that the customer at a place is to be read again at an instant.
func (w *wheel) add(at clock.Instant, place int) {
	if at == clock.Never {
		return
	}
	if w.places == nil {
		w.places = map[clock.Instant][]uint32{}
	}
	if _, known := w.places[at]; !known {
		heap.Push(&w.instants, at)
	}
	w.places[at] = append(w.places[at], uint32(place))
}

// due reports whether an instant has come.
func (w *wheel) due(now clock.Instant) bool { return len(w.instants) > 0 && w.instants[0] <= now }

// next gives the earliest instant that has come and the places that wait for it.
func (w *wheel) next(now clock.Instant) (clock.Instant, []uint32) {
	if !w.due(now) {
		return 0, nil
	}
	return w.instants[0], w.places[w.instants[0]]
}

// drop takes away the earliest instant: its places have been read again.
func (w *wheel) drop() {
	delete(w.places, heap.Pop(&w.instants).(clock.Instant))
}

// instants is a heap, the earliest on top.
type instants []clock.Instant

func (h instants) Len() int           { return len(h) }
func (h instants) Less(i, j int) bool { return h[i] < h[j] }
func (h instants) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *instants) Push(x any) { *h = append(*h, x.(clock.Instant)) }

// Pop is for container/heap.
func (h *instants) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
