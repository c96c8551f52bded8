// Package consent holds what people said about the use of their data: an
// append-only record of every request, agreement, refusal, withdrawal and
// objection, in the terms of ISO/IEC TS 27560.
//
// Consent is specific (GDPR 6(1)(a), 7): each purpose, channel, controller and,
// where data go to a third party for its own purposes, recipient is decided
// separately (CON-03). A record is never changed. The records of one customer
// are numbered and chained by hash, so that a change of any of them shows
// (CON-08). Which of two records is the later one is decided by their number
// alone, never by a time that somebody else claims.
//
// Records are written by the gate only, in the transaction that also changes
// what is allowed.
package consent

import (
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/signal"
	"candor/internal/term"
)

// Kind says what happened to a consent.
type Kind string

// The kinds of records. The first seven are the event types of ISO/IEC TS 27560
// with objection (GDPR 21) added.
const (
	Requested   Kind = "requested"   // asked for; not usable until confirmed (CON-12)
	Given       Kind = "given"       // agreed
	Refused     Kind = "refused"     // asked and said no
	Reconfirmed Kind = "reconfirmed" // agreed again, to what is in force now
	Withdrawn   Kind = "withdrawn"   // GDPR 7(3)
	Objected    Kind = "objected"    // GDPR 21(2)
	Expired     Kind = "expired"     // its term ended and the end was put on record
	Invalidated Kind = "invalidated" // it cannot be proven, or was wrong
)

// Kinds lists them all.
var Kinds = []Kind{Requested, Given, Refused, Reconfirmed, Withdrawn, Objected, Expired, Invalidated}

// Raises reports whether a record of this kind can make something usable.
func (k Kind) Raises() bool { return k == Given || k == Reconfirmed }

// Lowers reports whether a record of this kind takes a permission away.
func (k Kind) Lowers() bool {
	return k == Refused || k == Withdrawn || k == Objected || k == Expired || k == Invalidated
}

// Method is the way a person acted.
type Method string

// The methods.
const (
	ByForm      Method = "form"          // a form on the web
	ByConfirmed Method = "double_opt_in" // a form, and the button behind the link sent to the address
	ByPortal    Method = "portal"        // the privacy centre, after the person proved the address
	ByLink      Method = "link"          // a link from a message; it may only lower
	ByOneClick  Method = "one_click"     // RFC 8058
	BySignal    Method = "signal"        // Global Privacy Control and its like
	ByAPI       Method = "api"           // a trusted server reported it
	ByImport    Method = "import"        // taken over with its evidence (CON-14)
	ByStaff     Method = "staff"         // told to a member of staff
	ByParent    Method = "parent"        // given or authorised by the holder of parental responsibility (GDPR 8)
	ByEngine    Method = "engine"        // the engine put it on record
)

// Control is the state in which the control of an ask was shown.
type Control string

// The states of a control. Only Unset yields consent (CON-02).
const (
	Unset Control = "unset"
	Set   Control = "set"
)

// Action is what the person did with the control.
type Action string

// The actions that yield consent (GDPR 4(11), CJEU C-673/17).
const (
	ClickYes       Action = "click_yes"
	Tick           Action = "tick"
	Sign           Action = "sign"
	ReplyYes       Action = "reply_yes"
	VerbalRecorded Action = "verbal_recorded"
	Statement      Action = "statement" // typed in the person's own words or copied by hand, naming data and purpose
)

// The actions that never yield consent.
const (
	Scroll         Action = "scroll"
	ContinueBrowse Action = "continue_browsing"
	CloseBanner    Action = "close_banner"
	Preticked      Action = "preticked"
	Silence        Action = "silence"
	Mute           Action = "mute"
	AcceptTerms    Action = "accept_terms"
)

// Affirmative reports whether the action is a clear affirmative act.
func (a Action) Affirmative() bool {
	switch a {
	case ClickYes, Tick, Sign, ReplyYes, VerbalRecorded, Statement:
		return true
	}
	return false
}

// Strength says how well a record can be proven.
type Strength string

// The strengths of evidence. A consent without evidence is not usable.
const (
	Documented Strength = "documented" // the engine saw the act, or its evidence is on file
	Attested   Strength = "attested"   // a source declares it and answers for it
	NoEvidence Strength = "none"
)

// Reaches reports whether evidence of this strength is enough where a purpose
// asks for at least so much. None is never enough.
func (s Strength) Reaches(least Strength) bool {
	return s == Documented || s == Attested && least != Documented
}

// Validity says whether a record counts.
type Validity string

// A record with refused evidence is kept and yields nothing (CON-02).
const (
	Valid           Validity = "valid"
	EvidenceRefused Validity = "evidence_refused"
)

// Key is what is decided separately (CON-03).
type Key struct {
	Controller term.Controller `json:"controller"`
	Purpose    term.Purpose    `json:"purpose"`
	Channel    term.Channel    `json:"channel,omitempty"`
	Recipient  term.Recipient  `json:"recipient,omitempty"`
}

// Act is what someone says a person did. The gate turns it into a Record.
type Act struct {
	Customer   id.Customer     `json:"-"`
	Controller term.Controller `json:"controller"`
	Purpose    term.Purpose    `json:"purpose"`
	Channel    term.Channel    `json:"channel,omitempty"`
	Recipient  term.Recipient  `json:"recipient,omitempty"`
	Kind       Kind            `json:"kind"`

	Ask            term.Ask  `json:"ask,omitempty"`             // the place where it was asked
	CharterVersion int64     `json:"charter_version,omitempty"` // of the words that were shown; 0 means those in force
	Notice         id.Notice `json:"notice,omitzero"`           // the notice that was shown
	NoticeHash     []byte    `json:"notice_hash,omitempty"`     // SHA-256 of it
	Lang           term.Lang `json:"lang,omitempty"`            // the language as shown

	Method         Method        `json:"method"`
	ControlDefault Control       `json:"control_default,omitempty"`
	Action         Action        `json:"action,omitempty"`
	Evidence       string        `json:"evidence,omitempty"` // where the proof is, in words; never personal data
	Strength       Strength      `json:"strength"`
	AssertedAt     clock.Instant `json:"asserted_at,omitzero"` // when it happened, as claimed; 0 means now
	Actor          term.Actor    `json:"actor"`
	Source         string        `json:"source,omitempty"` // form, gpc, portal, import, one-click
	// Overruled are the inputs that said otherwise at the same moment and lost, by
	// the declared order.
	Overruled []signal.Input `json:"overruled,omitempty"`
}

// Key gives what the act is about.
func (a Act) Key() Key { return Key{a.Controller, a.Purpose, a.Channel, a.Recipient} }

// Record is an act on record.
type Record struct {
	Act
	ID         id.Record     `json:"record"`
	Seq        int64         `json:"seq"` // 1 for a customer's first record
	Rev        int64         `json:"rev"` // the customer's revision in which it was written
	RecordedAt clock.Instant `json:"recorded_at"`
	Validity   Validity      `json:"validity"`
	Entry      id.Entry      `json:"-"` // in the ledger
	Salt       []byte        `json:"-"` // of the ledger's commitment
	Prev       []byte        `json:"-"` // Hash of the record before
	Hash       []byte        `json:"-"`
}

// Counts reports whether the record changes anything.
func (r Record) Counts() bool { return r.Validity == Valid }

// Refusal is why the record yields no consent though it claims one, as an
// INVALID error with E_CONSENT_INVALID; nil for every other record.
func (r Record) Refusal() error {
	if r.Counts() {
		return nil
	}
	return errs.New(errs.Invalid, errs.ConsentInvalid,
		"this is no consent: the control must be unset and the person must act on it; it was kept as refused evidence").On("consent")
}

// Judge says whether an act that claims a consent, or asks for one, can yield
// it: the control was unset and the person acted (CON-02).
func Judge(a Act) Validity {
	claims := a.Kind.Raises() || a.Kind == Requested && (a.Action != "" || a.ControlDefault != "")
	if claims && (a.ControlDefault != Unset || !a.Action.Affirmative()) {
		return EvidenceRefused
	}
	return Valid
}
