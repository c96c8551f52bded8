package sharing

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Share gives one customer's promised fields to a recipient, as soon as it can
// be reached. It returns FORBIDDEN with the gate's first reason when that is not
// allowed now; it is asked again when the data leave.
func (s *Service) Share(ctx context.Context, c id.Customer, to term.Recipient, p term.Purpose) (Delivery, error) {
	var out Delivery
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.get(tx, to)
		if err != nil {
			return err
		}
		if r.Kind != Webhook {
			return errs.New(errs.Conflict, "manual_recipient", "this recipient has no webhook; write it a list instead")
		}
		if r.Suspended != "" {
			return errs.New(errs.Forbidden, errs.Recipient, "this recipient is suspended: it did not acknowledge in time; register it anew when that is settled")
		}
		if _, err := customer.Lock(tx, c); err != nil {
			return err
		}
		d, err := s.Gate.Decide(tx, gate.Request{Customer: c, Controller: r.Controller, Purpose: p, Operation: term.Share, Recipient: to, Actor: "program:sharing"})
		if err != nil {
			return err
		}
		if !d.Allowed() {
			return errs.New(errs.Forbidden, d.Reasons[0].Code, "%s", d.Reasons[0].Text)
		}
		out, err = s.plan(tx, Delivery{Customer: c, Recipient: to, Purpose: p, What: Data})
		return err
	})
	return out, err
}

// List is a list of the customers that a recipient may be given for a purpose.
type List struct {
	Recipient term.Recipient
	Purpose   term.Purpose
	Actor     term.Actor
	Keep      time.Duration // until the file is to be deleted; 0 for the usual time
	// Only is a condition that narrows the list, in words, and Among gives those of
	// a page who meet it; both are empty for everybody who may be given.
	Only  string
	Among func(tx *db.Tx, page []id.Customer) ([]id.Customer, error)
}

// Everybody says whom a list holds that no condition narrows.
const Everybody = "everybody who may be given"

// Write writes a list as CSV: the recipient's reference to each person, then the
// fields that the charter gives it. Each row is asked of the gate and is a
// disclosure on record when it is written, and the file is an export with an end.
// It returns FORBIDDEN with E_DUAL_CONTROL for more rows than the house lets one
// person take out, when nobody else has approved exactly this list.
func (s *Service) Write(ctx context.Context, w io.Writer, l List) (export.File, error) {
	n, err := s.Listed(ctx, l)
	if err != nil {
		return export.File{}, err
	}
	return s.Exports.Write(ctx, w, n)
}

// Listed is the export that a list would be.
func (s *Service) Listed(ctx context.Context, l List) (export.New, error) {
	n := export.New{Kind: export.Recipient, Purpose: l.Purpose, Operation: term.Share, Recipient: l.Recipient, Who: l.Only, Keep: l.Keep, By: l.Actor, Head: "subject"}
	if n.Who == "" {
		n.Who = Everybody
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		to, err := s.get(tx, l.Recipient)
		if err != nil {
			return err
		}
		c, err := s.Charter.Current(tx)
		if err != nil {
			return err
		}
		n.Reference = to.Subject
		n.Also = func(tx *db.Tx, c id.Customer, held []term.Field) error {
			return s.disclosed(tx, to, l.Purpose, c, held)
		}
		n.Fields, err = promised(c, l)
		return err
	})
	n.Page = s.Exports.Everyone(n, l.Among)
	return n, err
}

// promised lists the fields that a recipient gets for a purpose.
func promised(c *charter.Charter, l List) ([]term.Field, error) {
	r, ok := c.Recipient(l.Recipient)
	if !ok || len(r.Gets[l.Purpose]) == 0 {
		return nil, errs.New(errs.Forbidden, errs.Recipient, "the charter gives this recipient nothing for this purpose")
	}
	var out []term.Field
	for _, name := range r.Gets[l.Purpose] {
		if _, ok := c.Field(term.Field(name)); ok {
			out = append(out, term.Field(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// disclosed notes that a recipient holds a customer's data by a list, so that it
// is told when that ends.
func (s *Service) disclosed(tx *db.Tx, to Recipient, p term.Purpose, c id.Customer, held []term.Field) error {
	fields, now := joined(held, ","), s.Clock.Now()
	_, err := tx.Exec(`insert into delivery (`+deliveryColumns+`, controller) values ($1, $2, $3, $4, 'data', $7, 0, 'acknowledged', '', 1, $5, $5, $5, $5, $6)`,
		c, id.New[id.Delivery](), to.Name, p, now, to.Controller, fields)
	return err
}

func joined[S ~string](list []S, by string) string {
	var out []string
	for _, one := range list {
		out = append(out, string(one))
	}
	return strings.Join(out, by)
}
