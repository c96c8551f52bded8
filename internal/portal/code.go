package portal

import (
	"net/http"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

type codePage struct{ Code ui.Field }

const (
	challengeCookie = "candor_code"
	sessionCookie   = "candor_me"
)

// askCode sends a code to the address on file and goes on to the page that asks
// for it.
func (p *Portal) askCode(w http.ResponseWriter, r *http.Request) error {
	v, err := p.holder(r)
	if err != nil {
		return err
	}
	lang := language(r)
	ch, err := p.codes.start(r.Context(), v.customer, func(tx *db.Tx, ch challenge, code string) error {
		return p.Mail.SendService(tx, message.ServiceMail{
			Kind: message.CodeMail, Customer: v.customer, Controller: v.controller, Lang: lang, Code: code, Entry: ch.number.String(),
		})
	})
	if err != nil {
		return err
	}
	p.setCookie(w, challengeCookie, p.codes.seal(challengeToken, ch.customer, ch.number, p.Clock.Now().Add(codeLives)), int(codeLives.Seconds()))
	return redirect(w, r, "/privacy/code?lang="+string(lang))
}

func (p *Portal) showCode(w http.ResponseWriter, r *http.Request) error {
	return p.renderCode(w, r, http.StatusOK, "")
}

func (p *Portal) renderCode(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	f := p.intro(p.frame(r, "code"), "code-lead")
	return p.pages.code.Render(w, status, f, codePage{ui.Field{ID: "code", Name: "code", Label: p.say(f.Lang, "code-label"), Code: true,
		InputMode: "numeric", Autocomplete: "one-time-code", Pattern: "[0-9 ]*", Max: 12, Required: true, Error: wrong}})
}

// enterCode opens a session of 15 minutes when the code is right.
func (p *Portal) enterCode(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	cookie, err := r.Cookie(challengeCookie)
	if err != nil {
		return errs.New(errs.Unauthorized, "no_challenge", "ask for a code first")
	}
	ch, err := p.codes.open(challengeToken, cookie.Value)
	if err != nil {
		return err
	}
	switch err := p.codes.check(r.Context(), ch, r.PostFormValue("code")); errs.CodeOf(err) {
	case "":
		if err != nil {
			return err
		}
	case "wrong_code":
		return p.renderCode(w, r, http.StatusUnprocessableEntity, p.say(lang, "code-wrong"))
	case "code_spent":
		return p.renderCode(w, r, http.StatusConflict, p.say(lang, "code-spent"))
	default:
		return err
	}
	p.setCookie(w, challengeCookie, "", -1)
	p.setCookie(w, sessionCookie, p.codes.seal(sessionToken, ch.customer, ch.number, p.Clock.Now().Add(sessionLives)), int(sessionLives.Seconds()))
	return redirect(w, r, "/privacy/me?lang="+string(lang))
}

func (p *Portal) setCookie(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/privacy", MaxAge: seconds,
		HttpOnly: true, Secure: p.HTTPS, SameSite: http.SameSiteStrictMode})
}

// reader is who proved to be the person, within the last 15 minutes.
func (p *Portal) reader(r *http.Request) (visitor, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return visitor{}, errs.New(errs.Unauthorized, "no_session", "open the link in your mail again")
	}
	ch, err := p.codes.open(sessionToken, cookie.Value)
	if err != nil {
		return visitor{}, err
	}
	c, err := p.current(r)
	if err != nil {
		return visitor{}, err
	}
	return visitor{customer: ch.customer, controller: c.Business.ID, proven: true, base: "/privacy/me/choices"}, nil
}

// close ends the session on this device.
func (p *Portal) close(w http.ResponseWriter, r *http.Request) error {
	p.setCookie(w, sessionCookie, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	return redirect(w, r, "/privacy?lang="+string(language(r)))
}

// nav leads through the privacy centre.
func (p *Portal) nav(lang term.Lang, here string) []ui.Link {
	return []ui.Link{
		{Text: p.say(lang, "me-title"), URL: "/privacy/me?lang=" + string(lang), Current: here == "me"},
		{Text: p.say(lang, "choices-title"), URL: "/privacy/me/choices?lang=" + string(lang), Current: here == "choices"},
		{Text: p.say(lang, "proof-title"), URL: "/privacy/me/proof?lang=" + string(lang), Current: here == "proof"},
		{Text: p.say(lang, "rights-title"), URL: "/privacy/me/rights?lang=" + string(lang), Current: here == "rights" || here == "erase"},
	}
}
