package ledger

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

const rowColumns = `entry_id, kind, at, salt, commitment, content, coalesce(pos, -1)`

// Get gives one entry. It returns NOT_FOUND when there is none.
func (l *Log) Get(ctx context.Context, e id.Entry) (Row, error) {
	var r Row
	err := l.db.Read(ctx, func(tx *db.Tx) (err error) {
		r, err = l.get(tx, e)
		return err
	})
	return r, err
}

func (l *Log) get(tx *db.Tx, e id.Entry) (Row, error) {
	r, err := l.scan(tx.QueryRow(`select `+rowColumns+` from ledger_entry where entry_id = $1`, e).Scan)
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.NotFound, "no_such_entry", "there is no such ledger entry")
	}
	return r, err
}

// List gives entries, newest act first. The next page is asked for with Before
// set to the last row's Mark.
func (l *Log) List(ctx context.Context, f Filter) ([]Row, error) {
	query, args := f.sql()
	var out []Row
	err := l.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(query, args...)
		out, err = db.Collect(rows, err, l.scan)
		return err
	})
	return out, err
}

func (f Filter) sql() (string, []any) {
	var where []string
	var args []any
	add := func(cond string, values ...any) {
		marks := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, fmt.Sprintf(cond, marks...))
	}
	if f.Kind != "" {
		add("kind = %s", f.Kind)
	}
	if f.Since != 0 {
		add("at >= %s", f.Since)
	}
	if f.Until != 0 {
		add("at < %s", f.Until)
	}
	if f.Before != (Mark{}) {
		add("(at < %[1]s or (at = %[1]s and entry_id < %[2]s))", f.Before.At, f.Before.Entry)
		add("at <= %s", f.Before.At)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = pageDefault
	}
	q := `select ` + rowColumns + ` from ledger_entry`
	if len(where) > 0 {
		q += ` where ` + strings.Join(where, ` and `)
	}
	args = append(args, min(limit, pageLimit))
	return q + fmt.Sprintf(` order by at desc, entry_id desc limit $%d`, len(args)), args
}

// Mark is an entry's place in a list.
type Mark struct {
	At    clock.Instant
	Entry id.Entry
}

// Mark is the row's place.
func (r Row) Mark() Mark { return Mark{r.At, r.Entry} }

func (l *Log) scan(scan db.Scan) (Row, error) {
	var r Row
	var content string
	err := scan(&r.Entry, &r.Kind, &r.At, &r.Salt, &r.Commit, &content, &r.Pos)
	if content != "" { // expunged otherwise
		r.Content = json.RawMessage(content)
	}
	r.Class = l.classes[r.Kind]
	return r, err
}

// LastAt is when the ledger's latest entry was written, 0 when there is none.
func LastAt(tx *db.Tx) (at clock.Instant, err error) {
	err = tx.QueryRow(`select coalesce(max(at), 0) from ledger_entry`).Scan(&at)
	return at, err
}

// Sample is an entry without its content: its kind, time and commitment stay for
// ever.
type Sample struct {
	Leaf       int64         `json:"leaf"`
	Kind       Kind          `json:"kind"`
	At         clock.Instant `json:"at"`
	Commitment string        `json:"commitment"`
}

// Samples gives up to limit entries of a kind of the time before an instant, the
// newest first.
func Samples(tx *db.Tx, kind Kind, since, until clock.Instant, limit int) ([]Sample, error) {
	rows, err := tx.Query(`select pos, kind, at, commitment from ledger_entry where kind = $1 and at >= $2 and at < $3 and pos is not null
		order by at desc, entry_id desc limit $4`, kind, since, until, limit)
	return db.Collect(rows, err, func(scan db.Scan) (s Sample, err error) {
		var commitment []byte
		err = scan(&s.Leaf, &s.Kind, &s.At, &commitment)
		s.Commitment = hex.EncodeToString(commitment)
		return s, err
	})
}

// CountOf counts the entries of a kind in a time.
func CountOf(tx *db.Tx, kind Kind, since, until clock.Instant) (n int64, err error) {
	err = tx.QueryRow(`select count(*) from ledger_entry where kind = $1 and at >= $2 and at < $3`, kind, since, until).Scan(&n)
	return n, err
}
