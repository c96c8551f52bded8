package portal

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
)

// showNotice serves the privacy notice of the charter in force or of an earlier
// version, as a page or, for programs that ask for it, as JSON-LD in DPV terms.
func (p *Portal) showNotice(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	var n charter.Notice
	err := p.DB.Read(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		version := c.Version
		if s := r.PathValue("version"); s != "" {
			if version, err = strconv.ParseInt(s, 10, 64); err != nil {
				return errs.New(errs.NotFound, "no_notice", "there is no such notice")
			}
		}
		n, err = p.Charter.Notice(tx, version, lang)
		return err
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Del("X-Robots-Tag") // a notice is public and may be found
	h.Add("Vary", "Accept")
	h.Set("Link", `</notice/`+strconv.FormatInt(n.Version, 10)+`>; rel="canonical"`)
	if strings.Contains(r.Header.Get("Accept"), "application/ld+json") || r.URL.Query().Get("as") == "jsonld" {
		h.Set("Content-Type", "application/ld+json; charset=utf-8")
		_, err := w.Write([]byte(n.JSONLD))
		return err
	}
	f := p.frame(r, "notice")
	f.Title, f.Bare, f.Narrow = p.say(lang, "notice"), true, false
	return p.pages.notice.Render(w, http.StatusOK, f, noticePage{template.HTML(n.HTML)}) //nolint:gosec // rendered by the charter from escaped texts
}

// gpcSupport is the day since which the engine honours Global Privacy Control.
const gpcSupport = "2026-11-23"

// gpc declares support for Global Privacy Control (SIG-05).
func (p *Portal) gpc(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write([]byte(`{"gpc": true, "lastUpdate": "` + gpcSupport + `"}` + "\n"))
	return err
}
