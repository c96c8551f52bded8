package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
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
	Admin   Scope = "admin"   // tokens and requests of persons
)

// Scopes lists them all.
var Scopes = []Scope{Read, Decide, Reasons, Write, Send, Admin}

// Token is a bearer token as it is known here: without the token itself.
type Token struct {
	ID        id.Token      `json:"token_id"`
	Label     string        `json:"label"`
	Scopes    []Scope       `json:"scopes"`
	MadeBy    term.Actor    `json:"made_by"`
	CreatedAt clock.Instant `json:"created_at"`
	ExpiresAt clock.Instant `json:"expires_at"`
	UsedAt    clock.Instant `json:"used_at,omitzero" doc:"Last use, to the hour."`
	RevokedAt clock.Instant `json:"revoked_at,omitzero"`
}

// NewToken is a token to be made.
type NewToken struct {
	Label  string
	Scopes []Scope
	For    time.Duration // how long it is good for; at most two years
	By     term.Actor
}

const (
	tokenPrefix  = "candor_"
	tokenBytes   = 32
	longestToken = 2 * 366 * 24 * time.Hour
	maxLabel     = 100
	useEvery     = time.Hour // how exactly the last use is known
)

// MintToken makes a token in the caller's transaction and gives its text, which
// is shown once and never stored. It returns INVALID for an unknown scope, a
// missing label or too long a life.
func (a *API) MintToken(tx *db.Tx, n NewToken) (string, Token, error) {
	if err := n.check(); err != nil {
		return "", Token{}, err
	}
	now := a.Clock.Now()
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret)
	text := tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	t := Token{ID: id.New[id.Token](), Label: n.Label, Scopes: n.Scopes, MadeBy: n.By, CreatedAt: now, ExpiresAt: now.Add(n.For)}
	d := a.Ring.Digest(keyring.Secret, "api", text)
	_, err := tx.Exec(`insert into api_token (token_id, digest, key_id, label, scopes, made_by, created_at, expires_at, used_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)`,
		t.ID, d.Sum, d.KeyID, t.Label, joinScopes(t.Scopes), t.MadeBy, t.CreatedAt, t.ExpiresAt)
	return text, t, err
}

func (n NewToken) check() error {
	switch {
	case n.Label == "" || len(n.Label) > maxLabel || personal.HoldsAddress(n.Label):
		return errs.New(errs.Invalid, "token_label", "say in at most %d letters what the token is for, without anybody's address", maxLabel).On("label")
	case len(n.Scopes) == 0:
		return errs.New(errs.Invalid, "token_scopes", "a token needs at least one scope").On("scopes")
	case n.For <= 0 || n.For > longestToken:
		return errs.New(errs.Invalid, "token_life", "a token lives at least a moment and at most two years").On("expires_in_days")
	}
	for i, s := range n.Scopes {
		if !slices.Contains(Scopes, s) || slices.Contains(n.Scopes[:i], s) {
			return errs.New(errs.Invalid, "token_scopes", "the scopes are read, decide, reasons, write, send and admin, each once").On("scopes")
		}
	}
	return nil
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

// caller is who sent a request.
type caller struct {
	token Token
}

func (c caller) has(s Scope) bool { return slices.Contains(c.token.Scopes, s) }

// actor names the caller in records.
func (c caller) actor() term.Actor { return term.Actor("token:" + c.token.ID.String()) }

type callerKey struct{}

func withCaller(ctx context.Context, c caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(ctx context.Context) (caller, bool) {
	c, ok := ctx.Value(callerKey{}).(caller)
	return c, ok
}

var errNoToken = errs.New(errs.Unauthorized, "bad_token", "send a valid token: Authorization: Bearer candor_...")

// authenticate finds the token of a request. Whatever is wrong with it, the
// answer is the same.
func (a *API) authenticate(r *http.Request) (caller, error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(text, tokenPrefix) || len(text) > 100 {
		return caller{}, errNoToken
	}
	now := a.Clock.Now()
	var t Token
	err := a.DB.Read(r.Context(), func(tx *db.Tx) error {
		for _, d := range a.Ring.Digests(keyring.Secret, "api", text) {
			var err error
			t, err = scanToken(tx.QueryRow(`select `+tokenColumns+` from api_token where digest = $1`, d.Sum).Scan)
			if !errs.Is(err, errs.NotFound) {
				return err
			}
		}
		return errNoToken
	})
	if err != nil {
		return caller{}, err
	}
	if t.RevokedAt != 0 || now >= t.ExpiresAt {
		return caller{}, errNoToken
	}
	return caller{t}, a.noteUse(r.Context(), t, now)
}

// noteUse writes the last use at most once an hour.
func (a *API) noteUse(ctx context.Context, t Token, now clock.Instant) error {
	if now.Sub(t.UsedAt) < useEvery {
		return nil
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update api_token set used_at = $2 where token_id = $1 and used_at < $2`, t.ID, now)
		return err
	})
}

const tokenColumns = `token_id, label, scopes, made_by, created_at, expires_at, used_at, revoked_at`

func scanToken(scan db.Scan) (Token, error) {
	var t Token
	var scopes string
	err := scan(&t.ID, &t.Label, &scopes, &t.MadeBy, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.RevokedAt)
	t.Scopes = splitScopes(scopes)
	return t, err
}

// Tokens lists all tokens, newest first.
func (a *API) Tokens(ctx context.Context) ([]Token, error) {
	var out []Token
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select ` + tokenColumns + ` from api_token order by token_id desc`)
		out, err = db.Collect(rows, err, scanToken)
		return err
	})
	return out, err
}

// RevokeToken ends a token at once. It returns NOT_FOUND when there is none.
func (a *API) RevokeToken(ctx context.Context, t id.Token) error {
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update api_token set revoked_at = $2 where token_id = $1 and revoked_at = 0`, t, a.Clock.Now())
		if err == nil && n == 0 {
			return errs.New(errs.NotFound, "no_such_token", "there is no such token, or it was revoked before")
		}
		return err
	})
}
