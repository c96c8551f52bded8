package app

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/request"
	"candor/internal/term"
)

// Every store has a name that people understand, in every language: the page of
// the erasure and its certificate list them all.
func TestEveryStoreHasAName(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		r, err := h.Desk.Erase(ctx, request.NewErasure{Customer: h.ids[0], Via: "test", Actor: term.ByCustomer})
		h.must(err)
		h.later(time.Minute)
		for _, lang := range []string{"en", "de"} {
			page := visit(h.App, http.MethodGet, strings.TrimPrefix(h.Portal.CertificateURL(r.ID), h.Config.URL)+"?lang="+lang, nil)
			words, err := os.ReadFile("../portal/words/" + lang + ".txt")
			h.must(err)
			for _, store := range h.Desk.Sources {
				if !strings.Contains(string(words), "\nstore-"+store.Store()+": ") {
					t.Errorf("%s: the store %s has no name", lang, store.Store())
				}
			}
			if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), "<tbody>") || strings.Contains(page.Body.String(), "store-") {
				t.Errorf("%s: %d, or a store has no name", lang, page.Code)
			}
		}
	})
}
