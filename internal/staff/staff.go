// Package staff knows the people who work with customers' data: who they are,
// how they prove it, which roles they hold for which brand, and what those roles
// may do (GDPR 29, 32; OWASP ASVS 5.0 chapters 6 to 8).
//
// Nobody is in without a second factor and a promise of confidentiality in the
// words in force: a
// session is opened only from a sign-in that has shown both, and every request
// asks again whether the person still works here and what they may do, so a
// change applies at once. Roles are written in house.yaml; two that must not be
// in one hand are refused when they are given.
//
// Names and addresses are sealed. Passwords, recovery codes and sessions are
// kept as digests.
package staff

import (
	"github.com/go-webauthn/webauthn/webauthn"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/term"
)

// Config is what a roster works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Charter *charter.Store
	Ledger  *ledger.Log
	Clock   clock.Clock
	URL     string  // how people reach the server: a passkey is good there alone
	SignOn  *SignOn // nil without a provider of single sign-on
}

// Roster is the list of staff, their factors and their sessions. It is safe for
// concurrent use.
type Roster struct {
	Config
	hashing chan struct{}      // bounds the memory that Argon2id takes
	party   *webauthn.WebAuthn // nil where passkeys cannot be had
	onLeave []func(tx *db.Tx, who id.Staff) error
}

// New opens the roster.
func New(c Config) *Roster {
	return &Roster{Config: c, hashing: make(chan struct{}, hashesAtOnce), party: relyingParty(c.URL)}
}

// OnLeave has fn run in the transaction in which somebody leaves: what they made
// elsewhere ends with them. It is called before the roster is used.
func (r *Roster) OnLeave(fn func(tx *db.Tx, who id.Staff) error) { r.onLeave = append(r.onLeave, fn) }

// The ledger's kinds of entries about staff. They name staff by id.
const (
	KindPerson    ledger.Kind = "staff.person"    // somebody was added, invited anew, or left
	KindRole      ledger.Kind = "staff.role"      // a role was given, taken or confirmed
	KindCommitted ledger.Kind = "staff.committed" // somebody promised confidentiality
	KindSignIn    ledger.Kind = "staff.signin"    // somebody signed in, out, or failed to
	KindRefused   ledger.Kind = "staff.refused"   // somebody asked for what they may not do
	KindLooked    ledger.Kind = "staff.looked"    // somebody looked for a customer, and found one or not
	KindAccess    ledger.Kind = "staff.access"    // somebody was asked about a look without a case, answered, or was judged
)

// Person is a member of staff.
type Person struct {
	ID          id.Staff
	Name        personal.Value
	Email       personal.Value
	Grants      []Grant
	HasPassword bool
	HasFactor   bool
	CommittedAt clock.Instant // zero until they promised confidentiality
	AddedAt     clock.Instant
	LeftAt      clock.Instant // zero while they work here
}

// Grant is a role that somebody holds for a brand.
type Grant struct {
	Controller  term.Controller
	Role        string
	GivenBy     term.Actor
	GivenAt     clock.Instant
	ConfirmedAt clock.Instant
}

// Actor names a member of staff in records.
func Actor(who id.Staff) term.Actor { return term.Actor("staff:" + who.String()) }

// The codes of what is refused here.
const (
	NoSecondFactor errs.Code = "no_second_factor" // the sign-in has not shown one
	NoCommitment   errs.Code = "no_commitment"    // confidentiality has not been promised, or in other words than are in force
	WordsChanged   errs.Code = "words_changed"    // another version of the promise is in force than was shown
	WrongPassword  errs.Code = "wrong_sign_in"    // address and password do not fit
	WrongCode      errs.Code = "wrong_code"       // the code is not right, or was used before
	TooManyTries   errs.Code = "too_many_tries"   // wait before trying again
	NoSession      errs.Code = "no_session"       // nobody is signed in
	SignOnFailed   errs.Code = "sign_on_failed"   // the provider of single sign-on, or its answer, is not right
	NotInvited     errs.Code = "not_invited"      // the provider knows them, and nobody here is known by it
	BadPasskey     errs.Code = "bad_passkey"      // the passkey is not known here, or its answer is not right
	BadInvitation  errs.Code = "bad_invitation"   // the link is spent, old or unknown
	BadPassword    errs.Code = "bad_password"     // the password is too short or known from breaches
	NoSuchPerson   errs.Code = "no_such_person"   // there is no such member of staff
	AddressTaken   errs.Code = "address_taken"    // somebody here has this address
)

var errNoPerson = errs.New(errs.NotFound, NoSuchPerson, "there is no such member of staff")
