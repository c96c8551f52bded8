package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) eventRoutes(h huma.API) {
	handle(a, h, endpoint{id: "put-events", method: http.MethodPost, path: "/events", scope: Write, summary: "Bring events"}, a.putEvents)
}

// EventInput is something that happened to a customer.
type EventInput struct {
	Identity   Identity      `json:"identity"`
	Name       term.Event    `json:"name" minLength:"1" maxLength:"100"`
	MessageID  string        `json:"message_id,omitempty" maxLength:"255" doc:"Yours: the same event told twice is kept once."`
	OccurredAt clock.Instant `json:"occurred_at,omitzero"`
	Properties Object        `json:"properties,omitempty"`
}

// EventsInput is events from one source.
type EventsInput struct {
	Provenance Provenance   `json:"provenance"`
	Events     []EventInput `json:"events" minItems:"1" maxItems:"500"`
}

// EventTaken is what became of an event.
type EventTaken struct {
	Customer  id.Customer `json:"customer,omitzero"`
	Stored    bool        `json:"stored"`
	Duplicate bool        `json:"duplicate"`
	Code      errs.Code   `json:"code,omitempty" doc:"Why it was refused."`
	Field     string      `json:"field,omitempty"`
	Notes     []Note      `json:"notes"`
}

// EventsTaken is what became of the events, in their order.
type EventsTaken struct {
	Results []EventTaken `json:"results"`
}

func (a *API) putEvents(ctx context.Context, in *struct{ Body EventsInput }) (*body[EventsTaken], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	in.Body.Provenance.Method = "observed"
	from, err := in.Body.Provenance.read(now)
	if err != nil {
		return nil, err
	}
	out := EventsTaken{make([]EventTaken, len(in.Body.Events))}
	var arrivals []gate.Arrival
	var places []int
	for i, e := range in.Body.Events {
		arrival, left, err := eventArrival(rules, e, now)
		out.Results[i].Notes = notesOf(gate.Taken{}, left)
		if err != nil {
			out.Results[i].refuse(err)
			continue
		}
		arrival.Provenance = from
		arrivals, places = append(arrivals, arrival), append(places, i)
	}
	taken, err := a.Gate.Take(ctx, arrivals)
	if err != nil {
		return nil, err
	}
	for i, t := range taken {
		r := &out.Results[places[i]]
		if t.Refused != nil {
			r.refuse(t.Refused)
			continue
		}
		r.Customer, r.Stored, r.Duplicate = t.Customer, t.Inserted > 0, t.Duplicates > 0
		r.Notes = append(r.Notes, notesOf(t, nil)...)
	}
	return &body[EventsTaken]{out}, nil
}

func (t *EventTaken) refuse(err error) {
	p := problem(err)
	t.Code, t.Field = p.Code, p.Field
}

func eventArrival(rules *admission.Rules, in EventInput, now clock.Instant) (gate.Arrival, []admission.Left, error) {
	who, err := in.Identity.read()
	if err != nil {
		return gate.Arrival{}, nil, err
	}
	declared, ok := rules.Event(in.Name)
	if !ok {
		return gate.Arrival{}, nil, errs.New(errs.Invalid, "undeclared", "the charter declares no such event, or no purpose uses it").On("name")
	}
	e, left, err := rules.Props(declared, in.Properties)
	if err != nil {
		return gate.Arrival{}, left, err
	}
	e.MessageID, e.OccurredAt = in.MessageID, in.OccurredAt
	if e.OccurredAt == 0 {
		e.OccurredAt = now
	}
	a := gate.Arrival{At: now, Events: []event.New{e}}
	a.Identities = append(a.Identities, who)
	return a, left, nil
}
