package api

import (
	"context"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/admission"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/strict"
	"candor/internal/term"
)

// Object is a JSON object whose names the charter declares. Its numbers stay as
// they were written.
type Object map[string]any

// UnmarshalJSON reads an object strictly.
func (o *Object) UnmarshalJSON(b []byte) error {
	m, err := strict.Object(b)
	*o = m
	return err
}

// Schema allows what the charter declares.
func (Object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// Identity is an address or id that finds a customer.
type Identity struct {
	Kind      customer.IdentityKind `json:"kind" enum:"email,phone,user,anonymous,device,custom"`
	Namespace string                `json:"namespace,omitempty" maxLength:"32" doc:"Of kinds user and custom: the system the id is from, such as shop."`
	Region    string                `json:"region,omitempty" maxLength:"2" doc:"Of kind phone: the country of a number written without its code."`
	Value     string                `json:"value" minLength:"1" maxLength:"1100"`
}

func (i Identity) read() (customer.Identity, error) {
	switch i.Kind {
	case customer.EmailAddress:
		return customer.Email(i.Value)
	case customer.PhoneNumber:
		return customer.Phone(i.Value, i.Region)
	case customer.User:
		return customer.UserID(i.Namespace, i.Value)
	case customer.Visitor:
		return customer.Anonymous(i.Value)
	case customer.Device:
		return customer.DeviceID(i.Value)
	}
	return customer.CustomID(i.Namespace, i.Value)
}

func readIdentities(list []Identity) ([]customer.Identity, error) {
	out := make([]customer.Identity, 0, len(list))
	for _, i := range list {
		x, err := i.read()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// Provenance says where data come from (GDPR 14(2)(f)).
type Provenance struct {
	Source     string        `json:"source,omitempty" maxLength:"100" doc:"Which system or person says so, such as crm, or subject for the person. Never empty."`
	Method     string        `json:"method,omitempty" enum:"stated,observed,imported,derived,inferred" default:"stated" doc:"How it came about. Inferred is a guess: its source is the model, its confidence is below 100, and it never replaces what is not a guess."`
	At         clock.Instant `json:"at,omitzero" doc:"When the source learnt it; now when left out."`
	Confidence int           `json:"confidence,omitempty" minimum:"0" maximum:"100" default:"100"`
}

func (p Provenance) read(now clock.Instant) (customer.Provenance, error) {
	if p.Method == "" {
		p.Method = customer.Stated
	}
	if p.At == 0 || p.At > now {
		p.At = now
	}
	out := customer.Provenance{Source: p.Source, Method: p.Method, At: p.At, Confidence: p.Confidence}
	return out, out.Check()
}

// CustomerPath is the customer of a path.
type CustomerPath struct {
	Customer string `path:"customer" doc:"A customer's id, cus_..." maxLength:"40"`
}

func (p CustomerPath) id() (id.Customer, error) {
	c, err := id.Parse[id.Customer](p.Customer)
	if err != nil {
		return 0, errs.New(errs.NotFound, "no_such_customer", "there is no such customer")
	}
	return c, nil
}

// parseID reads an id from a path. What is not an id is not found.
func parseID[I ~int64](text, what string, parse func(string) (I, error)) (I, error) {
	v, err := parse(text)
	if err != nil {
		return 0, errs.New(errs.NotFound, errs.Code("no_such_"+what), "there is no such %s", what)
	}
	return v, nil
}

// rulesCache keeps what the charter in force lets in.
type rulesCache struct {
	mu    sync.Mutex
	rules *admission.Rules
}

// current gives the charter in force with what it lets in.
func (a *API) current(ctx context.Context) (*admission.Rules, error) {
	c, err := a.Charter.InForce(ctx, a.DB)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "no charter is in force or it cannot be read, so nothing is taken or allowed")
	}
	a.rules.mu.Lock()
	defer a.rules.mu.Unlock()
	if a.rules.rules == nil || a.rules.rules.Charter() != c {
		a.rules.rules = admission.New(c)
	}
	return a.rules.rules, nil
}

// controller is the brand that callers act for.
func (a *API) controller(ctx context.Context) (term.Controller, error) {
	r, err := a.current(ctx)
	if err != nil {
		return "", err
	}
	return r.Charter().Business.ID, nil
}

// body wraps what an operation answers.
type body[T any] struct{ Body T }

func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// orEmpty gives a list that marshals as [] when there is none.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
