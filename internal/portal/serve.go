package portal

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/signal"
	"candor/internal/term"
	"candor/internal/ui"
)

// maxForm bounds what a page may send.
const maxForm = 16 << 10

// handler answers one route. An error becomes a page in words: status, logging
// and what the person sees are decided in serve alone.
type handler func(w http.ResponseWriter, r *http.Request) error

func (p *Portal) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := parseForm(r); err != nil {
				p.fail(w, r, errs.Wrap(err, errs.Invalid, "bad_form", "the form could not be read"))
				return
			}
		}
		if err := h(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// parseForm reads both kinds of form bodies: mail clients send either.
func parseForm(r *http.Request) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return r.ParseMultipartForm(maxForm)
	}
	return r.ParseForm()
}

// fail shows the error page and logs what is ours: the route, never the path.
func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	incident := id.New[id.Use]().String()
	kind := errs.KindOf(err)
	if kind == errs.Internal || kind == errs.Unavailable {
		p.Log.LogAttrs(r.Context(), slog.LevelError, "page failed",
			slog.String("route", r.Pattern), slog.String("incident", incident), slog.String("error", err.Error()))
	}
	f := p.frame(r, "")
	f.Langs = nil
	ui.Fail(w, f, err, incident)
}

// language picks the page's language: the reader's choice, then what the browser
// asks for, in its order (RFC 9110 §12.5.4).
func language(r *http.Request) term.Lang {
	wanted := append([]string{r.FormValue("lang")}, strings.Split(r.Header.Get("Accept-Language"), ",")...)
	for _, l := range wanted {
		l, _, _ = strings.Cut(strings.TrimSpace(l), ";")
		l, _, _ = strings.Cut(strings.ToLower(l), "-")
		if l == "de" || l == "en" {
			return term.Lang(l)
		}
	}
	return "en"
}

// otherLangs links to the same page in the other language.
func otherLangs(r *http.Request, lang term.Lang) []ui.Link {
	var out []ui.Link
	for _, l := range []struct{ code, name string }{{"en", "English"}, {"de", "Deutsch"}} {
		q := url.Values{}
		for _, keep := range []string{"field", "done", "was"} {
			if v := r.URL.Query().Get(keep); v != "" {
				q.Set(keep, v)
			}
		}
		q.Set("lang", l.code)
		out = append(out, ui.Link{Text: l.name, URL: "?" + q.Encode(), Lang: term.Lang(l.code), Current: string(lang) == l.code})
	}
	return out
}

// gpcSeen reports whether the browser asks for its signal to be honoured.
func gpcSeen(r *http.Request) bool { return signal.GPC(r) }

// signalsOf reads what the browser and the consent tool of the page say beside a
// form. It returns INVALID for a string that cannot be read.
func signalsOf(r *http.Request) ([]signal.Said, error) {
	return signal.Read(r.PostFormValue("tcf"), r.PostFormValue("gpp"), gpcSeen(r))
}

// redirect answers a post with the page to read next.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// answer shows what happened.
func (p *Portal) answer(w http.ResponseWriter, r *http.Request, key string, link *ui.Link, more ...string) error {
	f := p.frame(r, key)
	text := append([]string{p.say(f.Lang, key)}, more...)
	f.Langs = nil
	return p.pages.answer.Render(w, http.StatusOK, f, answerPage{text, link})
}
