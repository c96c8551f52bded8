package portal

import (
	"encoding/json"
	"net/http"
	"strings"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/term"
	"candor/sdk/js"
)

// embedAsk is an ask as a page of the business's own shows it: the exact words,
// and what must be known before deciding (GDPR 13).
type embedAsk struct {
	Ask     term.Ask          `json:"ask"`
	Lang    term.Lang         `json:"lang"`
	Shown   int64             `json:"shown"` // the version of the charter whose words these are
	Title   string            `json:"title"`
	Words   string            `json:"words"`
	Control string            `json:"control"`
	Before  [][2]string       `json:"before"` // pairs of what and text
	Notice  string            `json:"notice"` // where all of it stands
	Texts   map[string]string `json:"texts"`
	Hosted  string            `json:"hosted,omitempty"` // where it is asked instead, since the age is asked too
}

// embedded lets a page of the business's own, and no other, read the answer.
func (p *Portal) embedded(do handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		origin := r.Header.Get("Origin")
		known, err := p.Origins(r.Context(), origin)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		if !known {
			return errs.New(errs.Forbidden, "bad_origin", "this page is not registered; add its origin to a browser source")
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return do(w, r)
	}
}

// module serves the browser SDK.
func (p *Portal) module(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, err := w.Write(js.Module)
	return err
}

func (p *Portal) showEmbed(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	a, err := p.ask(r, lang)
	if err != nil {
		return err
	}
	out := embedAsk{Ask: a.ask.ID, Lang: lang, Shown: a.charter.Version, Title: p.say(lang, "form-title"), Words: a.ask.Words.In(lang),
		Control: a.ask.Control, Before: p.before(a, lang), Notice: p.URL + "/notice?lang=" + string(lang), Texts: map[string]string{}}
	for name, key := range map[string]string{"email": "email-label", "send": "form-send", "no": "embed-no", "refused": "form-unticked",
		"before": "form-notice", "notice": "notice", "failed": "embed-failed"} {
		out.Texts[name] = p.say(lang, key)
	}
	if asksAge(a.charter) {
		out.Hosted = p.URL + "/f/" + string(a.ask.ID) + "?lang=" + string(lang)
	}
	return writeJSON(w, http.StatusOK, out)
}

// before lists what a person is told before deciding: who, what for, which data,
// for how long, who gets them, and the way back.
func (p *Portal) before(a asked, lang term.Lang) [][2]string {
	purpose, ok := a.charter.Purpose(a.ask.Purpose)
	if !ok {
		return nil
	}
	var data, to []string
	for _, u := range purpose.Uses {
		data = append(data, nameOf(a.charter, u.Name, lang))
	}
	for _, rec := range a.charter.Recipients {
		if _, gets := rec.Gets[purpose.ID]; gets {
			to = append(to, strings.TrimSuffix(rec.Name+", "+rec.Country+", "+rec.Safeguard, ", "))
		}
	}
	text := purpose.Title.In(lang) + ". " + purpose.About.In(lang)
	if purpose.Profiling {
		text += " " + purpose.Logic.In(lang)
	}
	return [][2]string{
		{p.say(lang, "embed-who"), a.charter.Business.Controller}, {p.say(lang, "purpose"), text}, {p.say(lang, "embed-data"), strings.Join(data, ", ")},
		{p.say(lang, "kept"), charter.KeepWords(purpose.Keep, lang)}, {p.say(lang, "embed-to"), strings.Join(to, "; ")},
		{p.say(lang, "embed-decisions"), p.decisions(a.charter, lang)}, {p.say(lang, "embed-back"), p.say(lang, "confirmed")},
	}
}

func (p *Portal) decisions(c *charter.Charter, lang term.Lang) string {
	var out []string
	for _, d := range c.Automated {
		out = append(out, d.Title.In(lang)+": "+d.Consequence.In(lang))
	}
	if len(out) == 0 {
		return p.say(lang, "none")
	}
	return strings.Join(out, "; ")
}

// embedReply is the answer to an embedded form.
type embedReply struct {
	Text string `json:"text"`
}

// sendEmbed takes what was entered on a page of the business's own, under the
// same rules as the hosted form.
func (p *Portal) sendEmbed(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	a, err := p.ask(r, lang)
	if err != nil {
		return err
	}
	reply := func(status int, key string) error { return writeJSON(w, status, embedReply{p.say(lang, key)}) }
	address, err := customer.Email(r.PostFormValue("email"))
	switch {
	case err != nil:
		return reply(http.StatusUnprocessableEntity, "email-wrong")
	case asksAge(a.charter):
		return reply(http.StatusConflict, "embed-hosted")
	case r.PostFormValue("agree") != "yes":
		return reply(http.StatusOK, "form-unticked")
	case !a.shownIn(r):
		return reply(http.StatusConflict, "form-changed")
	}
	said, err := signalsOf(r)
	if err != nil {
		return err
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	if err := evenly(r, func() error { return p.requestConsent(r, a, asking{address: address, lang: lang, said: said}) }); err != nil {
		return err
	}
	return reply(http.StatusOK, "form-sent")
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}
