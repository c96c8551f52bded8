package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/token"
)

func (a *API) tokenRoutes(h huma.API) {
	handle(a, h, endpoint{id: "setup", method: http.MethodPost, path: "/setup", status: http.StatusCreated,
		summary: "Trade the set-up code for the first administrator's token"}, a.postSetup)
	handle(a, h, endpoint{id: "make-token", method: http.MethodPost, path: "/tokens", scope: Admin, status: http.StatusCreated, summary: "Make a token"}, a.makeToken)
	handle(a, h, endpoint{id: "list-tokens", method: http.MethodGet, path: "/tokens", scope: Admin, summary: "List tokens"}, a.listTokens)
	handle(a, h, endpoint{id: "revoke-token", method: http.MethodDelete, path: "/tokens/{token}", scope: Admin, status: http.StatusNoContent, summary: "End a token"}, a.revokeToken)
}

// Setup is the code printed when the server starts.
type Setup struct {
	Code string `json:"code" minLength:"1" maxLength:"100"`
}

// TokenMade is a new token. Secret is shown this once.
type TokenMade struct {
	Secret string      `json:"secret" doc:"Send it as Authorization: Bearer. It is shown once."`
	Token  token.Token `json:"token"`
}

func (a *API) postSetup(ctx context.Context, in *struct{ Body Setup }) (*body[TokenMade], error) {
	text, t, err := a.setUp(ctx, in.Body.Code)
	return answered(TokenMade{text, t}, err)
}

// TokenInput is a token to be made.
type TokenInput struct {
	Label    string   `json:"label" minLength:"1" maxLength:"100"`
	Scopes   []Scope  `json:"scopes" minItems:"1" maxItems:"6"`
	Networks []string `json:"networks,omitempty" maxItems:"50"`
	PerDay   int64    `json:"calls_per_day,omitempty" minimum:"0"`
	Days     int      `json:"expires_in_days,omitempty" minimum:"1" maximum:"730" default:"90"`
}

func (a *API) makeToken(ctx context.Context, in *struct{ Body TokenInput }) (*body[TokenMade], error) {
	c, _ := callerOf(ctx)
	text, t, err := a.mint(ctx, token.New{Label: in.Body.Label, Scopes: in.Body.Scopes, Networks: in.Body.Networks, PerDay: in.Body.PerDay,
		For: time.Duration(in.Body.Days) * 24 * time.Hour, By: c.actor()})
	return answered(TokenMade{text, t}, err)
}

// TokenList is all tokens, newest first.
type TokenList struct {
	Tokens []token.Token `json:"tokens"`
}

func (a *API) listTokens(ctx context.Context, _ *struct{}) (*body[TokenList], error) {
	var list []token.Token
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = a.Tokens.List(tx)
		return err
	})
	return answered(TokenList{orEmpty(list)}, err)
}

func (a *API) revokeToken(ctx context.Context, in *struct {
	Token string `path:"token" maxLength:"40"`
}) (*struct{}, error) {
	t, err := parseID(in.Token, "token", id.Parse[id.Token])
	if err != nil {
		return nil, err
	}
	return nil, a.DB.Write(ctx, func(tx *db.Tx) error { return a.Tokens.Revoke(tx, t) })
}
