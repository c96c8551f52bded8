package intake

import (
	"context"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
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

func (im *Importer) begin(ctx context.Context, u *run) error {
	return im.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into import (import_id, source, actor, started_at, ended_at, outcome, rows_read, rows_ok, made, failed)
			values ($1, $2, $3, $4, 0, '', 0, 0, 0, 0)`, u.report.Import, u.o.Mapping.Source, u.o.Actor, u.plan.now)
		return err
	})
}

func (im *Importer) end(ctx context.Context, u *run, failure error) error {
	outcome := errs.Code("done")
	if failure != nil {
		if outcome = errs.CodeOf(failure); outcome == "" {
			outcome = "stopped"
		}
	}
	r := u.report
	var failed int64
	for _, n := range r.Errors {
		failed += int64(n)
	}
	return im.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update import set ended_at = $2, outcome = $3, rows_read = $4, rows_ok = $5, made = $6, failed = $7
			where import_id = $1`, r.Import, im.clock.Now(), outcome, r.Rows, r.OK, r.New, failed)
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
