// Package api lets the business's own programs use the engine over HTTP: ask the
// gate, bring customers, consents and events, run campaigns, open requests, read
// the ledger. Its specification is OpenAPI 3.1, made from the handlers, at
// /api/openapi.json.
//
// Callers hold bearer tokens, of which only keyed digests are stored, each with
// scopes and an end. Whoever lacks the scope "reasons" learns of a decision only
// its outcome and until when it stands; a person's age, restriction and care are
// never named to them. Personal values are read for a named purpose, through the
// gate, and every such reading is on record. Lists give ids.
//
// Errors are problem+json (RFC 9457) with a reason code and never repeat what
// was sent. Addresses and other personal data travel in bodies, never in URLs.
package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/intake"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/limit"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/rulepack"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/token"
)

// Config is what the API works with. Log may be left out.
type Config struct {
	DB        *db.DB
	Ring      *keyring.Ring
	Clock     clock.Clock
	Charter   *charter.Store
	Tokens    *token.Book
	Gate      *gate.Gate
	Ledger    *ledger.Log
	Audience  *audience.Service
	Campaigns *campaign.Book
	Teller    *telling.Teller
	Mail      *message.Sender
	Requests  *request.Desk
	Sources   *collect.Sources
	Imports   *intake.Importer
	Collector *collect.Collector
	Packs     *rulepack.Set
	Sharing   *sharing.Service
	Exports   *export.Book
	Jobs      *job.Queue
	Evidence  *evidence.Keeper
	Log       *slog.Logger
	PerToken  limit.Rate // of requests; the usual when zero
	Approvals *approval.Desk
}

// API serves programs. It is safe for concurrent use.
type API struct {
	Config
	rules               rulesCache
	byToken, byStranger *limit.Limiter
}

// JobForget deletes answers kept for repeated requests, when their day is over.
const JobForget = "api.forget"

// New makes the API and registers its background work. It returns INVALID when a
// part of the configuration is missing.
func New(c Config) (*API, error) {
	if c.DB == nil || c.Ring == nil || c.Clock == nil || c.Charter == nil || c.Tokens == nil || c.Gate == nil || c.Ledger == nil || c.Requests == nil || c.Sharing == nil || c.Exports == nil || c.Jobs == nil ||
		c.Audience == nil || c.Campaigns == nil || c.Sources == nil || c.Collector == nil || c.Imports == nil || c.Packs == nil {
		return nil, errs.New(errs.Invalid, errs.FailClosed, "the API lacks a part it needs")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	a := &API{Config: c, byToken: limit.New(c.PerToken.Or(usualToken)), byStranger: limit.New(usualStranger)}
	c.Jobs.Handle(JobForget, func(ctx context.Context, _ job.Job) error { return a.forget(ctx) })
	c.Jobs.Every(JobForget, forgetEvery)
	return a, nil
}

// Register serves /api/ on a mux.
func (a *API) Register(mux *http.ServeMux) {
	inner := http.NewServeMux()
	a.routes(inner)
	inner.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem(errs.New(errs.NotFound, "no_such_endpoint", "there is no such endpoint; see /api/openapi.json")))
	})
	mux.Handle("/api/", a.guard(inner))
}

// routes builds the typed handlers and with them the specification.
func (a *API) routes(mux *http.ServeMux) huma.API {
	huma.NewError = newProblem
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false // null is no list
	c := huma.DefaultConfig("Candor", "1")
	c.Info.Description = "Customer lifecycle management that keeps its promises. Every operation names the scope its token needs."
	c.CreateHooks = nil // no $schema member in bodies, no link to it
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/api/openapi", "", ""
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", Description: "A token made by a person in Setup, or with candor token create."},
	}
	h := humago.New(mux, c)
	a.decisionRoutes(h)
	a.customerRoutes(h)
	a.consentRoutes(h)
	a.eventRoutes(h)
	a.audienceRoutes(h)
	a.campaignRoutes(h)
	a.requestRoutes(h)
	a.recipientRoutes(h)
	a.exportRoutes(h)
	a.ledgerRoutes(h)
	a.evidenceRoutes(h)
	a.charterRoutes(h)
	a.importRoutes(h)
	a.sourceRoutes(h)
	a.tokenRoutes(h)
	return h
}

const bearer = "bearer"

// endpoint is what an operation is besides its handler.
type endpoint struct {
	id      string
	method  string
	path    string // below /api/v1
	scope   Scope  // "" needs no token
	summary string
	status  int  // of success; 0 is 200
	file    bool // the body is a file, read as it comes
}

// noReadTimeout leaves the connection without a deadline while a handler works.
// The guard has read the body by then, and a deadline that passes would end the
// request in the middle of its work.
const noReadTimeout = -1

// handle registers a typed handler. The caller's scope is checked before any of
// the request is read, and every error becomes a problem.
func handle[I, O any](a *API, h huma.API, e endpoint, fn func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: e.id, Method: e.method, Path: "/api/v1" + e.path, Summary: e.summary,
		DefaultStatus: e.status, MaxBodyBytes: maxBody, Tags: []string{tagOf(e.path)},
		BodyReadTimeout: noReadTimeout,
	}
	if e.scope != "" {
		op.Security = []map[string][]string{{bearer: {string(e.scope)}}}
		op.Description = "Needs the scope " + string(e.scope) + "."
		op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			if c, ok := callerOf(ctx.Context()); !ok || !c.has(e.scope) {
				_, w := humago.Unwrap(ctx)
				p := problem(missingScope(e.scope))
				if err := a.onRecord(ctx.Context(), e, p); err != nil {
					p = problem(err)
				}
				writeProblem(w, p)
				return
			}
			next(ctx)
		}}
	}
	if e.file {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
		op.Middlewares = append(op.Middlewares, withFile)
	}
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.failed(ctx, e, err)
		}
		return out, nil
	})
}

// onRecord notes that a program asked for what it may not have: what is refused,
// and a customer who is not of this brand. Whom it asked for is not noted.
func (a *API) onRecord(ctx context.Context, e endpoint, p *Problem) error {
	c, ok := callerOf(ctx)
	if !ok || p.Status != http.StatusForbidden && p.Code != customer.ErrGone.Code {
		return nil
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := a.Ledger.Append(tx, staff.KindRefused, a.Clock.Now(), map[string]any{"act": e.id, "code": p.Code, "by": c.actor()})
		return err
	})
}

func missingScope(s Scope) error {
	return errs.New(errs.Forbidden, "missing_scope", "this token lacks the scope %s; make one that has it", s)
}

// tagOf is the first part of a path.
func tagOf(path string) string {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			return path[1:i]
		}
	}
	return path[1:]
}

// failed turns an error into a problem. What nobody outside may see is logged
// under an incident, by its type: the text of an unexpected error may hold data.
func (a *API) failed(ctx context.Context, e endpoint, err error) error {
	p := problem(a.Approvals.Settle(ctx, err))
	if failed := a.onRecord(ctx, e, p); failed != nil {
		p = problem(failed)
	}
	if p.Incident != "" {
		a.Log.ErrorContext(ctx, "api: internal error", "incident", p.Incident, "operation", e.id, "error", typeChain(err))
	}
	return p
}
