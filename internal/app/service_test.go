package app

import (
	"testing"

	"candor/internal/campaign"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// notice plans a shipping notice that staff call a service message, approved by
// whatever way, and gives what became of it.
func (h *house) notice(s *message.Sender, c id.Customer, entry string, text message.Text) message.Send {
	h.t.Helper()
	key := message.Key{Program: "campaign", Node: "shipping", Customer: c, Entry: entry, Channel: term.Email}
	h.write(func(tx *db.Tx) error {
		now := h.Clock.Now()
		d, err := message.InsertDraft(tx, message.Draft{Controller: "halm", Purpose: "orders", Channel: term.Email, Sender: "orders@halm.example", CreatedAt: now,
			Content: message.Content{Class: message.Service, Texts: map[term.Lang]message.Text{"en": text}}})
		if err != nil {
			return err
		}
		hash, err := message.Approve(tx, d.ID, "staff:test", now)
		if err != nil {
			return err
		}
		_, err = message.Put(tx, h.Ring, now, []message.Plan{{Key: key, Message: d.ID, Controller: "halm", Purpose: "orders",
			Class: message.Service, Lang: "en", ContentHash: hash}})
		return err
	})
	_, err := s.Drain(ctx)
	h.must(err)
	var out message.Send
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = message.Get(tx, c, key.Sum(h.Ring))
		return err
	}))
	return out
}

// MSG-13: a shipping notice with "10 % off your next order" is denied to who
// unsubscribed, and allowed without the block. Offers, codes, other goods and
// rewards for a review make a message marketing, in every language and branch of
// it, however they are written; what only tells of the order does not. The gate
// says the same when asked, and a campaign with such a text is not launched.
func TestMSG13_TransactionalMeansTransactional(t *testing.T) {
	each(t, 6, func(t *testing.T, h *house) {
		who := h.readers()[0]
		h.write(func(tx *db.Tx) error {
			_, _, err := h.Gate.Record(tx, consent.Act{Customer: who, Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn,
				Method: consent.ByOneClick, Strength: consent.Documented, Actor: term.ByCustomer})
			return err
		})
		sender, sink := h.relay()
		const shipped = "<p>Your order has left our house and is with the carrier.</p>"
		for name, text := range map[string]message.Text{
			"the catalogue's":      {Subject: "Your order is on its way", HTML: shipped + "<p>10 % off your next order</p>"},
			"in the subject":       {Subject: "On its way, and 10% off your next order", HTML: shipped},
			"a code":               {Subject: "Your order is on its way", HTML: shipped + "<p>Use code BEANS10 when you come back.</p>"},
			"other goods":          {Subject: "Your order is on its way", HTML: shipped + "<h2>You may also like</h2><p>Our grinder.</p>"},
			"a reward":             {Subject: "Your order is on its way", HTML: shipped + "<p>Write a review and win a machine.</p>"},
			"in a branch":          {Subject: "Your order is on its way", HTML: shipped + "{% if name %}<p>Save 10 € with this voucher.</p>{% endif %}"},
			"broken by tags":       {Subject: "Your order is on its way", HTML: shipped + "<p>10 <b>%</b> o<i>ff</i> your next order</p>"},
			"character references": {Subject: "Your order is on its way", HTML: shipped + "<p>10 &#37; off your next order</p>"},
			"a picture's words":    {Subject: "Your order is on its way", HTML: shipped + `<img src="https://halm.example/a.png" alt="10 % off">`},
			"in the plain part":    {Subject: "Your order is on its way", HTML: shipped, Text: "It has left.\n\nSpecial offer: our grinder."},
			"in German":            {Subject: "Ihre Bestellung ist unterwegs", HTML: "<p>Mit 10 % Rabatt auf Ihre nächste Bestellung.</p>"},
		} {
			if s := h.notice(sender, who, name, text); s.State != message.Denied || len(s.Reasons) == 0 || s.Reasons[0] != errs.PurposeMismatch {
				t.Errorf("%s: %s %v, want DENY", name, s.State, s.Reasons)
			}
		}
		if n := len(sink.Mails()); n != 0 {
			t.Fatalf("%d mails that promote have left", n)
		}
		for name, text := range map[string]message.Text{
			"without the block": {Subject: "Your order is on its way", HTML: shipped},
			"sums and shares":   {Subject: "Your invoice", HTML: "<p>Sum 32,00 €, of which 7 % tax. 100 % of it is paid.</p>"},
			"a plain question":  {Subject: "Did it arrive?", HTML: "<p>If something is wrong with your order, write to us.</p>"},
		} {
			if s := h.notice(sender, who, name, text); s.State != message.Accepted {
				t.Errorf("%s: %s %v, want ALLOW", name, s.State, s.Reasons)
			}
		}

		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			for promotes, want := range map[bool]gate.Outcome{false: gate.Allow, true: gate.Deny} {
				d, err := h.Gate.Decide(tx, gate.Request{Customer: who, Controller: "halm", Purpose: "orders", Operation: term.Serve, Channel: term.Email, Promotes: promotes, Actor: "program:test"})
				if err != nil || d.Outcome != want || promotes && d.Reasons[0].Requirement != "MSG-13" {
					t.Errorf("asked whether it may go, promoting %v: %v %v %v", promotes, d.Outcome, d.Reasons, err)
				}
			}
			return nil
		}))
		c, err := h.Campaigns.Create(ctx, campaign.Change{Name: "Shipping", Purpose: "orders", Channel: term.Email, Content: message.Content{Class: message.Service,
			Texts: map[term.Lang]message.Text{"en": {Subject: "On its way", HTML: shipped + "{% if name %}<p>10 % off</p>{% endif %}"}, "de": {Subject: "Unterwegs", HTML: "<p>Sie ist unterwegs.</p>"}}}}, "staff:test")
		h.must(err)
		if _, err := h.Campaigns.Launch(ctx, c.ID, "staff:test"); errs.CodeOf(err) != "LNT-27" {
			t.Errorf("a campaign that promotes for a service purpose: %v", err)
		}
	})
}
