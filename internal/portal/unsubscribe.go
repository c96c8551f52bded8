package portal

import (
	"net/http"

	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

// openUnsubscribe opens the token of a one-click link. Links to choices open it
// too: whoever may choose may stop.
func (p *Portal) openUnsubscribe(r *http.Request) (message.Link, error) {
	l, err := message.OpenLink(p.Ring, r.PathValue("token"))
	if err != nil {
		return l, err
	}
	if l.Scope != message.Unsubscribe && l.Scope != message.Choices {
		return l, errs.New(errs.Forbidden, "wrong_link", "this link does not open this page")
	}
	return l, nil
}

// unsubscribe is RFC 8058's POST and the button of the page: it ends the link's
// purpose on its channel without cookie, login or further question. It works
// when the campaign is gone and when the person has been erased: then the
// address is suppressed. Repeating it changes nothing.
func (p *Portal) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("List-Unsubscribe") != "One-Click" {
		return errs.New(errs.Invalid, "not_one_click", "the body must be List-Unsubscribe=One-Click")
	}
	l, err := p.openUnsubscribe(r)
	if err != nil {
		return err
	}
	left, err := p.stop(r, l)
	if err != nil {
		return err
	}
	lang := language(r)
	var more []string
	if len(left) > 0 {
		more = append(more, p.say(lang, "stopped-left"))
	}
	return p.answer(w, r, "stopped", &ui.Link{Text: p.say(lang, "stop-all-too"), URL: p.choicesURL(l, lang)}, more...)
}

func (p *Portal) stop(r *http.Request, l message.Link) (left []string, err error) {
	err = p.DB.Write(r.Context(), func(tx *db.Tx) error {
		_, effects, err := p.Gate.Record(tx, consent.Act{
			Customer: l.Customer, Controller: l.Controller, Purpose: l.Purpose, Channel: l.Channel, Kind: consent.Withdrawn,
			Method: consent.ByOneClick, Strength: consent.Documented, Actor: term.ByCustomer, Source: "one-click",
		})
		left = effects.Left
		return err
	})
	if err == nil {
		return p.Mail.Departed(r.Context(), l.Customer, left)
	}
	if !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	return nil, p.DB.Write(r.Context(), func(tx *db.Tx) error {
		return p.Gate.Suppress(tx, gate.EndpointSuppression{
			Channel: l.Channel, Controller: l.Controller, Endpoint: l.Endpoint, EndpointKey: l.EndpointKey,
			Reason: "unsubscribed", Actor: term.ByCustomer, At: p.Clock.Now(),
		})
	})
}

// titleOf names a purpose to its customers; a purpose that has ended keeps its
// name's place with the page's own words.
func (p *Portal) titleOf(r *http.Request, name term.Purpose, lang term.Lang) string {
	if c, err := p.current(r); err == nil {
		if purpose, ok := c.Purpose(name); ok {
			return purpose.Title.In(lang)
		}
	}
	return p.say(lang, "these-mails")
}

// choicesURL leads to the choices of whoever a link was sent to.
func (p *Portal) choicesURL(l message.Link, lang term.Lang) string {
	return p.URL + p.choicesPath(l, lang)
}

func (p *Portal) choicesPath(l message.Link, lang term.Lang) string {
	l.Scope = message.Choices
	return "/privacy/c/" + l.Seal(p.Ring) + "?lang=" + string(lang)
}
