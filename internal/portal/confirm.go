package portal

import (
	"context"
	"net/http"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/signal"
	"candor/internal/term"
	"candor/internal/ui"
)

// confirmationsADay bounds the mails that filling in forms can cause to one
// address.
const confirmationsADay = 3

const (
	unconfirmedJob   = "portal.unconfirmed"
	unconfirmedEvery = time.Hour
)

// askConfirmation records that consent was requested and sends the mail with
// the button. Over the day's limit it does nothing: the mails before it are
// still good. Signals against it, which the person's own act passes over, are kept
// with the record.
func (p *Portal) askConfirmation(ctx context.Context, c confirmation, how consent.Method, against ...signal.Input) error {
	now := p.Clock.Now()
	c.number, c.askedAt = id.New[id.Request](), now
	c.expiresAt = now.Add(p.Packs.Strict().ConfirmWithin())
	link := "/confirm/" + sealConfirmation(p.Ring, confirmToken, c) + "?lang=" + string(c.lang)
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := customer.Lock(tx, c.customer); err != nil {
			return err
		}
		n, err := askedSince(tx, c.customer, now.Add(-24*time.Hour))
		if err != nil || n >= confirmationsADay {
			return err
		}
		if err := insertConfirmation(tx, c); err != nil {
			return err
		}
		// The gate binds the notice that was shown, by id, hash and language.
		_, _, err = p.Gate.Record(tx, consent.Act{
			Customer: c.customer, Controller: c.controller, Purpose: c.purpose, Channel: c.channel, Kind: consent.Requested,
			Ask: c.ask, Lang: c.lang, Method: how, ControlDefault: consent.Unset, Action: consent.Tick,
			Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal", Overruled: against,
		})
		if err != nil {
			return err
		}
		return p.Mail.SendService(tx, message.ServiceMail{
			Kind: message.ConfirmMail, Customer: c.customer, Controller: c.controller, Purpose: c.purpose, Lang: c.lang,
			Link: link, Entry: c.number.String(),
		})
	})
}

// confirmed is what a link asks to confirm, in words.
func (p *Portal) confirmed(r *http.Request, kind string) (confirmation, string, error) {
	c, number, err := openConfirmation(p.Ring, kind, r.PathValue("token"))
	if err != nil {
		return confirmation{}, "", err
	}
	var out confirmation
	var words string
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		if out, err = getConfirmation(tx, c, number); err != nil {
			return err
		}
		words, err = p.wordsOf(tx, out)
		return err
	})
	return out, words, err
}

// wordsOf gives the exact words that were asked, or the purpose's title when it
// was turned on in the privacy centre.
func (p *Portal) wordsOf(tx *db.Tx, c confirmation) (string, error) {
	ch, err := p.Charter.Current(tx)
	if err != nil {
		return "", err
	}
	if a, ok := ch.Ask(c.ask); ok {
		return a.Words.In(c.lang), nil
	}
	if purpose, ok := ch.Purpose(c.purpose); ok {
		return purpose.Title.In(c.lang), nil
	}
	return "", errs.New(errs.NotFound, "no_purpose", "this purpose has ended")
}

// showConfirm changes nothing: mail scanners follow links (CON-12).
func (p *Portal) showConfirm(w http.ResponseWriter, r *http.Request) error {
	c, words, err := p.confirmed(r, confirmToken)
	if err != nil {
		return err
	}
	if c.usedAt != 0 || c.expiresAt <= p.Clock.Now() {
		return p.answer(w, r, "link-old", nil)
	}
	f := p.intro(p.frame(r, "confirm"), "confirm-lead")
	return p.pages.press.Render(w, http.StatusOK, f, pressPage{
		Quote: words, Button: p.say(f.Lang, "confirm-button"), Hidden: []hidden{{"lang", string(f.Lang)}},
	})
}

// confirm is the press of the button: the address is proven, and the consent
// given.
func (p *Portal) confirm(w http.ResponseWriter, r *http.Request) error {
	c, _, err := p.confirmed(r, confirmToken)
	if err != nil {
		return err
	}
	now := p.Clock.Now()
	waits := ""
	err = p.DB.Write(r.Context(), func(tx *db.Tx) error {
		if _, err := customer.Lock(tx, c.customer); err != nil {
			return err
		}
		if err := useConfirmation(tx, c, now); err != nil {
			return err
		}
		if err := p.grant(tx, c, now); err != nil {
			return err
		}
		waits, err = p.waitForParent(tx, c)
		return err
	})
	if errs.CodeOf(err) == "link_spent" {
		return p.answer(w, r, "link-old", nil)
	}
	if err != nil {
		return err
	}
	if waits != "" {
		return redirect(w, r, waits)
	}
	return p.answer(w, r, "confirmed", nil)
}

func (p *Portal) grant(tx *db.Tx, c confirmation, now clock.Instant) error {
	_, err := p.Gate.AddFact(tx, customer.Fact{
		Customer: c.customer, Kind: customer.Address, Channel: c.channel, At: now,
		Detail: customer.WithValue("confirmed"), Actor: term.ByCustomer, Source: "portal",
	})
	if err == nil && c.age != nil {
		_, err = p.Gate.AddFact(tx, customer.Fact{Customer: c.customer, Kind: customer.Age, At: now, Detail: c.age, Actor: term.ByCustomer, Source: "form"})
	}
	if err != nil {
		return err
	}
	_, _, err = p.Gate.Record(tx, consent.Act{
		Customer: c.customer, Controller: c.controller, Purpose: c.purpose, Channel: c.channel, Kind: consent.Given,
		Ask: c.ask, Notice: c.notice, Lang: c.lang, Method: consent.ByConfirmed, ControlDefault: consent.Unset, Action: consent.ClickYes,
		Evidence: "button pressed behind a single-use link sent to the address", Strength: consent.Documented,
		Actor: term.ByCustomer, Source: "portal",
	})
	return err
}

// deleteUnconfirmed erases customers who came by a form and never confirmed
// within 14 days, and forgets old confirmations of the others.
func (p *Portal) deleteUnconfirmed(ctx context.Context, _ job.Job) error {
	before := p.Clock.Now().Add(-p.Packs.Strict().UnconfirmedDelete())
	for {
		due, err := unconfirmed(ctx, p.DB, before, 200)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, c := range due {
			if err := p.forget(ctx, c); err != nil {
				return err
			}
		}
	}
}

// forget erases the customer when nothing but the unconfirmed form is known of
// them, and otherwise drops the confirmation alone.
func (p *Portal) forget(ctx context.Context, c confirmation) error {
	only, err := p.onlyAForm(ctx, c.customer, c.parent)
	if err != nil {
		return err
	}
	if only {
		_, err := p.Desk.Erase(ctx, request.NewErasure{Customer: c.customer, Via: "unconfirmed", Actor: term.ByEngine, Quiet: true})
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("delete from confirmation where customer_id = $1 and confirmation_id = $2", c.customer, c.number)
		return err
	})
}

// showUnsubscribe changes nothing: scanners and previews follow links.
func (p *Portal) showUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	l, err := p.openUnsubscribe(r)
	if err != nil {
		return err
	}
	f := p.intro(p.frame(r, "stop"), "stop-lead")
	return p.pages.press.Render(w, http.StatusOK, f, pressPage{
		Quote: p.titleOf(r, l.Purpose, f.Lang), Button: p.say(f.Lang, "stop-button"),
		Hidden: []hidden{{"List-Unsubscribe", "One-Click"}, {"lang", string(f.Lang)}},
		Link:   &ui.Link{Text: p.say(f.Lang, "stop-all-too"), URL: p.choicesURL(l, f.Lang)},
	})
}
