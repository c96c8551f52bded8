package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Request is one person's request with its clock.
type Request struct {
	ID         string    `json:"request_id"`
	Customer   string    `json:"customer_id"`
	Kind       string    `json:"kind"`
	State      string    `json:"state"` // working or done
	Via        string    `json:"via"`
	ReceivedAt time.Time `json:"received_at"`
	SafeDue    time.Time `json:"safe_due"`
	LegalDue   time.Time `json:"legal_due"`
	ClosedAt   time.Time `json:"closed_at"`
}

// RequestStep is one store of an erasure.
type RequestStep struct {
	Store   string    `json:"store"`
	Removed int64     `json:"removed"`
	DoneAt  time.Time `json:"done_at"` // zero while it is to do
}

// RequestPage is a page of requests.
type RequestPage struct {
	Requests []Request `json:"requests"`
	Next     string    `json:"next_cursor"`
}

// Requests lists the requests of a state, from a cursor on.
func (c *Client) Requests(ctx context.Context, state, cursor string) (RequestPage, error) {
	var out RequestPage
	return out, c.get(ctx, "/requests?state="+url.QueryEscape(state)+"&cursor="+url.QueryEscape(cursor), &out)
}

// Request gives a request and how far it is.
func (c *Client) Request(ctx context.Context, request string) (Request, []RequestStep, error) {
	var out struct {
		Request Request       `json:"request"`
		Steps   []RequestStep `json:"steps"`
	}
	err := c.get(ctx, "/requests/"+url.PathEscape(request), &out)
	return out.Request, out.Steps, err
}

// Certificate gives the certificate of a finished erasure.
func (c *Client) Certificate(ctx context.Context, request string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/requests/"+url.PathEscape(request)+"/certificate", &out)
	return out, err
}

// Erase opens an erasure. When it returns, nothing is sent to the customer any
// more; the deletion follows within a minute. asked says where the person's own
// request can be seen; without it, a second person has to approve.
func (c *Client) Erase(ctx context.Context, customer, asked string) (Request, error) {
	var out Request
	return out, c.post(ctx, "/requests/erasure", map[string]any{"customer": customer, "asked": asked}, &out)
}

// Copy gives everything that is held about a customer (GDPR 15).
func (c *Client) Copy(ctx context.Context, customer string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.post(ctx, "/requests/access", map[string]any{"customer": customer}, &out)
	return out, err
}
