package demo

import (
	"context"
	"fmt"
	"sort"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Seeder lets the invented customers live their three years through a gate whose
// clock it moves: what happens in a week is told to the gate in that week, so
// that everything is recorded when it would have been.
type Seeder struct {
	Gate       *gate.Gate
	Clock      *Clock // the gate's
	Controller term.Controller
	Shop       id.Source                       // the server that tells of orders
	Weekly     func(ctx context.Context) error // at the end of each of the last weeks; nil for nothing
	Progress   func(done, of int)
}

// happening is one thing in one life.
type happening struct {
	at     clock.Instant
	person int
	do     func(p Person) gate.Arrival
}

// Run seeds the customers and gives their ids in the order of the people.
func (s *Seeder) Run(ctx context.Context, people []Person, now clock.Instant) ([]id.Customer, error) {
	all := s.lives(people)
	ids := make([]id.Customer, len(people))
	for start := 0; start < len(all); {
		end := s.week(all, start, now)
		s.Clock.Set(min(all[end-1].at, now))
		batch := make([]gate.Arrival, 0, end-start)
		for _, h := range all[start:end] {
			batch = append(batch, h.do(people[h.person]))
		}
		taken, err := s.Gate.Take(ctx, batch)
		if err != nil {
			return nil, err
		}
		for i, t := range taken {
			if t.Refused != nil {
				return nil, fmt.Errorf("demo: a happening was refused: %w", t.Refused)
			}
			ids[all[start+i].person] = t.Customer
		}
		if s.Weekly != nil && weekOf(all[end-1].at, now) < lastWeeks && (end == len(all) || weekOf(all[end].at, now) < weekOf(all[end-1].at, now)) {
			if err := s.Weekly(ctx); err != nil {
				return nil, err
			}
		}
		start = end
		if s.Progress != nil {
			s.Progress(end, len(all))
		}
	}
	s.Clock.Live()
	return ids, nil
}

// Namespace is where the shop's customer numbers belong.
const Namespace = "shop"

// batchSize is how many happenings go into one transaction: about a week of
// 5,000 customers.
const batchSize = 500

const hour = time.Hour

// lastWeeks is how many weeks before now are told one at a time.
const lastWeeks = 14

// weekOf counts the weeks from an instant to now.
func weekOf(at, now clock.Instant) int { return int(now.Sub(at) / (7 * 24 * time.Hour)) }

// week is where a batch ends: at its size, and lately at the end of a week.
func (s *Seeder) week(all []happening, start int, now clock.Instant) int {
	end := start + 1
	for end < min(start+batchSize, len(all)) && (weekOf(all[end].at, now) >= lastWeeks || weekOf(all[end].at, now) == weekOf(all[start].at, now)) {
		end++
	}
	return end
}

// lives lists everything that happens, in the order of time.
func (s *Seeder) lives(people []Person) []happening {
	var out []happening
	for i, p := range people {
		out = append(out, happening{p.Joined, i, s.join})
		for n := range p.Orders {
			out = append(out, happening{p.Orders[n].At, i, s.order(n)})
		}
		out = append(out, s.consents(i, p)...)
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].at < out[b].at })
	return out
}

// join is the first checkout: who the person is.
func (s *Seeder) join(p Person) gate.Arrival {
	address := p.Street + "\n" + p.City + "\n" + p.Country
	email, _ := customer.Email(p.Email)
	user := Identity(p)
	a := s.arrival(p, p.Joined)
	a.Identities = []customer.Identity{user, email}
	a.Values = map[term.Field]personal.Value{
		"email": personal.Seal(p.Email), "name": personal.Seal(p.First + " " + p.Last), "address": personal.Seal(address),
	}
	a.Traits = map[term.Field]any{"country": p.Country}
	residence := p.Country
	if p.Region != "" {
		residence += "-" + p.Region
	}
	a.Facts = []customer.Fact{
		{Kind: customer.Age, At: p.Joined, Detail: customer.WithValue("adult"), Actor: s.actor(), Source: "shop"},
		{Kind: customer.Residence, At: p.Joined, Detail: map[string]string{"value": residence, "evidence": "address"}, Actor: s.actor(), Source: "shop"},
	}
	return a
}

func (s *Seeder) order(n int) func(Person) gate.Arrival {
	return func(p Person) gate.Arrival {
		o := p.Orders[n]
		a := s.arrival(p, o.At)
		currency := "EUR"
		if p.Country == "US" {
			currency = "USD"
		}
		a.Events = []event.New{{
			Name: "Order Completed", OccurredAt: o.At, MessageID: "order-" + o.Number,
			Props:  map[string]any{"order_id": o.Number, "value": o.Cents, "family": o.Family},
			Amount: o.Cents, Currency: currency, Family: o.Family, Ref: o.Number,
		}}
		return a
	}
}

// consents tells what a person was asked and answered.
func (s *Seeder) consents(i int, p Person) []happening {
	tell := func(at clock.Instant, change func(*gate.Arrival)) happening {
		return happening{at, i, func(p Person) gate.Arrival {
			a := s.arrival(p, at)
			change(&a)
			return a
		}}
	}
	act := func(at clock.Instant, kind consent.Kind, how consent.Method) happening {
		return tell(at, func(a *gate.Arrival) { a.Acts = []consent.Act{s.act(p, at, kind, how)} })
	}
	if p.Asked.IsZero() {
		return nil
	}
	if p.Story == AgreedToNone {
		return []happening{act(p.Asked, consent.Refused, consent.ByForm)}
	}
	out := []happening{tell(p.Asked, func(a *gate.Arrival) {
		a.Acts = []consent.Act{s.act(p, p.Asked, consent.Requested, consent.ByForm)}
		if p.Roast != "" {
			a.Traits = map[term.Field]any{"roast": p.Roast}
			a.Provenance.Source = customer.Subject
		}
	})}
	if p.Story == Unconfirmed {
		return out
	}
	out = append(out, act(p.Asked.Add(2*hour), consent.Given, consent.ByConfirmed))
	switch p.Story {
	case Withdrew:
		out = append(out, act(p.Stopped, consent.Withdrawn, consent.ByOneClick))
	case Bounced:
		out = append(out, tell(p.Stopped, func(a *gate.Arrival) {
			a.Facts = []customer.Fact{{Kind: customer.Address, Channel: term.Email, At: p.Stopped, Detail: customer.WithValue("bounced"), Actor: s.actor(), Source: "relay"}}
		}))
	case Californian:
		out = append(out, tell(p.Asked.Add(2*2*hour), func(a *gate.Arrival) { a.GPC = true }))
	}
	return out
}

func (s *Seeder) act(p Person, at clock.Instant, kind consent.Kind, how consent.Method) consent.Act {
	action := consent.Tick
	evidence := "hosted form, box ticked"
	switch {
	case kind == consent.Given:
		action, evidence = consent.ClickYes, "button pressed behind a single-use link sent to the address"
	case kind.Lowers():
		action, evidence = "", ""
	}
	return consent.Act{
		Controller: s.Controller, Purpose: "letter", Channel: term.Email, Kind: kind, Ask: "signup", Lang: term.Lang(p.Lang),
		Method: how, ControlDefault: consent.Unset, Action: action, Evidence: evidence, Strength: consent.Documented,
		AssertedAt: at, Actor: term.ByCustomer, Source: "form",
	}
}

func (s *Seeder) arrival(p Person, at clock.Instant) gate.Arrival {
	user := Identity(p)
	return gate.Arrival{
		Source: s.Shop, Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, At: at, Confidence: customer.Certain},
		Identities: []customer.Identity{user}, At: at,
	}
}

func (s *Seeder) actor() term.Actor { return term.Actor("source:" + s.Shop.String()) }

// Past is how long before now the sample customers' lives begin.
const Past = 3*365*24*time.Hour + 24*time.Hour

// Identity is what finds a sample customer.
func Identity(p Person) customer.Identity {
	user, _ := customer.UserID(Namespace, p.UserID)
	return user
}
