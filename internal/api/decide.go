package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Question asks the gate: may we do this with the data of this customer?
type Question struct {
	Customer  id.Customer    `json:"customer" doc:"cus_..."`
	Purpose   term.Purpose   `json:"purpose" maxLength:"100"`
	Operation term.Operation `json:"operation" enum:"store,serve,use,share,rights,claims,safety"`
	Channel   term.Channel   `json:"channel,omitempty" maxLength:"20" doc:"When a message is meant."`
	Fields    []term.Field   `json:"fields,omitempty" maxItems:"200" doc:"What is to be read; left out, all that the purpose lists."`
	Recipient term.Recipient `json:"recipient,omitempty" maxLength:"100"`
	Mode      string         `json:"mode,omitempty" enum:"check,use" default:"check" doc:"use: you are about to act on it; an allowed use is put on the customer's record."`
}

// Reason is one failed check of a decision.
type Reason struct {
	Code        errs.Code `json:"code"`
	Requirement string    `json:"requirement"`
	Text        string    `json:"text"`
}

// Decision is the gate's answer. Without the scope reasons it has outcome and
// until alone.
type Decision struct {
	Outcome        string        `json:"outcome" enum:"ALLOW,DENY"`
	Until          clock.Instant `json:"until,omitzero" doc:"When the answer may change by itself; left out when it does not, or when that would tell about the person."`
	Reasons        []Reason      `json:"reasons,omitempty"`
	Fields         []term.Field  `json:"fields,omitempty" doc:"What may be read, when allowed."`
	Stale          []term.Field  `json:"stale,omitempty" doc:"Of fields, those whose value is too old to be acted upon: ask the person."`
	Basis          string        `json:"basis,omitempty"`
	Evidence       []string      `json:"evidence,omitempty"`
	CharterVersion int64         `json:"charter_version,omitempty"`
	PackVersion    string        `json:"pack_version,omitempty"`
}

// personalReasons tell about the person rather than about the business: they are
// never named to a caller without the scope reasons, also not by when they end.
var personalReasons = []errs.Code{errs.Age, errs.AgeUnknown, errs.Restricted, errs.Sensitive}

// shown cuts a decision to what the caller may learn.
func (c caller) shown(d gate.Decision) Decision {
	out := Decision{Outcome: d.Outcome.String(), Until: until(d.Until)}
	if !c.has(Reasons) {
		for _, code := range personalReasons {
			if d.Has(code) {
				out.Until = 0
			}
		}
		return out
	}
	for _, r := range d.Reasons {
		out.Reasons = append(out.Reasons, Reason{r.Code, r.Requirement, r.Text})
	}
	out.Fields, out.Stale, out.Basis, out.Evidence = d.Fields, d.Stale, d.Basis, d.Evidence
	out.CharterVersion, out.PackVersion = d.CharterVersion, d.PackVersion
	return out
}

func until(at clock.Instant) clock.Instant {
	if at == clock.Never {
		return 0
	}
	return at
}

// denied makes a problem of a DENY, with its reasons for those who may see them.
func (c caller) denied(d gate.Decision) error {
	code := errs.Code("denied")
	shown := c.shown(d)
	if len(shown.Reasons) > 0 {
		code = shown.Reasons[0].Code
	}
	p := problem(errs.New(errs.Forbidden, code, "the gate does not allow this"))
	p.Reasons = shown.Reasons
	return p
}

func (a *API) decisionRoutes(h huma.API) {
	handle(a, h, endpoint{id: "decide", method: http.MethodPost, path: "/decide", scope: Decide, summary: "Ask the gate"}, a.decide)
	handle(a, h, endpoint{id: "decide-batch", method: http.MethodPost, path: "/decide/batch", scope: Decide, summary: "Ask the gate up to 1,000 questions"}, a.decideBatch)
	handle(a, h, endpoint{id: "may-ask", method: http.MethodPost, path: "/may-ask", scope: Decide, summary: "May this person be asked now, and why not"}, a.mayAsk)
}

func (a *API) decide(ctx context.Context, in *struct{ Body Question }) (*body[Decision], error) {
	list, err := a.ask(ctx, []Question{in.Body})
	if err != nil {
		return nil, err
	}
	return &body[Decision]{list[0]}, nil
}

// Questions are asked at once.
type Questions struct {
	Requests []Question `json:"requests" minItems:"1" maxItems:"1000"`
}

// Decisions are the answers, in the order of the questions.
type Decisions struct {
	Decisions []Decision `json:"decisions"`
}

func (a *API) decideBatch(ctx context.Context, in *struct{ Body Questions }) (*body[Decisions], error) {
	list, err := a.ask(ctx, in.Body.Requests)
	return answered(Decisions{list}, err)
}

// ask puts questions to the gate: in the mode "check", which is counted and not
// stored, or in the mode "use", which is on the customer's record.
func (a *API) ask(ctx context.Context, list []Question) ([]Decision, error) {
	c, _ := callerOf(ctx)
	brand, err := a.controller(ctx)
	if err != nil {
		return nil, err
	}
	requests := make([]gate.Request, len(list))
	for i, q := range list {
		requests[i] = gate.Request{Customer: q.Customer, Controller: brand, Purpose: q.Purpose, Operation: q.Operation,
			Channel: q.Channel, Fields: q.Fields, Recipient: q.Recipient, Actor: c.actor()}
	}
	var answers []gate.Decision
	switch uses := slices.ContainsFunc(list, func(q Question) bool { return q.Mode == "use" }); {
	case !uses:
		answers, err = a.Gate.Check(ctx, requests)
	case len(list) == 1:
		answers = make([]gate.Decision, 1)
		answers[0], err = a.Gate.Note(ctx, requests[0])
	default:
		err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
			answers, err = a.use(tx, list, requests)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	out := make([]Decision, 0, len(answers))
	for _, d := range answers {
		out = append(out, c.shown(d))
	}
	return out, nil
}

// use answers questions of which some are uses.
func (a *API) use(tx *db.Tx, list []Question, requests []gate.Request) ([]gate.Decision, error) {
	out := make([]gate.Decision, len(list))
	for i, r := range requests {
		var err error
		if list[i].Mode == "use" {
			_, out[i], err = a.Gate.Use(tx, r)
		} else {
			out[i], err = a.Gate.Decide(tx, r)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
