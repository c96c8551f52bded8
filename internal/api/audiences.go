package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) audienceRoutes(h huma.API) {
	handle(a, h, endpoint{id: "preview-audience", method: http.MethodPost, path: "/audiences/preview", scope: Read,
		summary: "How many people a condition reaches, and why not more"}, a.previewAudience)
	handle(a, h, endpoint{id: "explain-audience", method: http.MethodPost, path: "/audiences/explain", scope: Read,
		summary: "Why a customer meets a condition or does not, clause by clause"}, a.explainAudience)
}

// AudienceInput asks how many people a condition reaches for a purpose.
type AudienceInput struct {
	Purpose   term.Purpose `json:"purpose" minLength:"1" maxLength:"100"`
	Channel   term.Channel `json:"channel" minLength:"1" maxLength:"20"`
	Condition string       `json:"condition" maxLength:"2000" doc:"Such as country == \"DE\". Type-checked against the charter for the purpose."`
	Lang      term.Lang    `json:"lang,omitempty" maxLength:"20" default:"en"`
}

// previewAudience answers as to someone without personal access: small counts
// are hidden and no address is shown.
func (a *API) previewAudience(ctx context.Context, in *struct{ Body AudienceInput }) (*body[audience.Funnel], error) {
	c, _ := callerOf(ctx)
	return answered(a.Audience.Preview(ctx, audience.Question{
		Purpose: in.Body.Purpose, Channel: in.Body.Channel, Condition: in.Body.Condition, Actor: c.actor(), Lang: in.Body.Lang,
	}))
}

// ExplainInput asks about one customer and a condition.
type ExplainInput struct {
	Customer  id.Customer  `json:"customer"`
	Purpose   term.Purpose `json:"purpose" minLength:"1" maxLength:"100"`
	Condition string       `json:"condition" maxLength:"2000"`
	Lang      term.Lang    `json:"lang,omitempty" maxLength:"20" default:"en"`
}

// Explained is a condition about one customer, in parts. Looking is a use of
// their data for the purpose, and on record.
type Explained struct {
	Meets  bool            `json:"meets"`
	Words  string          `json:"words"`
	Clause audience.Clause `json:"clause"`
}

func (a *API) explainAudience(ctx context.Context, in *struct{ Body ExplainInput }) (*body[Explained], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	condition, err := audience.For(rules.Charter(), in.Body.Purpose, in.Body.Condition)
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	var d gate.Decision
	var person audience.Person
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		var pass gate.Pass
		pass, d, err = a.Gate.Use(tx, gate.Request{Customer: in.Body.Customer, Controller: rules.Charter().Business.ID, Purpose: in.Body.Purpose,
			Operation: term.Use, Fields: condition.Fields(), Actor: c.actor()})
		if err != nil || !d.Allowed() {
			return err
		}
		person, err = a.Audience.PersonOf(tx, pass, in.Body.Purpose)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !d.Allowed() {
		return nil, c.denied(d)
	}
	clause := condition.Explain(person, a.Clock.Now(), in.Body.Lang)
	return &body[Explained]{Explained{clause.True, condition.Describe(in.Body.Lang), clause}}, nil
}
