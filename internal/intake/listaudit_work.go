package intake

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"candor/internal/audit"
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/lists"
)

// JobAudit goes on with an audit of lists, whatever its next step is.
const JobAudit = "intake.audit"

type auditArgs struct {
	Audit id.Audit `json:"audit"`
}

// examples is how many rows of each class an audit shows.
const examples = 25

// audit takes an audit's step that waits. What cannot be done is said on its
// page; what may go better the next time is tried again.
func (im *Importer) audit(ctx context.Context, j job.Job) error {
	var args auditArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return err
	}
	a, err := im.Audit(ctx, args.Audit)
	if err != nil || !a.State.AtWork() {
		return err
	}
	next, err := im.step(ctx, &a)
	if err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) && j.Attempt < job.MaxAttempts {
		return err
	}
	return im.settleAudit(context.WithoutCancel(ctx), a, next, err)
}

// step does the work of a state and gives the next.
func (im *Importer) step(ctx context.Context, a *ListAudit) (AuditState, error) {
	switch a.State {
	case AuditReading:
		r, err := im.judgeLists(ctx, *a)
		if err == nil {
			a.Report = r
			return AuditRead, nil
		}
		if a.Report.Rows > 0 { // a correction that does not fit; what was read before stands
			return AuditRead, err
		}
		return AuditStopped, err
	case AuditTrying:
		if err := im.loadAll(ctx, *a, true); err != nil {
			return AuditRead, err
		}
		return AuditTried, nil
	}
	return AuditLoaded, im.loadAll(ctx, *a, false)
}

func (im *Importer) judgeLists(ctx context.Context, a ListAudit) (audit.Report, error) {
	var files []lists.File
	for _, u := range a.Lists {
		files = append(files, lists.File{Name: u.Name, Content: im.kept(ctx, u), Size: u.Size})
	}
	var failure error
	r, err := audit.Run(ctx, files, audit.Options{Map: a.Terms.Columns, Now: im.clock.Now().Time(), Examples: examples, Progress: func(rows int64) {
		if failure == nil {
			failure = im.db.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`update list_audit set progress = $2 where audit_id = $1`, a.ID, rows)
				return err
			})
		}
	}})
	return r, errors.Join(err, failure)
}

// loadAll goes over all lists twice: for whom not to write to, so that no list
// brings somebody whom another one stops, and for the rest. A list that cannot be
// loaded stops alone. What an attempt before has loaded is left.
func (im *Importer) loadAll(ctx context.Context, a ListAudit, dry bool) error {
	var c *charter.Charter
	err := im.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = im.charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	with := newTogether()
	var todo []Upload
	for _, u := range a.Lists {
		if u.State == Done || u.State == Stopped {
			continue
		}
		u.Actor = a.Actor
		if u.Mapping, err = a.mapping(u, c.Business.ID); err != nil {
			return err
		}
		m, err := ParseMapping([]byte(u.Mapping))
		if err != nil {
			return err
		}
		if err := im.suppressExport(ctx, io.NewSectionReader(im.kept(ctx, u), 0, u.Size), Options{Mapping: m, DryRun: dry, Actor: a.Actor, Together: with}); err != nil {
			return err
		}
		todo = append(todo, u)
	}
	for _, u := range todo {
		if err := im.loadOne(ctx, u, dry, with); err != nil {
			return err
		}
	}
	return nil
}

func (im *Importer) loadOne(ctx context.Context, u Upload, dry bool, with *together) error {
	to := Running
	if dry {
		to = Checking
	}
	err := im.move(ctx, u.ID, []UploadState{Whole, Checked, Checking, Running}, to, func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from upload_failure where import_id = $1`, u.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`update upload set mapping = $2, report = $3 where import_id = $1`, u.ID, u.Mapping, asJSON(noReport()))
		return err
	})
	if err != nil {
		return err
	}
	u.State = to
	report, err := im.importUpload(ctx, u, with)
	if err != nil && (dry || !errs.Is(err, errs.Invalid)) {
		return err
	}
	return im.settle(context.WithoutCancel(ctx), u, report, err)
}

// settleAudit writes how a step ended. Once the lists are loaded nothing is left
// of them but counts.
func (im *Importer) settleAudit(ctx context.Context, a ListAudit, next AuditState, failure error) error {
	code, problem := errs.Code(""), ""
	if failure != nil {
		code, problem = "internal", "it could not be finished; try again, and look at the server's log when it happens again"
		var known *errs.Error
		if errors.As(failure, &known) && known.Kind != errs.Internal {
			code, problem = known.Code, known.Msg
		}
	}
	if next == AuditLoaded && failure == nil {
		a.Report = withoutExamples(a.Report)
	}
	if next == AuditLoaded && failure != nil {
		next = AuditTried
	}
	return im.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update list_audit set state = $2, report = $3, code = $4, problem = $5, changed_at = $6 where audit_id = $1`,
			a.ID, next, im.sealReport(a.ID, a.Report), code, problem, im.clock.Now())
		return err
	})
}

// withoutExamples leaves nothing of a report that points at a row.
func withoutExamples(r audit.Report) audit.Report {
	for _, parts := range [][]audit.Part{r.Classes, r.Others} {
		for i := range parts {
			parts[i].Rows = nil
		}
	}
	for i := range r.Findings {
		r.Findings[i].Samples = nil
	}
	return r
}

// expire ends audits that nobody loaded within a week and deletes reports after
// a month.
func (im *Importer) expire(tx *db.Tx) error {
	now := im.clock.Now()
	if _, err := tx.Exec(`update list_audit set state = $1, changed_at = $2 where created_at < $3 and state in ('open', 'read', 'tried', 'stopped')`, AuditExpired, now, now.Add(-KeepLists)); err != nil {
		return err
	}
	if err := im.dropFiles(tx); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from list_audit where created_at < $1`, now.Add(-keepReport))
	return err
}

// dropFiles deletes the files, and what points into them, of audits that were
// given up.
func (im *Importer) dropFiles(tx *db.Tx) error {
	rows, err := tx.Query(`select ` + auditColumns + ` from list_audit where state = 'expired'`)
	given, err := db.Collect(rows, err, im.scanAudit)
	if err != nil {
		return err
	}
	for _, a := range given {
		if _, err := tx.Exec(`update list_audit set report = $2 where audit_id = $1`, a.ID, im.sealReport(a.ID, withoutExamples(a.Report))); err != nil {
			return err
		}
		for _, q := range []string{
			`delete from upload_part where import_id in (select import_id from upload where audit_id = $1)`,
			`delete from upload_failure where import_id in (select import_id from upload where audit_id = $1)`,
			`update upload set state = 'expired' where audit_id = $1`,
		} {
			if _, err := tx.Exec(q, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
