package client

import (
	"context"
	"net/http"
	"net/url"
)

// Evidence gives the evidence as of a day, such as 2026-03-01: the pack as it is,
// for candor evidence verify.
func (c *Client) Evidence(ctx context.Context, day string) ([]byte, error) {
	r, err := c.request(ctx, http.MethodGet, "/evidence?as_of="+url.QueryEscape(day), nil)
	if err != nil {
		return nil, err
	}
	return c.send(r)
}
