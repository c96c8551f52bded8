// Package guarded knows the records that nobody opens alone: one's own, that of
// somebody who works here, and those that the data protection officer has marked,
// such as of somebody whom the town knows. Employees who are customers are
// customers (GDPR 5(1)(b), 88): nobody reads, changes or decides about their own
// record, and a colleague's is opened when a second person, in another role, has
// approved exactly this look.
//
// That a customer works here is stored nowhere. It is seen at the moment of the
// look, by comparing the keyed digests of the customer's addresses with those of
// staff's.
package guarded

import (
	"bytes"

	"candor/internal/approval"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
)

// Doors stand before guarded records.
type Doors struct {
	Ring      *keyring.Ring
	Gate      *gate.Gate
	Staff     *staff.Roster
	Approvals *approval.Desk
}

// Reason is why a record is guarded.
type Reason string

// The reasons; "" is none.
const (
	Own       Reason = "it is the record of whoever wants to open it"
	Colleague Reason = "it is the record of somebody who works here"
	Marked    Reason = "the data protection officer has marked it"
)

// Look is a member of staff who wants to open a record, and why.
type Look struct {
	Customer id.Customer
	By       id.Staff
	Why      string // a purpose or the number of a request
}

// Of tells why a record is guarded from somebody, and which colleague's it is.
func (d *Doors) Of(tx *db.Tx, who id.Customer, by id.Staff) (Reason, id.Staff, error) {
	colleague, err := d.worksHere(tx, who, by)
	switch {
	case err != nil:
		return "", 0, err
	case colleague == by && by != 0:
		return Own, colleague, nil
	case colleague != 0:
		return Colleague, colleague, nil
	}
	marked, err := d.marked(tx, who)
	if err != nil || !marked {
		return "", 0, err
	}
	return Marked, 0, nil
}

// Open lets a look pass at a record that is not guarded, or that a second person
// has approved. Otherwise it returns FORBIDDEN with E_DUAL_CONTROL, which the
// edges hand to the desk of approvals. Whose record it is cannot approve it.
func (d *Doors) Open(tx *db.Tx, l Look) error {
	reason, colleague, err := d.Of(tx, l.Customer, l.By)
	if err != nil || reason == "" {
		return err
	}
	act := approval.Act{Kind: approval.Open, By: staff.Actor(l.By),
		Exact: map[string]string{"customer": l.Customer.String(), "by": l.By.String(), "why": l.Why},
		Says:  []approval.Line{{Term: "Customer", Text: l.Customer.String()}, {Term: "Guarded because", Text: string(reason)}, {Term: "To look for", Text: l.Why}}}
	if colleague != 0 {
		act.Makers = []term.Actor{staff.Actor(colleague)}
	}
	return d.Approvals.Need(tx, act)
}

// Decides returns FORBIDDEN with E_ROLE when somebody would decide about what they
// ask for themselves as a customer.
func (d *Doors) Decides(tx *db.Tx, about id.Customer, by id.Staff) error {
	reason, _, err := d.Of(tx, about, by)
	if err == nil && reason == Own {
		err = errs.New(errs.Forbidden, errs.Role, "this is about you as a customer; somebody else decides it")
	}
	return err
}

// worksHere finds who of the staff has one of the customer's e-mail addresses: the
// one who asks before anybody else, or 0.
func (d *Doors) worksHere(tx *db.Tx, who id.Customer, by id.Staff) (id.Staff, error) {
	held, err := customer.IdentitiesOf(tx, []id.Customer{who})
	if err != nil || len(held[who]) == 0 {
		return 0, err
	}
	people, err := d.Staff.Addresses(tx)
	if err != nil {
		return 0, err
	}
	book, found := customer.NewBook(d.Ring), id.Staff(0)
	for _, p := range people {
		address, err := customer.Email(p.Email.Reveal())
		if err != nil {
			continue
		}
		if holds(held[who], book.Digests(address)) {
			if found = p.ID; found == by {
				return by, nil
			}
		}
	}
	return found, nil
}

func holds(held []customer.Held, digests []keyring.Digest) bool {
	for _, h := range held {
		for _, d := range digests {
			if h.Kind == customer.EmailAddress && bytes.Equal(h.Digest, d.Sum) {
				return true
			}
		}
	}
	return false
}

func (d *Doors) marked(tx *db.Tx, who id.Customer) (bool, error) {
	facts, err := customer.FactsOf(tx, who)
	on := false
	for _, f := range facts {
		if f.Kind == customer.Guarded {
			on = f.Value() == customer.On
		}
	}
	return on, err
}

const maxWhy = 300

// Mark marks a record, or takes the mark away. It returns NOT_FOUND for a number
// that is nobody's, and INVALID without a reason, or with an address in it.
func (d *Doors) Mark(tx *db.Tx, who id.Customer, on bool, why string, by term.Actor) error {
	if why == "" || len(why) > maxWhy || personal.HoldsAddress(why) {
		return errs.New(errs.Invalid, "no_reason", "say why in at most %d characters, without anybody's name or address", maxWhy).On("why")
	}
	if _, err := customer.Get(tx, who); err != nil {
		return err
	}
	value := map[bool]string{true: customer.On, false: customer.Off}[on]
	_, err := d.Gate.AddFact(tx, customer.Fact{Customer: who, Kind: customer.Guarded, Detail: map[string]string{"value": value, "why": why}, Actor: by, Source: "staff"})
	return err
}
