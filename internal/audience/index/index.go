// Package index holds in memory what conditions look at, so that an audience is
// counted in milliseconds while its author types.
//
// Customers have places, numbered as they are met, in chunks of 65,536. In a
// chunk everything known is a set of places, one bit each: all that is known of a
// country, a plan, an amount, a permission is a number, and a number is a few
// sets, one for each of its bits (column). A condition starts with everybody of a
// chunk and narrows the set clause by clause, in the processor's cache; chunks
// are independent and go over all cores. What happened is kept as minutes, a
// customer's side by side (arena), and only looked at for those whom the other
// clauses left over.
//
// The index is derived: places are never stored, and it is read anew at start
// (Keeper). It follows the log of changed customers, and a wheel of instants for
// what changes by time alone. It may be a second behind; whoever sends asks the
// gate again for each customer.
package index

import (
	"slices"
	"sync"

	"candor/internal/clock"
	"candor/internal/id"
)

// maxTexts bounds the different values of one text column, and maxLabels the
// pairs of currency and family. Over them the index does not answer.
const (
	maxTexts  = 1 << 16
	maxLabels = 1 << 16
)

// Index holds the customers of one business. It is safe for concurrent use.
type Index struct {
	mu      sync.RWMutex
	layout  layout
	chunks  []*chunk
	ids     []id.Customer       // by place
	sorted  int                 // the places before this are in the order of ids
	tail    map[id.Customer]int // the places after
	wheel   wheel
	removed int
}

// chunk is a part of the customers.
type chunk struct {
	live    Set
	columns []*column
	events  []arena
}

// layout numbers what is held, and the values that are not numbers.
type layout struct {
	columns map[string]int
	texts   map[int]map[string]uint64
	wide    map[int]bool // columns with too many texts
	states  []State      // by number - 1
	codes   map[State]uint64
	events  map[string]int
	kinds   []EventKind
	labels  []Label
	labelNo map[Label]uint16
	crowded bool // too many labels
}

// EventKind says what is kept of an event besides its time.
type EventKind struct {
	Name          string
	Money, Family bool
}

// Label is what an event says besides its time and amount.
type Label struct{ Currency, Family string }

// State is what a standing allows at the moment, and why no more.
type State struct {
	Ops     int64
	Reasons string
	Rules   int64
}

// Row is what is held of one customer.
type Row struct {
	Customer id.Customer
	Values   []Value
	Events   [][]Happening // by number of the event
	Next     clock.Instant // when the row changes by itself; clock.Never when it does not
}

// Value is a number in a column; see Column, Text, State and Signed.
type Value struct {
	Column int
	Number uint64
}

// New makes an empty index of customers to whom these events may happen.
func New(events []EventKind) *Index {
	x := &Index{tail: map[id.Customer]int{}, layout: layout{
		columns: map[string]int{}, texts: map[int]map[string]uint64{}, wide: map[int]bool{}, codes: map[State]uint64{},
		events: map[string]int{}, kinds: events, labels: []Label{{}}, labelNo: map[Label]uint16{{}: 0},
	}}
	for i, e := range events {
		x.layout.events[e.Name] = i
	}
	return x
}

// Column gives the number of a column, made when it is new. Only the keeper's
// goroutine, or whoever fills an index, asks for it, and for what follows.
func (x *Index) Column(name string) int {
	n, ok := x.layout.columns[name]
	if !ok {
		x.mu.Lock()
		defer x.mu.Unlock()
		n = len(x.layout.columns)
		x.layout.columns[name] = n
		x.layout.texts[n] = map[string]uint64{}
	}
	return n
}

// Text gives the number of a text in a column; 0 for the empty one.
func (x *Index) Text(column int, text string) uint64 {
	known := x.layout.texts[column]
	if n, ok := known[text]; ok || text == "" {
		return n
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(known) == maxTexts {
		x.layout.wide[column] = true
		return 0
	}
	known[text] = uint64(len(known) + 1)
	return known[text]
}

// State gives the number of a state.
func (x *Index) State(s State) uint64 {
	if n, ok := x.layout.codes[s]; ok {
		return n
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.layout.states = append(x.layout.states, s)
	x.layout.codes[s] = uint64(len(x.layout.states))
	return x.layout.codes[s]
}

// Label gives the number of a label.
func (x *Index) Label(l Label) uint16 {
	if n, ok := x.layout.labelNo[l]; ok {
		return n
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.layout.labels) == maxLabels {
		x.layout.crowded = true
		return 0
	}
	n := uint16(len(x.layout.labels))
	x.layout.labels = append(x.layout.labels, l)
	x.layout.labelNo[l] = n
	return n
}

// Event gives the number of an event.
func (x *Index) Event(name string) (int, bool) {
	n, ok := x.layout.events[name]
	return n, ok
}

// Put holds these rows, in place of what was held of the same customers.
func (x *Index) Put(rows ...Row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range rows {
		x.put(&rows[i])
	}
}

func (x *Index) put(r *Row) {
	place, known := x.place(r.Customer)
	if !known {
		place = x.newPlace(r.Customer)
	}
	c, p := x.chunks[place/ChunkSize], place%ChunkSize
	if known {
		if !c.live.Has(p) {
			x.removed--
		}
		c.clear(p)
	}
	c.live.add(p)
	for _, v := range r.Values {
		c.column(v.Column).set(p, v.Number)
	}
	for i, list := range r.Events {
		if len(list) > 0 {
			sortHappenings(list)
			k := x.layout.kinds[i]
			c.events[i].set(p, list, k.Money, k.Money || k.Family)
		}
	}
	x.wheel.add(r.Next, place)
}

// remove forgets a customer.
func (x *Index) remove(c id.Customer) {
	place, ok := x.place(c)
	if !ok || !x.chunks[place/ChunkSize].live.Has(place%ChunkSize) {
		return
	}
	x.chunks[place/ChunkSize].clear(place % ChunkSize)
	x.removed++
}

// clear forgets what is held at a place.
func (c *chunk) clear(place int) {
	c.live.remove(place)
	for _, col := range c.columns {
		if col != nil {
			col.set(place, 0)
		}
	}
	for i := range c.events {
		c.events[i].set(place, nil, false, false)
	}
}

func (c *chunk) column(n int) *column {
	for n >= len(c.columns) {
		c.columns = append(c.columns, nil)
	}
	if c.columns[n] == nil {
		c.columns[n] = new(column)
	}
	return c.columns[n]
}

// place finds a customer: by halving among those read at start, who are in the
// order of their ids, or in the map of those who came since.
func (x *Index) place(c id.Customer) (int, bool) {
	if at, ok := slices.BinarySearch(x.ids[:x.sorted], c); ok {
		return at, true
	}
	at, ok := x.tail[c]
	return at, ok
}

func (x *Index) newPlace(c id.Customer) int {
	place := len(x.ids)
	if place%ChunkSize == 0 {
		if place > 0 {
			x.chunks[place/ChunkSize-1].pack()
		}
		x.chunks = append(x.chunks, &chunk{events: make([]arena, len(x.layout.kinds))})
	}
	x.ids = append(x.ids, c)
	if x.sorted == place && (place == 0 || x.ids[place-1] < c) {
		x.sorted++
	} else {
		x.tail[c] = place
	}
	return place
}

// pack gives back the room that filling a chunk left over.
func (c *chunk) pack() {
	for i := range c.events {
		if c.events[i].spans != nil {
			c.events[i].pack()
		}
	}
}

// pack is the last step of filling an index.
func (x *Index) pack() {
	for _, c := range x.chunks {
		c.pack()
	}
}

// Size is how many customers are held.
func (x *Index) Size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.ids) - x.removed
}

// worn reports whether so many came or went since the start that reading all
// anew is worth it.
func (x *Index) worn() bool { return len(x.tail)+x.removed > x.sorted/4+ChunkSize }
