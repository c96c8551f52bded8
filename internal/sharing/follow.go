package sharing

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/outbox"
	"candor/internal/term"
)

// revoked tells a recipient that consents ended, when it holds data under them.
func (s *Service) revoked(ctx context.Context, j job.Job) error {
	var r gate.Revocation
	if err := json.Unmarshal(j.Args, &r); err != nil {
		return err
	}
	slices.SortFunc(r.Of, func(a, b gate.Revoked) int { return cmp.Compare(a.Customer, b.Customer) }) // as they are locked
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, of := range r.Of {
			if err := s.stop(tx, of.Customer, r.Recipient, r.Purpose, of.Record); err != nil {
				return err
			}
		}
		return nil
	})
}

// standingChanged follows permission: what ended is told to whoever holds data
// under it; what opened is given to those that are fed.
func (s *Service) standingChanged(tx *db.Tx, m outbox.Message) error {
	var c gate.Changed
	if err := json.Unmarshal(m.Payload, &c); err != nil {
		return err
	}
	for _, k := range c.Tightened {
		if k.Recipient == "" {
			continue
		}
		if err := s.stop(tx, c.Customer, k.Recipient, k.Purpose, 0); err != nil {
			return err
		}
	}
	for _, k := range c.Opened {
		if k.Recipient == "" {
			continue
		}
		if err := s.feed(tx, c.Customer, k); err != nil {
			return err
		}
	}
	return nil
}

// stop plans the notice that a permission ended. One that is still open stands
// for all.
func (s *Service) stop(tx *db.Tx, c id.Customer, to term.Recipient, p term.Purpose, record id.Record) error {
	if _, err := s.get(tx, to); err != nil {
		return ignoreNotFound(err)
	}
	if _, err := customer.Lock(tx, c); err != nil {
		return ignoreNotFound(err) // erased meanwhile: an erasure is told of by itself
	}
	d, err := s.Gate.Decide(tx, gate.Request{Customer: c, Controller: s.controllerOf(tx), Purpose: p, Operation: term.Share, Recipient: to, Actor: term.ByEngine})
	if err != nil {
		return err
	}
	if d.Allowed() {
		return nil
	}
	if err := cancelData(tx, c, to, p); err != nil {
		return err
	}
	all, err := history(tx, c)
	if err != nil || !given(all, to) {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Recipient != to || all[i].Purpose != p || all[i].What == Consent || all[i].State == Cancelled {
			continue
		}
		if all[i].What == Stop {
			return nil // told, and nothing was given since
		}
		break
	}
	_, err = s.plan(tx, Delivery{Customer: c, Recipient: to, Purpose: p, What: Stop, Record: record})
	return err
}

// controllerOf is the brand in force; "" when none is, which the gate denies.
func (s *Service) controllerOf(tx *db.Tx) term.Controller {
	c, err := s.Charter.Current(tx)
	if err != nil {
		return ""
	}
	return c.Business.ID
}

// feed gives data to a recipient that follows permission.
func (s *Service) feed(tx *db.Tx, c id.Customer, k gate.StandingKey) error {
	r, err := s.get(tx, k.Recipient)
	if err != nil {
		return ignoreNotFound(err)
	}
	if !slices.Contains(r.Feeds, k.Purpose) || r.Suspended != "" {
		return nil
	}
	_, err = s.plan(tx, Delivery{Customer: c, Recipient: r.Name, Purpose: k.Purpose, What: Data})
	return err
}

// corrected tells every recipient that was given a field what it is now.
func (s *Service) corrected(tx *db.Tx, m outbox.Message) error {
	var c gate.Corrected
	if err := json.Unmarshal(m.Payload, &c); err != nil {
		return err
	}
	all, err := history(tx, c.Customer)
	if err != nil {
		return err
	}
	ch, err := s.Charter.Current(tx)
	if err != nil {
		return err
	}
	type to struct {
		recipient term.Recipient
		purpose   term.Purpose
	}
	told := map[to]bool{}
	for _, d := range all {
		key := to{d.Recipient, d.Purpose}
		promised, ok := ch.Recipient(d.Recipient)
		if told[key] || !ok || d.What != Data || d.Attempts == 0 {
			continue
		}
		told[key] = true
		fields := slices.DeleteFunc(slices.Clone(c.Fields), func(f term.Field) bool { return !slices.Contains(promised.Gets[d.Purpose], string(f)) })
		if len(fields) == 0 {
			continue
		}
		if _, err := s.plan(tx, Delivery{Customer: c.Customer, Recipient: d.Recipient, Purpose: d.Purpose, What: Correct, Fields: fields}); err != nil {
			return err
		}
	}
	return nil
}

// consentRecorded tells the recipients that hear of consents and know the
// person. What a recipient told us does not go back to it.
func (s *Service) consentRecorded(tx *db.Tx, m outbox.Message) error {
	var r gate.Recorded
	if err := json.Unmarshal(m.Payload, &r); err != nil || !r.Counts {
		return err
	}
	registered, err := s.All(tx)
	if err != nil {
		return err
	}
	listens := func(r Recipient) bool { return r.Consents && r.Kind == Webhook }
	if !slices.ContainsFunc(registered, listens) {
		return nil
	}
	record, err := consent.Get(tx, r.Record)
	if err != nil {
		return ignoreNotFound(err)
	}
	all, err := history(tx, r.Customer)
	if err != nil {
		return err
	}
	for _, to := range registered {
		if !listens(to) || record.Source == Origin(to.Name) || !given(all, to.Name) {
			continue
		}
		if _, err := s.plan(tx, Delivery{Customer: r.Customer, Recipient: to.Name, Purpose: r.Purpose, What: Consent, Record: r.Record}); err != nil {
			return err
		}
	}
	return nil
}

// Origin is the source of a consent record that a recipient told us of.
func Origin(r term.Recipient) string { return "recipient:" + string(r) }

func ignoreNotFound(err error) error {
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}
