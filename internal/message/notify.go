package message

import (
	"context"
	"crypto/rand"
	"html"
	"net/mail"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/personal"
)

// Notice is a mail to somebody who works for the business, such as its officer:
// no customer, and no promise to one, is concerned.
type Notice struct {
	To      personal.Value
	Subject string
	Text    string
}

// Notify sends a notice at once. It returns UNAVAILABLE when the relay does not
// take it.
func (s *Sender) Notify(ctx context.Context, n Notice) error {
	var from charter.Sender
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		c, err := s.charter.Current(tx)
		if err == nil {
			from, err = serviceSender(c, "")
		}
		return err
	})
	if err != nil {
		return err
	}
	raw, err := s.sign(Mail{
		From: mail.Address{Name: from.Name, Address: from.Address}, To: n.To, Subject: n.Subject, Date: s.clock.Now(),
		MessageID: rand.Text() + "@" + domainOf(from.Address), HTML: "<pre>" + html.EscapeString(n.Text) + "</pre>", Text: n.Text, Class: Service,
	})
	if err != nil {
		return err
	}
	w, err := s.line(ctx)
	if err != nil {
		return err
	}
	o := w.send(from.Address, n.To.Reveal(), raw)
	s.keep(w, o.broken)
	if o.state != Accepted {
		return errs.New(errs.Unavailable, "relay", "the mail relay did not take a notice to the business; its answer was %d", o.code)
	}
	return nil
}
