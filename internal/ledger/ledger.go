// Package ledger is the append-only record of what the business did with
// people's data: each consent record, decision to act, disclosure, step of a
// request and act of governance is an entry, written in the transaction of the
// act itself. A failed entry fails the act (GDPR 5(2): accountability).
//
// Entries are leaves of an RFC 6962 Merkle tree over salted commitments:
//
//	commitment = SHA-256("candor/entry/v1" ‖ 32-byte salt ‖ RFC 8785 JSON of the entry)
//	leaf       = SHA-256(0x00 ‖ commitment)
//
// so the tree shows nothing about the content, and an entry's content may go
// while its leaf stays. An entry never holds a customer's id or another stable
// pseudonym. Integers beyond 2^53 are written as strings.
//
// Written is not yet proven. One sequencer, under a lease, gives leaf numbers to
// entries that have none, keeps the nodes in tiles of 256 hashes, and signs about
// every second a checkpoint (C2SP tlog-checkpoint) that is also appended to an
// anchor file on another path, and shown to witnesses, who cosign it. Once an entry
// is under a checkpoint, Proof gives a C2SP tlog-proof that other people's
// verifiers read. Verify recomputes everything and names the first leaf that is not
// as it was signed; it also takes checkpoints that somebody kept elsewhere, which
// not even the holder of database and key can change.
package ledger

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/id"
)

// Kind says what an entry records, such as "consent.record". Kinds are constants
// of the packages that write them.
type Kind string

// Class says how long the content of a kind's entries is kept. The leaf stays
// for ever. Every kind has one: a test compares the source with what is declared.
type Class string

// The classes.
const (
	Lasting Class = "lasting" // as long as the log: governance, and about nobody's data
	Claim   Class = "claim"   // until claims are barred (Options.Claims)
	Access  Class = "access"  // 36 months: who read what, and decisions
	Passing Class = "passing" // a year: operational
)

// Options say where the log lives and who it is.
type Options struct {
	Origin     string         // the log's name in checkpoints, such as "halm.example/candor"; never changes
	SignerFile string         // the Ed25519 note key; made when absent, readable by its owner alone
	AnchorDir  string         // a folder on another volume for the anchor file; "" for none
	Clock      clock.Clock    // System when nil
	Log        *slog.Logger   // the default logger when nil
	Classes    map[Kind]Class // retention of each kind's content
	// Claims tells for how many months claims can be brought, by the law in use; 0
	// while no law is known, and then nothing of the class Claim is over.
	Claims    func(tx *db.Tx) (months int, err error)
	Witnesses []Witness    // who signs what they have seen of it
	Door      *egress.Door // to the witnesses
	// Beside is what else each line of the anchor file tells, such as the head of
	// the protection journal; nil for nothing.
	Beside func() (json.RawMessage, error)
}

// Log is the open ledger. It is safe for concurrent use.
type Log struct {
	db      *db.DB
	clock   clock.Clock
	log     *slog.Logger
	base    string // the log's name as configured; origin is the current epoch's
	origin  string
	skey    string
	signer  note.Signer
	vkey    string
	classes map[Kind]Class
	claims  func(tx *db.Tx) (months int, err error)
	anchor  *anchor
	beside  func() (json.RawMessage, error)
	holder  string

	witnesses []*witness
	ask       func(*http.Request) (*http.Response, error) // through the door

	also []Numbered

	round sync.Mutex // one round at a time in this process; guards lease
	lease *db.Lease

	mu      sync.Mutex // guards what follows
	trouble error
	refused error
}

// Numbered is something else whose rows the sequencer puts in order: the outbox.
type Numbered interface {
	// Pending tells whether there are rows without a number.
	Pending(tx *db.Tx) (bool, error)
	// Number numbers them, under the sequencer's lease.
	Number(tx *db.Tx) (int, error)
}

// Entry is what an entry commits to. Its RFC 8785 JSON is hashed.
type Entry struct {
	ID      id.Entry        `json:"id"`
	Kind    Kind            `json:"kind"`
	At      clock.Instant   `json:"at"`
	Content json.RawMessage `json:"content"`
}

// Written is an entry as appended: what a receipt needs besides the proof.
type Written struct {
	Entry   id.Entry
	Kind    Kind
	At      clock.Instant
	Salt    []byte          // 32 random bytes
	Commit  []byte          // 32 bytes, what the leaf holds
	Content json.RawMessage // canonical JSON
}

// Row is an entry as stored.
type Row struct {
	Written
	Class Class
	Pos   int64 // leaf number, or -1 while it has none
}

// Filter chooses entries for List. The zero Filter means the newest entries.
type Filter struct {
	Kind   Kind          // "" for all
	Since  clock.Instant // acts at or after; 0 for no bound
	Until  clock.Instant // acts before; 0 for no bound
	Before Mark          // entries after this one in the list: the last of the page before; zero for the first page
	Limit  int           // at most 1,000; 100 when 0
}

// The codes of the ledger's errors.
const (
	ProofPending   errs.Code = "proof_pending"   // the entry has no proof yet; ask again in a second
	ClockStepped   errs.Code = "clock_stepped"   // the clock went back; checkpoints have stopped
	Expired        errs.Code = "expunged"        // the time for keeping the entry's content is over; its leaf stays
	Rewound        errs.Code = "ledger_rewound"  // the database is older than an anchored checkpoint
	LedgerTampered errs.Code = "ledger_tampered" // the tree is not what was signed
)

// AnchorName is the anchor file's name in its folder: one JSON object a line,
// with the time and the signed checkpoint.
const AnchorName = "checkpoints.jsonl"

const (
	leaseName     = "ledger"
	roundEvery    = time.Second
	clockStep     = 2 * time.Second // a backward step that stops checkpoints
	pageDefault   = 100
	pageLimit     = 1000
	sequenceBatch = 5000
)

// VerifierKey is the log's public key in the form of C2SP signed-note, to be
// published with the origin: whoever checks a receipt brings it along.
func (l *Log) VerifierKey() string { return l.vkey }

// Origin is the log's name.
func (l *Log) Origin() string { return l.origin }

// Also has the sequencer number other rows in its transactions. It is called
// before Run.
func (l *Log) Also(n Numbered) { l.also = append(l.also, n) }

// Health returns why new checkpoints have stopped, or nil.
func (l *Log) Health() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trouble
}

// Steady returns UNAVAILABLE with ClockStepped while the clock is behind what the
// log has seen: the order of acts can't be trusted then, so nothing is sent and no
// new permission is taken.
func (l *Log) Steady() error {
	if err := l.Health(); errs.CodeOf(err) == ClockStepped {
		return err
	}
	return nil
}

func (l *Log) setTrouble(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil && (l.trouble == nil || l.trouble.Error() != err.Error()) {
		l.log.Error("ledger: no new checkpoints", "code", errs.CodeOf(err), "error", err)
	}
	l.trouble = err
}

// Checkpoint gives the newest signed checkpoint, with the signatures of witnesses.
// It returns NOT_FOUND before the first.
func (l *Log) Checkpoint(ctx context.Context) (signed []byte, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) (err error) {
		signed, err = Newest(tx)
		return err
	})
	return signed, err
}

// Newest is Checkpoint in a transaction, for whoever has no log open.
func Newest(tx *db.Tx) ([]byte, error) {
	var size int64
	var text string
	if err := tx.QueryRow(`select size, note from ledger_checkpoint order by size desc limit 1`).Scan(&size, &text); err != nil {
		return nil, err
	}
	lines, err := cosignatures(tx, size)
	return []byte(text + strings.Join(lines, "")), err
}

// State is how the log is, for an operator.
type State struct {
	Size       int64         // entries with a number
	Waiting    int64         // entries without one, counted to a bound
	Checkpoint clock.Instant // when the newest checkpoint was signed; 0 before the first
}

// State looks how the log is.
func (l *Log) State(tx *db.Tx) (s State, err error) {
	h, err := readHead(tx)
	if err != nil {
		return s, err
	}
	s.Size = h.size
	if err := tx.QueryRow(`select count(*) from (select entry_id from ledger_entry where pos is null limit 100000) p`).Scan(&s.Waiting); err != nil {
		return s, err
	}
	err = tx.QueryRow(`select at from ledger_checkpoint order by size desc limit 1`).Scan(&s.Checkpoint)
	if errs.Is(err, errs.NotFound) {
		err = nil
	}
	return s, err
}

// Sign signs a text of more than one line in the log's name, as a signed note. The
// text begins with what it is, so that it is never taken for a checkpoint.
func (l *Log) Sign(text string) ([]byte, error) { return note.Sign(&note.Note{Text: text}, l.signer) }
