// Package event holds what happened: a customer viewed a product, completed an
// order. An event has a declared name and declared properties and nothing else.
//
// The same event told twice is kept once: its sender gives it a message id, and
// two events of one customer with the same message id are the same event. The
// same message id of another customer is another event.
//
// Events are told late and out of order; what counts is when they occurred.
// Each is kept for as long as a purpose that uses it says, and not read after
// that, even while it still waits to be deleted (MIN-05).
package event

import (
	"candor/internal/clock"
	"candor/internal/id"
	"candor/internal/term"
)

// Event is something that happened to a customer. Its ID, a keyed digest of the
// sender's message id, identifies it among the customer's own events.
type Event struct {
	ID         id.Event
	Customer   id.Customer
	Name       term.Event
	OccurredAt clock.Instant
	ReceivedAt clock.Instant
	Source     id.Source
	Props      map[string]any // declared ones only; money is in minor units
	Amount     int64          // of the declared money property, in minor units, or 0
	Currency   string         // of Amount, ISO 4217
	Family     string         // of the declared family property
	Origin     id.Customer    // whose it was before a merge, or 0
}

// New is an event on its way in: checked and cut to what is declared, not yet
// anybody's.
type New struct {
	Name       term.Event
	OccurredAt clock.Instant // 0 means when it arrived
	MessageID  string        // the sender's; "" makes the event one of its own
	Props      map[string]any
	Amount     int64
	Currency   string
	Family     string
	Ref        string // of the declared id property, such as the order's number
}
