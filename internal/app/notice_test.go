package app

import (
	"net/http"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/lint"
)

// NOT-06: a form in French whose notice is in English and German alone is
// refused with 422 and LNT-20; so are vague and long statements, and a notice
// that is hard to read. What is published is plain in each language, and a page
// and its notice speak the same one.
func TestNOT06_OnlyAPlainNoticeIsPublished(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		promise, _ := sample.Documents()
		const about = "We roast, pack and ship what you ordered, and tell you where it is."
		refused := func(what, from, to, rule, says string) {
			t.Helper()
			if !strings.Contains(string(promise), from) {
				t.Fatalf("the sample has no %q", from)
			}
			w := h.applies(strings.Replace(string(promise), from, to, 1))
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), rule) || !strings.Contains(w.Body.String(), says) {
				t.Errorf("%s: %d %s, want %s", what, w.Code, w.Body, rule)
			}
		}
		refused("a French page", "    fields: [email, roast]\n", "    fields: [email, roast]\n    languages: [en, fr]\n", "LNT-20", "the page is in fr")
		refused("a vague statement", about, "We may use data for various purposes with partners such as carriers.", "LNT-21", "says nothing definite")
		refused("a vague German statement", "Das Steuerrecht verlangt, dass wir jede Rechnung aufbewahren.", "Wir nutzen Daten gegebenenfalls auch dafür.", "LNT-21", "gegebenenfalls")
		refused("a long sentence", about, strings.TrimSuffix(about, ".")+" and when it comes and who brings it and what to do when it does not come or when it is not what you had in mind.", "LNT-21", "words on average")
		hard := "Administrative interoperability considerations necessitate comprehensive organisational information-processing activities. "
		refused("hard words", about, strings.Repeat(hard, 4), "NOT-06", "hard to read")
		if w := h.applies(strings.Replace(string(promise), "    fields: [email, roast]\n", "    fields: [email, roast]\n    languages: [de]\n", 1)); w.Code >= 300 {
			t.Fatalf("a German page: %d %s", w.Code, w.Body)
		}

		for lang, words := range map[string]string{"en": "Privacy notice", "de": "Datenschutzhinweise"} {
			var n charter.Notice
			h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
				c, err := h.Charter.Current(tx)
				h.must(err)
				n, err = h.Charter.Notice(tx, c.Version, c.Business.Languages[map[string]int{"en": 0, "de": 1}[lang]])
				return err
			}))
			if found := lint.CheckNotice(lint.Notice{Lang: lang, HTML: n.HTML, Contrast: charter.NoticeContrast}); len(found) > 0 {
				t.Errorf("the notice in %s: %v", lang, found)
			}
			if page := visit(h.App, http.MethodGet, "/f/signup?lang="+lang, nil).Body.String(); !strings.Contains(page, `<html lang="`+lang+`"`) || !strings.Contains(page, "/notice?lang="+lang) {
				t.Errorf("the form in %s does not lead to the notice in %s", lang, lang)
			}
			if page := visit(h.App, http.MethodGet, "/notice?lang="+lang, nil).Body.String(); !strings.Contains(page, words) {
				t.Errorf("the notice in %s is in another language", lang)
			}
		}
	})
}
