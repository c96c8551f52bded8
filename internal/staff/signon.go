package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/id"
)

// SignOn is the business's own provider of single sign-on (OpenID Connect Core
// 1.0, code flow with PKCE, RFC 7636). Who somebody is, is what the provider says;
// whether they work here and what they may do is the roster's alone, and nobody
// comes into being by signing in. Nil stands for none.
type SignOn struct {
	Issuer   string
	ClientID string
	Secret   string // "" for a client without one
	Name     string // what people call it
	// Factors are the values of acr or amr by which the provider says that it asked
	// for a second factor. With another value, or none, ours is asked for.
	Factors  []string
	Redirect string // where the provider sends people back to
	Door     *egress.Door

	mu       sync.Mutex
	provider *oidc.Provider
}

// BySignOn is the factor of a session whose second factor the provider asked for.
const BySignOn = "single sign-on"

const (
	errandLives = 15 * time.Minute
	sealErrand  = "staff/sign-on"
)

var (
	errNoSignOn  = errs.New(errs.NotFound, "no_sign_on", "single sign-on is not configured; sign in with your password or passkey")
	errProvider  = errs.New(errs.Unavailable, SignOnFailed, "the provider of single sign-on does not answer; try again, or sign in with your password or passkey")
	errErrand    = errs.New(errs.Unauthorized, SignOnFailed, "this sign-in was begun in another browser, or took too long; begin again")
	errSignOn    = errs.New(errs.Unauthorized, SignOnFailed, "the provider's answer is not right; begin again, and tell whoever set it up when it happens twice")
	errUnknown   = errs.New(errs.Unauthorized, NotInvited, "you are signed in there, but nobody here is known by it; ask whoever manages staff to invite you under your work address, and sign in within 72 hours")
	errOtherLink = errs.New(errs.Conflict, NotInvited, "this sign-on belongs to somebody else here, or you have another; ask whoever manages staff for a new invitation")
	errSignOnOld = errs.New(errs.Unauthorized, SignOnFailed, "the provider did not ask you again with a second factor; type a code of your authenticator instead")
)

// Errand is what somebody goes to the provider for.
type Errand struct {
	For  ErrandKind `json:"for"`
	Who  id.Staff   `json:"who,omitempty"` // of an errand within a session
	Next string     `json:"next,omitempty"`

	State    string        `json:"state"`
	Nonce    string        `json:"nonce"`
	Verifier string        `json:"verifier"`
	Until    clock.Instant `json:"until"`
}

// ErrandKind is a kind of errand.
type ErrandKind string

// The kinds.
const (
	ToSignIn  ErrandKind = "sign in"
	ToConnect ErrandKind = "connect" // the sign-on with whoever is signed in
	ToProve   ErrandKind = "prove"   // that it is still them
)

// Return is what the browser brings back from the provider.
type Return struct{ State, Code, Error, Issuer string }

// found discovers the provider once; a failure is tried again the next time.
func (s *SignOn) found(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(ctx, s.Door.Client()), s.Issuer)
		if err != nil {
			return nil, errs.Wrap(err, errs.Unavailable, SignOnFailed, "%s", errProvider.Msg)
		}
		s.provider = p
	}
	return s.provider, nil
}

// Check tells whether the provider answers and can do what is asked of it.
func (s *SignOn) Check(ctx context.Context) error {
	p, err := s.found(ctx)
	if err != nil {
		return err
	}
	var says struct {
		Challenges []string `json:"code_challenge_methods_supported"`
	}
	if err := p.Claims(&says); err != nil {
		return err
	}
	if !slices.Contains(says.Challenges, "S256") {
		return errs.New(errs.Invalid, SignOnFailed, "the provider does not say that it supports PKCE with S256; switch it on there")
	}
	return nil
}

func (s *SignOn) client(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: s.ClientID, ClientSecret: s.Secret, Endpoint: p.Endpoint(), RedirectURL: s.Redirect, Scopes: []string{oidc.ScopeOpenID, "email"}}
}

func unguessable() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// ToProvider gives the provider's address to go to, and the errand, sealed for the
// browser, without which what comes back is not taken.
func (r *Roster) ToProvider(ctx context.Context, e Errand) (to, sealed string, err error) {
	s := r.SignOn
	if s == nil {
		return "", "", errNoSignOn
	}
	p, err := s.found(ctx)
	if err != nil {
		return "", "", err
	}
	e.State, e.Nonce, e.Verifier, e.Until = unguessable(), unguessable(), oauth2.GenerateVerifier(), r.Clock.Now().Add(errandLives)
	b, err := json.Marshal(e)
	if err != nil {
		return "", "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(e.Nonce), oauth2.S256ChallengeOption(e.Verifier)}
	if e.For == ToProve {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return s.client(p).AuthCodeURL(e.State, options...), r.Ring.SealToken(sealErrand, b), nil
}

// Returned takes what the browser brought back, checks it against the errand that
// the browser kept, and does what the errand was for. w is who is signed in, for
// an errand within a session. It gives the sign-in of an errand to sign in.
func (r *Roster) Returned(ctx context.Context, sealed string, back Return, w Who, network string) (Errand, SignIn, error) {
	var e Errand
	if r.SignOn == nil {
		return e, SignIn{}, errNoSignOn
	}
	b, err := r.Ring.OpenToken(sealErrand, sealed)
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil || e.Until <= r.Clock.Now() || subtle.ConstantTimeCompare([]byte(e.State), []byte(back.State)) != 1 || e.For != ToSignIn && (e.Who == 0 || e.Who != w.Person.ID) {
		return Errand{}, SignIn{}, errErrand
	}
	limits := byNetwork(network)
	if err := r.take(ctx, limits); err != nil {
		return e, SignIn{}, err
	}
	said, err := r.SignOn.ask(ctx, e, back, r.Clock.Now())
	if err != nil {
		return e, SignIn{}, r.failed(ctx, e.Who, BySignOn, err)
	}
	in, err := r.runErrand(ctx, e, said, w)
	if code := errs.CodeOf(err); code == NotInvited || code == SignOnFailed {
		return e, in, r.failed(ctx, e.Who, BySignOn, err)
	}
	if err != nil {
		return e, in, err
	}
	return e, in, r.DB.Write(ctx, func(tx *db.Tx) error { return r.forgive(tx, limits) })
}

func (r *Roster) runErrand(ctx context.Context, e Errand, said claims, w Who) (in SignIn, err error) {
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := r.bySubject(tx, said.Subject)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		known := err == nil
		switch e.For {
		case ToProve:
			return r.proveBySignOn(tx, w, who, said)
		case ToConnect:
			if known {
				return errOtherLink
			}
			return r.connect(tx, w.Person.ID, said.Subject)
		}
		if !known {
			if who, err = r.invitedBy(tx, said); err != nil {
				return err
			}
			if err := r.connect(tx, who, said.Subject); err != nil {
				return err
			}
		}
		in = r.begin(who)
		in.signOn = r.sessionMark(said.Session)
		if said.second(r.SignOn.Factors) {
			in.factor = BySignOn
		}
		return nil
	})
	return in, err
}

// claims are what the provider says of somebody.
type claims struct {
	Subject  string   `json:"-"`
	Nonce    string   `json:"-"`
	Email    string   `json:"email"`
	Verified truth    `json:"email_verified"`
	Class    string   `json:"acr"`
	Methods  []string `json:"amr"`
	At       int64    `json:"auth_time"`
	Session  string   `json:"sid"`
	Party    string   `json:"azp"`
}

// truth is a boolean that some providers send as text.
type truth bool

// UnmarshalJSON takes true and "true".
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// second tells whether the provider asked for a second factor.
func (c claims) second(factors []string) bool {
	return slices.ContainsFunc(factors, func(f string) bool { return f != "" && (f == c.Class || slices.Contains(c.Methods, f)) })
}

// ask exchanges the code and checks the ID token: signature, issuer, audience,
// time and nonce.
func (s *SignOn) ask(ctx context.Context, e Errand, back Return, now clock.Instant) (claims, error) {
	var said claims
	if back.Issuer != "" && back.Issuer != s.Issuer {
		return said, errSignOn
	}
	if back.Error == "access_denied" || back.Error == "login_required" || back.Error == "interaction_required" {
		return said, errs.New(errs.Unauthorized, SignOnFailed, "you did not sign in there; begin again, or sign in with your password or passkey")
	}
	if back.Error != "" || back.Code == "" {
		return said, errSignOn
	}
	p, err := s.found(ctx)
	if err != nil {
		return said, err
	}
	ctx = oidc.ClientContext(ctx, s.Door.Client())
	tokens, err := s.client(p).Exchange(ctx, back.Code, oauth2.VerifierOption(e.Verifier))
	if err != nil {
		return said, errs.Wrap(err, errs.Unauthorized, SignOnFailed, "%s", errSignOn.Msg)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := p.Verifier(&oidc.Config{ClientID: s.ClientID, Now: now.Time}).Verify(ctx, raw)
	if err != nil {
		return said, errs.Wrap(err, errs.Unauthorized, SignOnFailed, "%s", errSignOn.Msg)
	}
	if err := token.Claims(&said); err != nil || subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(e.Nonce)) != 1 || len(token.Audience) > 1 && said.Party != s.ClientID {
		return said, errSignOn
	}
	said.Subject = token.Subject
	if said.Email == "" {
		return said, s.askMore(ctx, p, tokens, &said)
	}
	return said, nil
}

// askMore asks for the address where the ID token holds none.
func (s *SignOn) askMore(ctx context.Context, p *oidc.Provider, tokens *oauth2.Token, said *claims) error {
	if p.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != said.Subject {
		return errSignOn
	}
	said.Email, said.Verified = info.Email, truth(info.EmailVerified)
	return nil
}
