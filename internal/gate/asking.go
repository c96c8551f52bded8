package gate

import (
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Asking is the answer to whether a person may be asked now, with every reason
// why not.
type Asking struct {
	May     bool
	From    clock.Instant // when the bar after a no is over; the instant asked about when there is none
	Reasons []Reason
}

// Why nobody is asked who may be served already, or who said no lately.
const (
	AgreedAlready errs.Code = "agreed_already"
	AskedTooSoon  errs.Code = "asked_too_soon"
)

// keepsFromAsking are the reasons of a DENY that a question would not mend: the
// person is to be left in peace, or cannot agree.
var keepsFromAsking = map[errs.Code]bool{
	errs.Restricted: true, errs.Suppressed: true, errs.Age: true, errs.Objected: true, errs.FreqCap: true, errs.Retention: true,
	errs.PurposeMismatch: true, errs.NoNotice: true, errs.FailClosed: true,
}

// MayAsk answers whether the business may put a question to a person of its own
// accord now (CON-11). It returns INVALID for a purpose that the charter does not
// have, and NOT_FOUND for a person who is not known.
func (g *Gate) MayAsk(tx *db.Tx, c id.Customer, p Prompt) (Asking, error) {
	if _, err := customer.Get(tx, c); err != nil {
		return Asking{}, err
	}
	at := g.clock.Now()
	from, err := g.MayPrompt(tx, c, p, at)
	if err != nil {
		return Asking{}, err
	}
	law, _, err := g.law(tx)
	if err != nil {
		return Asking{}, err
	}
	r := Request{Customer: c, Controller: law.Controller, Purpose: p.Purpose, Operation: term.Serve, Channel: p.Channel}
	if p.Recipient != "" {
		r.Operation, r.Recipient, r.Channel = term.Share, p.Recipient, ""
	}
	d, err := g.Decide(tx, r)
	if err != nil {
		return Asking{}, err
	}
	out := Asking{From: from, Reasons: []Reason{}}
	if from > at {
		out.Reasons = append(out.Reasons, Reason{AskedTooSoon, "CON-11", "They said no, or were asked again since. Nobody asks again before the bar of their market has passed."})
	}
	if d.Allowed() {
		out.Reasons = append(out.Reasons, Reason{AgreedAlready, "CON-11", "It is allowed already; there is nothing to ask."})
	}
	for _, why := range d.Reasons {
		if keepsFromAsking[why.Code] || why.Requirement == "CON-12" {
			out.Reasons = append(out.Reasons, why)
		}
	}
	out.May = len(out.Reasons) == 0
	return out, nil
}
