// Package client is the Go client of Candor's API. It imports nothing of the
// engine, so that any program can use it.
//
//	c := client.New("https://candor.example", token)
//	d, err := c.Decide(ctx, client.Question{Customer: "cus_...", Purpose: "letter", Operation: "serve", Channel: "email"})
//
// Every error that the server explains is an *Error with a code that programs
// compare. A request that changes something carries an Idempotency-Key, so that
// one sent again after a broken connection is done once.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Client talks to one server with one token. It is safe for concurrent use.
type Client struct {
	base, token string
	http        *http.Client
}

// New makes a client of a server, such as https://candor.example.
func New(base, token string) *Client {
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: &http.Client{}}
}

// Error is a failure that the server explains (RFC 9457).
type Error struct {
	Status   int       `json:"status"`
	Code     string    `json:"code"`   // such as E_NO_CONSENT or bad_token
	Detail   string    `json:"detail"` // one sentence for people
	Field    string    `json:"field"`
	Mistakes []Mistake `json:"mistakes"` // what of the request does not fit
	Reasons  []Reason  `json:"reasons"`  // of a DENY, with the scope reasons
	Incident string    `json:"incident"`
}

// Mistake is a place in a request, or in a charter, that must be put right.
type Mistake struct {
	At   string `json:"at"`
	What string `json:"what"`
}

// Error is the detail with its code.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s, status %d)", e.Detail, e.Code, e.Status) }

// CodeOf gives the code of an error of the server, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

type keyOf struct{}

// WithKey sends the next change under an Idempotency-Key of the caller's own.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOf{}, key)
}

func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.do(ctx, http.MethodGet, path, nil, out)
}

func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.do(ctx, http.MethodPost, path, in, out)
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	r, err := c.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	b, err := c.send(r)
	if err != nil {
		return err
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *json.RawMessage:
		*out = bytes.TrimSpace(b)
		return nil
	}
	return json.Unmarshal(b, out)
}

// send gives the answer, or the error that it explains.
func (c *Client) send(r *http.Request) ([]byte, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("candor: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("candor: %w", err)
	}
	if resp.StatusCode >= 400 {
		return nil, errorOf(resp.StatusCode, b)
	}
	return b, nil
}

func (c *Client) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("candor: %w", err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, body)
	if err != nil {
		return nil, fmt.Errorf("candor: %w", err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		key, ok := ctx.Value(keyOf{}).(string)
		if !ok {
			key = rand.Text()
		}
		r.Header.Set("Idempotency-Key", key)
	}
	return r, nil
}

func errorOf(status int, b []byte) error {
	e := &Error{Status: status}
	if json.Unmarshal(b, e) != nil || e.Code == "" {
		e.Code, e.Detail = "http", http.StatusText(status)
	}
	e.Status = status
	return e
}
