// Package token knows the programs that may use the API: each by a bearer token,
// of which only a keyed digest is kept, with scopes, an end, the networks it may
// come from and how many calls a day it may make.
//
// A token is made by a person who has promised confidentiality (GDPR 28(3)(b),
// 32(4)): a member of staff, or an operator who has the keys at hand. A token
// makes none, and gives no roles. When somebody leaves, what they made ends.
package token

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Scope is what a token may do.
type Scope string

// The scopes.
const (
	Read    Scope = "read"    // read ids, standings, values for a purpose, the ledger
	Decide  Scope = "decide"  // ask the gate
	Reasons Scope = "reasons" // see why the gate said no
	Write   Scope = "write"   // bring customers, consents and events
	Send    Scope = "send"    // run campaigns
	Admin   Scope = "admin"   // sources, charters, recipients, requests of persons; ends tokens
)

// Scopes lists them all.
var Scopes = []Scope{Read, Decide, Reasons, Write, Send, Admin}

// Token is a bearer token as it is known here: without the token itself.
type Token struct {
	ID        id.Token      `json:"token_id"`
	Label     string        `json:"label"`
	Scopes    []Scope       `json:"scopes"`
	Networks  []string      `json:"networks,omitempty" doc:"Where calls may come from, such as 203.0.113.0/24; empty for anywhere."`
	PerDay    int64         `json:"calls_per_day,omitempty" doc:"Cut off after so many calls a day; 0 for no limit."`
	MadeBy    term.Actor    `json:"made_by"`
	Maker     term.Actor    `json:"-"` // the person behind MadeBy
	CreatedAt clock.Instant `json:"created_at"`
	ExpiresAt clock.Instant `json:"expires_at"`
	UsedAt    clock.Instant `json:"used_at,omitzero" doc:"Last use, to the hour."`
	RevokedAt clock.Instant `json:"revoked_at,omitzero"`
}

// Has tells whether the token has a scope.
func (t Token) Has(s Scope) bool { return slices.Contains(t.Scopes, s) }

// Actor names the token in records.
func (t Token) Actor() term.Actor { return term.Actor(actorPrefix + t.ID.String()) }

const actorPrefix = "token:"

// Works tells whether the token is good at a time.
func (t Token) Works(now clock.Instant) bool { return t.RevokedAt == 0 && now < t.ExpiresAt }

// New is a token to be made.
type New struct {
	Label    string
	Scopes   []Scope
	Networks []string      // prefixes in CIDR form, or single addresses
	PerDay   int64         // calls a day; 0 for no limit
	For      time.Duration // how long it is good for; at most two years
	By       term.Actor
}

const (
	longest  = 2 * 366 * 24 * time.Hour
	maxLabel = 100
	maxNets  = 50
)

// check returns INVALID for what no token may be, and brings networks into one
// form.
func (n *New) check() error {
	switch {
	case n.Label == "" || len(n.Label) > maxLabel || personal.HoldsAddress(n.Label):
		return errs.New(errs.Invalid, "token_label", "say in at most %d letters what the token is for, without anybody's address", maxLabel).On("label")
	case len(n.Scopes) == 0:
		return errs.New(errs.Invalid, "token_scopes", "a token needs at least one scope").On("scopes")
	case n.For <= 0 || n.For > longest:
		return errs.New(errs.Invalid, "token_life", "a token lives at least a moment and at most two years").On("expires_in_days")
	case n.PerDay < 0 || len(n.Networks) > maxNets:
		return errs.New(errs.Invalid, "token_limits", "a token has at most %d networks and a number of calls a day that is not negative", maxNets).On("calls_per_day")
	}
	for i, s := range n.Scopes {
		if !slices.Contains(Scopes, s) || slices.Contains(n.Scopes[:i], s) {
			return errs.New(errs.Invalid, "token_scopes", "the scopes are read, decide, reasons, write, send and admin, each once").On("scopes")
		}
	}
	for i, text := range n.Networks {
		p, err := prefix(text)
		if err != nil {
			return errs.New(errs.Invalid, "token_networks", "write networks such as 203.0.113.0/24 or 2001:db8::/32").On("networks")
		}
		n.Networks[i] = p.String()
	}
	return nil
}

func prefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Prefix(a.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// comesFrom tells whether an address is in one of the networks.
func (t Token) comesFrom(a netip.Addr) bool {
	return len(t.Networks) == 0 || slices.ContainsFunc(t.Networks, func(text string) bool {
		p, err := netip.ParsePrefix(text)
		return err == nil && p.Contains(a.Unmap())
	})
}

func joinScopes(list []Scope) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, ",")
}

func splitScopes(s string) []Scope {
	var out []Scope
	for part := range strings.SplitSeq(s, ",") {
		out = append(out, Scope(part))
	}
	return out
}

const columns = `token_id, label, scopes, networks, per_day, made_by, maker, created_at, expires_at, used_at, revoked_at`

func scan(scan db.Scan) (Token, error) {
	var t Token
	var scopes, networks string
	err := scan(&t.ID, &t.Label, &scopes, &networks, &t.PerDay, &t.MadeBy, &t.Maker, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.RevokedAt)
	if err != nil {
		return t, err
	}
	t.Scopes = splitScopes(scopes)
	return t, json.Unmarshal([]byte(networks), &t.Networks)
}
