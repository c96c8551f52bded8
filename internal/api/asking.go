package api

import (
	"context"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Ask is a question that the business wants to put to a person of its own
// accord.
type Ask struct {
	Customer  id.Customer    `json:"customer" doc:"cus_..."`
	Purpose   term.Purpose   `json:"purpose" maxLength:"100"`
	Channel   term.Channel   `json:"channel,omitempty" maxLength:"20" doc:"What the person would be asked for: to be written to on it."`
	Recipient term.Recipient `json:"recipient,omitempty" maxLength:"100"`
}

// MayAsk is whether a person may be asked now. Without the scope reasons it has
// may alone.
type MayAsk struct {
	May     bool          `json:"may"`
	From    clock.Instant `json:"from,omitzero" doc:"From when on they may be asked again after a no; left out when no bar stands."`
	Reasons []Reason      `json:"reasons,omitempty"`
}

func (a *API) mayAsk(ctx context.Context, in *struct{ Body Ask }) (*body[MayAsk], error) {
	c, _ := callerOf(ctx)
	var answer gate.Asking
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		answer, err = a.Gate.MayAsk(tx, in.Body.Customer, gate.Prompt{Purpose: in.Body.Purpose, Channel: in.Body.Channel, Recipient: in.Body.Recipient})
		return err
	})
	out := MayAsk{May: answer.May}
	if err != nil || !c.has(Reasons) {
		return answered(out, err)
	}
	for _, r := range answer.Reasons {
		out.Reasons = append(out.Reasons, Reason{r.Code, r.Requirement, r.Text})
	}
	if slices.ContainsFunc(answer.Reasons, func(r gate.Reason) bool { return r.Code == gate.AskedTooSoon }) {
		out.From = answer.From
	}
	return &body[MayAsk]{out}, nil
}
