package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Token is a new token; Secret is shown this once.
type Token struct {
	Secret string    `json:"secret"`
	Token  TokenInfo `json:"token"`
}

// TokenInfo is a token without its secret.
type TokenInfo struct {
	ID        string    `json:"token_id"`
	Label     string    `json:"label"`
	Scopes    []string  `json:"scopes"` // read, decide, reasons, write, send, admin
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	UsedAt    time.Time `json:"used_at"`
	RevokedAt time.Time `json:"revoked_at"`
}

// ClaimToken trades an operator's proof, which candor token create makes with the
// server's keys, for a token.
func (c *Client) ClaimToken(ctx context.Context, proof string) (Token, error) {
	var out Token
	return out, c.post(ctx, "/operator/tokens", map[string]any{"proof": proof}, &out)
}

// Tokens lists all tokens, the newest first.
func (c *Client) Tokens(ctx context.Context) ([]TokenInfo, error) {
	var out struct {
		Tokens []TokenInfo `json:"tokens"`
	}
	err := c.get(ctx, "/tokens", &out)
	return out.Tokens, err
}

// RevokeToken ends a token at once.
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	return c.do(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(token), nil, nil)
}

// Source is a website, an app or a server that sends data under a write key.
type Source struct {
	ID            string    `json:"source_id,omitempty"`
	Name          string    `json:"name"`
	Class         string    `json:"class"`          // public or server
	Mode          string    `json:"mode,omitempty"` // live or test
	Namespace     string    `json:"namespace,omitempty"`
	Origins       []string  `json:"origins,omitempty"`
	Events        []string  `json:"events,omitempty"`
	Fields        []string  `json:"fields,omitempty"`
	NoticeVersion int64     `json:"notice_version,omitempty"` // 0 is the one in force
	CreatedAt     time.Time `json:"created_at,omitzero"`
	RevokedAt     time.Time `json:"revoked_at,omitzero"`
}

// MakeSource makes a source and gives its write key, which is shown this once.
func (c *Client) MakeSource(ctx context.Context, s Source) (Source, string, error) {
	var out struct {
		Key    string `json:"write_key"`
		Source Source `json:"source"`
	}
	err := c.post(ctx, "/sources", s, &out)
	return out.Source, out.Key, err
}

// Sources lists all sources, the oldest first.
func (c *Client) Sources(ctx context.Context) ([]Source, error) {
	var out struct {
		Sources []Source `json:"sources"`
	}
	err := c.get(ctx, "/sources", &out)
	return out.Sources, err
}

// BindNotice says which version of the notice people see where a source collects.
func (c *Client) BindNotice(ctx context.Context, source string, version int64) error {
	return c.post(ctx, "/sources/"+url.PathEscape(source)+"/notice", map[string]any{"version": version}, nil)
}

// RevokeSource ends a source's write key for good.
func (c *Client) RevokeSource(ctx context.Context, source string) error {
	return c.do(ctx, http.MethodDelete, "/sources/"+url.PathEscape(source), nil, nil)
}
