package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
)

func (a *API) importRoutes(h huma.API) {
	handle(a, h, endpoint{id: "begin-import", method: http.MethodPost, path: "/imports", scope: Write, status: http.StatusCreated, summary: "Begin an import with its mapping"}, a.beginImport)
	handle(a, h, endpoint{id: "list-imports", method: http.MethodGet, path: "/imports", scope: Write, summary: "Imports, newest first"}, a.listImports)
	handle(a, h, endpoint{id: "import", method: http.MethodGet, path: "/imports/{import}", scope: Write, summary: "An import and how far it is"}, a.getImport)
	handle(a, h, endpoint{id: "send-file", method: http.MethodPut, path: "/imports/{import}/file", scope: Write, file: true,
		summary: "Send the file, up to a gigabyte, as text/csv. It is kept sealed until it is imported, and a day at most"}, a.sendFile)
	handle(a, h, endpoint{id: "check-import", method: http.MethodPost, path: "/imports/{import}/check", scope: Write, status: http.StatusAccepted,
		summary: "A dry run: read the whole file, store nothing, say what would happen"}, a.startImport(true))
	handle(a, h, endpoint{id: "start-import", method: http.MethodPost, path: "/imports/{import}/start", scope: Write, status: http.StatusAccepted,
		summary: "Import the file, in the background"}, a.startImport(false))
	handle(a, h, endpoint{id: "import-failures", method: http.MethodGet, path: "/imports/{import}/failures", scope: Write,
		summary: "The rows that were not taken, as CSV: row, column, reason; never a value"}, a.importFailures)
}

// ImportInput begins an import.
type ImportInput struct {
	Mapping string `json:"mapping" minLength:"1" maxLength:"65536" doc:"What each column is, as YAML or JSON; see doc/collect.md."`
}

func (a *API) beginImport(ctx context.Context, in *struct{ Body ImportInput }) (*body[intake.Upload], error) {
	c, _ := callerOf(ctx)
	return answered(a.Imports.Begin(ctx, in.Body.Mapping, c.actor()))
}

// ImportPath is the import of a path.
type ImportPath struct {
	Import string `path:"import" maxLength:"40"`
}

func (p ImportPath) id() (id.Import, error) { return parseID(p.Import, "import", id.Parse[id.Import]) }

func (a *API) getImport(ctx context.Context, in *struct{ ImportPath }) (*body[intake.Upload], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	return answered(a.Imports.Upload(ctx, which))
}

// ImportList is a page of imports.
type ImportList struct {
	Imports []intake.Upload `json:"imports"`
	Next    string          `json:"next_cursor,omitempty"`
}

func (a *API) listImports(ctx context.Context, in *struct{ Paging }) (*body[ImportList], error) {
	var before id.Import
	if err := openCursor(a.Ring, "imports", in.Cursor, &before); err != nil {
		return nil, err
	}
	list, err := a.Imports.Uploads(ctx, before, in.Limit)
	out := ImportList{Imports: orEmpty(list)}
	if n := len(list); n == in.Limit {
		out.Next = sealCursor(a.Ring, "imports", list[n-1].ID)
	}
	return answered(out, err)
}

func (a *API) startImport(dry bool) func(context.Context, *struct{ ImportPath }) (*body[intake.Upload], error) {
	return func(ctx context.Context, in *struct{ ImportPath }) (*body[intake.Upload], error) {
		which, err := in.id()
		if err != nil {
			return nil, err
		}
		return answered(a.Imports.Start(ctx, which, dry))
	}
}

// takesFile reports whether a request's body is a file rather than JSON.
func takesFile(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/api/v1/imports/") && strings.HasSuffix(r.URL.Path, "/file")
}

type fileKey struct{}

// withFile hands the body of a request to a handler that reads it as it comes.
func withFile(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if r.Header.Get("Content-Encoding") != "" {
		writeProblem(w, problem(errs.New(errs.Invalid, "encoded_file", "send the file as it is, without Content-Encoding")))
		return
	}
	next(huma.WithValue(ctx, fileKey{}, io.Reader(&patient{r.Body, http.NewResponseController(w)})))
}

// patience is how long a server waits for the next piece of a file.
const patience = time.Minute

// patient moves the connection's deadlines while a file is coming, so that a
// large one is not cut off, and one that stands still is.
type patient struct {
	io.Reader
	conn *http.ResponseController
}

// Read reads on, and waits for it no longer than a minute.
func (p *patient) Read(b []byte) (int, error) {
	until := time.Now().Add(patience)
	_ = p.conn.SetReadDeadline(until)
	_ = p.conn.SetWriteDeadline(until.Add(patience))
	return p.Reader.Read(b)
}

func (a *API) sendFile(ctx context.Context, in *struct{ ImportPath }) (*body[intake.Upload], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	file, _ := ctx.Value(fileKey{}).(io.Reader)
	if file == nil {
		file = bytes.NewReader(nil)
	}
	return answered(a.Imports.AddFile(ctx, which, file))
}

// ImportFailures is a file.
type ImportFailures struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) importFailures(ctx context.Context, in *struct{ ImportPath }) (*ImportFailures, error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = a.Imports.Failures(ctx, which, &out)
	if err != nil {
		return nil, err
	}
	return &ImportFailures{"text/csv; charset=utf-8", out.Bytes()}, nil
}
