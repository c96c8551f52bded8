// Package insight says how customers as a whole behave: how far they go from a
// first order to a tenth, how recently and how often they buy, how many of each
// cohort come back, and what a customer is worth in time.
//
// It never follows one person. Each question is asked through the gate for a
// purpose, of those alone whose data may be used for it, and is recorded as one
// use. Numbers of people are rounded to tens; what rests on fewer than ten of
// them is left out before it is stored (MIN-04, MIN-07). Counting looks at all of
// them, so it is done in the background, once a day or when somebody asks, and
// pages show the last answer.
package insight

import (
	"context"
	"encoding/json"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/job"
	"candor/internal/term"
)

const (
	countJob   = "insight.count"
	countEvery = 24 * time.Hour
)

// Config is what the service works with.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Charter *charter.Store
	Jobs    *job.Queue
	Clock   clock.Clock
}

// Service counts and keeps the last answers.
type Service struct{ Config }

// New makes a service and has it count once a day.
func New(c Config) *Service {
	s := &Service{c}
	c.Jobs.Handle(countJob, func(ctx context.Context, _ job.Job) error { return s.Count(ctx, term.ByEngine) })
	c.Jobs.Every(countJob, countEvery)
	return s
}

// Answer is what was counted for one purpose.
type Answer struct {
	Purpose  term.Purpose  `json:"purpose"`
	At       clock.Instant `json:"at"`
	Currency string        `json:"currency"` // of all amounts: that of most orders
	Grid     Grid          `json:"grid"`
	Cohorts  []Cohort      `json:"cohorts"` // the oldest first
}

// Purposes lists those that may choose people by their orders.
func Purposes(c *charter.Charter) []term.Purpose {
	var out []term.Purpose
	for i := range c.Purposes {
		p := &c.Purposes[i]
		if _, ok := orderOf(c, p); ok && p.Profiling {
			out = append(out, p.ID)
		}
	}
	return out
}

// orderOf is the event that is an order and that a purpose may use.
func orderOf(c *charter.Charter, p *charter.Purpose) (term.Event, bool) {
	for i := range c.Events {
		if _, uses := p.UsesEvent(c.Events[i].Name); uses && c.Events[i].Is(charter.MeansOrder) {
			return c.Events[i].Name, true
		}
	}
	return "", false
}

// Again has everything counted anew in the background.
func (s *Service) Again(tx *db.Tx) error {
	return s.Jobs.Enqueue(tx, job.New{Kind: countJob, Unique: "asked"})
}

// Last gives the last answer for a purpose. It returns NOT_FOUND before the
// first.
func (s *Service) Last(tx *db.Tx, controller term.Controller, p term.Purpose) (Answer, error) {
	var out Answer
	var body string
	err := tx.QueryRow("select body from insight_answer where controller = $1 and purpose = $2", controller, p).Scan(&body)
	if errs.Is(err, errs.NotFound) {
		return out, errs.New(errs.NotFound, "not_counted", "nothing is counted yet; look again in a minute")
	}
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal([]byte(body), &out)
}

// Count answers everything for every purpose and keeps the answers.
func (s *Service) Count(ctx context.Context, by term.Actor) error {
	var in *charter.Charter
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		in, err = s.Charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range Purposes(in) {
		if err := s.count(ctx, in, p, by); err != nil && !errs.Is(err, errs.Forbidden) {
			return err // Forbidden: nobody's data may be used for it now
		}
	}
	return nil
}

func (s *Service) count(ctx context.Context, in *charter.Charter, p term.Purpose, by term.Actor) error {
	purpose, _ := in.Purpose(p)
	order, _ := orderOf(in, purpose)
	q := question{Service: s, charter: in, purpose: p, order: order, at: s.Clock.Now()}
	answer := Answer{Purpose: p, At: q.at}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if q.currency, err = q.usual(tx); err != nil {
			return err
		}
		if answer.Grid, err = q.grid(tx); err != nil {
			return err
		}
		answer.Cohorts, err = q.cohorts(tx)
		return err
	})
	if err != nil {
		return err
	}
	answer.Currency = q.currency
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into insight_answer (controller, purpose, made_at, body) values ($1, $2, $3, $4)
			on conflict (controller, purpose) do update set made_at = excluded.made_at, body = excluded.body`, in.Business.ID, p, q.at, string(body))
		if err != nil {
			return err
		}
		_, err = s.Gate.UseRun(tx, gate.Run{Controller: in.Business.ID, Purpose: p, Operation: term.Use, What: "insight", Expression: string(order),
			Customers: answer.Grid.People(), Actor: by})
		return err
	})
}
