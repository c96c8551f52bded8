package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/telling"
	"candor/internal/term"
)

func (a *API) charterRoutes(h huma.API) {
	handle(a, h, endpoint{id: "charter", method: http.MethodGet, path: "/charter", scope: Read, summary: "The charter in force"}, a.charterInForce)
	handle(a, h, endpoint{id: "charter-versions", method: http.MethodGet, path: "/charter/versions", scope: Read, summary: "Every version of the charter, newest first"}, a.charterVersions)
	handle(a, h, endpoint{id: "charter-version", method: http.MethodGet, path: "/charter/versions/{version}", scope: Read, summary: "A version of the charter, in force or not"}, a.charterVersion)
	handle(a, h, endpoint{id: "lineage", method: http.MethodGet, path: "/lineage/{name}", scope: Read, summary: "What is made from a field or an event, and how deletion reaches it"}, a.lineage)
	a.diffRoutes(h)
	handle(a, h, endpoint{id: "telling", method: http.MethodGet, path: "/charter/telling", scope: Admin, summary: "The latest run that counts or tells who must be told"}, a.telling)
	handle(a, h, endpoint{id: "tell", method: http.MethodPost, path: "/charter/telling", scope: Admin, status: http.StatusAccepted,
		summary: "Count who must be told of what became wider or came from elsewhere, or tell them"}, a.tell)
	handle(a, h, endpoint{id: "apply-charter", method: http.MethodPost, path: "/charter", scope: Admin, summary: "Put a charter in force, or see what that would do"}, a.applyCharter)
}

func (a *API) telling(ctx context.Context, _ *struct{}) (*body[telling.Run], error) {
	return answered(a.Teller.Latest(ctx))
}

// Tell begins a run.
type Tell struct {
	Send bool `json:"send,omitempty" doc:"Plan a mail to each of them; left out, they are counted alone."`
}

func (a *API) tell(ctx context.Context, in *struct{ Body Tell }) (*body[telling.Run], error) {
	c, _ := callerOf(ctx)
	return answered(a.Teller.Begin(ctx, in.Body.Send, c.actor()))
}

// CharterInfo is a version of the promise.
type CharterInfo struct {
	Version    int64           `json:"version"`
	Effective  string          `json:"effective"`
	Hash       string          `json:"hash" doc:"SHA-256 of both documents."`
	Controller term.Controller `json:"controller"`
	Purposes   []PurposeInfo   `json:"purposes"`
	Events     []term.Event    `json:"events"`
	Sells      bool            `json:"sells_or_shares" doc:"Worked out from recipients and purposes, as California's law counts."`
	Sensitive  []term.Purpose  `json:"spi_beyond_7027" doc:"Purposes that use sensitive information for more than 11 CCR §7027(m) lets without a way to limit it."`
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
	return &body[CharterInfo]{charterInfo(rules.Charter())}, nil
}

func charterInfo(c *charter.Charter) CharterInfo {
	promise, _ := c.Documents()
	out := CharterInfo{Version: c.Version, Effective: c.Effective.String(), Hash: c.Hash(), Controller: c.Business.ID,
		Purposes: []PurposeInfo{}, Events: []term.Event{}, Promise: string(promise), Sells: c.SellsOrShares(), Sensitive: orEmpty(c.SensitiveBeyond())}
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
	return out
}

func (a *API) charterVersion(ctx context.Context, in *struct {
	Version int64 `path:"version" minimum:"1"`
}) (*body[CharterInfo], error) {
	var c *charter.Charter
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = a.Charter.Version(tx, in.Version)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &body[CharterInfo]{charterInfo(c)}, nil
}

// CharterVersion is a version in the list of all.
type CharterVersion struct {
	Version   int64         `json:"version"`
	Hash      string        `json:"hash"`
	Effective clock.Instant `json:"effective"`
	InForce   clock.Instant `json:"in_force,omitzero" doc:"Since when; left out while it waits for its day."`
	Applied   clock.Instant `json:"applied"`
	By        term.Actor    `json:"by"`
}

// CharterVersions is every version, the newest first.
type CharterVersions struct {
	Versions []CharterVersion `json:"versions"`
}

func (a *API) charterVersions(ctx context.Context, _ *struct{}) (*body[CharterVersions], error) {
	out := CharterVersions{Versions: []CharterVersion{}}
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := a.Charter.History(tx)
		out.Versions = out.Versions[:0]
		for _, e := range list {
			out.Versions = append(out.Versions, CharterVersion(e))
		}
		return err
	})
	return answered(out, err)
}

// CharterInput is a charter's two documents.
type CharterInput struct {
	Promise string `json:"promise" minLength:"1" maxLength:"1048576" doc:"charter.yaml"`
	House   string `json:"house" minLength:"1" maxLength:"1048576" doc:"house.yaml"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"Check it and say what would follow; change nothing."`
}

// CharterApplied is what applying a charter did, or would do.
type CharterApplied struct {
	Version   int64            `json:"version"`
	Hash      string           `json:"hash"`
	InForce   bool             `json:"in_force" doc:"False when its effective date is still to come."`
	Effective string           `json:"effective"`
	Unchanged bool             `json:"unchanged" doc:"The same charter is in force already."`
	DryRun    bool             `json:"dry_run"`
	Second    bool             `json:"second_person,omitempty" doc:"It keeps data longer or changes the law: a second person has to approve it."`
	Widened   []WidenedPurpose `json:"widened" doc:"Purposes that promise less than before: their consents rest until reconfirmed."`
}

// WidenedPurpose is a purpose with what of it widened.
type WidenedPurpose struct {
	Purpose   term.Purpose       `json:"purpose"`
	Widenings []charter.Widening `json:"widenings"`
}

// errDry undoes what a dry run wrote.
var errDry = errors.New("api: a dry run")

func (a *API) applyCharter(ctx context.Context, in *struct{ Body CharterInput }) (*body[CharterApplied], error) {
	c, problems := charter.ParseWith(a.Packs, []byte(in.Body.Promise), []byte(in.Body.House))
	if len(problems) > 0 {
		return nil, charterProblem(problems)
	}
	who, _ := callerOf(ctx)
	var done charter.Applied
	second := false
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if done, err = a.Charter.Apply(tx, c, a.Clock.Now(), who.actor()); in.Body.DryRun && (err == nil || errs.CodeOf(err) == errs.DualControl) {
			second, err = err != nil, errDry
		}
		return err
	})
	if err != nil && !errors.Is(err, errDry) {
		return nil, err
	}
	out := CharterApplied{Second: second, Version: done.Version, Hash: c.Hash(), InForce: done.InForce, Effective: c.Effective.String(),
		Unchanged: done.Unchanged, DryRun: in.Body.DryRun, Widened: []WidenedPurpose{}}
	for _, p := range slices.Sorted(maps.Keys(done.Widened)) {
		out.Widened = append(out.Widened, WidenedPurpose{p, done.Widened[p]})
	}
	return &body[CharterApplied]{out}, nil
}

// charterProblem names every problem at its file, line and rule.
func charterProblem(problems charter.Problems) error {
	p := problem(errs.New(errs.Invalid, charter.Invalid, "the charter has %d problems; mistakes says where", len(problems)))
	for _, one := range problems {
		p.Mistakes = append(p.Mistakes, Mistake{At: fmt.Sprintf("%s:%d", one.File, one.Line), What: one.Rule + ": " + one.Msg})
	}
	return p
}

// Lineage is what is made from a field or an event.
type Lineage struct {
	Name        string                `json:"name"`
	Derivatives []audience.Derivative `json:"derivatives"`
}

func (a *API) lineage(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"60" doc:"A field or an event of the charter."`
}) (*body[Lineage], error) {
	out := Lineage{Name: in.Name}
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.Derivatives, err = a.Audience.Lineage(tx, in.Name)
		return err
	})
	return answered(out, err)
}
