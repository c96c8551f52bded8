package intake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"candor/internal/audit"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/lists"
	"candor/internal/term"
)

// AuditState is how far an audit of lists is.
type AuditState string

// The states of an audit.
const (
	AuditOpen    AuditState = "open"    // its files are arriving
	AuditReading AuditState = "reading" // the lists are being judged
	AuditRead    AuditState = "read"    // judged; nothing was stored
	AuditTrying  AuditState = "trying"  // a dry run of loading is at work
	AuditTried   AuditState = "tried"   // it is known what loading would do; still nothing was stored
	AuditLoading AuditState = "loading"
	AuditLoaded  AuditState = "loaded"  // loaded; the files are gone
	AuditStopped AuditState = "stopped" // a file could not be read; Code says why
	AuditExpired AuditState = "expired" // not loaded within a week, or given up; the files are gone
)

// AtWork reports whether something is going on in the background.
func (s AuditState) AtWork() bool {
	return s == AuditReading || s == AuditTrying || s == AuditLoading
}

// KeepLists is how long the files of an audit are kept, sealed, at most.
const KeepLists = 7 * 24 * time.Hour

// maxLists is how many files are judged together.
const maxLists = 32

// ListAudit is several lists that are judged together before any is loaded.
type ListAudit struct {
	ID        id.Audit
	State     AuditState
	Code      errs.Code // why it stopped
	Problem   string    // the same in words
	Terms     Terms
	Report    audit.Report
	Rows      int64 // read so far
	Actor     term.Actor
	CreatedAt clock.Instant
	ChangedAt clock.Instant
	Lists     []Upload // in the order in which they came; not given by Audits
}

// Terms are what a person decided about an audit's lists.
type Terms struct {
	Columns map[string]lists.Meaning    `json:"columns,omitempty"` // corrects what columns are taken for
	Purpose term.Purpose                `json:"purpose,omitempty"` // for which they agreed
	Form    term.Ask                    `json:"form,omitempty"`    // on which they signed up, where no column says
	Forms   map[string]term.Ask         `json:"forms,omitempty"`   // what the lists' names of forms stand for
	Ours    bool                        `json:"ours,omitempty"`    // they agreed to this business; nobody was bought or rented
	Leave   []audit.Class               `json:"leave,omitempty"`   // classes that stay where they are
	Attest  map[audit.Class]Attestation `json:"attest,omitempty"`
}

// check refuses terms under which nothing could be loaded.
func (t Terms) check(c *charter.Charter) error {
	if !t.Ours {
		return errs.New(errs.Invalid, "not_ours", "say that these people agreed to %s itself: a list that was bought, rented or swapped carries no permission (CON-14)", c.Business.Name).On("ours")
	}
	if _, ok := c.Purpose(t.Purpose); !ok {
		return errs.New(errs.Invalid, "no_such_purpose", "choose what they agreed to").On("purpose")
	}
	all := []term.Ask{t.Form}
	for _, ask := range t.Forms {
		all = append(all, ask)
	}
	for _, a := range t.Attest {
		all = append(all, term.Ask(a.Form))
	}
	for _, id := range all {
		if a, ok := c.Ask(id); id != "" && (!ok || a.Purpose != t.Purpose) {
			return errs.New(errs.Invalid, "no_such_ask", "choose a form that asks for this purpose").On("form")
		}
	}
	return nil
}

// NothingToAgree reports whether the lists hold nobody to write to, so that there
// is no permission to speak of: people not to write to are taken from anywhere.
func (a ListAudit) NothingToAgree() bool { return a.Report.Rows > 0 && a.Report.Subscribed == 0 }

// mapping is how one file of the audit is loaded, as a document.
func (a ListAudit) mapping(u Upload, to term.Controller) (string, error) {
	columns := map[string]lists.Meaning{}
	for _, f := range a.Report.Files {
		for _, c := range f.Columns {
			if f.Source == u.Name && c.Given {
				columns[c.Name] = c.Meaning
			}
		}
	}
	export := map[string]any{"name": u.Name}
	if a.Terms.Purpose != "" {
		export["purpose"], export["given"] = a.Terms.Purpose, to
	}
	if a.Terms.Form != "" {
		export["form"] = a.Terms.Form
	}
	if len(a.Terms.Forms) > 0 {
		export["forms"] = a.Terms.Forms
	}
	if len(columns) > 0 {
		export["columns"] = columns
	}
	if len(a.Terms.Leave) > 0 {
		export["leave"] = a.Terms.Leave
	}
	if len(a.Terms.Attest) > 0 {
		export["attest"] = a.Terms.Attest
	}
	source := []rune(u.Name)
	b, err := json.Marshal(map[string]any{"source": string(source[:min(len(source), 40)]), "export": export})
	return string(b), err
}

var (
	errNoAudit  = errs.New(errs.NotFound, "no_such_audit", "there is no such audit; its lists may have been deleted")
	errAuditNow = errs.New(errs.Conflict, "audit_state", "the lists are not at this step any more; look at the page again")
)

// BeginAudit opens an audit for files to come. Until somebody says otherwise,
// those of whom nothing is known but a status stay where they are.
func (im *Importer) BeginAudit(ctx context.Context, by term.Actor) (id.Audit, error) {
	which, now := id.New[id.Audit](), im.clock.Now()
	return which, im.db.Write(ctx, func(tx *db.Tx) error {
		terms, err := json.Marshal(Terms{Leave: []audit.Class{audit.Unproven}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(`insert into list_audit (audit_id, actor, state, terms, report, progress, code, problem, created_at, changed_at)
			values ($1, $2, $3, $4, $5, 0, '', '', $6, $6)`, which, by, AuditOpen, string(terms), im.sealReport(which, audit.Report{}), now)
		return err
	})
}

// AddList takes one file of an audit. It is here whole or not at all.
func (im *Importer) AddList(ctx context.Context, which id.Audit, name string, r io.Reader) error {
	a, err := im.Audit(ctx, which)
	if err != nil {
		return err
	}
	u := im.newUpload(a.Actor)
	u.Audit, u.Name, u.State = which, plainName(name), Arriving
	switch {
	case a.State != AuditOpen:
		return errAuditNow
	case len(a.Lists) == maxLists:
		return errs.New(errs.TooLarge, "too_many_lists", "at most %d files can be compared at once", maxLists)
	case slices.ContainsFunc(a.Lists, func(l Upload) bool { return l.Name == u.Name }):
		return errs.New(errs.Invalid, "same_name", "two files are called %s; rename one, so that the report can tell them apart", u.Name)
	}
	if err := im.db.Write(ctx, func(tx *db.Tx) error { return insertUpload(tx, u) }); err != nil {
		return err
	}
	size, err := im.keepParts(ctx, u.ID, r)
	if err == nil && size == 0 {
		err = errs.New(errs.Invalid, "empty_file", "%s is empty", u.Name)
	}
	if err == nil {
		return im.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`update upload set state = $2, size = $3 where import_id = $1`, u.ID, Whole, size)
			return err
		})
	}
	back := im.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from upload_part where import_id = $1`, u.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`delete from upload where import_id = $1`, u.ID)
		return err
	})
	return errors.Join(err, back)
}

// plainName keeps of a file's name what stands after the last slash.
func plainName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	return strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "")
}

// ReadLists begins to judge the lists under the meanings that a person gave to
// columns. It goes on in the background.
func (im *Importer) ReadLists(ctx context.Context, which id.Audit, columns map[string]lists.Meaning) error {
	a, err := im.Audit(ctx, which)
	if err != nil {
		return err
	}
	if len(a.Lists) == 0 {
		return errs.New(errs.Invalid, "no_files", "choose at least one file")
	}
	a.Terms.Columns = columns
	return im.moveAudit(ctx, a, []AuditState{AuditOpen, AuditRead, AuditTried}, AuditReading)
}

// DecideClass says what becomes of a class of rows: they stay where they are, or
// somebody attests what they lack, or, with neither, they come as they are. What
// was tried before has to be tried anew.
func (im *Importer) DecideClass(ctx context.Context, which id.Audit, class audit.Class, leave bool, says *Attestation) error {
	a, err := im.Audit(ctx, which)
	if err != nil {
		return err
	}
	t := &a.Terms
	t.Leave = slices.DeleteFunc(t.Leave, func(c audit.Class) bool { return c == class })
	delete(t.Attest, class)
	switch {
	case leave:
		t.Leave = append(t.Leave, class)
	case says != nil:
		if err := says.check(); err != nil {
			return err
		}
		if t.Attest == nil {
			t.Attest = map[audit.Class]Attestation{}
		}
		t.Attest[class] = *says
	}
	return im.moveAudit(ctx, a, []AuditState{AuditRead, AuditTried}, AuditRead)
}

// TryLists begins a dry run of loading: for this purpose, with forms bound to asks,
// under what was decided of columns and classes. It returns INVALID for terms that
// cannot be.
func (im *Importer) TryLists(ctx context.Context, which id.Audit, t Terms) error {
	a, err := im.Audit(ctx, which)
	if err != nil {
		return err
	}
	var c *charter.Charter
	err = im.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = im.charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	t.Columns, t.Leave, t.Attest = a.Terms.Columns, a.Terms.Leave, a.Terms.Attest
	if !a.NothingToAgree() {
		if err := t.check(c); err != nil {
			return err
		}
	}
	a.Terms = t
	return im.moveAudit(ctx, a, []AuditState{AuditRead, AuditTried}, AuditTrying)
}

// LoadLists begins to load what was tried: from all lists first whom not to
// write to, then the rest.
func (im *Importer) LoadLists(ctx context.Context, which id.Audit, by term.Actor) error {
	a, err := im.Audit(ctx, which)
	if err != nil {
		return err
	}
	a.Actor = by
	return im.moveAudit(ctx, a, []AuditState{AuditTried}, AuditLoading)
}

// DropLists gives an audit up: its files go at once.
func (im *Importer) DropLists(ctx context.Context, which id.Audit) error {
	return im.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update list_audit set state = $2, changed_at = $3 where audit_id = $1 and state in ('open', 'read', 'tried', 'stopped')`, which, AuditExpired, im.clock.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return errAuditNow
		}
		return im.dropFiles(tx)
	})
}

// moveAudit takes an audit to its next step, with its terms, and lets the
// background go on with it. It returns CONFLICT when it is not at one of some.
func (im *Importer) moveAudit(ctx context.Context, a ListAudit, from []AuditState, to AuditState) error {
	terms, err := json.Marshal(a.Terms)
	if err != nil {
		return err
	}
	if !slices.Contains(from, a.State) {
		return errAuditNow
	}
	return im.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update list_audit set state = $2, terms = $3, actor = $4, progress = 0, code = '', problem = '', changed_at = $5 where audit_id = $1 and state = $6`,
			a.ID, to, string(terms), a.Actor, im.clock.Now(), a.State)
		if err != nil {
			return err
		}
		if n == 0 {
			return errAuditNow
		}
		if im.jobs == nil || !to.AtWork() {
			return nil
		}
		return im.jobs.Enqueue(tx, job.New{Kind: JobAudit, Args: auditArgs{a.ID}})
	})
}

const auditColumns = `audit_id, actor, state, terms, report, progress, code, problem, created_at, changed_at`

func (im *Importer) scanAudit(scan db.Scan) (ListAudit, error) {
	var a ListAudit
	var terms string
	var report []byte
	err := scan(&a.ID, &a.Actor, &a.State, &terms, &report, &a.Rows, &a.Code, &a.Problem, &a.CreatedAt, &a.ChangedAt)
	if err == nil {
		err = json.Unmarshal([]byte(terms), &a.Terms)
	}
	if err != nil {
		return a, err
	}
	plain, err := im.ring.OpenToken(sealReport(a.ID), string(report))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(plain, &a.Report)
}

func sealReport(which id.Audit) string { return "audit/" + which.String() }

func (im *Importer) sealReport(which id.Audit, r audit.Report) []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // numbers and names
	}
	return []byte(im.ring.SealToken(sealReport(which), b))
}

// Audit gives an audit with its lists. It returns NOT_FOUND when there is none.
func (im *Importer) Audit(ctx context.Context, which id.Audit) (a ListAudit, err error) {
	err = im.db.Read(ctx, func(tx *db.Tx) error {
		if a, err = im.scanAudit(tx.QueryRow(`select `+auditColumns+` from list_audit where audit_id = $1`, which).Scan); err != nil {
			return err
		}
		rows, err := tx.Query(`select `+uploadColumns+` from upload where audit_id = $1 order by import_id`, which)
		a.Lists, err = db.Collect(rows, err, scanUpload)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		err = errNoAudit
	}
	return a, err
}

// Audits lists audits without their files, the newest first: a page of at most
// limit before one of them, or the first page when before is zero.
func (im *Importer) Audits(ctx context.Context, before id.Audit, limit int) (out []ListAudit, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	err = im.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select `+auditColumns+` from list_audit where audit_id < $1 order by audit_id desc limit $2`, before, limit)
		out, err = db.Collect(rows, err, im.scanAudit)
		return err
	})
	return out, err
}
