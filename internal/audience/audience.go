// Package audience answers who a rule is about, and how many of them may be
// written to.
//
// A rule is a condition: a CEL expression over what the charter declares, such
// as
//
//	plan == "pro" && count("Order Completed", days(90)) >= 2
//
// It is checked for one purpose: a field or an event that the purpose does not
// list is an error in words (GDPR 5(1)(b), MIN-03). Conditions are the same for
// segments, stages and personalisation. A condition becomes SQL for many people
// and is evaluated in memory for one; both always agree, also while only time
// passes. The language is described in doc/audience.md.
//
// What makes that agreement possible:
//
//   - Every clause is true or false, never unknown. A comparison with a field
//     that is not known is false, whatever the operator; "not" then makes it
//     true, as it does with any false clause.
//   - Days are UTC midnights: days(90) reaches back to the midnight that began
//     the day ninety days ago. An event counts from the moment it occurred.
//   - Texts are equal or not; they have no order. Fractions are compared, never
//     tested for equality. There are no patterns.
//
// An audience is a condition, met by the standing of the moment, met by what is
// known about the address. The funnel (Preview) shows that, and for each person
// left out a reason in words and the lawful remedy.
package audience

import (
	"strings"

	"candor/internal/clock"
	"candor/internal/term"
)

// The bounds of a condition.
const (
	MaxLength  = 2000 // characters
	MaxDepth   = 20   // nested and, or, not
	MaxClauses = 60   // comparisons, those of the stages it names included
	MaxCost    = 40   // comparisons over events, those of stages included
	MaxList    = 100  // values of one list
	MaxDays    = 36_500
)

// Condition is a rule about people, checked for one purpose. It is immutable
// and safe for concurrent use.
type Condition struct {
	purpose term.Purpose
	source  string
	root    node
	fields  []term.Field
	events  []term.Event
	aged    bool // it looks at a field whose values grow too old, which the index does not know
}

// Purpose is the purpose that the condition was checked for.
func (c *Condition) Purpose() term.Purpose { return c.purpose }

// Source is the condition as it was written.
func (c *Condition) Source() string { return c.source }

// String is the condition in one form: two conditions that differ only in
// spaces, quotes or needless brackets have the same.
func (c *Condition) String() string {
	var b strings.Builder
	c.root.write(&b, false)
	return b.String()
}

// Fields lists the fields it looks at, those of the stages it names included.
func (c *Condition) Fields() []term.Field { return c.fields }

// Events lists the events it looks at, those of the stages it names included.
func (c *Condition) Events() []term.Event { return c.events }

// Eval tells whether a person meets the condition at an instant.
func (c *Condition) Eval(p Person, at clock.Instant) bool { return c.root.holds(&p, at) }
