package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/errs"
)

func (a *API) evidenceRoutes(h huma.API) {
	handle(a, h, endpoint{id: "evidence", method: http.MethodGet, path: "/evidence", scope: Read, summary: "What was in force on a day, as candor evidence verify reads it"}, a.evidence)
}

// EvidenceDay chooses a day.
type EvidenceDay struct {
	AsOf string `query:"as_of" maxLength:"10" required:"true" doc:"A date, such as 2026-03-01."`
}

// EvidencePack is a pack: what it is, the evidence, and a signed note.
type EvidencePack struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) evidence(ctx context.Context, in *EvidenceDay) (*EvidencePack, error) {
	day, err := clock.ParseDate(in.AsOf)
	if err != nil {
		return nil, problem(errs.New(errs.Invalid, "bad_date", "write as_of as a date, such as 2026-03-01").On("as_of"))
	}
	pack, err := a.Evidence.Pack(ctx, day)
	if err != nil {
		return nil, problem(err)
	}
	return &EvidencePack{"text/plain; charset=utf-8", pack}, nil
}
