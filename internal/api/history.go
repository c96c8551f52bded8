package api

import (
	"context"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/personal"
	"candor/internal/term"
)

// EventsQuery names the purpose for which events are read.
type EventsQuery struct {
	Purpose term.Purpose `json:"purpose,omitempty" maxLength:"100" doc:"Required: without a purpose nothing is read."`
	Limit   int          `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"100"`
}

// EventInfo is something that happened. Amounts are in minor units.
type EventInfo struct {
	Name       term.Event     `json:"name"`
	OccurredAt clock.Instant  `json:"occurred_at"`
	Properties map[string]any `json:"properties"`
	Currency   string         `json:"currency,omitempty"`
}

// EventList is a customer's latest events that the purpose lists.
type EventList struct {
	Events []EventInfo `json:"events"`
}

// readEvents is a use of the customer's data, and on record.
func (a *API) readEvents(ctx context.Context, in *struct {
	CustomerPath
	Body EventsQuery
}) (*body[EventList], error) {
	who, err := in.id()
	if err == nil && in.Body.Purpose == "" {
		err = errNoPurpose
	}
	if err != nil {
		return nil, err
	}
	brand, err := a.controller(ctx)
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	var d gate.Decision
	var list []event.Event
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		var pass gate.Pass
		pass, d, err = a.Gate.Use(tx, gate.Request{Customer: who, Controller: brand, Purpose: in.Body.Purpose, Operation: term.Use, Actor: c.actor()})
		if err == nil && d.Allowed() {
			list, err = a.Gate.Events(tx, pass, in.Body.Limit)
		}
		return err
	})
	if err == nil && !d.Allowed() {
		err = c.denied(d)
	}
	out := EventList{Events: []EventInfo{}}
	for _, e := range list {
		out.Events = append(out.Events, EventInfo{e.Name, e.OccurredAt, e.Props, e.Currency})
	}
	return answered(out, err)
}

// Correction is a value as the customer says it is.
type Correction struct {
	Field term.Field `json:"field" minLength:"1" maxLength:"100"`
	Value string     `json:"value" maxLength:"2000"`
}

// correct keeps what the customer says; it stays believed whatever other sources
// say later.
func (a *API) correct(ctx context.Context, in *struct {
	CustomerPath
	Body Correction
}) (*struct{}, error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := customer.Get(tx, who)
		return err
	})
	if err != nil {
		return nil, err
	}
	return nil, a.Gate.Correct(ctx, who, in.Body.Field, personal.Seal(in.Body.Value), customer.Provenance{
		Source: customer.Subject, Method: customer.Stated, At: a.Clock.Now(), Confidence: customer.Certain})
}
