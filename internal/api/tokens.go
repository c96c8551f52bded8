package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/token"
)

func (a *API) tokenRoutes(h huma.API) {
	handle(a, h, endpoint{id: "claim-token", method: http.MethodPost, path: "/operator/tokens", status: http.StatusCreated,
		summary: "Trade an operator's proof, made with the server's keys, for a token"}, a.claimToken)
	handle(a, h, endpoint{id: "list-tokens", method: http.MethodGet, path: "/tokens", scope: Admin, summary: "List tokens"}, a.listTokens)
	handle(a, h, endpoint{id: "revoke-token", method: http.MethodDelete, path: "/tokens/{token}", scope: Admin, status: http.StatusNoContent, summary: "End a token"}, a.revokeToken)
}

// TokenClaim is what the command line makes where the server's keys are.
type TokenClaim struct {
	Proof string `json:"proof" minLength:"1" maxLength:"8000"`
}

// TokenMade is a new token. Secret is shown this once.
type TokenMade struct {
	Secret string      `json:"secret" doc:"Send it as Authorization: Bearer. It is shown once."`
	Token  token.Token `json:"token"`
}

func (a *API) claimToken(ctx context.Context, in *struct{ Body TokenClaim }) (*body[TokenMade], error) {
	text, t, err := a.Tokens.MintFor(ctx, in.Body.Proof)
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
