package gate

import (
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/signal"
	"candor/internal/term"
)

// Arrival is what a source tells about one person at once. The edge has parsed
// and normalised it and cut it to what the charter declares.
type Arrival struct {
	Source     id.Source
	Provenance customer.Provenance
	// Claim says that the sender proves nothing, such as a key that every
	// browser holds. A claim changes no value, identity or merge of a known
	// customer, makes no legal fact and extends no clock; it may only lower.
	Claim bool
	// Customer is set when the edge has already established who it is, such as
	// the privacy centre after step-up. Then Identities are added to them.
	Customer   id.Customer
	Identities []customer.Identity
	Values     map[term.Field]personal.Value // fields kept in the vault
	Traits     map[term.Field]any            // string, int64, bool, clock.Instant
	Events     []event.New
	Facts      []customer.Fact
	Acts       []consent.Act
	GPC        bool // Sec-GPC: 1
	// Signals are what the page's consent tool says, with GPC where that was sent
	// too. They only lower, and for the arrival's customer alone.
	Signals []signal.Said
	At      clock.Instant // when it arrived
}

// Taken is what became of an Arrival. Nothing in it may be shown to a sender
// that only claims: it would tell who exists.
type Taken struct {
	Customer   id.Customer // 0 when refused
	New        bool        // the customer was made for this arrival
	Inserted   int         // events stored
	Duplicates int         // events that were there already
	Records    []consent.Record
	Merged     id.Customer // the visitor whose history was joined to the customer, or 0
	// Refused is why nothing of the arrival was taken, or nil. Other arrivals
	// of the batch are not affected.
	Refused *errs.Error
	// Notes are what was left out or kept apart, without personal data.
	Notes []Note
}

// Note says what was left out of an arrival that was otherwise taken.
type Note struct {
	Code  errs.Code
	Field string // the field, event or identity kind it concerns
}

// The codes of notes and refusals.
const (
	NoteAmbiguous   errs.Code = "ambiguous_identity"   // names two people; they stay apart
	NoteClaimed     errs.Code = "only_claimed"         // a claim cannot do this
	NoteUndeclared  errs.Code = "undeclared"           // the charter does not declare it
	NoteFuture      errs.Code = "in_the_future"        // an event more than a day ahead
	NoteNobody      errs.Code = "no_identity"          // nothing says who it is about
	NoteBadValue    errs.Code = "bad_value"            // not of the declared kind
	NoteSuperseded  errs.Code = "superseded"           // another source's value is believed
	NotePinned      errs.Code = "pinned_by_subject"    // the person said otherwise, and their word stays
	NoteExpired     errs.Code = "expired_on_arrival"   // older than it may be kept
	NotePast        errs.Code = "erased_before"        // of somebody who was erased since
	NoteUnmapped    errs.Code = "signal_unmapped"      // a signal that speaks of no purpose of the charter
	NoteUnread      errs.Code = "signal_unread"        // a signal with a section about a law that is not read
	NoteUnlinked    errs.Code = "no_purpose_to_link"   // a device stays apart: the person left no purpose that uses what it brings
	NoteNotResident errs.Code = "customer_not_present" // erased or unknown
)
