package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/audience"
	"candor/internal/term"
)

func (a *API) audienceRoutes(h huma.API) {
	handle(a, h, endpoint{id: "preview-audience", method: http.MethodPost, path: "/audiences/preview", scope: Read,
		summary: "How many people a condition reaches, and why not more"}, a.previewAudience)
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
