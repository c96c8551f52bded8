package intake

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// UploadState is how far a file that was handed over is.
type UploadState string

// The states.
const (
	Open     UploadState = "open"     // its mapping is known; the file is still to come
	Arriving UploadState = "arriving" // the file is on its way
	Whole    UploadState = "whole"    // the file is here
	Checking UploadState = "checking" // a dry run is at work
	Checked  UploadState = "checked"  // a dry run is done; nothing was stored
	Running  UploadState = "running"  // the import is at work
	Done     UploadState = "done"     // imported; the file is gone
	Stopped  UploadState = "stopped"  // it could not be read; Code says why
	Expired  UploadState = "expired"  // it was not imported within a day; the file is gone
)

// Upload is a file that was handed over to be imported, with its mapping. The
// file is kept sealed until it is imported, and a day at most.
type Upload struct {
	ID        id.Import     `json:"import_id"`
	Audit     id.Audit      `json:"-"` // of which it is a list, or 0
	Name      string        `json:"-"` // of the file; only a list of an audit has one
	State     UploadState   `json:"state"`
	Code      errs.Code     `json:"code,omitempty"`    // why it stopped
	Problem   string        `json:"problem,omitempty"` // the same in words
	Mapping   string        `json:"mapping"`
	Size      int64         `json:"size"`   // bytes of the file
	Report    Report        `json:"report"` // so far
	Actor     term.Actor    `json:"actor"`
	CreatedAt clock.Instant `json:"created_at"`
	ChangedAt clock.Instant `json:"changed_at"`
}

// The limits of a file.
const (
	MaxFile  = 1 << 30   // bytes
	partSize = 512 << 10 // bytes sealed at once
)

var (
	errNoUpload = errs.New(errs.NotFound, "no_such_import", "there is no such import")
	errFileSize = errs.New(errs.TooLarge, "file_too_large", "a file has at most %d bytes; import it in parts", MaxFile)
)

// Begin takes a mapping, as YAML or JSON, for a file to come. It returns INVALID
// when the mapping cannot work under the charter in force.
func (im *Importer) Begin(ctx context.Context, mapping string, by term.Actor) (Upload, error) {
	m, err := ParseMapping([]byte(mapping))
	if err != nil {
		return Upload{}, err
	}
	u := im.newUpload(by)
	u.Mapping = mapping
	err = im.db.Write(ctx, func(tx *db.Tx) error {
		c, err := im.charter.Current(tx)
		if err != nil {
			return err
		}
		if err := m.against(admission.New(c)); err != nil {
			return err
		}
		return insertUpload(tx, u)
	})
	return u, err
}

func (im *Importer) newUpload(by term.Actor) Upload {
	now := im.clock.Now()
	return Upload{ID: id.New[id.Import](), State: Open, Report: noReport(), Actor: by, CreatedAt: now, ChangedAt: now}
}

func insertUpload(tx *db.Tx, u Upload) error {
	_, err := tx.Exec(`insert into upload (import_id, audit_id, name, actor, mapping, state, code, problem, report, size, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, '', '', $7, 0, $8, $8)`, u.ID, u.Audit, u.Name, u.Actor, u.Mapping, u.State, asJSON(u.Report), u.CreatedAt)
	return err
}

func noReport() Report {
	return Report{Errors: map[errs.Code]int{}, Without: map[errs.Code]int{}, LeftOut: []string{}}
}

func asJSON(r Report) string {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // numbers and names
	}
	return string(b)
}

// AddFile takes the file. It is here whole or not at all: when the reader fails
// half-way, what was kept of it is deleted. It returns CONFLICT when there is a
// file already.
func (im *Importer) AddFile(ctx context.Context, which id.Import, r io.Reader) (Upload, error) {
	if err := im.move(ctx, which, []UploadState{Open}, Arriving); err != nil {
		return Upload{}, err
	}
	size, err := im.keepParts(ctx, which, r)
	if err == nil && size == 0 {
		err = mappingError("the file is empty")
	}
	if err == nil {
		err = im.move(ctx, which, []UploadState{Arriving}, Whole, func(tx *db.Tx) error {
			_, err := tx.Exec(`update upload set size = $2 where import_id = $1`, which, size)
			return err
		})
	}
	if err != nil {
		back := im.move(context.WithoutCancel(ctx), which, []UploadState{Arriving}, Open, func(tx *db.Tx) error {
			_, err := tx.Exec(`delete from upload_part where import_id = $1`, which)
			return err
		})
		return Upload{}, errors.Join(err, back)
	}
	return im.Upload(ctx, which)
}

func (im *Importer) keepParts(ctx context.Context, which id.Import, r io.Reader) (size int64, err error) {
	buf := make([]byte, partSize)
	for part := 0; ; part++ {
		n, err := io.ReadFull(r, buf)
		if size += int64(n); size > MaxFile {
			return size, errFileSize
		}
		if n > 0 {
			sealed := im.ring.SealToken(sealPart(which), buf[:n])
			put := func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into upload_part (import_id, part, body) values ($1, $2, $3)`, which, part, []byte(sealed))
				return err
			}
			if err := im.db.Write(ctx, put); err != nil {
				return size, err
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return size, nil
		default:
			return size, errs.Wrap(err, errs.Invalid, "body_cut", "the file did not come to its end; send it again")
		}
	}
}

func sealPart(which id.Import) string { return "upload/" + which.String() }

// kept reads a kept file, a part at a time.
type kept struct {
	ctx  context.Context
	db   *db.DB
	ring *keyring.Ring
	of   id.Import

	mu   sync.Mutex
	part int64  // whose bytes are at hand
	body []byte // nil before the first
}

// ReadAt implements io.ReaderAt.
func (k *kept) ReadAt(b []byte, at int64) (n int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for n < len(b) {
		if err := k.open(at / partSize); err != nil {
			return n, err
		}
		from := at % partSize
		if from >= int64(len(k.body)) {
			return n, io.EOF
		}
		m := copy(b[n:], k.body[from:])
		n, at = n+m, at+int64(m)
	}
	return n, nil
}

func (k *kept) open(part int64) error {
	if k.body != nil && k.part == part {
		return nil
	}
	var sealed []byte
	err := k.db.Read(k.ctx, func(tx *db.Tx) error {
		return tx.QueryRow(`select body from upload_part where import_id = $1 and part = $2`, k.of, part).Scan(&sealed)
	})
	if errs.Is(err, errs.NotFound) {
		return io.EOF
	}
	if err != nil {
		return err
	}
	if k.body, err = k.ring.OpenToken(sealPart(k.of), string(sealed)); err != nil {
		return errs.New(errs.Internal, "upload_changed", "a part of the file is not what was put there")
	}
	k.part = part
	return nil
}

func (im *Importer) kept(ctx context.Context, u Upload) *kept {
	return &kept{ctx: ctx, db: im.db, ring: im.ring, of: u.ID}
}

const uploadColumns = `import_id, audit_id, name, state, code, problem, mapping, size, report, actor, created_at, changed_at`

func scanUpload(scan db.Scan) (Upload, error) {
	u := Upload{}
	var report string
	err := scan(&u.ID, &u.Audit, &u.Name, &u.State, &u.Code, &u.Problem, &u.Mapping, &u.Size, &report, &u.Actor, &u.CreatedAt, &u.ChangedAt)
	if err == nil {
		err = json.Unmarshal([]byte(report), &u.Report)
	}
	return u, err
}

// Upload gives an import by its number. It returns NOT_FOUND when there is none.
func (im *Importer) Upload(ctx context.Context, which id.Import) (Upload, error) {
	var u Upload
	err := im.db.Read(ctx, func(tx *db.Tx) (err error) {
		u, err = scanUpload(tx.QueryRow(`select `+uploadColumns+` from upload where import_id = $1`, which).Scan)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		err = errNoUpload
	}
	return u, err
}

// Uploads lists imports but those of audits, the newest first: a page of at most limit before one of
// them, or the first page when before is zero.
func (im *Importer) Uploads(ctx context.Context, before id.Import, limit int) ([]Upload, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	var out []Upload
	err := im.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select `+uploadColumns+` from upload where audit_id = 0 and import_id < $1 order by import_id desc limit $2`, before, limit)
		out, err = db.Collect(rows, err, scanUpload)
		return err
	})
	return out, err
}

// move changes the state when it is one of some. It returns CONFLICT when not.
func (im *Importer) move(ctx context.Context, which id.Import, from []UploadState, to UploadState, also ...func(*db.Tx) error) error {
	return im.db.Write(ctx, func(tx *db.Tx) error {
		u, err := scanUpload(tx.QueryRow(`select `+uploadColumns+` from upload where import_id = $1`, which).Scan)
		if errs.Is(err, errs.NotFound) {
			return errNoUpload
		}
		if err != nil {
			return err
		}
		n := int64(0)
		if slices.Contains(from, u.State) {
			n, err = tx.Exec(`update upload set state = $2, code = '', problem = '', changed_at = $3 where import_id = $1 and state = $4`, which, to, im.clock.Now(), u.State)
		}
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "import_state", "this import is %s; %s", u.State, advice[u.State])
		}
		for _, fn := range also {
			if err == nil {
				err = fn(tx)
			}
		}
		return err
	})
}

// advice says what can be done in a state.
var advice = map[UploadState]string{
	Open: "send its file first", Arriving: "its file is on its way", Whole: "it has its file", Checking: "wait for the dry run", Checked: "it has its file",
	Running: "wait for it", Done: "begin another one", Stopped: "begin another one", Expired: "begin another one",
}
