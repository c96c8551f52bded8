// Package export keeps account of files with people's data that somebody takes
// out: who has it, for which purpose, which columns, whom it holds, and by when it
// is to be deleted (GDPR 5(1)(c), (e), (f), 15(1)(c), 17, 19).
//
// Each row passes the gate at that moment and is a recorded use, which the person
// sees. Each file holds a few people who do not exist: a mail to one of them, or
// a line that turns up somewhere, says whose file it is. When a person is erased,
// whoever holds a file with them is told, and the erasure is not finished before
// they have said that the line is gone.
package export

import (
	"context"
	"strings"
	"time"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
)

// Kind says what list was taken out.
type Kind string

// The kinds.
const (
	Audience  Kind = "audience"  // those of an audience who may be written to
	Campaign  Kind = "campaign"  // those to whom a campaign was handed over
	Recipient Kind = "recipient" // those who may be given to a recipient
)

// The kinds of the ledger's entries.
const (
	KindTaken   ledger.Kind = "export.taken"   // somebody took data out
	KindDeleted ledger.Kind = "export.deleted" // they said that all of it, or one person, is deleted
	KindUsed    ledger.Kind = "export.used"    // a mail came to somebody invented after the file's end
)

// How long a file may be kept.
const (
	Usual   = 14 * day
	Longest = 90 * day
	day     = 24 * time.Hour
)

// File is one that was taken out.
type File struct {
	ID         id.Export       `json:"export_id"`
	Controller term.Controller `json:"controller"`
	Kind       Kind            `json:"kind"`
	Purpose    term.Purpose    `json:"purpose"`
	Channel    term.Channel    `json:"channel,omitempty"`
	Recipient  term.Recipient  `json:"recipient,omitempty"`
	Who        string          `json:"who"`
	Fields     []term.Field    `json:"fields"`
	People     int64           `json:"people"`
	TakenBy    term.Actor      `json:"taken_by"`
	Holder     term.Actor      `json:"holder"`
	MadeAt     clock.Instant   `json:"made_at"`
	DeleteBy   clock.Instant   `json:"delete_by"`
	DeletedAt  clock.Instant   `json:"deleted_at,omitzero"`
	DeletedBy  term.Actor      `json:"deleted_by,omitempty"`
}

// Overdue tells whether it should have been deleted and nobody said that it was.
func (e File) Overdue(now clock.Instant) bool { return e.DeletedAt.IsZero() && now >= e.DeleteBy }

// Config is what a book works with.
type Config struct {
	DB        *db.DB
	Ring      *keyring.Ring
	Gate      *gate.Gate
	Charter   *charter.Store
	Ledger    *ledger.Log
	Jobs      *job.Queue
	Outbox    *outbox.Box
	Clock     clock.Clock
	Approvals *approval.Desk
	Tokens    *token.Book
	Staff     *staff.Roster
	// Domain is where mails to the invented people arrive; "" for that of the
	// business's sender.
	Domain string
	// URL is the server's, for the mails to holders.
	URL string
	// Notify sends a mail to a member of staff.
	Notify func(ctx context.Context, to personal.Value, subject, text string) error
}

// Book keeps the exports. It is safe for concurrent use.
type Book struct{ Config }

const (
	jobTell   = "export.tell"
	jobRemind = "export.remind"
)

// TopicConfirmed says that no holder has to delete a person any more. Its payload
// is Confirmed.
const TopicConfirmed = "export.confirmed"

// Confirmed is the payload of TopicConfirmed.
type Confirmed struct {
	Request id.Request `json:"request"`
}

// NewBook opens the book and registers its background work.
func NewBook(c Config) *Book {
	b := &Book{c}
	c.Jobs.Handle(jobTell, func(ctx context.Context, _ job.Job) error { return b.tell(ctx) })
	c.Jobs.Handle(jobRemind, func(ctx context.Context, _ job.Job) error { return b.remind(ctx) })
	c.Jobs.Every(jobRemind, time.Hour)
	return b
}

const columns = `export_id, controller, kind, purpose, channel, recipient, who, fields, people, taken_by, holder, made_at, delete_by, deleted_at, deleted_by`

func scan(scan db.Scan) (e File, err error) {
	var fields string
	err = scan(&e.ID, &e.Controller, &e.Kind, &e.Purpose, &e.Channel, &e.Recipient, &e.Who, &fields, &e.People, &e.TakenBy, &e.Holder,
		&e.MadeAt, &e.DeleteBy, &e.DeletedAt, &e.DeletedBy)
	e.Fields = []term.Field{}
	for f := range strings.SplitSeq(fields, ",") {
		if f != "" {
			e.Fields = append(e.Fields, term.Field(f))
		}
	}
	return e, err
}

// Get gives an export. It returns NOT_FOUND when there is none.
func (b *Book) Get(tx *db.Tx, which id.Export) (File, error) {
	e, err := scan(tx.QueryRow(`select `+columns+` from export where export_id = $1`, which).Scan)
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.NotFound, "no_such_export", "there is no export of this number")
	}
	return e, err
}

// Filter chooses exports; the zero Filter all of them.
type Filter struct {
	Open   bool       // not deleted yet
	Holder term.Actor // "" for everybody's
	Before id.Export  // the last of the page before
	Limit  int
}

// List gives exports, the newest first.
func (b *Book) List(tx *db.Tx, f Filter) ([]File, error) {
	if f.Before == 0 {
		f.Before = 1<<63 - 1
	}
	rows, err := tx.Query(`select `+columns+` from export where export_id < $1 and (deleted_at = 0 or $2 = 0) and (holder = $3 or $3 = '')
		order by export_id desc limit $4`, f.Before, flag(f.Open), f.Holder, f.Limit)
	return db.Collect(rows, err, scan)
}

// Late gives the exports that are overdue, the latest first.
func (b *Book) Late(tx *db.Tx, holder term.Actor, limit int) ([]File, error) {
	rows, err := tx.Query(`select `+columns+` from export where deleted_at = 0 and delete_by <= $1 and (holder = $2 or $2 = '')
		order by delete_by, export_id limit $3`, b.Clock.Now(), holder, limit)
	return db.Collect(rows, err, scan)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Delete records that somebody says the file is deleted, wherever it was: the
// holder, or whoever may decide in their place. People who were erased meanwhile
// are confirmed with it. It returns FORBIDDEN for others and CONFLICT when it was
// said before.
func (b *Book) Delete(tx *db.Tx, which id.Export, by term.Actor, instead bool) error {
	e, err := b.Get(tx, which)
	if err != nil {
		return err
	}
	if err := b.mine(tx, e, by, instead); err != nil {
		return err
	}
	now := b.Clock.Now()
	n, err := tx.Exec(`update export set deleted_at = $2, deleted_by = $3 where export_id = $1 and deleted_at = 0`, which, now, by)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "deleted", "somebody has said before that this file is deleted")
	}
	if _, err := b.Ledger.Append(tx, KindDeleted, now, map[string]any{"export": which, "all": true, "by": by}); err != nil {
		return err
	}
	open, err := b.erasures(tx, which)
	if err != nil {
		return err
	}
	for _, x := range open {
		if err := b.confirm(tx, x, by, now); err != nil {
			return err
		}
	}
	return nil
}

// mine refuses whoever neither holds an export nor may act instead of its holder.
func (b *Book) mine(tx *db.Tx, e File, by term.Actor, instead bool) error {
	root, err := b.Tokens.Root(tx, by)
	if err == nil && root != e.Holder && !instead {
		err = errs.New(errs.Forbidden, errs.Role, "whoever holds the file says that it is deleted")
	}
	return err
}
