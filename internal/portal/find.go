package portal

import (
	"net/http"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

type findPage struct{ Email ui.Field }

func (p *Portal) showFind(w http.ResponseWriter, r *http.Request) error {
	return p.renderFind(w, r, http.StatusOK, "")
}

func (p *Portal) renderFind(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	f := p.intro(p.frame(r, "find"), "find-lead")
	return p.pages.find.Render(w, status, f, findPage{ui.Field{ID: "email", Name: "email", Label: p.say(f.Lang, "email-label"),
		Type: "email", Autocomplete: "email", Max: 254, Required: true, Error: wrong}})
}

// find sends the way in to an address. The page that follows is the same for an
// address that nobody has, and takes the same time.
func (p *Portal) find(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	address, err := customer.Email(r.PostFormValue("email"))
	if err != nil {
		return p.renderFind(w, r, http.StatusUnprocessableEntity, p.say(lang, "email-wrong"))
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	if err := evenly(r, func() error { return p.sendWay(r, address, lang) }); err != nil {
		return err
	}
	return p.answer(w, r, "find-sent", nil)
}

// sendWay mails the link to the choices of an address, when one customer has it.
func (p *Portal) sendWay(r *http.Request, address customer.Identity, lang term.Lang) error {
	c, ok, err := p.find1(r.Context(), address)
	if err != nil || !ok {
		return err
	}
	ch, err := p.current(r)
	if err != nil {
		return err
	}
	l := message.Link{Scope: message.Choices, Customer: c, Controller: ch.Business.ID, Channel: term.Email}
	return p.DB.Write(r.Context(), func(tx *db.Tx) error {
		return p.Mail.SendService(tx, message.ServiceMail{
			Kind: message.LinkMail, Customer: c, Controller: l.Controller, Lang: lang,
			Link: p.choicesPath(l, lang), Entry: id.New[id.Mail]().String(),
		})
	})
}
