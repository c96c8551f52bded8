package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) consentRoutes(h huma.API) {
	handle(a, h, endpoint{id: "record-consent", method: http.MethodPost, path: "/customers/{customer}/consents", scope: Write, status: http.StatusCreated,
		summary: "Put on record what a customer said"}, a.recordConsent)
	handle(a, h, endpoint{id: "heed-signals", method: http.MethodPost, path: "/customers/{customer}/signals", scope: Write,
		summary: "Tell what a browser or a consent tool says about a customer's wishes"}, a.heedSignals)
	handle(a, h, endpoint{id: "stop-all", method: http.MethodPost, path: "/customers/{customer}/stop", scope: Write, summary: "Withdraw and object to everything that may be stopped"}, a.stopAll)
	handle(a, h, endpoint{id: "list-consents", method: http.MethodGet, path: "/customers/{customer}/consents", scope: Read, summary: "A customer's consent records, in their order"}, a.listConsents)
	handle(a, h, endpoint{id: "consent-receipt", method: http.MethodGet, path: "/customers/{customer}/consents/{record}/receipt", scope: Read,
		summary: "A consent record with its proof, as candor verify reads it"}, a.consentReceipt)
}

// ConsentInput is what a customer said, as the caller answers for it.
type ConsentInput struct {
	Purpose        term.Purpose    `json:"purpose" minLength:"1" maxLength:"100"`
	Channel        term.Channel    `json:"channel,omitempty" maxLength:"20"`
	Recipient      term.Recipient  `json:"recipient,omitempty" maxLength:"100"`
	Kind           consent.Kind    `json:"kind" enum:"requested,given,refused,reconfirmed,withdrawn,objected"`
	Ask            term.Ask        `json:"ask,omitempty" maxLength:"100" doc:"Where it was asked."`
	CharterVersion int64           `json:"charter_version,omitempty" minimum:"0" doc:"Of the words that were shown; 0 for those in force."`
	Notice         id.Notice       `json:"notice,omitzero"`
	Lang           term.Lang       `json:"lang,omitempty" maxLength:"20"`
	ControlDefault consent.Control `json:"control_default,omitempty" enum:"unset,set"`
	Action         consent.Action  `json:"action,omitempty" maxLength:"40"`
	Evidence       string          `json:"evidence,omitempty" maxLength:"300" doc:"Where the proof is, in words. Never personal data."`
	AssertedAt     clock.Instant   `json:"asserted_at,omitzero" doc:"When it happened, as you know it. It never decides which of two records is the later."`
}

// ConsentRecorded is a record with what it brought about.
type ConsentRecorded struct {
	Record     consent.Record `json:"record"`
	Counts     bool           `json:"counts" doc:"False when it claims a consent without a clear affirmative act: kept as refused evidence."`
	Tightened  int            `json:"tightened" doc:"Permissions that ended with it."`
	Opened     int            `json:"opened"`
	Left       []string       `json:"left" doc:"Messages that had already left."`
	Proof      string         `json:"proof" enum:"pending" doc:"The proof is at receipt_url within about a second."`
	ReceiptURL string         `json:"receipt_url"`
}

func (a *API) recordConsent(ctx context.Context, in *struct {
	CustomerPath
	Body ConsentInput
}) (*body[ConsentRecorded], error) {
	act, err := a.act(ctx, in.CustomerPath, in.Body)
	if err != nil {
		return nil, err
	}
	r, e, err := a.Gate.Say(ctx, act)
	if err != nil {
		return nil, err
	}
	left, err := a.Mail.Departed(ctx, act.Customer, e.Left)
	if err != nil {
		return nil, err
	}
	return &body[ConsentRecorded]{ConsentRecorded{
		Record: r, Counts: r.Counts(), Tightened: len(e.Tightened), Opened: len(e.Opened), Left: orEmpty(left),
		Proof: "pending", ReceiptURL: receiptURL(act.Customer, r.ID),
	}}, nil
}

func receiptURL(c id.Customer, r id.Record) string {
	return "/api/v1/customers/" + c.String() + "/consents/" + r.String() + "/receipt"
}

func (a *API) act(ctx context.Context, path CustomerPath, in ConsentInput) (consent.Act, error) {
	who, err := path.id()
	if err != nil {
		return consent.Act{}, err
	}
	c, _ := callerOf(ctx)
	return consent.Act{ // the gate fills in the brand
		Customer: who, Purpose: in.Purpose, Channel: in.Channel, Recipient: in.Recipient, Kind: in.Kind,
		Ask: in.Ask, CharterVersion: in.CharterVersion, Notice: in.Notice, Lang: in.Lang,
		Method: consent.ByAPI, ControlDefault: in.ControlDefault, Action: in.Action, Evidence: in.Evidence,
		Strength: consent.Attested, AssertedAt: in.AssertedAt, Actor: c.actor(), Source: "api",
	}, nil
}

// Stopped is what stopping everything brought about.
type Stopped struct {
	Records []consent.Record `json:"records"`
	Left    []string         `json:"left" doc:"Messages that had already left."`
}

func (a *API) stopAll(ctx context.Context, in *struct{ CustomerPath }) (*body[Stopped], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	brand, err := a.controller(ctx)
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	var records []consent.Record
	var e gate.Effects
	err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		records, e, err = a.Gate.StopAll(tx, who, brand, c.actor(), "api")
		return err
	})
	if err != nil {
		return nil, err
	}
	left, err := a.Mail.Departed(ctx, who, e.Left)
	return answered(Stopped{orEmpty(records), orEmpty(left)}, err)
}

func (a *API) listConsents(ctx context.Context, in *struct{ CustomerPath }) (*body[consent.Export], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	var out consent.Export
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := customer.Get(tx, who); err != nil {
			return err
		}
		out, err = a.Gate.History(tx, who)
		return err
	})
	out.Events, out.States = orEmpty(out.Events), orEmpty(out.States)
	return answered(out, err)
}

func (a *API) consentReceipt(ctx context.Context, in *struct {
	CustomerPath
	Record string `path:"record" maxLength:"40"`
}) (*body[json.RawMessage], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	record, err := id.Parse[id.Record](in.Record)
	if err != nil {
		return nil, errs.New(errs.NotFound, "no_such_record", "there is no such consent record")
	}
	return answered(a.Gate.Receipt(ctx, who, record))
}
