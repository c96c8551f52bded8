package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/db"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) exportRoutes(h huma.API) {
	handle(a, h, endpoint{id: "list-exports", method: http.MethodGet, path: "/exports", scope: Admin, summary: "Files with people's data that were taken out, newest first"}, a.listExports)
	handle(a, h, endpoint{id: "show-export", method: http.MethodGet, path: "/exports/{export}", scope: Admin, summary: "A file, and the lines that have to go from it because somebody was erased"}, a.getExport)
	handle(a, h, endpoint{id: "whose-export", method: http.MethodPost, path: "/exports/whose", scope: Admin,
		summary: "Whose file a line is from: each holds people who do not exist; 404 for everybody else"}, a.whoseExport)
	handle(a, h, endpoint{id: "export-deleted", method: http.MethodPost, path: "/exports/{export}/deleted", scope: Admin, status: http.StatusNoContent,
		summary: "Say that every copy of a file you hold is deleted"}, a.exportDeleted)
	handle(a, h, endpoint{id: "export-erased", method: http.MethodPost, path: "/exports/{export}/erased", scope: Admin,
		summary: "Say that the lines of those who were erased are gone from a file you hold"}, a.exportErased)
}

// ExportPath is the export of a path.
type ExportPath struct {
	Export string `path:"export" maxLength:"40"`
}

func (p ExportPath) id() (id.Export, error) { return parseID(p.Export, "export", id.Parse[id.Export]) }

// ExportList is a page of exports.
type ExportList struct {
	Exports []export.File `json:"exports"`
	Next    string        `json:"next_cursor,omitempty"`
}

func (a *API) listExports(ctx context.Context, in *struct {
	Paging
	Open bool `query:"open" doc:"Only those that nobody said to be deleted."`
}) (*body[ExportList], error) {
	f := export.Filter{Open: in.Open, Limit: in.Limit}
	if err := openCursor(a.Ring, "exports", in.Cursor, &f.Before); err != nil {
		return nil, err
	}
	var out ExportList
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.Exports, err = a.Exports.List(tx, f)
		return err
	})
	if n := len(out.Exports); n == in.Limit {
		out.Next = sealCursor(a.Ring, "exports", out.Exports[n-1].ID)
	}
	out.Exports = orEmpty(out.Exports)
	return answered(out, err)
}

// ExportDetail is a file with what its holder has to do.
type ExportDetail struct {
	export.File
	ToErase []export.Erasure `json:"to_erase"`
	Mails   export.Mails     `json:"mails_to_invented"`
}

func (a *API) getExport(ctx context.Context, in *struct{ ExportPath }) (*body[ExportDetail], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	var out ExportDetail
	err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if out.File, err = a.Exports.Get(tx, which); err != nil {
			return err
		}
		if out.ToErase, err = a.Exports.ToErase(tx, which); err != nil {
			return err
		}
		out.Mails, err = a.Exports.MailsTo(tx, which)
		return err
	})
	out.ToErase = orEmpty(out.ToErase)
	return answered(out, err)
}

// MarkInput is what a line that turned up says.
type MarkInput struct {
	Mark string `json:"mark" minLength:"1" maxLength:"320" doc:"Its address, or its first column."`
}

func (a *API) whoseExport(ctx context.Context, in *struct{ Body MarkInput }) (*body[export.File], error) {
	var out export.File
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = a.Exports.Whose(tx, in.Body.Mark)
		return err
	})
	return answered(out, err)
}

func (a *API) exportDeleted(ctx context.Context, in *struct{ ExportPath }) (*struct{}, error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	err = a.DB.Write(ctx, func(tx *db.Tx) error { return a.Exports.Delete(tx, which, actorOf(ctx), false) })
	return nil, err
}

// Erased says how many lines were gone.
type Erased struct {
	Lines int `json:"lines"`
}

func (a *API) exportErased(ctx context.Context, in *struct{ ExportPath }) (*body[Erased], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	var out Erased
	err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		out.Lines, err = a.Exports.Confirm(tx, which, actorOf(ctx), false)
		return err
	})
	return answered(out, err)
}

func actorOf(ctx context.Context) term.Actor {
	c, _ := callerOf(ctx)
	return c.actor()
}
