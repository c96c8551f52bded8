package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"candor/internal/term"
	"candor/internal/token"
)

// Scope is what a token may do.
type Scope = token.Scope

// The scopes, as package token means them.
const (
	Read    = token.Read
	Decide  = token.Decide
	Reasons = token.Reasons
	Write   = token.Write
	Send    = token.Send
	Admin   = token.Admin
)

// caller is who sent a request.
type caller struct {
	token token.Token
}

func (c caller) has(s Scope) bool { return c.token.Has(s) }

// actor names the caller in records.
func (c caller) actor() term.Actor { return c.token.Actor() }

type callerKey struct{}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(ctx context.Context) (caller, bool) {
	c, ok := ctx.Value(callerKey{}).(caller)
	return c, ok
}

// authenticate finds the token of a request.
func (a *API) authenticate(r *http.Request) (caller, error) {
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		text = ""
	}
	t, err := a.Tokens.Find(r.Context(), text, remote(r))
	return caller{t}, err
}

// remote is the address that the server sees.
func remote(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(host)
	return a
}
