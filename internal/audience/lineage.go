package audience

import (
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/term"
)

// DerivativeKind is a kind of thing that is made from a field or an event.
type DerivativeKind string

// The kinds of derivatives.
const (
	DerivedField   DerivativeKind = "field"     // computed from it
	InIndex        DerivativeKind = "index"     // in memory, to count audiences
	OfStage        DerivativeKind = "stage"     // whom a stage's rule finds by it
	OfSegment      DerivativeKind = "segment"   // whom a saved condition finds by it
	AtRecipient    DerivativeKind = "recipient" // copies outside
	InCounts       DerivativeKind = "counts"    // numbers of many
	PersonalisedBy DerivativeKind = "messages"  // bodies of messages that showed it
)

// Derivative is something made from a field or an event, and how the deletion of
// a person's value reaches it (MIN-07).
type Derivative struct {
	Kind   DerivativeKind `json:"kind"`
	Name   string         `json:"name,omitempty"`
	People bool           `json:"people"` // it holds something of single people
	Goes   string         `json:"goes"`
}

// Lineage lists what is made from a field or an event. It returns NOT_FOUND when
// the charter declares neither.
func (s *Service) Lineage(tx *db.Tx, name string) ([]Derivative, error) {
	c, err := s.charter.Current(tx)
	if err != nil {
		return nil, err
	}
	f, isField := c.Field(term.Field(name))
	_, isEvent := c.Event(term.Event(name))
	if !isField && !isEvent {
		return nil, errs.New(errs.NotFound, "no_field", "the charter declares no such field or event")
	}
	out := derivedFrom(c, name)
	if isEvent || f.KeepIn == charter.Trait {
		out = append(out, Derivative{Kind: InIndex, People: true, Goes: "the change log drops the person within a second; it is never stored"})
		more, err := s.chosenBy(tx, c, name)
		if err != nil {
			return nil, err
		}
		out = append(append(out, more...), Derivative{Kind: InCounts, Goes: "counts of fewer than 10 are not shown, nor cuts that differ by fewer than 10; they single out nobody"})
	} else {
		out = append(out, Derivative{Kind: PersonalisedBy, Goes: "bodies are made at hand-over and never stored"})
	}
	return append(out, heldBy(c, name)...), nil
}

func derivedFrom(c *charter.Charter, name string) []Derivative {
	var out []Derivative
	for i := range c.Fields {
		if base, _, _ := strings.Cut(c.Fields[i].Derived, "."); base == name {
			out = append(out, Derivative{Kind: DerivedField, Name: string(c.Fields[i].ID), People: true, Goes: "in the same transaction"})
		}
	}
	return out
}

// chosenBy lists stages and segments whose rule looks at it.
func (s *Service) chosenBy(tx *db.Tx, c *charter.Charter, name string) ([]Derivative, error) {
	var out []Derivative
	all, err := SchemaOf(c, "")
	if err != nil {
		return nil, err
	}
	all.Stages = nil
	for _, st := range c.Stages {
		if cond, err := Compile(all, st.When); err == nil && cond.looksAt(name) {
			out = append(out, Derivative{Kind: OfStage, Name: string(st.ID), People: true, Goes: "the person's row goes with the person; the daily run finds stages anew"})
		}
	}
	list, err := s.Segments(tx, 0, 500)
	for _, g := range list {
		if cond, err := For(c, g.Purpose, g.Expression); err == nil && cond.looksAt(name) {
			out = append(out, Derivative{Kind: OfSegment, Name: g.Name, Goes: "it is a rule and keeps nobody; each use finds people anew"})
		}
	}
	return out, err
}

// looksAt reports whether the condition looks at a field or an event.
func (c *Condition) looksAt(name string) bool {
	return slices.Contains(c.fields, term.Field(name)) || slices.Contains(c.events, term.Event(name))
}

// heldBy lists the recipients that get it.
func heldBy(c *charter.Charter, name string) []Derivative {
	var out []Derivative
	for i := range c.Recipients {
		r := &c.Recipients[i]
		for p := range r.Gets {
			if r.MayReceive(p, name) {
				out = append(out, Derivative{Kind: AtRecipient, Name: string(r.ID), People: true, Goes: "they are told, and the erasure is partial until they confirm"})
				break
			}
		}
	}
	return out
}
