package tour

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"candor/internal/audit"
	"candor/internal/errs"
	"candor/internal/lists"
	"candor/internal/ui"
)

// audited is what an export of the visitor's own can prove.
type audited struct {
	Headline string
	Rows     []auditRow
	Findings []string
}

// auditRow is a class of addresses with how to put it right.
type auditRow struct{ Title, Count, Width, Fix string }

const (
	maxUpload = 32 << 20
	maxRows   = 500_000
)

// audit reads exports that the visitor dropped. They are read and forgotten.
func (t *Tour) audit(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return errs.New(errs.Invalid, "no_file", "choose a file: a CSV, or a zip of them")
	}
	var files []lists.File
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errs.New(errs.TooLarge, "file_too_large", "the files together may have 32 MB; use candor audit for more")
		}
		if part.FileName() == "" {
			continue
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return errs.New(errs.TooLarge, "file_too_large", "the files together may have 32 MB; use candor audit for more")
		}
		files = append(files, lists.File{Name: part.FileName(), Content: bytes.NewReader(b), Size: int64(len(b))})
	}
	if len(files) == 0 || files[0].Size == 0 {
		return errs.New(errs.Invalid, "no_file", "choose a file: a CSV, or a zip of them")
	}
	report, err := audit.Run(r.Context(), files, audit.Options{Now: time.Now(), MaxRows: maxRows})
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.state.report = auditedOf(report)
	t.mu.Unlock()
	return back(w, r, "yours")
}

func auditedOf(r audit.Report) *audited {
	out := &audited{Headline: r.Headline()}
	for _, p := range r.Classes {
		out.Rows = append(out.Rows, auditRow{p.Title, ui.Number("en", p.Count), ui.Share(p.Count, r.Subscribed), p.Fix})
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, f.Title)
	}
	return out
}
