package charter

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// KindApplied is the ledger's kind of entry for a charter put in force.
const KindApplied ledger.Kind = "charter.applied"

// Store keeps every version of the charter and its notices, one of them in
// force. It is safe for concurrent use.
type Store struct {
	log   *ledger.Log
	packs *rulepack.Set
}

// NewStore makes a store that writes what it does to the ledger.
func NewStore(log *ledger.Log, packs *rulepack.Set) *Store {
	return &Store{log: log, packs: packs}
}

// Applied says what applying a charter did.
type Applied struct {
	Version   int64
	InForce   bool // false when its effective date is still to come
	Unchanged bool // the same charter was already in force; nothing was written
	Widened   map[term.Purpose][]Widening
	Notices   []Notice
	Entry     ledger.Written
}

// Widening is a way in which a purpose promises less than before, so that
// consents given before must be given anew.
type Widening struct {
	Kind string `json:"kind"` // "purpose", "field", "recipient", "country", "retention", "basis", "channel", ...
	What string `json:"what"`
}

// Notice is a charter's text as people read it, in one language. It never
// changes.
type Notice struct {
	ID      id.Notice
	Version int64
	Lang    term.Lang
	Hash    string // SHA-256 over HTML, text and JSON-LD, in hexadecimal
	HTML    string // a fragment to stand in a page: no style, no script
	Text    string
	JSONLD  string // W3C Data Privacy Vocabulary

	missing []string
}

// Complete lists the mandatory elements that the notice lacks, such as
// "recipients". None means that it is complete.
func (n Notice) Complete() (missing []string) { return n.missing }

var errNone = errs.New(errs.NotFound, "no_charter", "no charter is in force; run: candor charter apply")

// Current gives the charter in force. It returns NOT_FOUND when there is none.
// It costs one small read; a version is parsed once.
func (s *Store) Current(tx *db.Tx) (*Charter, error) { return nil, errNone }

// Version gives a version, in force or not. It returns NOT_FOUND when it does
// not exist.
func (s *Store) Version(tx *db.Tx, n int64) (*Charter, error) { return nil, errNone }

// Apply puts a charter in force, or plans it for its effective date.
func (s *Store) Apply(tx *db.Tx, c *Charter, at clock.Instant, by term.Actor) (Applied, error) {
	return Applied{}, errNone
}

// Notice gives the notice of a version in a language. It returns NOT_FOUND when
// it does not exist.
func (s *Store) Notice(tx *db.Tx, version int64, lang term.Lang) (Notice, error) {
	return Notice{}, errNone
}

// NoticeByID gives a notice by its id. It returns NOT_FOUND when it does not
// exist.
func (s *Store) NoticeByID(tx *db.Tx, n id.Notice) (Notice, error) { return Notice{}, errNone }
