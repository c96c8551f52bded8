package audience

import (
	"candor/internal/clock"
	"candor/internal/term"
)

// Kind is how the values of a field compare.
type Kind uint8

// The kinds.
const (
	KindText   Kind = iota + 1 // equal or not
	KindWhole                  // a whole number
	KindFlag                   // yes or no
	KindMoment                 // an instant or a date; compared by its day in UTC
	KindMoney                  // the smallest units of a currency
)

// Field is what the language knows of a declared field.
type Field struct {
	ID        term.Field
	Title     map[term.Lang]string // what people read; the ID where there is none
	Kind      Kind
	Of        []string // the values a text may have; nil when it is free
	Slot      string   // the column of the trait row that holds it
	Sealed    bool     // kept in the vault: no condition may look at it
	Sensitive bool     // special category, or treated like one
	// Stale gives the instant at or before which a value was learnt when it is too
	// old for the purpose (ACC-02): it is then not known. Nil when there is none.
	Stale func(at clock.Instant) clock.Instant
	For   []term.Purpose
}

// Event is what the language knows of a declared event.
type Event struct {
	Name   term.Event
	Title  map[term.Lang]string // what people read; the name where there is none
	Money  string               // the property whose amount can be added up, or ""
	Family bool                 // whether it says what family of goods it is about
	// Since gives the instant before which events may no longer be read for the
	// purpose (MIN-05); nil when there is none.
	Since func(at clock.Instant) clock.Instant
	For   []term.Purpose
}

// Stage is a lifecycle stage: a rule, and what the customer is shown.
type Stage struct {
	ID    term.Stage
	When  string
	Shown map[term.Lang]string
}

// Schema is what a condition for one purpose may speak of.
type Schema struct {
	Purpose term.Purpose
	Fields  map[term.Field]*Field
	Events  map[term.Event]*Event
	Stages  []Stage // first match wins
	// Families lists, for each family of similar goods, what an event may say to
	// mean it: its own name and those of its goods.
	Families map[string][]string
}

// lists reports whether a purpose is among those.
func lists(purposes []term.Purpose, p term.Purpose) bool {
	for _, q := range purposes {
		if q == p {
			return true
		}
	}
	return false
}
