package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"candor/internal/errs"
)

// patience is how long the server waits for the next piece of a file.
const patience = time.Minute

// patient moves the connection's deadlines while a file is coming, so that a
// large one is not cut off, and one that stands still is.
type patient struct {
	io.ReadCloser
	conn *http.ResponseController
}

// Read reads on, and waits for it no longer than a minute.
func (p *patient) Read(b []byte) (int, error) {
	until := time.Now().Add(patience)
	_ = p.conn.SetReadDeadline(until)
	_ = p.conn.SetWriteDeadline(until.Add(patience))
	return p.ReadCloser.Read(b)
}

// Files hands on the files of a form, one after the other as they come. Nothing of
// them is kept in memory. The route's access says Files.
func (v *Visit) Files(each func(name string, r io.Reader) error) error {
	bad := func(err error) error {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return errs.New(errs.TooLarge, "files_too_large", "together the files have at most %d MB; send them in parts", large.Limit>>20)
		}
		return errs.Wrap(err, errs.Invalid, "bad_form", "the files did not arrive whole; go back and send them again")
	}
	v.R.Body = &patient{v.R.Body, http.NewResponseController(v.W)}
	form, err := v.R.MultipartReader()
	if err != nil {
		return bad(err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bad(err)
		}
		if part.FileName() == "" {
			continue
		}
		if err := each(part.FileName(), part); err != nil {
			return err
		}
	}
}

// outgoing is a file that is handed out as it is made.
type outgoing struct {
	v          *Visit
	name, kind string
	conn       *http.ResponseController
	begun      bool
}

func (o *outgoing) begin() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.v.W.Header()
	h.Set("Content-Type", o.kind)
	h.Set("Content-Disposition", `attachment; filename="`+o.name+`"`)
}

// Write hands a piece on, and waits for its taker no longer than a minute.
func (o *outgoing) Write(b []byte) (int, error) {
	o.begin()
	_ = o.conn.SetWriteDeadline(time.Now().Add(patience))
	return o.v.W.Write(b)
}

// Download hands a file out as it is made. What goes wrong before its first byte
// is shown as a page; later the connection is broken off, so that nobody takes a
// part for the whole.
func (v *Visit) Download(name, kind string, make func(w io.Writer) error) error {
	o := &outgoing{v: v, name: name, kind: kind, conn: http.NewResponseController(v.W)}
	err := make(o)
	if err == nil {
		o.begin()
		return nil
	}
	if !o.begun {
		return err
	}
	v.Log.LogAttrs(v.Context(), slog.LevelError, "file broken off", slog.String("route", v.R.Pattern), slog.String("code", string(errs.CodeOf(err))))
	panic(http.ErrAbortHandler)
}

// CSVKind is the type of a table that is handed out.
const CSVKind = "text/csv; charset=utf-8"
