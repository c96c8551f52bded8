package message

import (
	"context"
	"net/mail"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/term"
)

// Trial is a draft sent to a member of staff, filled in for an invented reader.
type Trial struct {
	Draft  Draft
	Lang   term.Lang
	Values map[string]any // see Persona
	To     personal.Value // a confirmed address of staff; the caller sees to it
	By     term.Actor
}

// KindTrial is the ledger's kind of entry for a draft sent to staff.
const KindTrial ledger.Kind = "message.trial"

type trialEntry struct {
	Message id.Message   `json:"message"`
	Purpose term.Purpose `json:"purpose"`
	Lang    term.Lang    `json:"lang"`
	By      term.Actor   `json:"by"`
}

const trialMail ServiceKind = "trial"

// Try sends a trial at once. It is marked as one in its subject, its links lead
// to the notice alone, and it is no message of anybody's in the records. It
// returns LIMITED after twenty within an hour to one address, and UNAVAILABLE when
// the relay does not take it.
func (s *Sender) Try(ctx context.Context, t Trial) error {
	to, err := customer.Email(t.To.Reveal())
	if err != nil {
		return errs.New(errs.Invalid, "bad_address", "there is no e-mail address of yours on file")
	}
	var raw []byte
	var from string
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		c, err := s.charter.Current(tx)
		if err != nil {
			return err
		}
		sender, err := SenderOf(c, t.Draft.Purpose, t.Draft.Channel, t.Draft.Sender)
		if err != nil {
			return err
		}
		p, err := previewed(c, t.Draft, t.Lang, t.Values, s.base+"/notice")
		if err != nil {
			return err
		}
		now := s.clock.Now()
		room, err := countService(tx, s.book.Endpoint(to), trialMail, now)
		if err != nil {
			return err
		}
		if !room {
			return errs.New(errs.Limited, "trials", "twenty trials an hour are enough for one address; wait a little")
		}
		if _, err := s.ledger.Append(tx, KindTrial, now, trialEntry{t.Draft.ID, t.Draft.Purpose, t.Lang, t.By}); err != nil {
			return err
		}
		from = sender.Address
		raw, err = s.sign(Mail{From: mail.Address{Name: sender.Name, Address: sender.Address}, To: to.Value, Subject: "[Trial] " + p.Subject, Date: now,
			MessageID: "trial-" + newHolder() + "@" + domainOf(sender.Address), HTML: p.HTML, Text: p.Text, Class: Service})
		return err
	})
	if err != nil {
		return err
	}
	w, err := s.line(ctx)
	if err != nil {
		return err
	}
	o := w.send(from, to.Value.Reveal(), raw)
	s.keep(w, o.broken)
	if o.state != Accepted {
		return errs.New(errs.Unavailable, "relay", "the mail relay did not take the trial; try again in a while")
	}
	return nil
}
