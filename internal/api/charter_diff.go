package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/term"
)

func (a *API) diffRoutes(h huma.API) {
	handle(a, h, endpoint{id: "diff-charter", method: http.MethodPost, path: "/charter/diff", scope: Read, summary: "What a charter would change for the people on record"}, a.diffCharter)
	handle(a, h, endpoint{id: "diff-charter-versions", method: http.MethodGet, path: "/charter/diff", scope: Read, summary: "What changed between two versions of the charter"}, a.diffVersions)
	handle(a, h, endpoint{id: "reach-of-laws", method: http.MethodGet, path: "/charter/laws", scope: Read, summary: "Who may be written to under the law of each market, and under the strictest"}, a.reachOfLaws)
}

func (a *API) reachOfLaws(ctx context.Context, in *struct {
	Purpose term.Purpose `query:"purpose" required:"true" doc:"A purpose of the charter."`
	Channel term.Channel `query:"channel" required:"true" doc:"A channel that the purpose uses."`
}) (*body[gate.LawReach], error) {
	out, err := a.Gate.ReachOfLaws(ctx, in.Purpose, in.Channel)
	return answered(out, err)
}

// CharterDiff is what becomes wider and what becomes narrower.
type CharterDiff struct {
	From    int64         `json:"from" doc:"The version it is compared with; 0 before the first."`
	Changes []gate.Impact `json:"changes" doc:"In the order of the purposes, the widenings of each first."`
}

func (a *API) diffCharter(ctx context.Context, in *struct {
	Body struct {
		Promise string `json:"promise" minLength:"1" maxLength:"1048576" doc:"charter.yaml"`
		House   string `json:"house" minLength:"1" maxLength:"1048576" doc:"house.yaml"`
	}
}) (*body[CharterDiff], error) {
	c, problems := charter.ParseWith(a.Packs, []byte(in.Body.Promise), []byte(in.Body.House))
	if len(problems) > 0 {
		return nil, charterProblem(problems)
	}
	out := CharterDiff{Changes: []gate.Impact{}}
	if rules, err := a.current(ctx); err == nil {
		out.From = rules.Charter().Version
	}
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := a.Gate.ImpactOf(tx, c)
		out.Changes = append([]gate.Impact{}, list...)
		return err
	})
	return answered(out, err)
}

// VersionChanges is how one version differs from another, without counts.
type VersionChanges struct {
	From    int64           `json:"from"`
	To      int64           `json:"to"`
	Changes []CharterChange `json:"changes"`
}

// CharterChange is one way in which two versions differ.
type CharterChange charter.Change

func (a *API) diffVersions(ctx context.Context, in *struct {
	From int64 `query:"from" minimum:"1" required:"true" doc:"The older version."`
	To   int64 `query:"to" minimum:"1" required:"true" doc:"The newer version."`
}) (*body[VersionChanges], error) {
	out := VersionChanges{From: in.From, To: in.To}
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		from, err := a.Charter.Version(tx, in.From)
		if err != nil {
			return err
		}
		to, err := a.Charter.Version(tx, in.To)
		if err != nil {
			return err
		}
		out.Changes = []CharterChange{}
		for _, c := range charter.Diff(from, to) {
			out.Changes = append(out.Changes, CharterChange(c))
		}
		return nil
	})
	return answered(out, err)
}
