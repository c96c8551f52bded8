package web

import (
	"errors"
	"io"
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
