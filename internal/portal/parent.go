package portal

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

// Who is under their country's age cannot agree alone (GDPR 8; MIN-AGE-02). After
// the press that proves their address they name a parent, who gets one mail with a
// link to a page where both answers look alike. Until the parent agrees nothing is
// sent; without an answer all goes after 14 days. The parent's address is in that
// one mail and nowhere else, and the parent sees the child's address masked and
// the words agreed to, no more.

// askParentPage asks for the parent's address.
type askParentPage struct{ Email ui.Field }

// parentPage is where a parent decides, and takes back.
type parentPage struct {
	Quote   string
	Status  *ui.Status
	Answers []ui.Option
	Notice  template.HTML
}

// waitForParent notes that a consent waits for a parent when the law says so, and
// gives the way to the page that asks for one; "" when nobody is needed.
func (p *Portal) waitForParent(tx *db.Tx, c confirmation) (string, error) {
	needed, err := p.needsParent(tx, gate.StandingKey{Controller: c.controller, Purpose: c.purpose, Channel: c.channel}, c.customer)
	if err != nil || !needed {
		return "", err
	}
	now := p.Clock.Now()
	c.number, c.parent, c.age, c.askedAt, c.expiresAt = id.New[id.Request](), true, nil, now, now.Add(p.Packs.Strict().UnconfirmedDelete())
	if err := insertConfirmation(tx, c); err != nil {
		return "", err
	}
	return p.askURL(c, c.lang), nil
}

func (p *Portal) askURL(c confirmation, lang term.Lang) string {
	return "/parent/ask/" + sealConfirmation(p.Ring, askToken, c) + "?lang=" + string(lang)
}

// needsParent reports whether what keeps a consent from being used is the age of
// the person.
func (p *Portal) needsParent(tx *db.Tx, key gate.StandingKey, c id.Customer) (bool, error) {
	all, err := p.Gate.Standing(tx, c)
	return err == nil && underAge(standingAt(all, key, p.Clock.Now())), err
}

func underAge(s gate.Standing) bool {
	return !s.Ops.Has(term.Serve) && strings.Contains(s.Because, "/MIN-AGE-02")
}

func (p *Portal) showAskParent(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.waiting(r, askToken); err != nil {
		return err
	}
	return p.renderAskParent(w, r, http.StatusOK, "")
}

func (p *Portal) renderAskParent(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	f := p.intro(p.frame(r, "ask-parent"), "ask-parent-lead")
	return p.pages.askParent.Render(w, status, f, askParentPage{ui.Field{ID: "email", Name: "email", Label: p.say(f.Lang, "ask-parent-email"),
		Type: "email", Max: 254, Required: true, Error: wrong}})
}

// waiting is the consent behind a link, as long as it waits for a parent.
func (p *Portal) waiting(r *http.Request, kind string) (confirmation, error) {
	c, _, err := p.confirmed(r, kind)
	if err == nil && (!c.parent || c.usedAt != 0 || c.expiresAt <= p.Clock.Now()) {
		err = errs.New(errs.NotFound, "link_spent", "this has been decided, or it is too old; ask again from the form or your privacy page")
	}
	return c, err
}

// askParent writes to the address that the person names. The answer is the same
// whatever becomes of the mail.
func (p *Portal) askParent(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	c, err := p.waiting(r, askToken)
	if err != nil {
		return err
	}
	address, err := customer.Email(r.PostFormValue("email"))
	if err != nil {
		return p.renderAskParent(w, r, http.StatusUnprocessableEntity, p.say(lang, "email-wrong"))
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	own := false
	err = p.DB.Write(r.Context(), func(tx *db.Tx) error {
		who, err := p.Gate.Find(tx, address)
		if own = slices.Contains(who, c.customer); err != nil || own {
			return err
		}
		return p.Mail.SendService(tx, message.ServiceMail{
			Kind: message.ParentMail, Customer: c.customer, Controller: c.controller, Purpose: c.purpose, Lang: lang, To: address.Value,
			Link:  "/parent/" + sealConfirmation(p.Ring, parentToken, c) + "?lang=" + string(lang),
			Entry: c.number.String() + "/" + clock.DateOf(p.Clock.Now().Time()).String(), // once a day
		})
	})
	if err != nil {
		return err
	}
	if own {
		return p.renderAskParent(w, r, http.StatusUnprocessableEntity, p.say(lang, "ask-parent-own"))
	}
	return p.answer(w, r, "parent-asked", nil)
}

// showParent changes nothing: mail scanners follow links.
func (p *Portal) showParent(w http.ResponseWriter, r *http.Request) error {
	c, words, err := p.confirmed(r, parentToken)
	if err != nil {
		return err
	}
	f := p.frame(r, "parent")
	data := parentPage{Quote: words}
	agreed := false
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		masked, err := p.Gate.MaskedAddress(r.Context(), tx, c.customer, term.Email)
		if err != nil {
			return err
		}
		f.Intro = p.say(f.Lang, "parent-lead", "address", masked)
		ch, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		n, err := p.Charter.Notice(tx, ch.Version, f.Lang)
		data.Notice = template.HTML(n.HTML) //nolint:gosec // rendered by the charter from escaped texts
		if err != nil {
			return err
		}
		agreed, err = p.parentAgreed(tx, c)
		return err
	})
	switch {
	case err != nil:
		return err
	case agreed:
		data.Status = &ui.Status{Tone: ui.Good, Text: p.say(f.Lang, "parent-agreed-since", "date", ui.Date(f.Lang, c.usedAt.Time()))}
		data.Answers = []ui.Option{{Value: "stop", Text: p.say(f.Lang, "parent-stop")}}
	case c.usedAt != 0 || c.expiresAt <= p.Clock.Now():
		return p.answer(w, r, "link-old", nil)
	default:
		data.Answers = []ui.Option{{Value: "yes", Text: p.say(f.Lang, "parent-yes")}, {Value: "no", Text: p.say(f.Lang, "parent-no")}}
	}
	return p.pages.parent.Render(w, http.StatusOK, f, data)
}

// parentAgreed reports whether the consent rests on the parent's word.
func (p *Portal) parentAgreed(tx *db.Tx, c confirmation) (bool, error) {
	records, err := consent.Of(tx, c.customer)
	s := consent.StateOf(records, consent.Key{Controller: c.controller, Purpose: c.purpose, Channel: c.channel})
	return c.usedAt != 0 && s.Status == consent.Agreed && s.Rests.Method == consent.ByParent, err
}

// parentDecides is a parent's yes, no, or taking back. A link that was used only
// takes back.
func (p *Portal) parentDecides(w http.ResponseWriter, r *http.Request) error {
	c, _, err := p.confirmed(r, parentToken)
	if err != nil {
		return err
	}
	kind, ok := map[string]consent.Kind{"yes": consent.Given, "no": consent.Refused, "stop": consent.Withdrawn}[r.PostFormValue("answer")]
	if !ok {
		return errs.New(errs.Invalid, "no_choice", "choose yes or no")
	}
	err = p.DB.Write(r.Context(), func(tx *db.Tx) error {
		if _, err := customer.Lock(tx, c.customer); err != nil {
			return err
		}
		if kind != consent.Withdrawn {
			if err := useConfirmation(tx, c, p.Clock.Now()); err != nil {
				return err
			}
		}
		return p.recordParent(tx, c, kind)
	})
	if errs.CodeOf(err) == "link_spent" {
		return p.answer(w, r, "link-old", nil)
	}
	if err == nil && kind == consent.Refused {
		err = p.forget(context.WithoutCancel(r.Context()), c)
	}
	if err != nil {
		return err
	}
	return p.answer(w, r, "parent-"+string(kind), nil)
}

func (p *Portal) recordParent(tx *db.Tx, c confirmation, kind consent.Kind) error {
	a := consent.Act{
		Customer: c.customer, Controller: c.controller, Purpose: c.purpose, Channel: c.channel, Kind: kind, Method: consent.ByParent,
		Evidence: "button pressed behind a single-use link sent to the address that the young person named as a parent's",
		Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal",
	}
	if kind == consent.Given {
		a.Ask, a.Notice, a.Lang, a.ControlDefault, a.Action = c.ask, c.notice, c.lang, consent.Unset, consent.ClickYes
	}
	_, _, err := p.Gate.Record(tx, a)
	return err
}
