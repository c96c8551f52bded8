package gate

import (
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Wishes are what a customer chose within what is allowed: how personal a
// message may get, how often one may come, and what about. Without a choice the
// least personal level holds (PRF-03).
type Wishes struct {
	Level    string                        // of the charter's dial; the first without a choice
	Rhythm   map[term.Purpose]string       // one that the charter offers
	Unwanted map[term.Purpose][]term.Topic // topics that the person leaves out
	Paused   clock.Instant                 // no advertising until then; 0 for no pause
}

// Wishes reads what a customer chose. A choice that the charter no longer offers
// counts as none.
func (g *Gate) Wishes(tx *db.Tx, c id.Customer) (Wishes, error) {
	facts, err := customer.FactsOf(tx, c)
	if err != nil {
		return Wishes{}, err
	}
	_, ch, err := g.law(tx)
	if err != nil {
		return Wishes{}, err
	}
	return g.WishesIn(ch, facts), nil
}

// WishesIn is what a customer chose, from their facts.
func (g *Gate) WishesIn(c *charter.Charter, facts []customer.Fact) Wishes {
	return wishesOf(facts, c, g.clock.Now())
}

func wishesOf(facts []customer.Fact, c *charter.Charter, now clock.Instant) Wishes {
	w := Wishes{Rhythm: map[term.Purpose]string{}, Unwanted: map[term.Purpose][]term.Topic{}}
	if len(c.Personalisation) > 0 {
		w.Level = c.Personalisation[0].ID
	}
	for _, f := range facts {
		switch f.Kind {
		case customer.Dial:
			if _, ok := levelOf(c, f.Value()); ok {
				w.Level = f.Value()
			}
		case customer.Rhythm:
			w.Rhythm[f.Purpose] = f.Value()
		case customer.Unwanted:
			w.Unwanted[f.Purpose] = nil
			for t := range strings.SplitSeq(f.Value(), ",") {
				if t != "" {
					w.Unwanted[f.Purpose] = append(w.Unwanted[f.Purpose], term.Topic(t))
				}
			}
		case customer.Pause:
			if f.Channel != "" {
				continue // of an address in trouble, not a wish
			}
			w.Paused = 0
			if f.Value() != customer.Off && f.At <= now && now < f.Until {
				w.Paused = f.Until
			}
		}
	}
	return w
}

func levelOf(c *charter.Charter, name string) (int, bool) {
	at := slices.IndexFunc(c.Personalisation, func(l charter.Level) bool { return l.ID == name })
	return at, at >= 0
}

// Lets reports whether the person's level lets a field or an event make a
// message personal. The dial governs what any of its levels names, and nothing
// else.
func (w Wishes) Lets(c *charter.Charter, name string) bool {
	governed := false
	for _, l := range c.Personalisation {
		uses := slices.Contains(l.Uses, name)
		if uses && l.ID == w.Level {
			return true
		}
		governed = governed || uses
	}
	return !governed
}

// Wish is one choice that a customer makes.
type Wish struct {
	Kind    customer.FactKind // Dial, Rhythm, Unwanted or Pause
	Purpose term.Purpose      // of Rhythm and Unwanted
	Value   string            // a level, a rhythm, topics joined by commas; Off ends a pause
	Until   clock.Instant     // of Pause
	// Lower refuses what would let more be done than before: a link from a mail
	// proves nothing about who holds it.
	Lower  bool
	Actor  term.Actor
	Source string
}

// Wish puts a choice on record. It returns INVALID for what the charter does not
// offer, and FORBIDDEN for a Lower wish that raises.
func (g *Gate) Wish(tx *db.Tx, c id.Customer, w Wish) (Effects, error) {
	h, err := g.hold(tx, c)
	if err != nil {
		return Effects{}, err
	}
	if err := h.offered(w); err != nil {
		return Effects{}, err
	}
	if w.Lower && h.raises(w) {
		return Effects{}, errs.New(errs.Forbidden, "step_up", "this lets more be done; show first that it is you, with a code sent to your address")
	}
	f := customer.Fact{Kind: w.Kind, Purpose: w.Purpose, Until: w.Until, Detail: customer.WithValue(w.Value), Actor: w.Actor, Source: w.Source}
	if w.Kind == customer.Pause && w.Value != customer.Off {
		f.Detail = customer.WithValue(customer.On)
	}
	if err := h.fact(f); err != nil {
		return Effects{}, err
	}
	return h.settle()
}

var errNotOffered = errs.New(errs.Invalid, "not_offered", "this choice is not offered")

func (h *hold) offered(w Wish) error {
	p, known := h.charter.Purpose(w.Purpose)
	switch {
	case w.Kind == customer.Dial:
		_, known = levelOf(h.charter, w.Value)
	case w.Kind == customer.Pause:
		known = w.Value == customer.Off || w.Until > h.at
	case !known:
	case w.Kind == customer.Rhythm:
		known = w.Value == "" || RhythmDays(w.Value) > 0 && slices.Contains(p.Rhythm.TheyChoose, w.Value)
	case w.Kind == customer.Unwanted:
		for t := range strings.SplitSeq(w.Value, ",") {
			known = known && (t == "" || slices.ContainsFunc(p.Topics, func(x charter.Topic) bool { return string(x.ID) == t }))
		}
	default:
		known = false
	}
	if !known {
		return errNotOffered
	}
	return nil
}

// raises reports whether a wish lets more be done than now.
func (h *hold) raises(w Wish) bool {
	now := wishesOf(h.facts.Facts, h.charter, h.at)
	switch w.Kind {
	case customer.Dial:
		was, _ := levelOf(h.charter, now.Level)
		to, _ := levelOf(h.charter, w.Value)
		return to > was
	case customer.Pause:
		return now.Paused != 0 && (w.Value == customer.Off || w.Until < now.Paused)
	case customer.Rhythm:
		return RhythmDays(w.Value) < RhythmDays(now.Rhythm[w.Purpose])
	case customer.Unwanted:
		for _, t := range now.Unwanted[w.Purpose] {
			if !slices.Contains(strings.Split(w.Value, ","), string(t)) {
				return true
			}
		}
	}
	return false
}

// RhythmDays is how many days of one message a rhythm stands for; 0 for none.
func RhythmDays(rhythm string) int64 {
	return map[string]int64{"daily": 1, "weekly": 7, "monthly": 30}[rhythm]
}
