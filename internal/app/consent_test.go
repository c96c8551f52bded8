package app

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"candor/internal/charter/sample"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/term"
	"candor/internal/token"
)

// applies sends a charter to the API and gives the answer.
func (h *house) applies(promise string) *httptest.ResponseRecorder {
	h.t.Helper()
	var bearer string
	h.write(func(tx *db.Tx) (err error) {
		bearer, _, err = h.Tokens.Mint(tx, token.New{Label: "test", Scopes: token.Scopes, For: demoTokenLives, By: term.ByEngine})
		return err
	})
	_, house := sample.Documents()
	body, err := json.Marshal(map[string]any{"promise": promise, "house": string(house)})
	h.must(err)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/charter", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+bearer)
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w
}

// CON-05: a charter whose notice would lack the recipients is refused with 422
// and names them; the form shows all that must be known before deciding; and
// the record keeps the notice, its SHA-256 and the language as shown.
func TestCON05_WhatThePersonSawIsPartOfTheConsent(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		promise, _ := sample.Documents()
		text := string(promise)
		from, to := strings.Index(text, "\nrecipients:"), strings.Index(text, "\nstages:")
		if w := h.applies(text[:from] + text[to:]); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "recipients") {
			t.Errorf("a notice without recipients: %d %s", w.Code, w.Body)
		}
		if w := h.applies(text + "\n# complete\n"); w.Code >= 300 {
			t.Fatalf("a complete charter: %d %s", w.Code, w.Body)
		}
		page := visit(h.App, http.MethodGet, "/f/signup?lang=de", nil).Body.String()
		for what, says := range map[string]string{
			"controller": "Halm Kaffee GmbH", "purpose": "Kaffeebrief", "data": "Lieblingsröstung", "withdrawal": "widerruf",
			"recipients": "Mailhaus Inc", "transfer": "Standardvertragsklauseln", "automated decisions": "automatisiert", "the words": "Ja, schickt mir den Kaffeebrief",
		} {
			if !strings.Contains(strings.ToLower(page), strings.ToLower(says)) {
				t.Errorf("the form does not tell the %s (%q)", what, says)
			}
		}
		sign := func(shown string) int {
			return visit(h.App, http.MethodPost, "/f/signup", url.Values{"email": {"ada@post.example"}, "agree": {"yes"}, "shown": {shown}, "lang": {"de"}}).Code
		}
		if code := sign("1"); code != http.StatusConflict || find(t, h.App, "ada@post.example") != 0 {
			t.Errorf("consent to words that have changed: %d", code)
		}
		if code := sign("2"); code != http.StatusOK {
			t.Fatalf("the form: %d", code)
		}
		if w := visit(h.App, http.MethodPost, confirmLink(t, h.App), nil); w.Code != http.StatusOK {
			t.Fatalf("the button: %d", w.Code)
		}
		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			records, err := consent.Of(tx, find(t, h.App, "ada@post.example"))
			if err != nil {
				return err
			}
			notice, err := h.Charter.Notice(tx, 2, "de")
			last := records[len(records)-1]
			if last.Kind != consent.Given || last.Lang != "de" || last.CharterVersion != 2 || last.Notice != notice.ID || hexOf(last.NoticeHash) != notice.Hash {
				t.Errorf("the record keeps %s, charter %d, notice %v with %x, want %v with %s", last.Lang, last.CharterVersion, last.Notice, last.NoticeHash, notice.ID, notice.Hash)
			}
			if !strings.Contains(notice.HTML, "Mailhaus Inc") {
				t.Error("the notice on record is not the text as shown")
			}
			return err
		}))
	})
}

// Refusing costs nothing: who leaves the box empty is told so, nothing is kept
// of them, and who bought is served as before.
func TestRefusingCostsNothing(t *testing.T) {
	each(t, 2, func(t *testing.T, h *house) {
		if w := visit(h.App, http.MethodPost, "/f/signup", url.Values{"email": {"bob@post.example"}, "shown": {"1"}}); w.Code != http.StatusOK ||
			!strings.Contains(w.Body.String(), "That is fine with us") || find(t, h.App, "bob@post.example") != 0 {
			t.Errorf("an empty box: %d", w.Code)
		}
		h.allows("the order's mail to whom refused", h.ask(h.ids[1], "orders", term.Serve, term.Email))
	})
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
