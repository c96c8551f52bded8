package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Export is a file with people's data that somebody took out.
type Export struct {
	ID        string    `json:"export_id"`
	Kind      string    `json:"kind"` // audience, campaign, recipient
	Purpose   string    `json:"purpose"`
	Recipient string    `json:"recipient"` // whom it is for, "" when it stays in the house
	Who       string    `json:"who"`
	Fields    []string  `json:"fields"`
	People    int64     `json:"people"`
	Holder    string    `json:"holder"` // who deletes it
	MadeAt    time.Time `json:"made_at"`
	DeleteBy  time.Time `json:"delete_by"`
	DeletedAt time.Time `json:"deleted_at"` // zero while it is out
}

// Exports lists the files that were taken out, the newest first; only those that
// are still out when open is true. It gives the cursor of the next page.
func (c *Client) Exports(ctx context.Context, open bool, cursor string, limit int) (list []Export, next string, err error) {
	var out struct {
		Exports []Export `json:"exports"`
		Next    string   `json:"next_cursor"`
	}
	q := url.Values{"open": {strconv.FormatBool(open)}, "cursor": {cursor}, "limit": {strconv.Itoa(limit)}}
	err = c.get(ctx, "/exports?"+q.Encode(), &out)
	return out.Exports, out.Next, err
}

// WhoseExport says whose file a line is from, by its address or its first column.
// It returns an error with status 404 when no file invented that person.
func (c *Client) WhoseExport(ctx context.Context, mark string) (Export, error) {
	var out Export
	err := c.post(ctx, "/exports/whose", map[string]string{"mark": mark}, &out)
	return out, err
}

// ExportDeleted says that every copy of a file is deleted.
func (c *Client) ExportDeleted(ctx context.Context, export string) error {
	return c.do(ctx, http.MethodPost, "/exports/"+url.PathEscape(export)+"/deleted", nil, nil)
}

// ExportErased says that the lines of those who were erased are gone from a file,
// and gives how many they were.
func (c *Client) ExportErased(ctx context.Context, export string) (int, error) {
	var out struct {
		Lines int `json:"lines"`
	}
	err := c.post(ctx, "/exports/"+url.PathEscape(export)+"/erased", nil, &out)
	return out.Lines, err
}
