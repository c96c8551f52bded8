// Package journal keeps, outside the database, the acts that protect people:
// erasures, suppressions, withdrawals, objections and restrictions. A database
// restored from yesterday's backup has forgotten today's; it replays the journal
// before it serves (GDPR 32(1)(b), SEC-10).
//
// An act is on disk here before the database commits, so the journal may hold an
// act without its commit, which only protects more, and never the other way
// round. Beside an embedded database the journal is a file: one line an act, one
// fsync a group. Beside PostgreSQL it is a database of its own on other storage,
// shared by all servers.
//
// Lines carry keyed digests of customer and endpoint, and sealed, under the
// keyring, what a replay needs. They are chained by SHA-256, so a line that is
// changed, moved or missing shows; the head, the last line's number and hash
// under a MAC, tells a journal that was cut short from one that is whole.
package journal

import (
	"context"
	"os"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Kind is what an act did.
type Kind string

// The kinds of acts that protect.
const (
	Erasure     Kind = "erasure"     // the customer's data were erased (GDPR 17)
	Suppression Kind = "suppression" // an endpoint must not be contacted
	Withdrawal  Kind = "withdrawal"  // consent was withdrawn (GDPR 7(3))
	Objection   Kind = "objection"   // an objection was made (GDPR 21)
	Restriction Kind = "restriction" // use was restricted (GDPR 18)
)

// Act is a protection to be remembered.
type Act struct {
	Kind       Kind
	Customer   id.Customer // 0 when the act is about an endpoint alone
	Endpoint   []byte      // the suppression digest of an address, or none
	Controller term.Controller
	Purpose    term.Purpose
	Channel    term.Channel
	Recipient  term.Recipient
	At         clock.Instant

	// What is the kind of fact that a restriction or objection was recorded as;
	// "" when it was a consent that changed.
	What string
	// EndpointKey is the version of Endpoint's key.
	EndpointKey int64
	// Names are the digests by which the person was found: a replay needs them
	// where the restored database has not met the person yet, or as two.
	Names []Name
	// Request is the erasure's request, under which the person may ask.
	Request id.Request
}

// Name is a keyed digest of an address or id.
type Name struct {
	Digest  []byte       `json:"d"`
	KeyID   int64        `json:"k"`
	Channel term.Channel `json:"c,omitempty"` // of an address's suppression digest; "" for an identity's
}

// Head is the end of the journal. Backups carry it.
type Head struct {
	Seq  int64  `json:"seq"`  // number of the last line, 0 when there is none
	Hash []byte `json:"hash"` // its chain hash
	MAC  []byte `json:"mac"`  // HMAC over both under the keyring
	Key  int64  `json:"key"`  // the root key's number
}

// The codes of the journal's errors.
const (
	Broken errs.Code = "journal_broken"    // a line is changed, moved or missing
	Behind errs.Code = "journal_behind"    // the journal does not reach the head that is known
	Failed errs.Code = "journal_not_ready" // the journal cannot be written; so nothing may be
)

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	place place
	ring  *keyring.Ring
	clock clock.Clock
}

// place is where lines are kept: a file or a PostgreSQL database.
type place interface {
	// add chains lines to the end and returns once they are on disk.
	add(lines []line) error
	// head gives number and hash of the last line.
	head(ctx context.Context) (int64, []byte, error)
	// each gives the lines after a number, in order.
	each(ctx context.Context, after int64, fn func(line) error) error
	close() error
}

// Options say where the journal is.
type Options struct {
	Place string        // a file's path, or a PostgreSQL URL of a database of its own
	Ring  *keyring.Ring // digests and seals
	Clock clock.Clock   // System when nil; fills an act without a time
}

// Open opens the journal, or makes it. A file whose last line was torn by a crash
// is cut back to the line before: its act never committed.
func Open(ctx context.Context, o Options) (*Journal, error) {
	j := &Journal{ring: o.Ring, clock: o.Clock}
	if j.clock == nil {
		j.clock = clock.System{}
	}
	var err error
	switch {
	case o.Place == "" || o.Ring == nil:
		return nil, errs.New(errs.Invalid, Failed, "the protection journal needs a place and the keyring; set journal in the configuration")
	case strings.HasPrefix(o.Place, "postgres://"), strings.HasPrefix(o.Place, "postgresql://"):
		j.place, err = openPostgres(ctx, o.Place)
	default:
		j.place, err = openFile(o.Place)
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

// Append remembers an act just before the caller's transaction commits. When that
// fails, the transaction does not commit.
func (j *Journal) Append(tx *db.Tx, a Act) {
	if a.At.IsZero() {
		a.At = j.clock.Now()
	}
	tx.Before(j, a)
}

// Flush makes the acts of a group durable. The database calls it.
func (j *Journal) Flush(items []any) error {
	lines := make([]line, 0, len(items))
	for _, it := range items {
		lines = append(lines, j.seal(it.(Act)))
	}
	if err := j.place.add(lines); err != nil {
		return errs.Wrap(err, errs.Unavailable, Failed, "the protection journal could not be written, so nothing was changed; try again")
	}
	return nil
}

// Head gives the end of the journal, under a MAC.
func (j *Journal) Head() (Head, error) {
	seq, hash, err := j.place.head(context.Background())
	if err != nil {
		return Head{}, err
	}
	d := j.ring.Digest(keyring.Journal, headParts(seq, hash)...)
	return Head{Seq: seq, Hash: hash, MAC: d.Sum, Key: d.KeyID}, nil
}

// Replay gives the acts after a number, in order. It stops at fn's first error,
// and with Broken at a line that is not as it was written.
func (j *Journal) Replay(from int64, fn func(Act) error) error {
	return j.walk(context.Background(), from, func(l line, a Act) error { return fn(a) })
}

// Close closes the journal.
func (j *Journal) Close() error { return j.place.close() }

// ownerOnly is the mode of the journal's file.
const ownerOnly os.FileMode = 0o600
