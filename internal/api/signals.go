package api

import (
	"context"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/gate"
	"candor/internal/signal"
)

// SignalsInput is what arrived beside a customer's visit.
type SignalsInput struct {
	TCF string `json:"tcf,omitempty" maxLength:"16384" doc:"A TC string of IAB Europe's framework, version 2.3."`
	GPP string `json:"gpp,omitempty" maxLength:"16384" doc:"A string of IAB's Global Privacy Platform."`
	GPC bool   `json:"gpc,omitempty" doc:"Whether the browser sent Global Privacy Control."`
}

// Heeded is what followed from them.
type Heeded struct {
	Records []consent.Record `json:"records" doc:"The refusals that they make, with the inputs that were overruled. None when nothing new was said."`
	Notes   []Note           `json:"notes" doc:"What was not read."`
}

// heedSignals only lowers. A string that cannot be read is refused with bad_tcf or
// bad_gpp, and changes nothing.
func (a *API) heedSignals(ctx context.Context, in *struct {
	CustomerPath
	Body SignalsInput
}) (*body[Heeded], error) {
	who, err := in.id()
	if err != nil {
		return nil, err
	}
	said, err := signal.Read(in.Body.TCF, in.Body.GPP, in.Body.GPC)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	taken, err := a.take(ctx, gate.Arrival{
		Customer: who, Signals: said, GPC: in.Body.GPC, At: now,
		Provenance: customer.Provenance{Source: "api", Method: customer.Stated, At: now, Confidence: customer.Certain},
	})
	if err != nil {
		return nil, err
	}
	return answered(Heeded{orEmpty(taken.Records), notesOf(taken, nil)}, nil)
}
