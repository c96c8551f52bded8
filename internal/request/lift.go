package request

import (
	"context"
	"encoding/json"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/message"
	"candor/internal/term"
)

const (
	dueJob   = "request.due"
	dueEvery = time.Hour
	liftJob  = "request.lift"
	// lookAgain is the pause before asking anew whether the mail has left.
	lookAgain = time.Minute
)

// Finding is what a human of the business found about an objection.
type Finding struct {
	Grounds string // compelling grounds, in words that are about the use and never about the person; "" upholds
	Actor   term.Actor
}

// Find ends an objection. Without grounds it is upheld: the use is closed for
// this person. With compelling grounds, the person is told them by mail, and the
// use goes on only once the mail has left.
func (d *Desk) Find(ctx context.Context, number id.Request, f Finding) error {
	if f.Grounds == "" {
		return d.uphold(ctx, number, f.Actor)
	}
	return d.tell(ctx, number, Objection, f)
}

// uphold closes a use for a person who objected to it.
func (d *Desk) uphold(ctx context.Context, number id.Request, by term.Actor) error {
	return d.close(ctx, number, Objection, Upheld, "", func(tx *db.Tx, r Request) error {
		_, err := d.Gate.AddFact(tx, customer.Fact{Customer: r.Customer, Kind: customer.Objection, Purpose: r.Purpose,
			Detail: customer.WithValue(customer.On), Actor: by, Source: "desk"})
		if err != nil {
			return err
		}
		return d.mail(tx, r, message.UpheldMail, "")
	})
}

// End ends a restriction: the person is told, and it ends once the mail has
// left.
func (d *Desk) End(ctx context.Context, number id.Request, by term.Actor) error {
	return d.tell(ctx, number, Restriction, Finding{Actor: by})
}

// Lift ends a restriction whose person was told in another way, by letter
// perhaps; the notice names it. It returns CONFLICT without one (GDPR 18(3)).
func (d *Desk) Lift(ctx context.Context, number id.Request, notice string, by term.Actor) error {
	return d.close(ctx, number, Restriction, Ended, "", func(tx *db.Tx, r Request) error {
		return d.lift(tx, r, notice, by)
	})
}

func (d *Desk) lift(tx *db.Tx, r Request, notice string, by term.Actor) error {
	detail := customer.WithValue(customer.Off)
	detail["notice"] = notice
	_, err := d.Gate.AddFact(tx, customer.Fact{Customer: r.Customer, Kind: customer.Restriction, Purpose: r.Purpose, Detail: detail, Actor: by, Source: "desk"})
	return err
}

// liftArgs are the argument of a liftJob: ids, and who decided.
type liftArgs struct {
	Request id.Request `json:"request"`
	Actor   term.Actor `json:"actor"`
}

// tell sends the mail that has to come before a restriction ends.
func (d *Desk) tell(ctx context.Context, number id.Request, kind Kind, f Finding) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := get(tx, number)
		if err != nil {
			return err
		}
		if r.Kind != kind || r.State != Waiting {
			return errs.New(errs.Conflict, "not_waiting", "this request is not waiting for that")
		}
		if _, err := tx.Exec("update request set content = $3, outcome = $4 where customer_id = $1 and request_id = $2", r.Customer, r.ID, f.Grounds, endOf(kind)); err != nil {
			return err
		}
		if err := d.mail(tx, r, endMail(kind), f.Grounds); err != nil {
			return err
		}
		return d.Jobs.Enqueue(tx, job.New{Kind: liftJob, Args: liftArgs{r.ID, f.Actor}, Unique: r.ID.String(), RunAt: d.Clock.Now().Add(announceFirst)})
	})
}

// endOf is how a request ends that the person is told of first.
func endOf(kind Kind) Outcome {
	if kind == Objection {
		return Refused
	}
	return Ended
}

func endMail(kind Kind) message.ServiceKind {
	if kind == Objection {
		return message.GroundsMail
	}
	return message.LiftedMail
}

// mail tells the person what became of a request.
func (d *Desk) mail(tx *db.Tx, r Request, kind message.ServiceKind, grounds string) error {
	m, err := d.letter(tx, r, kind)
	if err != nil {
		return err
	}
	m.Grounds = grounds
	return d.Mail.SendService(tx, m)
}

func (d *Desk) letter(tx *db.Tx, r Request, kind message.ServiceKind) (message.ServiceMail, error) {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return message.ServiceMail{}, err
	}
	lang, err := d.langOf(tx, r.Customer)
	return message.ServiceMail{Kind: kind, Customer: r.Customer, Controller: c.Business.ID, Purpose: r.Purpose, Lang: lang, Entry: r.ID.String()}, err
}

// runLift ends a restriction whose mail has left, and looks again later when it
// has not.
func (d *Desk) runLift(ctx context.Context, j job.Job) error {
	var args liftArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := get(tx, args.Request)
		if err != nil || r.State != Waiting {
			return err
		}
		m, err := d.letter(tx, r, endMail(r.Kind))
		if err != nil {
			return err
		}
		told, err := d.Mail.Told(tx, m)
		if err != nil {
			return err
		}
		if !told {
			return d.Jobs.Enqueue(tx, job.New{Kind: liftJob, Args: args, RunAt: d.Clock.Now().Add(lookAgain)})
		}
		if err := d.lift(tx, r, "mail "+r.ID.String(), args.Actor); err != nil {
			return err
		}
		return finish(tx, r, endOf(r.Kind), "", d.Clock.Now())
	})
}

// finish closes a request. What was written about it before stays.
func finish(tx *db.Tx, r Request, o Outcome, content string, now clock.Instant) error {
	_, err := tx.Exec(`update request set state = $3, outcome = $4, closed_at = $5, content = case when $6 = '' then content else $6 end
		where customer_id = $1 and request_id = $2`, r.Customer, r.ID, Done, o, now, content)
	return err
}

// runDue upholds objections that nobody answered by the red line.
func (d *Desk) runDue(ctx context.Context, _ job.Job) error {
	for {
		var due []Request
		err := d.DB.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query("select "+requestColumns+` from request
				where state = $1 and kind = $2 and safe_due <= $3 order by safe_due, request_id limit 100`, Waiting, Objection, d.Clock.Now())
			due, err = db.Collect(rows, err, scanRequest)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, r := range due {
			if err := d.uphold(ctx, r.ID, term.ByEngine); err != nil {
				return err
			}
		}
	}
}
