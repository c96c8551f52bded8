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
	// HTML is the same in the mail's page, safe as html/template writes it; "" for
	// a mail of plain text.
	HTML string
}

// MaybeTaken is the code of a notice of which nobody knows whether it arrived.
const MaybeTaken errs.Code = "relay_uncertain"

// Notify sends a notice at once. It returns UNAVAILABLE when the relay does not
// take it, with the code MaybeTaken when it may have.
func (s *Sender) Notify(ctx context.Context, n Notice) error {
	var c *charter.Charter
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = s.charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	from, err := serviceSender(c, "")
	if err != nil {
		return err
	}
	page, text := "<pre>"+html.EscapeString(n.Text)+"</pre>", n.Text
	if n.HTML != "" {
		page, text, err = framed(Rendered{Lang: "en", Subject: n.Subject, HTML: n.HTML, Text: n.Text}, frameOf(c, "en"), Service)
		if err != nil {
			return err
		}
	}
	raw, err := s.sign(Mail{
		From: mail.Address{Name: from.Name, Address: from.Address}, To: n.To, Subject: n.Subject, Date: s.clock.Now(),
		MessageID: rand.Text() + "@" + domainOf(from.Address), HTML: page, Text: text, Class: Service,
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
	if o.state == Uncertain {
		return errs.New(errs.Unavailable, MaybeTaken, "the line to the mail relay broke; a notice to the business may have been taken")
	}
	if o.state != Accepted {
		return errs.New(errs.Unavailable, "relay", "the mail relay did not take a notice to the business; its answer was %d", o.code)
	}
	return nil
}
