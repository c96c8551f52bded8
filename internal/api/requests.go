package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/term"
)

func (a *API) requestRoutes(h huma.API) {
	handle(a, h, endpoint{id: "erase", method: http.MethodPost, path: "/requests/erasure", scope: Admin, status: http.StatusAccepted,
		summary: "Erase a customer (GDPR 17)"}, a.erase)
	handle(a, h, endpoint{id: "export", method: http.MethodPost, path: "/requests/access", scope: Admin, summary: "Everything held about a customer (GDPR 15)"}, a.export)
	handle(a, h, endpoint{id: "list-requests", method: http.MethodGet, path: "/requests", scope: Admin, summary: "Requests of persons by state"}, a.listRequests)
	handle(a, h, endpoint{id: "request", method: http.MethodGet, path: "/requests/{request}", scope: Admin, summary: "A request and how far it is"}, a.getRequest)
	handle(a, h, endpoint{id: "certificate", method: http.MethodGet, path: "/requests/{request}/certificate", scope: Admin, summary: "The certificate of a finished erasure"}, a.certificate)
}

// ErasureInput names who is to be erased, and where it can be seen that they
// asked for it. Without that, or for many in a day, a second person approves.
type ErasureInput struct {
	Customer id.Customer `json:"customer"`
	Asked    string      `json:"asked,omitempty" maxLength:"300" doc:"Where the person's own request can be seen, such as: letter of 3 March, file 12. Left out, a second person has to approve."`
}

func (a *API) erase(ctx context.Context, in *struct{ Body ErasureInput }) (*body[request.Request], error) {
	c, _ := callerOf(ctx)
	return answered(a.Requests.Erase(ctx, request.NewErasure{Customer: in.Body.Customer, Via: "api", Actor: c.actor(), Asked: in.Body.Asked}))
}

// AccessInput names whose copy is made, and the language of its words.
type AccessInput struct {
	Customer id.Customer `json:"customer"`
	Lang     term.Lang   `json:"lang,omitempty" maxLength:"20" default:"en"`
}

func (a *API) export(ctx context.Context, in *struct{ Body AccessInput }) (*body[request.Copy], error) {
	return answered(a.Requests.Copy(ctx, in.Body.Customer, in.Body.Lang))
}

// RequestList is a page of requests.
type RequestList struct {
	Requests []request.Request `json:"requests"`
	Next     string            `json:"next_cursor,omitempty"`
}

func (a *API) listRequests(ctx context.Context, in *struct {
	Paging
	State request.State `query:"state" enum:"working,waiting,partial,done" default:"working"`
}) (*body[RequestList], error) {
	var after id.Request
	if err := openCursor(a.Ring, "requests", in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := a.Requests.List(ctx, in.State, after, in.Limit)
	out := RequestList{Requests: orEmpty(list)}
	if n := len(list); n == in.Limit {
		out.Next = sealCursor(a.Ring, "requests", list[n-1].ID)
	}
	return answered(out, err)
}

// RequestPath is the request of a path.
type RequestPath struct {
	Request string `path:"request" maxLength:"40"`
}

func (p RequestPath) id() (id.Request, error) {
	return parseID(p.Request, "request", id.Parse[id.Request])
}

// RequestInfo is a request with its steps.
type RequestInfo struct {
	Request request.Request `json:"request"`
	Steps   []request.Step  `json:"steps"`
}

func (a *API) getRequest(ctx context.Context, in *struct{ RequestPath }) (*body[RequestInfo], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	got, err := a.Requests.Get(ctx, r)
	if err != nil {
		return nil, err
	}
	steps, err := a.Requests.Steps(ctx, r)
	return answered(RequestInfo{got, orEmpty(steps)}, err)
}

func (a *API) certificate(ctx context.Context, in *struct{ RequestPath }) (*body[request.Certified], error) {
	r, err := in.id()
	if err != nil {
		return nil, err
	}
	return answered(a.Requests.Certificate(ctx, r))
}
