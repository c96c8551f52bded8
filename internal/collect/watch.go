package collect

import (
	"slices"
	"strings"
	"sync"
	"time"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/strict"
	"candor/internal/term"
)

// Outcome says what became of a message.
type Outcome string

// The outcomes.
const (
	SeenTaken Outcome = "taken"
	SeenHeld  Outcome = "held" // in quarantine
	SeenLeft  Outcome = "left" // nothing in it is declared
	SeenNot   Outcome = "refused"
)

// Seen is a message that arrived while somebody looked: its kind, the names of what
// it held and what became of it, never a value and never who it was about.
type Seen struct {
	At      clock.Instant
	Call    string
	Event   string   // its name, when it is one that a program gives
	Kept    []string // names that the charter declares
	Dropped []string // names that it does not
	Outcome Outcome
	Why     errs.Code
}

const (
	watchFor  = 10 * time.Minute // after somebody looked last
	maxSeen   = 40
	maxShapes = 24 // names of one message
)

// watched are the messages of one source that were seen on this server.
type watched struct {
	until clock.Instant
	list  []Seen // the newest first
	news  chan struct{}
}

// watch remembers what arrives at sources that somebody looks at; of others
// nothing is kept.
type watch struct {
	mu sync.Mutex
	of map[id.Source]*watched
}

// Watch gives what arrived at a source since somebody began to look, the newest
// first, and a channel that is closed when more does. It goes on for ten minutes
// after the last call.
func (c *Collector) Watch(source id.Source) ([]Seen, <-chan struct{}) {
	w := &c.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	now := c.clock.Now()
	for other, one := range w.of {
		if one.until < now {
			delete(w.of, other)
		}
	}
	if w.of[source] == nil {
		if w.of == nil {
			w.of = map[id.Source]*watched{}
		}
		w.of[source] = &watched{news: make(chan struct{})}
	}
	w.of[source].until = now.Add(watchFor)
	return slices.Clone(w.of[source].list), w.of[source].news
}

// looked reports whether somebody looks at a source.
func (c *Collector) looked(source id.Source) bool {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	one := c.watch.of[source]
	return one != nil && c.clock.Now() < one.until
}

func (c *Collector) see(source id.Source, seen Seen) {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	one := c.watch.of[source]
	if one == nil {
		return
	}
	one.list = append([]Seen{seen}, one.list[:min(len(one.list), maxSeen-1)]...)
	close(one.news)
	one.news = make(chan struct{})
}

// sort reads a message and decides what becomes of it.
func (c *Collector) sort(s *sorting, d delivery, raw strict.Raw) error {
	m, err := readMessage(d.call, raw)
	if err == nil && m.sent == 0 {
		m.sent = d.envelope.sent
	}
	taken, held := len(s.arrivals), len(s.held)
	if err == nil {
		err = c.place(s, d, m)
	}
	if !c.looked(d.source.ID) {
		return err
	}
	seen := Seen{At: d.received, Call: string(m.call), Outcome: SeenLeft}
	seen.Event, seen.Kept, seen.Dropped = shapeOf(s.rules, d.source, m)
	switch {
	case err != nil:
		seen.Outcome, seen.Why = SeenNot, errs.CodeOf(err)
	case len(s.held) > held:
		seen.Outcome, seen.Why = SeenHeld, s.held[held].Reason
	case len(s.arrivals) > taken:
		seen.Outcome = SeenTaken
	}
	c.see(d.source.ID, seen)
	return err
}

// shapeOf gives the names in a message: the event's, those that are declared and
// those that are not.
func shapeOf(rules *admission.Rules, source *Source, m message) (event string, kept, dropped []string) {
	is := func(name string) bool {
		_, ok := rules.Field(term.Field(name))
		return ok && source.takesField(term.Field(name))
	}
	data := m.data
	if m.call != identify && m.call != alias {
		var name term.Event
		name, data = eventOf(m)
		e, ok := rules.Event(name)
		event = safeName(string(name))
		is = func(name string) bool {
			if !ok {
				return false
			}
			_, declares := e.Props[name]
			return source.takesEvent(e.Name) && (declares || name == "currency") // which goes with an amount
		}
	}
	names := make([]string, 0, len(data))
	for name := range data {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxShapes)] {
		if is(name) {
			kept = append(kept, name)
		} else {
			dropped = append(dropped, safeName(strings.ToValidUTF8(name, "")))
		}
	}
	return event, kept, slices.Compact(dropped)
}
