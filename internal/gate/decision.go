package gate

import (
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Request is a question to the gate: may this actor do this with these data of
// this customer, for this purpose?
type Request struct {
	Customer   id.Customer
	Controller term.Controller
	Purpose    term.Purpose
	Operation  term.Operation
	Channel    term.Channel // "" when no message is meant
	Fields     []term.Field // what is to be read; nil asks for all the purpose lists
	Recipient  term.Recipient
	Promotes   bool // the message advertises, in whole or in part, whatever it is called
	Actor      term.Actor
}

// Outcome is the answer in a word. The zero Outcome is DENY.
type Outcome bool

// The outcomes.
const (
	Deny  Outcome = false
	Allow Outcome = true
)

// String is ALLOW or DENY.
func (o Outcome) String() string {
	if o == Allow {
		return "ALLOW"
	}
	return "DENY"
}

// word is the outcome as metrics have it.
func (o Outcome) word() string {
	if o == Allow {
		return "allow"
	}
	return "deny"
}

// MarshalText is String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes; anything else is DENY.
func (o *Outcome) UnmarshalText(b []byte) error {
	*o = string(b) == Allow.String()
	return nil
}

// Reason is one failed check. All of them are returned, not only the first.
type Reason struct {
	Code        errs.Code `json:"code"`
	Requirement string    `json:"requirement"` // the id in doc/requirements.md
	Text        string    `json:"text"`        // in words, for staff
}

// Decision is the gate's answer.
type Decision struct {
	Outcome        Outcome       `json:"outcome"`
	Reasons        []Reason      `json:"reasons"`         // empty when allowed
	Fields         []term.Field  `json:"fields"`          // what may be read, when allowed
	Stale          []term.Field  `json:"stale,omitempty"` // of Fields, those too old to be acted upon: ask the person
	Basis          string        `json:"basis"`           // such as "consent"
	Evidence       []string      `json:"evidence"`        // ids of the records and facts it rests on
	Until          clock.Instant `json:"until"`           // when the answer may change by itself
	CharterVersion int64         `json:"charter_version"`
	PackVersion    string        `json:"pack_version"`
	At             clock.Instant `json:"at"`
}

// Allowed reports whether the outcome is ALLOW.
func (d Decision) Allowed() bool { return d.Outcome == Allow }

// Has reports whether a reason of this code is among them.
func (d Decision) Has(code errs.Code) bool {
	for _, r := range d.Reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

// StandingKey is what a standing is about.
type StandingKey struct {
	Controller term.Controller `json:"controller"`
	Purpose    term.Purpose    `json:"purpose"`
	Channel    term.Channel    `json:"channel,omitempty"`
	Recipient  term.Recipient  `json:"recipient,omitempty"`
	Scope      string          `json:"scope,omitempty"`
}

// Standing is what is allowed from one instant to another, if nothing more
// happens.
type Standing struct {
	StandingKey
	From           clock.Instant
	Until          clock.Instant // clock.Never in the last one
	Ops            Ops
	Because        string // the failed checks; see ReasonsFor
	Basis          string
	Evidence       string // ids, joined by commas
	CharterVersion int64
	PackVersion    string
	Rules          int64 // fingerprint of the rules it was decided under
}

// Ops is a set of operations: bit i stands for term.Operations[i].
type Ops int64

// OpsOf makes a set.
func OpsOf(ops ...term.Operation) Ops {
	var out Ops
	for _, op := range ops {
		for i, known := range term.Operations {
			if op == known {
				out |= 1 << i
			}
		}
	}
	return out
}

// Has reports whether the operation is in the set.
func (o Ops) Has(op term.Operation) bool { b := OpsOf(op); return b != 0 && o&b == b }

// Effects is what an act brought about besides its record.
type Effects struct {
	Tightened   []StandingKey // what had been allowed and no longer is
	Opened      []StandingKey // what had not been allowed and now is
	Left        []string      // messages that had already left when the act came
	Revocations int           // recipients that a job tells of it
}

// List gives the operations of the set.
func (o Ops) List() []term.Operation {
	var out []term.Operation
	for i, op := range term.Operations {
		if o&(1<<i) != 0 {
			out = append(out, op)
		}
	}
	return out
}
