package request

import (
	"context"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// NewRequest asks for a right that takes effect at once: what it stops is
// stopped when the answer is given, and a human looks at it afterwards.
type NewRequest struct {
	Customer id.Customer
	Purpose  term.Purpose // of an Objection
	Via      string       // the way it came in: "portal", "api", "staff"
	Actor    term.Actor
}

// stop puts a request on the desk together with the fact that gives it effect. A
// second of its kind, while the first waits, is the first.
func (d *Desk) stop(ctx context.Context, kind Kind, n NewRequest, effect func(tx *db.Tx) error) (Request, error) {
	now := d.Clock.Now()
	due, err := d.due(ctx, now)
	if err != nil {
		return Request{}, err
	}
	r := Request{
		ID: id.New[id.Request](), Customer: n.Customer, Kind: kind, State: Waiting, Purpose: n.Purpose,
		Via: n.Via, Actor: n.Actor, Market: rulepack.Strict, ReceivedAt: now,
		SafeDue: due.Safe, LegalDue: due.Legal, TargetDue: due.Target,
	}
	err = d.DB.Write(ctx, func(tx *db.Tx) error {
		if err := effect(tx); err != nil {
			return err
		}
		rows, err := tx.Query("select "+requestColumns+` from request
			where customer_id = $1 and kind = $2 and purpose = $3 and state = $4 order by request_id`, n.Customer, kind, n.Purpose, Waiting)
		open, err := db.Collect(rows, err, scanRequest)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			r = open[0]
			return nil
		}
		return insert(tx, r)
	})
	return r, err
}

// Restrict takes a person's data out of use while something about them is
// examined (GDPR 18): they are stored, and used only for claims or where the
// person agrees anew.
func (d *Desk) Restrict(ctx context.Context, n NewRequest) (Request, error) {
	n.Purpose = ""
	return d.stop(ctx, Restriction, n, func(tx *db.Tx) error {
		_, err := d.Gate.AddFact(tx, customer.Fact{Customer: n.Customer, Kind: customer.Restriction, Detail: customer.WithValue(customer.On),
			Actor: n.Actor, Source: n.Via})
		return err
	})
}

// Object takes an objection to a use that rests on a legitimate interest or a
// public task (GDPR 21(1)). The use is restricted at once; unless compelling
// grounds are shown by the red line, the objection is upheld by itself. It
// returns INVALID for other uses: advertising is ended by stopping it, which
// needs no grounds.
func (d *Desk) Object(ctx context.Context, n NewRequest) (Request, error) {
	return d.stop(ctx, Objection, n, func(tx *db.Tx) error {
		c, err := d.Charter.Current(tx)
		if err != nil {
			return err
		}
		if p, ok := c.Purpose(n.Purpose); !ok || !Objectionable(p, c.Business.Markets) {
			return errs.New(errs.Invalid, "no_objection", "this use does not rest on a legitimate interest; withdraw the consent, or stop the advertising").On("purpose")
		}
		_, err = d.Gate.AddFact(tx, customer.Fact{Customer: n.Customer, Kind: customer.Restriction, Purpose: n.Purpose,
			Detail: customer.WithValue(customer.On), Actor: n.Actor, Source: n.Via})
		return err
	})
}

// Objectionable reports whether a purpose can be objected to on grounds of the
// person's own situation.
func Objectionable(p *charter.Purpose, markets []term.Market) bool {
	if p.Marketing {
		return false
	}
	for _, m := range append([]term.Market{rulepack.Strict}, markets...) {
		if k := p.Basis(m).Kind; k == charter.LegitimateInterests || k == charter.PublicTask {
			return true
		}
	}
	return false
}

// ReportDeath believes a report that a customer has died, without asking for
// proof: advertising, profiling and personal content end in its transaction, and
// a human looks at it. A report in error is taken back with TakeBackDeath.
func (d *Desk) ReportDeath(ctx context.Context, n NewRequest) (Request, error) {
	n.Purpose = ""
	return d.stop(ctx, Deceased, n, func(tx *db.Tx) error {
		_, err := d.Gate.AddFact(tx, customer.Fact{Customer: n.Customer, Kind: customer.Deceased, Detail: customer.WithValue(customer.On),
			Actor: n.Actor, Source: n.Via})
		return err
	})
}

// TakeBackDeath is for a report that was wrong: what is allowed follows from the
// facts again.
func (d *Desk) TakeBackDeath(ctx context.Context, number id.Request, by term.Actor) error {
	return d.close(ctx, number, Deceased, Corrected, "", func(tx *db.Tx, r Request) error {
		_, err := d.Gate.AddFact(tx, customer.Fact{Customer: r.Customer, Kind: customer.Deceased, Detail: customer.WithValue(customer.Off),
			Actor: by, Source: "desk"})
		return err
	})
}

// NotMine takes an address away from a customer whose it is not, as whoever
// reads the mail says, and opens a case of ownership (ACC-04).
func (d *Desk) NotMine(ctx context.Context, n NewRequest, ch term.Channel) (Request, error) {
	n.Purpose = ""
	return d.stop(ctx, Ownership, n, func(tx *db.Tx) error {
		_, err := d.Gate.Disown(tx, n.Customer, ch, n.Actor, n.Via)
		return err
	})
}

// close ends a request that waits, with what its end brings about. It returns
// CONFLICT when it does not wait.
func (d *Desk) close(ctx context.Context, number id.Request, kind Kind, o Outcome, grounds string, effect func(tx *db.Tx, r Request) error) error {
	return d.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := get(tx, number)
		if err != nil {
			return err
		}
		if r.Kind != kind || r.State != Waiting {
			return errs.New(errs.Conflict, "not_waiting", "this request is not waiting for that")
		}
		if err := effect(tx, r); err != nil {
			return err
		}
		return finish(tx, r, o, grounds, d.Clock.Now())
	})
}

// langOf is the language a person last decided in, or the business's first.
func (d *Desk) langOf(tx *db.Tx, who id.Customer) (term.Lang, error) {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return "", err
	}
	lang := c.Business.Languages[0]
	records, err := consent.Of(tx, who)
	for _, r := range records {
		if r.Lang != "" {
			lang = r.Lang
		}
	}
	return lang, err
}
