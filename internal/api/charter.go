package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/term"
)

func (a *API) charterRoutes(h huma.API) {
	handle(a, h, endpoint{id: "charter", method: http.MethodGet, path: "/charter", scope: Read, summary: "The charter in force"}, a.charterInForce)
}

// CharterInfo is the promise in force.
type CharterInfo struct {
	Version    int64           `json:"version"`
	Effective  string          `json:"effective"`
	Hash       string          `json:"hash" doc:"SHA-256 of both documents."`
	Controller term.Controller `json:"controller"`
	Purposes   []PurposeInfo   `json:"purposes"`
	Events     []term.Event    `json:"events"`
	Promise    string          `json:"promise" doc:"charter.yaml as it was applied."`
}

// PurposeInfo is a purpose in short.
type PurposeInfo struct {
	ID     term.Purpose `json:"id"`
	Fields []term.Field `json:"fields"`
	Basis  string       `json:"basis" doc:"Where no market says otherwise."`
}

func (a *API) charterInForce(ctx context.Context, _ *struct{}) (*body[CharterInfo], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	c := rules.Charter()
	promise, _ := c.Documents()
	out := CharterInfo{Version: c.Version, Effective: c.Effective.String(), Hash: c.Hash(), Controller: c.Business.ID,
		Purposes: []PurposeInfo{}, Events: []term.Event{}, Promise: string(promise)}
	for i := range c.Purposes {
		p := &c.Purposes[i]
		info := PurposeInfo{ID: p.ID, Fields: []term.Field{}, Basis: string(p.Basis("").Kind)}
		for j := range c.Fields {
			if _, ok := p.UsesField(c.Fields[j].ID); ok {
				info.Fields = append(info.Fields, c.Fields[j].ID)
			}
		}
		out.Purposes = append(out.Purposes, info)
	}
	for i := range c.Events {
		out.Events = append(out.Events, c.Events[i].Name)
	}
	return &body[CharterInfo]{out}, nil
}
