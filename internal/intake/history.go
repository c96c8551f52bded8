package intake

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Past is an import that was run.
type Past struct {
	Import    id.Import
	Source    string
	Actor     term.Actor
	StartedAt clock.Instant
	EndedAt   clock.Instant // 0 while it runs, or when it was killed
	Outcome   errs.Code     // "done", or why it stopped
	Rows      int64
	OK        int64
	New       int64
	Failed    int64
}

// contentOf makes the digest by which the same file under the same mapping is
// known again.
func (im *Importer) contentOf(r io.ReadSeeker, m Mapping) (keyring.Digest, error) {
	how, err := json.Marshal(m)
	if err != nil {
		return keyring.Digest{}, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return keyring.Digest{}, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return keyring.Digest{}, err
	}
	return im.ring.Digest(keyring.Import, string(sum.Sum(nil)), string(how)), nil
}

// begin puts the import on record, or goes on with one of the same file that did
// not come to its end.
func (im *Importer) begin(ctx context.Context, u *run, content keyring.Digest) error {
	return im.db.Write(ctx, func(tx *db.Tx) error {
		b := &u.before
		err := tx.QueryRow(`select import_id, rows_read, rows_ok, made, failed, done_row from import
			where content = $1 and outcome <> 'done' order by import_id desc limit 1`, content.Sum).
			Scan(&b.Import, &b.Rows, &b.OK, &b.New, &b.Failed, &u.report.From)
		if err == nil {
			u.report.Import = b.Import
			_, err = tx.Exec(`update import set ended_at = 0, outcome = '', actor = $2 where import_id = $1`, b.Import, u.o.Actor)
			return err
		}
		if !errs.Is(err, errs.NotFound) {
			return err
		}
		u.report.Import = id.New[id.Import]()
		_, err = tx.Exec(`insert into import (import_id, source, actor, started_at, ended_at, outcome, rows_read, rows_ok, made, failed, key_id, content, done_row)
			values ($1, $2, $3, $4, 0, '', 0, 0, 0, 0, $5, $6, 0)`, u.report.Import, u.o.Mapping.Source, u.o.Actor, u.plan.now, content.KeyID, content.Sum)
		return err
	})
}

// reached notes up to which line all is taken. A crash before this repeats a
// batch, which adds nothing.
func (im *Importer) reached(ctx context.Context, u *run, line int64) error {
	return im.db.Write(ctx, func(tx *db.Tx) error {
		n := u.total()
		_, err := tx.Exec(`update import set done_row = $2, rows_read = $3, rows_ok = $4, made = $5, failed = $6 where import_id = $1`,
			u.report.Import, line, n.Rows, n.OK, n.New, n.Failed)
		return err
	})
}

// total adds up this run and the one it goes on from.
func (u *run) total() Past {
	b, r := u.before, u.report
	b.Rows, b.OK, b.New = b.Rows+r.Rows, b.OK+r.OK, b.New+r.New
	for _, n := range r.Errors {
		b.Failed += int64(n)
	}
	return b
}

func (im *Importer) end(ctx context.Context, u *run, failure error) error {
	outcome := errs.Code("done")
	if failure != nil {
		if outcome = errs.CodeOf(failure); outcome == "" {
			outcome = "stopped"
		}
	}
	n := u.total()
	return im.db.Write(ctx, func(tx *db.Tx) error {
		if failure != nil { // the counts are those of what was taken for good
			_, err := tx.Exec(`update import set ended_at = $2, outcome = $3 where import_id = $1`, u.report.Import, im.clock.Now(), outcome)
			return err
		}
		_, err := tx.Exec(`update import set ended_at = $2, outcome = $3, rows_read = $4, rows_ok = $5, made = $6, failed = $7
			where import_id = $1`, u.report.Import, im.clock.Now(), outcome, n.Rows, n.OK, n.New, n.Failed)
		return err
	})
}

// List gives the imports that were run, the last one first.
func List(tx *db.Tx, limit int) ([]Past, error) {
	rows, err := tx.Query(`select import_id, source, actor, started_at, ended_at, outcome, rows_read, rows_ok, made, failed
		from import order by import_id desc limit $1`, limit)
	return db.Collect(rows, err, func(scan db.Scan) (p Past, err error) {
		return p, scan(&p.Import, &p.Source, &p.Actor, &p.StartedAt, &p.EndedAt, &p.Outcome, &p.Rows, &p.OK, &p.New, &p.Failed)
	})
}
