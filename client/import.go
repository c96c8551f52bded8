package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Import is a file that is taken over, with its mapping.
type Import struct {
	ID        string       `json:"import_id"`
	State     string       `json:"state"` // open, arriving, whole, checking, checked, running, done, stopped, expired
	Code      string       `json:"code,omitempty"`
	Problem   string       `json:"problem,omitempty"`
	Size      int64        `json:"size"`
	Report    ImportReport `json:"report"`
	CreatedAt time.Time    `json:"created_at"`
}

// Working reports whether the import is still at work.
func (i Import) Working() bool { return i.State == "checking" || i.State == "running" }

// ImportReport says what an import did so far, or would do.
type ImportReport struct {
	Rows         int64          `json:"rows"`
	OK           int64          `json:"ok"`
	New          int64          `json:"new"`
	Existing     int64          `json:"existing"`
	Events       int64          `json:"events"`
	Duplicates   int64          `json:"duplicates"`
	Permissions  int64          `json:"permissions"`
	NoPermission int64          `json:"no_permission"`
	Without      map[string]int `json:"without"`    // why, each
	Suppressed   int64          `json:"suppressed"` // of another tool's export
	Skipped      int64          `json:"skipped"`    // not subscribed in it: left where they are
	Errors       map[string]int `json:"errors"`
	LeftOut      []string       `json:"left_out"`
	From         int64          `json:"from"` // the line after which it went on, when an earlier run had stopped there; else 0
}

// BeginImport takes a mapping, as YAML or JSON, for a file to come.
func (c *Client) BeginImport(ctx context.Context, mapping string) (Import, error) {
	var out Import
	return out, c.post(ctx, "/imports", map[string]any{"mapping": mapping}, &out)
}

func importPath(i, rest string) string { return "/imports/" + url.PathEscape(i) + rest }

// SendFile sends the file of an import.
func (c *Client) SendFile(ctx context.Context, i string, file io.Reader) (Import, error) {
	var out Import
	r, err := c.request(ctx, http.MethodPut, importPath(i, "/file"), nil)
	if err != nil {
		return out, err
	}
	r.Body, r.ContentLength = io.NopCloser(file), -1
	r.Header.Set("Content-Type", "text/csv")
	b, err := c.send(r)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(b, &out)
}

// CheckImport begins a dry run of the file: it is read whole, and nothing is
// stored.
func (c *Client) CheckImport(ctx context.Context, i string) (Import, error) {
	var out Import
	return out, c.post(ctx, importPath(i, "/check"), nil, &out)
}

// StartImport begins to import the file, in the background.
func (c *Client) StartImport(ctx context.Context, i string) (Import, error) {
	var out Import
	return out, c.post(ctx, importPath(i, "/start"), nil, &out)
}

// Import gives an import and how far it is.
func (c *Client) Import(ctx context.Context, i string) (Import, error) {
	var out Import
	return out, c.get(ctx, importPath(i, ""), &out)
}

// Imports lists imports, the newest first, from a cursor on.
func (c *Client) Imports(ctx context.Context, cursor string, limit int) (list []Import, next string, err error) {
	var out struct {
		Imports []Import `json:"imports"`
		Next    string   `json:"next_cursor"`
	}
	err = c.get(ctx, "/imports"+page(cursor, limit), &out)
	return out.Imports, out.Next, err
}

// ImportFailures gives the rows that were not taken as CSV.
func (c *Client) ImportFailures(ctx context.Context, i string) ([]byte, error) {
	r, err := c.request(ctx, http.MethodGet, importPath(i, "/failures"), nil)
	if err != nil {
		return nil, err
	}
	return c.send(r)
}
