package intake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
)

// The background work.
const (
	JobImport = "intake.import" // checks or imports a file that was handed over
	JobForget = "intake.forget" // deletes files that nobody imported, and old reports
)

const (
	keepFile    = 24 * time.Hour
	keepReport  = 30 * 24 * time.Hour
	forgetEvery = time.Hour
	maxFailures = 100_000 // rows listed of one import; the others are counted
)

func (im *Importer) schedule() {
	if im.jobs == nil {
		return
	}
	im.jobs.Handle(JobImport, im.work)
	im.jobs.Handle(JobAudit, im.audit)
	im.jobs.Handle(JobForget, func(ctx context.Context, _ job.Job) error { return im.forget(ctx) })
	im.jobs.Every(JobForget, forgetEvery)
}

type workArgs struct {
	Import id.Import `json:"import"`
}

// Start begins to import a file that was handed over, or, in a dry run, to check
// it without storing anything. The work goes on in the background and, when the
// server is stopped, is taken up again. It returns CONFLICT when there is no
// file, or when the import is at work or done.
func (im *Importer) Start(ctx context.Context, which id.Import, dry bool) (Upload, error) {
	to := Running
	if dry {
		to = Checking
	}
	if u, err := im.Upload(ctx, which); err != nil || u.Audit != 0 {
		return Upload{}, errors.Join(errNoUpload, err)
	}
	err := im.move(ctx, which, []UploadState{Whole, Checked}, to, func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from upload_failure where import_id = $1`, which); err != nil {
			return err
		}
		if _, err := tx.Exec(`update upload set report = $2 where import_id = $1`, which, asJSON(noReport())); err != nil {
			return err
		}
		return im.jobs.Enqueue(tx, job.New{Kind: JobImport, Args: workArgs{which}, Unique: which.String()})
	})
	if err != nil {
		return Upload{}, err
	}
	return im.Upload(ctx, which)
}

// work checks or imports a file. What cannot be read is the end of it; what may
// go better the next time is tried again.
func (im *Importer) work(ctx context.Context, j job.Job) error {
	var args workArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return err
	}
	u, err := im.Upload(ctx, args.Import)
	if err != nil || u.State != Checking && u.State != Running {
		return err
	}
	report, err := im.importUpload(ctx, u, nil)
	if err != nil && !errs.Is(err, errs.Invalid) && j.Attempt < job.MaxAttempts {
		return err
	}
	return im.settle(context.WithoutCancel(ctx), u, report, err)
}

func (im *Importer) importUpload(ctx context.Context, u Upload, with *together) (Report, error) {
	m, err := ParseMapping([]byte(u.Mapping))
	if err != nil {
		return u.Report, err
	}
	w := &progress{im: im, ctx: ctx, of: u.ID}
	report, err := im.Import(ctx, io.NewSectionReader(im.kept(ctx, u), 0, u.Size), Options{
		Mapping: m, DryRun: u.State == Checking, Actor: u.Actor, Progress: w.tell, Failed: w.failed, Together: with,
	})
	return report, errors.Join(err, w.err)
}

// progress writes down how far an import is, after each batch.
type progress struct {
	im      *Importer
	ctx     context.Context
	of      id.Import
	written int
	rows    [][]any
	err     error
}

// failed lists a row. One that an attempt before listed stands already.
func (w *progress) failed(e RowError) error {
	if w.written+len(w.rows) < maxFailures {
		w.rows = append(w.rows, []any{w.of, e.Row, e.Column, e.Reason})
	}
	return w.err
}

func (w *progress) tell(r Report) {
	if w.err == nil {
		w.err = w.im.db.Write(w.ctx, func(tx *db.Tx) error {
			if len(w.rows) > 0 {
				if _, err := tx.InsertMany(`insert into upload_failure (import_id, line, name, reason) values`, `on conflict do nothing`, w.rows); err != nil {
					return err
				}
			}
			_, err := tx.Exec(`update upload set report = $2, changed_at = $3 where import_id = $1`, w.of, asJSON(r), w.im.clock.Now())
			return err
		})
	}
	w.written += len(w.rows)
	w.rows = nil
}

// settle writes how an import ended. The file goes when nothing can be done with
// it any more.
func (im *Importer) settle(ctx context.Context, u Upload, r Report, failure error) error {
	state, code, problem := Checked, errs.Code(""), ""
	var known *errs.Error
	switch {
	case failure != nil:
		state, code, problem = Stopped, "internal", "it could not be finished; what was taken stays, and importing the file again takes the rest"
		if errors.As(failure, &known) {
			code, problem = known.Code, known.Msg
		}
	case u.State == Running:
		state = Done
	}
	return im.db.Write(ctx, func(tx *db.Tx) error {
		if state != Checked {
			if _, err := tx.Exec(`delete from upload_part where import_id = $1`, u.ID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`update upload set state = $2, code = $3, problem = $4, report = $5, changed_at = $6 where import_id = $1`,
			u.ID, state, code, problem, asJSON(r), im.clock.Now())
		return err
	})
}

// Failures writes the rows that were not taken as a file. It returns NOT_FOUND
// when there is no such import.
func (im *Importer) Failures(ctx context.Context, which id.Import, w io.Writer) error {
	if _, err := im.Upload(ctx, which); err != nil {
		return err
	}
	f, err := NewFailureFile(w)
	if err != nil {
		return err
	}
	for after := (RowError{}); ; {
		list, err := im.failurePage(ctx, which, after)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := f.Add(e); err != nil {
				return err
			}
		}
		if len(list) < failurePage {
			return f.Close()
		}
		after = list[len(list)-1]
	}
}

// failurePage is how many rows are read at a time.
const failurePage = 2000

func (im *Importer) failurePage(ctx context.Context, which id.Import, after RowError) (out []RowError, err error) {
	err = im.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select line, name, reason from upload_failure
			where import_id = $1 and (line > $2 or (line = $2 and name > $3)) order by line, name limit $4`, which, after.Row, after.Column, failurePage)
		out, err = db.Collect(rows, err, func(scan db.Scan) (e RowError, err error) { return e, scan(&e.Row, &e.Column, &e.Reason) })
		return err
	})
	return out, err
}

// forget deletes files that nobody imported within a day, and reports after a
// month.
func (im *Importer) forget(ctx context.Context) error {
	now := im.clock.Now()
	return im.db.Write(ctx, func(tx *db.Tx) error {
		stale := now.Add(-keepFile)
		if _, err := tx.Exec(`update upload set state = $1, changed_at = $2 where audit_id = 0 and created_at < $3 and state in ('open', 'arriving', 'whole', 'checked')`, Expired, now, stale); err != nil {
			return err
		}
		old := now.Add(-keepReport)
		for _, q := range []string{
			`delete from upload_failure where import_id in (select import_id from upload where created_at < $1)`,
			`delete from upload_part where import_id in (select import_id from upload where created_at < $1)`,
			`delete from upload where created_at < $1`,
		} {
			if _, err := tx.Exec(q, old); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`delete from upload_part where import_id in (select import_id from upload where state = $1)`, Expired); err != nil {
			return err
		}
		return im.expire(tx)
	})
}
